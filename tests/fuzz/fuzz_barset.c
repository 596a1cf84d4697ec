/* Records of bars: what is taken can be bars, is put back and read again as it
 * was, and is summed up alike as runs and one by one. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "secmaster/bar_fold.h"
#include "secmaster/bar_summary.h"
#include "src/core/bar_sums.h"

#define PUT_BYTES_MAX (1UL << 16)
#define MANTISSA_MAX INT64_C(999999999999999999)

/* A month's days come in each number, at both ends of the calendar too. */
static const struct date months[] = {
    { DATE_FIRST_DAYS }, /* 0001-01 */
    { 2932866 },         /* 9999-12 */
    { 19389 },           /* 2023-02 */
    { 19754 },           /* 2024-02 */
    { 19783 },           /* 2024-03 */
    { 19814 },           /* 2024-04 */
};
#define MONTHS (sizeof months / sizeof months[0])

struct month {
    struct bar bars[BARS_OF_MONTH_MAX];
    uint32_t days;
    bool is_exact;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
expect_field(const struct bar_run *run, size_t i, enum bar_field field)
{
    struct decimal value = bar_run_decimal(run, i, field);

    assert(bar_run_mantissa(run, i, field) >= 0);
    assert(bar_run_mantissa(run, i, field) <= MANTISSA_MAX);
    assert(value.mantissa >= 0 && value.mantissa <= MANTISSA_MAX);
    assert(value.scale <= run->scales[field]);
    assert(run->scales[field] <= DECIMAL_SCALE_MAX);
}

static void
expect_run(const struct bar_run *run)
{
    struct date last = run->month;

    assert(run->count > 0 && run->count <= BARS_OF_MONTH_MAX);
    assert((run->present & BAR_REQUIRED) == BAR_REQUIRED);
    assert(bar_run_date(run, 0).days == bar_run_first(run).days);
    assert(bar_run_before(run, bar_run_last(run)) == run->count - 1);
    for (size_t i = 0; i < run->count; i++) {
        struct date day = bar_run_date(run, i);

        assert(bar_month(day).days == run->month.days);
        assert(bar_run_before(run, day) == i);
        assert(i == 0 || last.days < day.days);
        last = day;
        for (unsigned field = 0; field < BAR_FIELDS; field++)
            if ((run->present & BAR_BIT(field)) != 0)
                expect_field(run, i, field);
            else
                assert(run->scales[field] == 0);
    }
}

static uint64_t
sum_of(const struct bar_run *run, size_t first, enum bar_field field)
{
    uint64_t sum = 0;

    for (size_t i = first; i < run->count; i++)
        sum += (uint64_t)bar_run_mantissa(run, i, field);
    return sum;
}

/* Sums side by side are those of the numbers. */
static void
expect_sums(const struct bar_run *run, size_t first)
{
    uint64_t sums[SUMMEDS] = { 1, 2, 3, 4, 5 }; /* added to */
    const struct bar_extremes extremes =
        bar_sums_add(run, first, run->count, sums);

    assert(sums[SUMMED_OPEN] == 1 + sum_of(run, first, BAR_OPEN));
    assert(sums[SUMMED_HIGH] == 2 + sum_of(run, first, BAR_HIGH));
    assert(sums[SUMMED_LOW] == 3 + sum_of(run, first, BAR_LOW));
    assert(sums[SUMMED_CLOSE] == 4 + sum_of(run, first, BAR_CLOSE));
    if ((run->present & BAR_BIT(BAR_VOLUME)) != 0)
        assert(sums[SUMMED_VOLUME] == 5 + sum_of(run, first, BAR_VOLUME));
    else
        assert(sums[SUMMED_VOLUME] == 5);
    for (size_t i = first; i < run->count; i++) {
        assert(extremes.max_high >= bar_run_mantissa(run, i, BAR_HIGH));
        assert(extremes.min_low <= bar_run_mantissa(run, i, BAR_LOW));
    }
}

static enum err
take_month(struct str payload, struct date month, struct month *out)
{
    struct barset set = barset_of(payload, month);
    struct bar_run run;
    enum err err;

    out->is_exact = true;
    while (barset_next(&set, &run, &err)) {
        expect_run(&run);
        for (size_t i = 0; i < run.count && !run.is_wide; i++)
            expect_sums(&run, i);
        out->is_exact &= bar_run_is_exact(&run);
        bar_run_spread(&run, out->bars);
    }
    assert(err == OK || err == ERR_STORE);
    assert(err != OK || set.payload.len == 0);
    out->days = set.days;
    return err;
}

static void
put_month(struct out *out, const struct month *month)
{
    struct bar bars[BARS_OF_MONTH_MAX];
    size_t count = 0;

    for (uint32_t days = month->days; days != 0; days &= days - 1)
        bars[count++] = month->bars[__builtin_ctz(days)];
    barset_put(out, bars, count);
    assert(out_finish(out) == OK);
}

/* What is put is read as the same bars, and these are put as the same bytes. */
static void
expect_kept(const struct month *month, struct date first, struct out *out)
{
    struct month again;
    struct out twice;

    out_init(&twice, PUT_BYTES_MAX);
    put_month(out, month);
    assert(take_month(out_text(out), first, &again) == OK);
    assert(again.is_exact);
    assert(again.days == month->days);
    for (uint32_t days = month->days; days != 0; days &= days - 1)
        assert(bar_equal(&month->bars[__builtin_ctz(days)],
                         &again.bars[__builtin_ctz(days)]));
    put_month(&twice, &again);
    assert(str_equal(out_text(out), out_text(&twice)));
    out_fini(&twice);
}

static enum visit
sum_bars(void *context, int64_t security_id, const struct bar *bars,
         size_t count)
{
    (void)security_id;
    for (size_t i = 0; i < count; i++)
        bar_summary_add(context, &bars[i]);
    return VISIT_NEXT;
}

static enum visit
sum_run(void *context, int64_t security_id, const struct bar_run *run)
{
    (void)security_id;
    bar_summary_add_run(context, run, 0, run->count);
    return VISIT_NEXT;
}

/* Of two records at once. */
static void
sum_up(struct str payload, struct str other, struct date month,
       bar_run_visitor *visitor, struct bar_summary *out)
{
    static struct bar_fold fold;
    struct record record = { .kind = RECORD_BARS,
                             .security_id = 5,
                             .effective = month,
                             .payload = payload };

    out->days = 0;
    bar_fold_init(&fold, (struct date){ DATE_FIRST_DAYS },
                  (struct date){ DATE_OPEN_DAYS }, sum_bars, out);
    fold.run_visitor = visitor;
    assert(bar_fold_record(&fold, &record) == VISIT_NEXT);
    record.security_id++;
    record.payload = other;
    assert(bar_fold_record(&fold, &record) == VISIT_NEXT);
    assert(bar_fold_end(&fold) == OK);
}

static struct str
write_all(char *to, const struct bar_summary *summary)
{
    const struct cell_text none = cell_text_of(STR("null"));
    struct cell_text fronts[SUMMARY_COLUMNS];
    char *end;

    for (unsigned i = 0; i < SUMMARY_COLUMNS; i++)
        fronts[i] = cell_text_of(STR(","));
    end = bar_summary_write(to, summary, SUMMARY_BIT(SUMMARY_COLUMNS) - 1,
                            fronts, &none);
    return (struct str){ to, (size_t)(end - to) };
}

static void
expect_summary(struct str payload, struct str other, struct date month)
{
    char a[SUMMARY_COLUMNS * (1 + DECIMAL_ROOM)], b[sizeof a];
    struct bar_summary by_bars, by_runs;

    sum_up(payload, other, month, NULL, &by_bars);
    sum_up(payload, other, month, sum_run, &by_runs);
    assert(str_equal(write_all(a, &by_bars), write_all(b, &by_runs)));
}

/* Behind and before its first bar by itself, whose scales are less where it
 * lacks digits. */
static void
expect_summaries(struct str payload, struct month month, struct date first)
{
    struct out lone;

    out_init(&lone, PUT_BYTES_MAX);
    month.days &= ~month.days + 1;
    put_month(&lone, &month);
    expect_summary(payload, out_text(&lone), first);
    expect_summary(out_text(&lone), payload, first);
    out_fini(&lone);
}

/* The first byte says which month it is, all else is a payload. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct month month;
    struct date first;
    struct str payload;
    struct out out;

    if (size < 2)
        return 0;
    first = months[data[0] % MONTHS];
    payload = (struct str){ (const char *)data + 1, size - 1 };
    if (take_month(payload, first, &month) != OK)
        return 0;
    out_init(&out, PUT_BYTES_MAX);
    expect_kept(&month, first, &out);
    if (month.is_exact)
        expect_summaries(payload, month, first);
    out_fini(&out);
    return 0;
}
