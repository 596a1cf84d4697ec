/* Slow clients are cut off, patient ones are not. */
#include "api/reaper.h"

#include <criterion/criterion.h>

#include "secmaster/bounds.h"

#define SECOND 1000000LL

static const struct reaper_deadlines deadlines = { 10 * SECOND, 30 * SECOND };

/* What begin and then each second bring. */
struct bringing {
    uint64_t begin, bytes_per_second;
};

/* The second at which the connection is cut, or 0 within a minute and a half.
 */
static int
cut_after(enum reading reading, struct bringing received, struct bringing taken,
          enum reaper_verdict *out)
{
    struct reaper_flow flow = { 1000 + received.begin, taken.begin };
    struct reaper_mark mark = { 0 };

    reaper_done(&mark, 1000);
    for (int second = 0; second < 90; second++) {
        *out = reaper_judge(&mark, reading, &flow, (second + 1) * SECOND,
                            &deadlines);
        if (*out != REAPER_WAITS)
            return second;
        flow.received += received.bytes_per_second;
        flow.taken += taken.bytes_per_second;
    }
    return 0;
}

static const struct {
    const char *row;
    enum reading reading;
    struct bringing received, taken;
    int cut;
    enum reaper_verdict verdict;
} rows[] = {
    { "idle", READING_HEAD, { 0, 0 }, { 500, 0 }, 30, REAPER_CUTS_IDLE },
    { "idle, the last answer being read",
      READING_HEAD,
      { 0, 0 },
      { 0, 1 },
      0,
      REAPER_WAITS },
    { "a head that stops",
      READING_HEAD,
      { 20, 0 },
      { 0, 0 },
      10,
      REAPER_CUTS_SLOW },
    { "a head that trickles",
      READING_HEAD,
      { 1, 1 },
      { 0, 1 },
      10,
      REAPER_CUTS_SLOW },
    { "a head without end",
      READING_HEAD,
      { 1, 2 * BODY_BYTES_PER_SECOND_MIN },
      { 0, 0 },
      10,
      REAPER_CUTS_SLOW },
    { "a body that stops",
      READING_BODY,
      { 20, 0 },
      { 0, 0 },
      10,
      REAPER_CUTS_SLOW },
    { "a body that trickles",
      READING_BODY,
      { 20, 1 },
      { 0, 0 },
      10,
      REAPER_CUTS_SLOW },
    { "a body below the rate",
      READING_BODY,
      { 0, BODY_BYTES_PER_SECOND_MIN - 1 },
      { 0, 1 },
      10,
      REAPER_CUTS_SLOW },
    { "a body at the rate",
      READING_BODY,
      { 0, BODY_BYTES_PER_SECOND_MIN },
      { 0, 0 },
      0,
      REAPER_WAITS },
    { "a large body that stops",
      READING_BODY,
      { 1 << 30, 0 },
      { 0, 0 },
      10,
      REAPER_CUTS_SLOW },
    { "an answer that nobody reads",
      READING_ANSWER,
      { 20, 0 },
      { 0, 0 },
      30,
      REAPER_CUTS_SLOW },
    { "asking for more without reading",
      READING_ANSWER,
      { 20, 1 },
      { 9, 0 },
      30,
      REAPER_CUTS_SLOW },
    { "an answer that is read slowly",
      READING_ANSWER,
      { 20, 0 },
      { 0, 1 },
      0,
      REAPER_WAITS },
    { "one that we are busy with",
      READING_NOTHING,
      { 20, 0 },
      { 0, 0 },
      0,
      REAPER_WAITS },
};

Test(reaper, cuts_by_rate_and_deadline)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum reaper_verdict verdict;
        int cut = cut_after(rows[i].reading, rows[i].received, rows[i].taken,
                            &verdict);

        cr_expect_eq(cut, rows[i].cut, "%s: cut after %d s", rows[i].row, cut);
        cr_expect_eq(verdict, rows[i].verdict, "%s: verdict %d", rows[i].row,
                     verdict);
    }
}

/* One connection's life, in order: what it is waited for at a second. */
struct moment {
    enum reading reading;
    uint64_t received, taken;
    int second;
    enum reaper_verdict verdict;
};

static void
live(const struct moment *moments, size_t count, uint64_t done)
{
    struct reaper_mark mark = { 0 };

    reaper_done(&mark, done);
    for (size_t i = 0; i < count; i++) {
        const struct moment *now = &moments[i];
        const struct reaper_flow flow = { now->received, now->taken };

        cr_expect_eq(reaper_judge(&mark, now->reading, &flow,
                                  now->second * SECOND, &deadlines),
                     now->verdict, "moment %zu", i);
    }
}

Test(reaper, judges_each_span_of_a_body_by_itself)
{
    static const struct moment moments[] = {
        { READING_BODY, 0, 0, 1, REAPER_WAITS },
        { READING_BODY, 1 << 20, 0, 11, REAPER_WAITS },
        { READING_BODY, (1 << 20) + 1, 0, 20, REAPER_WAITS },
        { READING_BODY, (1 << 20) + 1, 0, 21, REAPER_CUTS_SLOW },
    };

    live(moments, sizeof moments / sizeof moments[0], 0);
}

Test(reaper, judges_each_span_of_an_answer_by_itself)
{
    static const struct moment moments[] = {
        { READING_ANSWER, 10, 0, 1, REAPER_WAITS },
        { READING_ANSWER, 10, 0, 30, REAPER_WAITS },
        { READING_ANSWER, 10, 1, 31, REAPER_WAITS },
        { READING_ANSWER, 10, 1, 60, REAPER_WAITS },
        { READING_ANSWER, 10, 1, 61, REAPER_CUTS_SLOW },
    };

    live(moments, sizeof moments / sizeof moments[0], 0);
}

Test(reaper, starts_anew_with_each_request)
{
    static const struct moment moments[] = {
        { READING_HEAD, 100, 0, 60, REAPER_WAITS },
        { READING_HEAD, 100, 0, 75, REAPER_WAITS },
        { READING_HEAD, 101, 0, 76, REAPER_WAITS },
        { READING_NOTHING, 0, 0, 80, REAPER_WAITS },
        { READING_HEAD, 102, 0, 87, REAPER_WAITS },
        { READING_ANSWER, 102, 5, 90, REAPER_WAITS },
        { READING_HEAD, 103, 5, 110, REAPER_WAITS },
        { READING_HEAD, 103, 5, 119, REAPER_WAITS },
        { READING_HEAD, 103, 5, 120, REAPER_CUTS_SLOW },
    };

    live(moments, sizeof moments / sizeof moments[0], 100);
}

/* A request and all its computing may fall between two looks. */
Test(reaper, an_answer_does_not_pay_for_the_pause_before_it)
{
    static const struct moment moments[] = {
        { READING_HEAD, 100, 5, 1, REAPER_WAITS },
        { READING_HEAD, 100, 5, 30, REAPER_WAITS },
        { READING_ANSWER, 200, 5, 31, REAPER_WAITS },
        { READING_ANSWER, 200, 5, 60, REAPER_WAITS },
        { READING_ANSWER, 200, 5, 61, REAPER_CUTS_SLOW },
    };

    live(moments, sizeof moments / sizeof moments[0], 100);
}
