/* Facts in CSV: how a body is cut must not change the answer. */
#include <stddef.h>
#include <stdint.h>

#include "tests/fuzz/cut_oracle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte says how to cut. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str body;

    if (size == 0)
        return 0;
    body = (struct str){ (const char *)data + 1, size - 1 };
    cut_oracle(facts_reading, MEDIA_CSV, body, data[0]);
    return 0;
}
