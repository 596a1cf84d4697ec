/* Base64 as RFC 4648 has it in section 4, padded. */
#ifndef SECMASTER_BASE64_H
#define SECMASTER_BASE64_H

#include <stddef.h>

#include "secmaster/err.h"
#include "secmaster/str.h"

#define BASE64_BYTES(len) (((len) + 2) / 3 * 4)

/* Write BASE64_BYTES(bytes.len) bytes, without a terminator. */
void base64_encode(struct str bytes, char *out);

/* Read it back. ERR_INVALID: anything that base64_encode would not write;
 * ERR_TOO_LARGE: more than room bytes. */
enum err base64_decode(struct str text, unsigned char *out, size_t room,
                       size_t *len);

#endif
