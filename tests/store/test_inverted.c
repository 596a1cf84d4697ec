/* The inverted entries: staging, each once, and growth of all that grows. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>

#include "secmaster/factset.h"
#include "secmaster/xxh64.h"
#include "src/store/inverted.h"

static void
stage(struct inverted *inverted, int64_t security, uint32_t attribute,
      struct value value)
{
    const struct factset_item item = { .attribute = attribute, .value = value };
    struct record record = { .kind = RECORD_FACTS, .security_id = security };
    struct out payload;

    out_init(&payload, SIZE_MAX);
    factset_put(&payload, &item);
    record.payload = out_text(&payload);
    cr_assert_eq(inverted_stage(inverted, &record), OK);
    out_fini(&payload);
}

static void
stage_text(struct inverted *inverted, int64_t security, uint32_t attribute,
           const char *text)
{
    stage(inverted, security, attribute,
          (struct value){ VALUE_STRING, str_of(text) });
}

static void
ready_and_link(struct inverted *inverted)
{
    cr_assert_eq(inverted_ready(inverted), OK);
    inverted_link(inverted);
}

static void
collect(const struct inverted *inverted, uint32_t attribute, const char *text,
        struct candidates *out)
{
    const struct inverted_key key = { hash_xxh64(str_of(text)), attribute };

    candidates_init(out);
    cr_assert_eq(inverted_collect(inverted, &key, out), OK);
}

/* The securities of a value in order, as "1 2 3 ". */
static void
expect(const struct inverted *inverted, uint32_t attribute, const char *text,
       const char *expected)
{
    struct candidates found;
    struct out seen;

    collect(inverted, attribute, text, &found);
    cr_assert_eq(candidates_sort(&found), OK);
    out_init(&seen, SIZE_MAX);
    for (size_t i = 0; i < found.count; i++)
        out_print(&seen, "%" PRId64 " ", found.ids[i]);
    out_char(&seen, '\0');
    cr_expect_str_eq(seen.data, expected, "%u:%s is %s", attribute, text,
                     seen.data);
    out_fini(&seen);
    candidates_fini(&found);
}

Test(inverted, has_what_was_asserted_by_its_text)
{
    struct inverted *inverted = inverted_new();
    const struct factset_item items[] = {
        { 1, 0, FACT_ASSERT, { VALUE_STRING, STR("a") } },
        { 2, 0, FACT_RETRACT, VALUE_OF_NULL },
        { 3, 5, FACT_ASSERT, VALUE_OF_NULL },
        { 4, 5, FACT_ASSERT, VALUE_OF_TRUE },
        { 5, 0, FACT_ASSERT, { VALUE_NUMBER, STR("1.0") } },
        { 1, 9, FACT_ASSERT, { VALUE_STRING, STR("b") } },
    };
    struct record record = { .kind = RECORD_FACTS, .security_id = INT64_MAX };
    struct out payload;

    out_init(&payload, SIZE_MAX);
    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++)
        factset_put(&payload, &items[i]);
    record.payload = out_text(&payload);
    cr_assert_eq(inverted_stage(inverted, &record), OK);
    out_fini(&payload);
    stage_text(inverted, 0, 5, "1.0");
    stage_text(inverted, 7, 1, "");
    ready_and_link(inverted);

    expect(inverted, 1, "a", "9223372036854775807 ");
    expect(inverted, 1, "b", "9223372036854775807 ");
    expect(inverted, 1, "", "7 ");
    expect(inverted, 2, "a", "");
    expect(inverted, 2, "null", "");
    expect(inverted, 3, "null", "");
    expect(inverted, 4, "true", "9223372036854775807 ");
    expect(inverted, 5, "1.0", "0 9223372036854775807 ");
    expect(inverted, 5, "1", "");
    expect(inverted, 9, "a", "");
    inverted_free(inverted);
}

Test(inverted, shows_only_what_is_linked)
{
    struct inverted *inverted = inverted_new();

    expect(inverted, 1, "a", "");
    stage_text(inverted, 1, 1, "a");
    expect(inverted, 1, "a", "");
    cr_assert_eq(inverted_ready(inverted), OK);
    expect(inverted, 1, "a", "");
    inverted_link(inverted);
    expect(inverted, 1, "a", "1 ");

    stage_text(inverted, 2, 1, "a");
    stage_text(inverted, 2, 1, "b");
    cr_assert_eq(inverted_ready(inverted), OK);
    inverted_drop(inverted);
    expect(inverted, 1, "a", "1 ");
    expect(inverted, 1, "b", "");

    stage_text(inverted, 3, 1, "a");
    inverted_drop(inverted);
    stage_text(inverted, 4, 1, "b");
    ready_and_link(inverted);
    expect(inverted, 1, "a", "1 ");
    expect(inverted, 1, "b", "4 ");
    inverted_free(inverted);
}

Test(inverted, keeps_each_entry_once)
{
    struct inverted *inverted = inverted_new();
    struct candidates found;
    uint64_t bytes = 0;

    for (int round = 0; round < 50; round++) {
        for (int i = 0; i < 300; i++) {
            stage_text(inverted, i % 100, 1, "a");
            stage_text(inverted, i % 3, 2, "b");
        }
        ready_and_link(inverted);
        if (round == 0)
            bytes = inverted_bytes(inverted);
    }
    collect(inverted, 1, "a", &found);
    cr_expect_eq(found.count, 100, "%zu", found.count);
    candidates_fini(&found);
    collect(inverted, 2, "b", &found);
    cr_expect_eq(found.count, 3, "%zu", found.count);
    candidates_fini(&found);
    cr_expect_eq(inverted_bytes(inverted), bytes,
                 "%" PRIu64 " bytes, then more", bytes);
    inverted_free(inverted);
}

/* What is there already is left out of what is linked: the others stay. */
Test(inverted, links_what_is_new_among_what_is_known)
{
    struct inverted *inverted = inverted_new();

    stage_text(inverted, 1, 7, "old");
    stage_text(inverted, 2, 7, "older");
    ready_and_link(inverted);
    stage_text(inverted, 1, 7, "old"); /* known */
    stage_text(inverted, 3, 7, "old"); /* of a known value */
    stage_text(inverted, 2, 7, "older");
    stage_text(inverted, 4, 7, "new");
    cr_assert_eq(inverted_ready(inverted), OK);
    stage_text(inverted, 1, 7, "old");
    stage_text(inverted, 5, 7, "new");
    stage_text(inverted, 6, 7, "older");
    ready_and_link(inverted);
    expect(inverted, 7, "old", "1 3 ");
    expect(inverted, 7, "older", "2 6 ");
    expect(inverted, 7, "new", "4 5 ");
    inverted_free(inverted);
}

Test(inverted, lets_values_of_one_hash_share_their_entries)
{
    struct inverted *inverted = inverted_new();

    stage_text(inverted, 1, 1, "collidesWithThis");
    stage_text(inverted, 2, 1, "DVDMSYDASftOUlab");
    stage_text(inverted, 3, 2, "DVDMSYDASftOUlab");
    ready_and_link(inverted);
    expect(inverted, 1, "collidesWithThis", "1 2 ");
    expect(inverted, 1, "DVDMSYDASftOUlab", "1 2 ");
    expect(inverted, 2, "collidesWithThis", "3 ");
    inverted_free(inverted);
}

static void
text_of(char text[16], int number)
{
    (void)snprintf(text, 16, "v%d", number);
}

/* Sets and tables grow while staging and while linking. */
Test(inverted, finds_all_however_they_come)
{
    static const struct {
        const char *name;
        int securities, values; /* of each pair of them an entry */
        int batch;
    } cases[] = {
        { "one value, one by one", 5000, 1, 1 },
        { "one value, in batches", 20000, 1, 777 },
        { "one value, at once", 20000, 1, 20000 },
        { "values of one security, one by one", 1, 5000, 1 },
        { "values of one security, at once", 1, 50000, 50000 },
        { "pairs, in batches", 100, 200, 333 },
        { "pairs, at once", 100, 200, 20000 },
    };
    char text[16];

    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        struct inverted *inverted = inverted_new();
        int total = cases[c].securities * cases[c].values;

        for (int i = 0; i < total; i++) {
            text_of(text, i % cases[c].values);
            stage_text(inverted, i / cases[c].values * 3LL, 1, text);
            if ((i + 1) % cases[c].batch == 0 || i + 1 == total)
                ready_and_link(inverted);
        }
        for (int v = 0; v < cases[c].values; v++) {
            struct candidates found;

            text_of(text, v);
            collect(inverted, 1, text, &found);
            cr_assert_eq(candidates_sort(&found), OK);
            cr_assert_eq(found.count, (size_t)cases[c].securities,
                         "%s: %s: %zu", cases[c].name, text, found.count);
            for (size_t i = 0; i < found.count; i++)
                cr_assert_eq(found.ids[i], (int64_t)i * 3, "%s: %s",
                             cases[c].name, text);
            candidates_fini(&found);
        }
        inverted_free(inverted);
    }
}

Test(inverted, holds_a_million_values_of_one_attribute)
{
    enum { COUNT = 1000000 };
    struct inverted *inverted = inverted_new();
    struct candidates found;
    char text[16];
    double bytes;

    for (int i = 0; i < COUNT; i++) {
        text_of(text, i);
        stage_text(inverted, i, 1, text);
        if ((i + 1) % 1000 == 0)
            ready_and_link(inverted);
    }
    for (int i = 0; i < COUNT; i += 7) {
        text_of(text, i);
        collect(inverted, 1, text, &found);
        cr_assert_eq(found.count, 1, "%s: %zu", text, found.count);
        cr_assert_eq(found.ids[0], i, "%s", text);
        candidates_fini(&found);
    }
    bytes = (double)inverted_bytes(inverted) / COUNT;
    cr_expect_leq(bytes, 150, "%.1f bytes an entry", bytes);
    inverted_free(inverted);
}

/* An append that is refused again and again must cost no memory. */
Test(inverted, gives_dropped_memory_back)
{
    struct inverted *inverted = inverted_new();
    struct mallinfo2 before = { 0 }, after;
    char text[16];

    for (int round = 0; round < 40; round++) {
        for (int i = 0; i < 20000; i++) {
            text_of(text, round * 20000 + i);
            stage_text(inverted, i, 1, text);
        }
        cr_assert_eq(inverted_ready(inverted), OK);
        inverted_drop(inverted);
        if (round == 0)
            before = mallinfo2();
    }
    after = mallinfo2();
    cr_expect_leq(after.uordblks + after.hblkhd,
                  before.uordblks + before.hblkhd + (2UL << 20));
    inverted_free(inverted);
}
