/* Batches: what they keep, and how facts are grouped into records. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "secmaster/batch.h"

static void
add(struct batch *batch, int64_t security, int32_t day, const char *attribute)
{
    struct fact fact = {
        .security_id = security,
        .attribute = str_of(attribute),
        .value = { VALUE_NUMBER, STR("1.50") },
        .effective = { day },
        .op = FACT_ASSERT,
    };

    cr_assert_eq(batch_add(batch, &fact, 0), OK);
}

Test(batch, groups_facts_by_security_and_date_in_order_of_arrival)
{
    static const struct {
        int64_t security;
        int32_t day;
    } facts[] = { { 7, 1 }, { 8, 1 }, { 7, 1 }, { 7, 2 }, { 8, 1 }, { 7, 1 } };
    static const uint32_t first[] = { 0, 1, 3 };
    static const uint32_t next[] = { 2, 4, 5, BATCH_END, BATCH_END, BATCH_END };
    struct batch *batch = batch_new(0);

    for (size_t i = 0; i < 6; i++)
        add(batch, facts[i].security, facts[i].day, "a");
    cr_assert_eq(batch_seal(batch), OK);
    cr_assert_eq(batch->record_count, 3);
    cr_expect_eq(batch->security_count, 2);
    for (size_t i = 0; i < 3; i++)
        cr_expect_eq(batch->records[i].first, first[i], "record %zu", i);
    for (size_t i = 0; i < 6; i++)
        cr_expect_eq(batch->facts[i].next, next[i], "fact %zu", i);
    batch_free(batch);
}

Test(batch, keeps_names_once_and_value_texts_exactly)
{
    struct batch *batch = batch_new(0);

    for (int i = 0; i < 500; i++) {
        char name[8];

        snprintf(name, sizeof name, "n%d", i % 100);
        add(batch, i, 0, name);
    }
    cr_expect_eq(batch->attributes.count, 100);
    for (uint32_t i = 0; i < 500; i++) {
        struct value got = batch_value(batch, &batch->facts[i]);

        cr_assert_eq(batch->facts[i].attribute, i % 100, "fact %u", i);
        cr_assert(
            value_equal(got, (struct value){ VALUE_NUMBER, STR("1.50") }));
    }
    batch_free(batch);
}

/* Names are noted by their ends and length: those alike must not be mixed. */
Test(batch, knows_names_by_all_their_bytes)
{
    static const struct {
        const char *name;
        uint32_t attribute;
    } facts[] = { { "abc", 0 }, { "axc", 1 },  { "abc", 0 }, { "abc", 0 },
                  { "axc", 1 }, { "abbc", 2 }, { "a", 3 },   { "abc", 0 } };
    struct batch *batch = batch_new(0);

    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
        add(batch, 1, 0, facts[i].name);
        cr_expect_eq(batch->facts[i].attribute, facts[i].attribute, "fact %zu",
                     i);
        cr_expect(batch_knows_attribute(batch, str_of(facts[i].name)),
                  "fact %zu", i);
    }
    cr_expect(!batch_knows_attribute(batch, STR("ayc")));
    cr_expect(!batch_knows_attribute(batch, STR("")));
    batch_free(batch);
}

Test(batch, a_late_default_source_leaves_named_sources_alone)
{
    struct batch *batch = batch_new(0);
    struct fact fact = { .attribute = STR("a"), .value = VALUE_OF_NULL };

    cr_expect(str_equal(batch->sources.items[0], STR("default")));
    cr_assert_eq(batch_add(batch, &fact, 0), OK);
    fact.source = STR("default");
    cr_assert_eq(batch_add(batch, &fact, 0), OK);
    cr_assert_eq(batch_default_source(batch, STR("polygon")), OK);
    cr_expect_eq(batch->facts[0].source, 0);
    cr_expect(str_equal(batch->sources.items[0], STR("polygon")));
    cr_expect(str_equal(batch->sources.items[batch->facts[1].source],
                        STR("default")));
    batch_free(batch);
}

Test(batch, complaints_name_the_place_in_the_body)
{
    static const struct {
        const char *prefix, *pointer;
        uint64_t line;
        const char *detail;
    } cases[] = {
        { "/facts", "/facts/1/op", 0, "is odd" },
        { "", "/1/op", 0, "is odd" },
        { NULL, NULL, 12, "op: is odd" },
    };
    struct arena arena;

    arena_init(&arena, 1 << 20);
    for (size_t i = 0; i < 3; i++) {
        struct batch *batch = batch_new(0);
        struct fact fact = { .attribute = STR("a"), .value = VALUE_OF_NULL };
        struct complaints complaints;

        complaints_init(&complaints, &arena);
        batch->pointer_prefix = cases[i].prefix;
        cr_assert_eq(batch_add(batch, &fact, 11), OK);
        cr_assert_eq(batch_add(batch, &fact, 12), OK);
        batch_complain(batch, &complaints, 1, "op", "is odd");
        cr_assert_eq(complaints.total, 1);
        cr_expect_eq(complaints.items[0].line, cases[i].line);
        cr_expect_str_eq(complaints.items[0].detail, cases[i].detail);
        if (cases[i].pointer == NULL)
            cr_expect_null(complaints.items[0].pointer);
        else
            cr_expect_str_eq(complaints.items[0].pointer, cases[i].pointer);
        batch_free(batch);
    }
    arena_fini(&arena);
}

/*
 * The ids fall on one place of a table that takes the low half of Fibonacci
 * hashing folded: without a seed, grouping these took half a minute.
 */
Test(batch, chosen_ids_cost_no_more_than_others, .timeout = 10)
{
    enum { FACTS = 200000 };
    static const uint64_t inverse = 0xf1de83e19937733d; /* of the multiplier */
    struct batch *batch = batch_new(1);

    static_assert(0x9e3779b97f4a7c15U * 0xf1de83e19937733dU == 1, "inverse");
    for (uint64_t half = 1; batch->fact_count < FACTS; half++) {
        uint64_t id = (half << 32 | half) * inverse;

        if (id <= INT64_MAX)
            add(batch, (int64_t)id, 0, "a");
    }
    cr_assert_eq(batch_seal(batch), OK);
    cr_expect_eq(batch->record_count, FACTS);
    cr_expect_eq(batch->security_count, FACTS);
    batch_free(batch);
}

/* Labels stand for securities until the writer has ids for them. */
Test(batch, groups_new_securities_by_their_labels)
{
    static const char *const labels[] = { "b", "a", "b", "c", "a" };
    static const int64_t ids[] = { -1, -2, -1, -3, -2 };
    struct batch *batch = batch_new(0);

    for (size_t i = 0; i < 5; i++) {
        int64_t id;

        cr_assert_eq(batch_label(batch, str_of(labels[i]), &id), OK);
        cr_expect_eq(id, ids[i], "label %zu: %ld", i, id);
        add(batch, id, 0, "n");
    }
    add(batch, 1, 0, "n");
    cr_assert_eq(batch_seal(batch), OK);
    cr_assert_eq(batch->labels.count, 3);
    cr_expect(str_equal(batch->labels.items[0], STR("b")));
    cr_expect(str_equal(batch->labels.items[2], STR("c")));
    cr_expect_eq(batch->record_count, 4);
    cr_expect_eq(batch->security_count, 4);
    for (int64_t i = 0; i < 3; i++)
        batch->minted[i] = 100 + i;
    cr_expect_eq(batch_security(batch, batch->records[0].security_id), 100);
    cr_expect_eq(batch_security(batch, batch->records[2].security_id), 102);
    cr_expect_eq(batch_security(batch, batch->records[3].security_id), 1);
    batch_free(batch);
}

/* What is left reads as it would have without the others. */
Test(batch, copies_all_but_what_is_skipped)
{
    static const struct {
        const char *label, *attribute, *source;
        enum fact_op op;
        bool skipped;
    } facts[] = {
        { "x", "a", NULL, FACT_ASSERT, true },
        { "y", "b", "s", FACT_ASSERT, false },
        { "y", "a", "t", FACT_RETRACT, false },
        { "x", "c", "s", FACT_RETRACT, true },
        { "z", "b", NULL, FACT_ASSERT, false },
    };
    static const uint32_t left[] = { 1, 2, 4 };
    struct batch *batch = batch_new(0), *copy;
    bool skipped[5];

    cr_assert_eq(batch_default_source(batch, STR("vendor")), OK);
    for (uint32_t i = 0; i < 5; i++) {
        struct fact fact = { .attribute = str_of(facts[i].attribute),
                             .value = VALUE_OF_NULL,
                             .effective = { (int32_t)i },
                             .op = facts[i].op };

        if (i % 2 == 1 && facts[i].op == FACT_ASSERT)
            fact.value = (struct value){ VALUE_STRING, STR("text") };
        if (facts[i].source != NULL)
            fact.source = str_of(facts[i].source);
        cr_assert_eq(
            batch_label(batch, str_of(facts[i].label), &fact.security_id), OK);
        cr_assert_eq(batch_add(batch, &fact, i + 10), OK);
        skipped[i] = facts[i].skipped;
    }
    cr_assert_eq(batch_seal(batch), OK);
    cr_assert_eq(batch_without(batch, skipped, &copy), OK);
    cr_assert_eq(copy->fact_count, 3);
    cr_expect_eq(copy->record_count, 3);
    cr_expect_eq(copy->security_count, 2);
    cr_expect_eq(copy->retraction_count, 1);
    cr_expect_eq(copy->labels.count, 3);
    for (uint32_t i = 0; i < 3; i++) {
        const struct batch_fact *a = &batch->facts[left[i]];
        const struct batch_fact *b = &copy->facts[i];

        cr_expect_eq(a->security_id, b->security_id, "fact %u", i);
        cr_expect_eq(a->effective.days, b->effective.days, "fact %u", i);
        cr_expect_eq(a->op, b->op, "fact %u", i);
        cr_expect_eq(a->line, b->line, "fact %u", i);
        cr_expect(value_equal(batch_value(batch, a), batch_value(copy, b)),
                  "fact %u", i);
        cr_expect(str_equal(batch->attributes.items[a->attribute],
                            copy->attributes.items[b->attribute]),
                  "fact %u", i);
        cr_expect(str_equal(batch->sources.items[a->source],
                            copy->sources.items[b->source]),
                  "fact %u", i);
    }
    batch_free(batch);
    batch_free(copy);
}
