/* Bars in JSON and NDJSON: how a body is cut must not change the answer. */
#include <stddef.h>
#include <stdint.h>

#include "tests/codec/bars_reading.h"
#include "tests/fuzz/cut_oracle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte says how to cut and, by its top bit, which format. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str body;

    if (size == 0)
        return 0;
    body = (struct str){ (const char *)data + 1, size - 1 };
    cut_oracle(bars_reading, data[0] < 0x80 ? MEDIA_JSON : MEDIA_NDJSON, body,
               data[0] & 0x7f);
    return 0;
}
