/* Slow clients are cut off, patient ones are not. */
#include "api/reaper.h"

#include <criterion/criterion.h>

#include "secmaster/bounds.h"

#define SECOND 1000000LL
#define DEADLINE (10 * SECOND)

/* bytes arrive at begin and then each second; the second at which the
 * connection is cut, or 0 within a minute. */
static int
cut_after(enum reading reading, uint64_t begin, uint64_t bytes_per_second)
{
    struct reaper_mark mark = { 0 };
    uint64_t bytes = begin;

    reaper_done(&mark, 1000);
    for (int second = 0; second < 60; second++) {
        if (reaper_is_late(&mark, reading, 1000 + bytes, (second + 1) * SECOND,
                           DEADLINE))
            return second;
        bytes += bytes_per_second;
    }
    return 0;
}

static const struct {
    const char *row;
    enum reading reading;
    uint64_t begin, bytes_per_second;
    int cut;
} rows[] = {
    { "idle", READING_HEAD, 0, 0, 0 },
    { "a head that stops", READING_HEAD, 20, 0, 10 },
    { "a head that trickles", READING_HEAD, 1, 1, 10 },
    { "a head without end", READING_HEAD, 1, 2 * BODY_BYTES_PER_SECOND_MIN,
      10 },
    { "a body that stops", READING_BODY, 20, 0, 10 },
    { "a body that trickles", READING_BODY, 20, 1, 10 },
    { "a body below the rate", READING_BODY, 0, BODY_BYTES_PER_SECOND_MIN - 1,
      10 },
    { "a body at the rate", READING_BODY, 0, BODY_BYTES_PER_SECOND_MIN, 0 },
    { "a large body that stops", READING_BODY, 1 << 30, 0, 10 },
    { "one that we are busy with", READING_NOTHING, 20, 0, 0 },
};

Test(reaper, cuts_by_rate_and_deadline)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int cut =
            cut_after(rows[i].reading, rows[i].begin, rows[i].bytes_per_second);

        cr_expect_eq(cut, rows[i].cut, "%s: cut after %d s", rows[i].row, cut);
    }
}

Test(reaper, judges_each_span_of_a_body_by_itself)
{
    struct reaper_mark mark = { 0 };

    cr_expect(!reaper_is_late(&mark, READING_BODY, 0, SECOND, DEADLINE));
    cr_expect(
        !reaper_is_late(&mark, READING_BODY, 1 << 20, 11 * SECOND, DEADLINE));
    cr_expect(!reaper_is_late(&mark, READING_BODY, (1 << 20) + 1, 20 * SECOND,
                              DEADLINE));
    cr_expect(reaper_is_late(&mark, READING_BODY, (1 << 20) + 1, 21 * SECOND,
                             DEADLINE));
}

Test(reaper, starts_anew_with_each_request)
{
    struct reaper_mark mark = { 0 };

    cr_expect(!reaper_is_late(&mark, READING_HEAD, 10, SECOND, DEADLINE));
    reaper_done(&mark, 100);
    cr_expect(!reaper_is_late(&mark, READING_HEAD, 100, 60 * SECOND, DEADLINE));
    cr_expect(!reaper_is_late(&mark, READING_HEAD, 101, 61 * SECOND, DEADLINE));
    cr_expect(
        !reaper_is_late(&mark, READING_NOTHING, 0, 65 * SECOND, DEADLINE));
    cr_expect(!reaper_is_late(&mark, READING_HEAD, 102, 72 * SECOND, DEADLINE));
    cr_expect(reaper_is_late(&mark, READING_HEAD, 102, 82 * SECOND, DEADLINE));
}
