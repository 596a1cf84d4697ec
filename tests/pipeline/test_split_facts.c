/* Splits by their tickers: whose they are on their days. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "src/pipeline/split_facts.h"
#include "tests/pipeline/writing.h"
#include "tests/support/store_memory.h"

/*
 * Facts before as in writing.h, whose values are the numbers of their places:
 * so tickers are called 0, 1 ... Splits are "TICKER/DAY=FROM:TO" separated by
 * spaces; what is said of them "#ID/DAY=FROM:TO", how many are nobody's, and
 * reasons.
 */
static const struct {
    const char *name, *facts, *splits, *said;
    uint32_t unmatched;
} cases[] = {
    { "one", "+ticker#5/10", "0/20=1:4", "#5/20=1:4 ", 0 },
    { "none", "+ticker#5/10", "", "", 0 },
    { "several, in any order", "+ticker#5/10 +ticker#6/10",
      "1/20=1:4 0/30=10:1 0/20=3:2", "#5/20=3:2 #5/30=10:1 #6/20=1:4 ", 0 },
    { "on the first day of a ticker", "+ticker#5/20", "0/20=1:4", "#5/20=1:4 ",
      0 },
    { "the day before", "+ticker#5/21", "0/20=1:4", "", 1 },
    { "of whoever bears it that day", "+ticker#5/10 +ticker#5/20 +ticker#6/30",
      "0/15=1:2 1/25=1:3 2/35=1:4", "#5/15=1:2 #5/25=1:3 #6/35=1:4 ", 0 },
    { "of nobody", "+ticker#5/10", "7/20=1:4 0/20=1:2 8/20=1:4", "#5/20=1:2 ",
      2 },
    { "where nobody has a ticker", "+name#5/10", "0/20=1:4", "", 1 },
    { "twice the same", "+ticker#5/10", "0/20=1:4 0/20=1:4", "#5/20=1:4 ", 0 },
    { "digits as they were sent", "+ticker#5/10", "0/20=1.0:4.50",
      "#5/20=1.0:4.50 ", 0 },
    { "twice, and otherwise", "+ticker#5/10", "0/20=1:4 0/21=1:4 0/20=1:5",
      "!two splits of \"0\" differ on one day", 0 },
};

static struct str
cut(struct str *text, char mark)
{
    const char *at = memchr(text->data, mark, text->len);
    struct str front = { text->data,
                         at == NULL ? text->len : (size_t)(at - text->data) };

    text->data += front.len + (at != NULL);
    text->len -= front.len + (at != NULL);
    return front;
}

static void
read_splits(struct listing *listing, const char *splits)
{
    struct str text = str_of(splits);

    listing_init(listing);
    while (text.len > 0) {
        struct str part = cut(&text, ' ');
        struct listed_split split = { .ticker = cut(&part, '/') };

        split.execution.days = (int32_t)strtol(cut(&part, '=').data, NULL, 10);
        split.from = cut(&part, ':');
        split.to = part;
        cr_assert_eq(listing_add_split(listing, &split), OK);
    }
}

/* Pairs of facts: where from, where to. */
static void
put_facts(struct out *out, const struct batch *batch)
{
    for (uint32_t i = 0; i + 1 < batch->fact_count; i += 2) {
        const struct batch_fact *from = &batch->facts[i], *to = from + 1;

        cr_expect(str_equal(batch->attributes.items[from->attribute],
                            STR("split_from")));
        cr_expect(
            str_equal(batch->attributes.items[to->attribute], STR("split_to")));
        cr_expect_eq(from->security_id, to->security_id);
        cr_expect_eq(from->effective.days, to->effective.days);
        cr_expect_eq(to->type, VALUE_NUMBER);
        out_print(out, "#%ld/%d=%.*s:%.*s ", from->security_id,
                  from->effective.days, STR_ARG(batch_value(batch, from).text),
                  STR_ARG(batch_value(batch, to).text));
    }
}

static uint32_t
run(const struct listing *listing, struct out *out)
{
    struct batch *batch = batch_new(0);
    struct complaints reasons;
    uint32_t unmatched;
    struct arena arena;
    struct view view;

    cr_assert_not_null(batch);
    arena_init(&arena, 1 << 16);
    complaints_init(&reasons, &arena);
    cr_assert_eq(store_view_begin(writing.store, KNOWN_NEWEST, &view, NULL),
                 OK);
    cr_assert_eq(split_facts(&(struct split_ask){ &view, listing, STR("vendor"),
                                                  &reasons },
                             batch, &unmatched, NULL),
                 OK);
    store_view_end(&view);
    for (size_t i = 0; i < reasons.listed; i++)
        out_print(out, "!%s", reasons.items[i].detail);
    if (reasons.total == 0)
        put_facts(out, batch);
    batch_free(batch);
    arena_fini(&arena);
    return unmatched;
}

static void
expect_said(const char *name, const char *splits, const char *said,
            uint32_t unmatched)
{
    struct listing listing;
    struct out out;

    out_init(&out, 4096);
    read_splits(&listing, splits);
    cr_expect_eq(run(&listing, &out), unmatched, "%s", name);
    cr_expect(str_equal(out_text(&out), str_of(said)), "%s: %.*s, not %s", name,
              STR_ARG(out_text(&out)), said);
    listing_fini(&listing);
    out_fini(&out);
}

Test(split_facts, are_of_whoever_bears_the_ticker)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        writing_start(store_memory_new());
        test_job_free(test_job_run(cases[i].facts));
        expect_said(cases[i].name, cases[i].splits, cases[i].said,
                    cases[i].unmatched);
        writing_stop();
    }
}

Test(split_facts, a_ticker_of_two_is_a_reason)
{
    writing_start(store_memory_new());
    test_job_free(test_job_run("+ticker#5/10"));
    test_job_free(test_job_run("+ticker#6/15"));
    expect_said("before", "0/14=1:4", "#5/14=1:4 ", 0);
    expect_said("then", "0/15=1:4",
                "!more than one security bears the ticker \"0\" of a split on "
                "its day",
                1);
    writing_stop();
}
