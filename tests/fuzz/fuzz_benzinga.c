/* Benzinga's pages: whatever they hold, no more than a verdict comes of it. */
#include <stddef.h>
#include <stdint.h>

#include "tests/vendor/benzinga_reading.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct out out;

    out_init(&out, SIZE_MAX);
    benzinga_reading(&out, (struct str){ (const char *)data, size });
    out_fini(&out);
    return 0;
}
