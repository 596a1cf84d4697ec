/* Bars in CSV: how a body is cut must not change the answer. */
#include <stddef.h>
#include <stdint.h>

#include "tests/codec/bars_reading.h"
#include "tests/fuzz/cut_oracle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte says how to cut and, by its top bit, who names a security. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str body;

    if (size == 0)
        return 0;
    body = (struct str){ (const char *)data + 1, size - 1 };
    cut_oracle(data[0] < 0x80 ? bars_reading : bars_of_msft_reading, MEDIA_CSV,
               body, data[0] & 0x7f);
    return 0;
}
