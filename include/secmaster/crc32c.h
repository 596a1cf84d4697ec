/* CRC-32C (Castagnoli), as in RFC 3720 appendix B.4. */
#ifndef SECMASTER_CRC32C_H
#define SECMASTER_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Go on from crc (0 to begin) over data; the check of "123456789" is
 * 0xe3069283. Uses SSE 4.2 and PCLMUL where the processor has them. */
uint32_t crc32c(uint32_t crc, const void *data, size_t len);

/* The same without the instructions; apart, so that tests reach both. */
uint32_t crc32c_portable(uint32_t crc, const void *data, size_t len);

#endif
