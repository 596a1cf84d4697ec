/* What a memtable's inverted entries are as a list: sorted, each once. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "secmaster/factset.h"
#include "secmaster/xxh64.h"
#include "src/store/entries.h"

static struct entry
entry_of(int64_t security, uint32_t attribute, const char *text)
{
    const struct inverted_key key = { hash_xxh64(str_of(text)), attribute };

    return (struct entry){ entry_term(&key), security };
}

static void
stage(struct inverted *inverted, int64_t security, uint32_t attribute,
      const char *text)
{
    const struct factset_item item = {
        .attribute = attribute, .value = { VALUE_STRING, str_of(text) }
    };
    struct record record = { .kind = RECORD_FACTS, .security_id = security };
    struct out payload;

    out_init(&payload, SIZE_MAX);
    factset_put(&payload, &item);
    record.payload = out_text(&payload);
    cr_assert_eq(inverted_stage(inverted, &record), OK);
    out_fini(&payload);
}

static void
link_and_collect(struct inverted *inverted, struct entries *out)
{
    cr_assert_eq(inverted_ready(inverted), OK);
    inverted_link(inverted);
    cr_assert_eq(entries_collect(inverted, out), OK);
}

static int
compare_entries(const void *a, const void *b)
{
    return entry_compare(a, b);
}

Test(entries, are_none_of_nothing)
{
    struct inverted *inverted = inverted_new();
    struct entries entries;

    link_and_collect(inverted, &entries);
    cr_expect_eq(entries.count, 0);
    entries_free(&entries);
    inverted_free(inverted);
}

/* Ids and attributes of all lengths, so that every byte has its turn. */
Test(entries, are_sorted_and_each_once)
{
    enum { COUNT = 30000 };
    struct inverted *inverted = inverted_new();
    struct entry *all = calloc(COUNT, sizeof *all);
    struct entries entries;
    size_t kept = 0;

    cr_assert_not_null(all);
    srand(3);
    for (int i = 0; i < COUNT; i++) {
        int64_t security = (int64_t)(rand() % 5) << rand() % 60;
        uint32_t attribute = (uint32_t)(rand() % 3) << rand() % 23;
        char text[16];

        (void)snprintf(text, sizeof text, "%d", rand() % 50);
        stage(inverted, security, attribute, text);
        all[i] = entry_of(security, attribute, text);
    }
    link_and_collect(inverted, &entries);
    qsort(all, COUNT, sizeof *all, compare_entries);
    for (int i = 0; i < COUNT; i++)
        if (kept == 0 || entry_compare(&all[kept - 1], &all[i]) != 0)
            all[kept++] = all[i];
    cr_assert_lt(kept, COUNT);
    cr_assert_eq(entries.count, kept, "%zu of %zu", entries.count, kept);
    for (size_t i = 0; i < kept; i++)
        cr_assert_eq(entry_compare(&entries.list[i], &all[i]), 0, "entry %zu",
                     i);
    entries_free(&entries);
    inverted_free(inverted);
    free(all);
}

/* Two texts of which as much of the hash is the same as is kept. */
static void
find_two(char a[static 16], char b[static 16])
{
    enum { TEXTS = 200000 };
    struct entry *terms = calloc(TEXTS, sizeof *terms);

    cr_assert_not_null(terms);
    for (int i = 0; i < TEXTS; i++) {
        (void)snprintf(a, 16, "%d", i);
        terms[i] = entry_of(i, 0, a);
    }
    qsort(terms, TEXTS, sizeof *terms, compare_entries);
    for (int i = 1; i < TEXTS; i++) {
        if (terms[i].term != terms[i - 1].term)
            continue;
        (void)snprintf(a, 16, "%" PRId64, terms[i - 1].security_id);
        (void)snprintf(b, 16, "%" PRId64, terms[i].security_id);
    }
    free(terms);
}

Test(entries, of_one_hash_are_shared)
{
    struct inverted *inverted = inverted_new();
    struct entries entries;
    char a[16], b[16] = "";

    find_two(a, b);
    cr_assert_str_neq(b, "");
    cr_assert_neq(hash_xxh64(str_of(a)), hash_xxh64(str_of(b)));
    stage(inverted, 9, 1, a);
    stage(inverted, 7, 1, b);
    stage(inverted, 9, 1, b);
    stage(inverted, 8, 1, a);
    stage(inverted, 9, 0, b);
    link_and_collect(inverted, &entries);
    cr_assert_eq(entries.count, 4, "%zu", entries.count);
    cr_expect_eq(entries.list[0].security_id, 9, "of attribute 0");
    for (size_t i = 1; i < 4; i++) {
        cr_expect_eq(entries.list[i].term, entry_of(0, 1, a).term);
        cr_expect_eq(entries.list[i].security_id, (int64_t)i + 6);
    }
    entries_free(&entries);
    inverted_free(inverted);
}
