/* Retry-After as any bytes: a wait within its bounds, or none. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "secmaster/date.h"
#include "secmaster/wire.h"
#include "src/pipeline/retry_after.h"

#define US_PER_SECOND INT64_C(1000000)
#define US_PER_DAY (86400 * US_PER_SECOND)
#define SECONDS_MAX 3600
#define HEAD_BYTES 6
#define UNTOUCHED INT64_C(-42)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Any second of the days that there are. */
static struct instant
moment(uint32_t number)
{
    const int64_t days = (int64_t)DATE_LAST_DAYS - DATE_FIRST_DAYS + 1;

    return (struct instant){ (DATE_FIRST_DAYS + number % days) * US_PER_DAY +
                             number % 86400 * US_PER_SECOND };
}

static bool
is_digits(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    return text.len > 0;
}

/* Spaces around it are nobody's. */
static void
expect_same_padded(struct str value, struct instant now, int64_t max_us,
                   int64_t wait_us)
{
    char *padded = malloc(value.len + 2);
    int64_t again_us = UNTOUCHED;

    assert(padded != NULL);
    padded[0] = ' ';
    if (value.len > 0)
        memcpy(padded + 1, value.data, value.len);
    padded[value.len + 1] = '\t';
    (void)retry_after_read((struct str){ padded, value.len + 2 }, now, max_us,
                           &again_us);
    assert(again_us == wait_us);
    free(padded);
}

/* Six bytes of when and how long at most, then the header. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int64_t wait_us = UNTOUCHED, max_us;
    struct instant now;
    struct str value;
    bool is_read;

    if (size < HEAD_BYTES)
        return 0;
    now = moment(get_le32(data));
    max_us = (data[4] | data[5] << 8) % (SECONDS_MAX + 1) * US_PER_SECOND;
    value = (struct str){ (const char *)data + HEAD_BYTES, size - HEAD_BYTES };
    is_read = retry_after_read(value, now, max_us, &wait_us);
    if (is_read) {
        assert(wait_us >= 0);
        assert(wait_us <= max_us);
        assert(wait_us % US_PER_SECOND == 0);
    } else {
        assert(wait_us == UNTOUCHED);
    }
    assert(is_read || !is_digits(value));
    expect_same_padded(value, now, max_us, wait_us);
    return 0;
}
