/* The rare, long integers. */
#include "secmaster/wire.h"

bool
take_long_varint(struct str *from, uint64_t *out)
{
    uint64_t v = 0;

    for (size_t i = 0; i < from->len && i < VARINT_BYTES_MAX; i++) {
        unsigned char byte = (unsigned char)from->data[i];

        if (i == VARINT_BYTES_MAX - 1 && byte > 1)
            return false;
        v |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            from->data += i + 1;
            from->len -= i + 1;
            *out = v;
            return true;
        }
    }
    return false;
}
