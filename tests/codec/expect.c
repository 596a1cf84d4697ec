/* Cases of bodies, each read whole and in pieces. */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/codec/reading.h"

#define CUTS 12

static void
expect_reading(reading *read, enum media media, const struct reading_case *row)
{
    for (cut how = 0; how < CUTS; how++) {
        struct out got;

        out_init(&got, 64UL << 20);
        read(&got, media, row->body, how);
        out_char(&got, '\0');
        cr_assert_eq(out_finish(&got), OK, "%s", row->name);
        cr_expect_str_eq(got.data, row->reading, "%s, cut %u:\n%s\nwanted:\n%s",
                         row->name, how, got.data, row->reading);
        out_fini(&got);
    }
}

void
expect_readings(reading *read, enum media media,
                const struct reading_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        expect_reading(read, media, &cases[i]);
}
