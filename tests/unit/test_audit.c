/*
 * What becomes of facts, and which assertions compete in which order. Facts are
 * written as "tx date attribute source value", one record each unless the next
 * is of the same transaction and date; states as L, S<tx> and R<tx>.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "secmaster/audit.h"
#include "secmaster/factset.h"
#include "secmaster/names.h"

#define TOLD_MAX 8

struct told {
    uint64_t tx;
    int32_t date;
    uint32_t attribute, source;
    const char *value; /* NULL: retraction */
};

/* The payload is overwritten at once, so that a borrowed value is caught. */
static enum err
add(struct audit *audit, const struct told *told, size_t count,
    uint32_t attribute)
{
    struct record record = {
        RECORD_FACTS, 7, { told->date }, told->tx, { NULL, 0 }
    };
    struct out out;
    enum err err;

    out_init(&out, 1024);
    for (size_t i = 0; i < count; i++) {
        struct factset_item item = { told[i].attribute, told[i].source,
                                     FACT_RETRACT, VALUE_OF_NULL };

        if (told[i].value != NULL)
            item.op = FACT_ASSERT;
        if (told[i].value != NULL && strcmp(told[i].value, "null") != 0)
            item.value = (struct value){ VALUE_STRING, str_of(told[i].value) };
        factset_put(&out, &item);
    }
    cr_assert_eq(out_finish(&out), OK);
    record.payload = out_text(&out);
    err = audit_add(audit, &record, attribute);
    memset(out.data, 0xee, out.len);
    out_fini(&out);
    return err;
}

static void
add_all(struct audit *audit, const struct told *told, uint32_t attribute)
{
    size_t from = 0;

    while (from < TOLD_MAX && told[from].tx != 0) {
        size_t to = from + 1;

        while (to < TOLD_MAX && told[to].tx == told[from].tx &&
               told[to].date == told[from].date)
            to++;
        cr_assert_eq(add(audit, told + from, to - from, attribute), OK);
        from = to;
    }
}

static void
print_states(const struct audit *audit, char *to, size_t size)
{
    size_t len = 0;

    to[0] = '\0';
    for (size_t i = 0; i < audit->count; i++) {
        const struct audit_fact *fact = &audit->facts[i];

        len += (size_t)snprintf(to + len, size - len, "%s%.*s:%c",
                                i == 0 ? "" : " ", STR_ARG(fact->value.text),
                                "LSR"[fact->state]);
        if (fact->state != AUDIT_LIVE)
            len += (size_t)snprintf(to + len, size - len, "%llu",
                                    (unsigned long long)fact->ended_by);
        cr_expect_eq(fact->ended_by == 0, fact->state == AUDIT_LIVE);
    }
}

static const struct {
    const char *what;
    struct told told[TOLD_MAX];
    const char *states, *live;
} cases[] = {
    { "nothing", { { 0 } }, "", "" },
    { "an assertion", { { 1, 10, 0, 0, "a" } }, "a:L", "a:L" },
    { "the later arrival of a key supersedes",
      { { 1, 10, 0, 0, "a" }, { 2, 10, 0, 0, "b" }, { 5, 10, 0, 0, "c" } },
      "a:S2 b:S5 c:L",
      "c:L" },
    { "so does the later one in a batch",
      { { 3, 10, 0, 0, "a" }, { 3, 10, 0, 0, "b" } },
      "a:S3 b:L",
      "b:L" },
    { "the same value again supersedes too",
      { { 1, 10, 0, 0, "a" }, { 2, 10, 0, 0, "a" } },
      "a:S2 a:L",
      "a:L" },
    { "null is an assertion",
      { { 1, 10, 0, 0, "null" }, { 2, 10, 0, 0, "a" } },
      "null:S2 a:L",
      "a:L" },
    { "another date is another key",
      { { 1, 10, 0, 0, "a" }, { 2, 20, 0, 0, "b" } },
      "a:L b:L",
      "a:L b:L" },
    { "another source is another key",
      { { 1, 10, 0, 0, "a" }, { 2, 10, 0, 1, "b" } },
      "a:L b:L",
      "a:L b:L" },
    { "another attribute is another key",
      { { 1, 10, 0, 0, "a" }, { 2, 10, 1, 0, "b" } },
      "a:L b:L",
      "a:L b:L" },
    { "a retraction retracts, and stands itself",
      { { 1, 10, 0, 0, "a" }, { 2, 10, 0, 0, NULL } },
      "a:R2 null:L",
      "" },
    { "in one batch",
      { { 4, 10, 0, 0, "a" }, { 4, 10, 0, 0, NULL } },
      "a:R4 null:L",
      "" },
    { "what the withdrawn one had superseded does not come back",
      { { 1, 10, 0, 0, "a" }, { 2, 10, 0, 0, "b" }, { 3, 10, 0, 0, NULL } },
      "a:S2 b:R3 null:L",
      "" },
    { "asserted again, the retraction is superseded",
      { { 1, 10, 0, 0, "a" }, { 2, 10, 0, 0, NULL }, { 3, 10, 0, 0, "b" } },
      "a:R2 null:S3 b:L",
      "b:L" },
    { "a retraction leaves other keys alone",
      { { 1, 10, 0, 0, "a" },
        { 2, 10, 0, 1, "b" },
        { 2, 10, 1, 0, "c" },
        { 3, 10, 0, 1, NULL },
        { 1, 20, 0, 1, "d" } },
      "a:L b:R3 c:L null:L d:L",
      "a:L c:L d:L" },
};

Test(audit, says_what_became_of_each_fact)
{
    char got[256];
    struct audit audit;

    audit_init(&audit, 65536);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        audit_reset(&audit);
        add_all(&audit, cases[i].told, NAME_NONE);
        cr_assert_eq(audit_settle(&audit), OK);
        print_states(&audit, got, sizeof got);
        cr_expect_str_eq(got, cases[i].states, "%s: %s", cases[i].what, got);
        audit_keep_live(&audit);
        print_states(&audit, got, sizeof got);
        cr_expect_str_eq(got, cases[i].live, "%s, live: %s", cases[i].what,
                         got);
    }
    audit_fini(&audit);
}

Test(audit, takes_one_attribute_where_it_is_asked_for)
{
    static const struct told told[TOLD_MAX] = {
        { 1, 10, 0, 0, "a" },
        { 1, 10, 1, 0, "b" },
        { 2, 10, 0, 0, "c" },
        { 2, 20, 1, 0, "d" },
    };
    char got[256];
    struct audit audit;

    audit_init(&audit, 65536);
    add_all(&audit, told, 1);
    cr_assert_eq(audit_settle(&audit), OK);
    print_states(&audit, got, sizeof got);
    cr_expect_str_eq(got, "b:L d:L", "%s", got);
    audit_fini(&audit);
}

Test(audit, refuses_what_is_no_fact_set_and_what_is_too_much)
{
    static const struct told told = { 1, 10, 0, 0, "a long value" };
    struct record damaged = {
        RECORD_FACTS, 7, { 10 }, 1, { "\xff\xff\xff", 3 }
    };
    struct audit audit;

    audit_init(&audit, 12);
    cr_expect_eq(audit_add(&audit, &damaged, NAME_NONE), ERR_STORE);
    cr_expect_eq(add(&audit, &told, 1, NAME_NONE), ERR_TOO_LARGE);
    audit_fini(&audit);
}

/* Facts count as their values do, and are given back. */
Test(audit, holds_what_it_says_up_to_its_bound)
{
    static const struct told rows[] = {
        { 1, 10, 0, 0, NULL },
        { 1, 10, 0, 0, "a value" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct audit audit;
        enum err err = OK;
        size_t facts = 0;

        audit_init(&audit, 1 << 20);
        for (; err == OK; facts++)
            err = add(&audit, &rows[i], 1, NAME_NONE);
        cr_expect_eq(err, ERR_TOO_LARGE, "row %zu", i);
        cr_expect_lt(facts, (1 << 20) / sizeof *audit.facts, "row %zu", i);
        cr_expect_gt(audit_held(&audit), 1 << 19, "row %zu", i);
        cr_expect_lt(audit_held(&audit), 5 << 18, "row %zu", i);
        audit_reset(&audit);
        cr_expect_lt(audit_held(&audit), 1 << 14, "row %zu", i);
        audit_fini(&audit);
    }
}

/* Source 1 before source 2 before the others, for attribute 0. */
static uint32_t
rank_of(const void *rule, uint32_t attribute, uint32_t source)
{
    (void)rule;
    if (attribute != 0 || source == 0 || source > 2)
        return 9;
    return source;
}

/* The winner of each attribute, then who it beat and why: P, D or T. */
static const struct {
    const char *what;
    struct told told[TOLD_MAX];
    bool ranked;
    const char *order;
} contests[] = {
    { "one alone", { { 1, 10, 0, 0, "a" } }, false, "a" },
    { "a later date",
      { { 2, 10, 0, 0, "a" }, { 1, 20, 0, 0, "b" } },
      false,
      "b a:D" },
    { "a later transaction of a date",
      { { 1, 10, 0, 2, "a" }, { 2, 10, 0, 1, "b" } },
      false,
      "b a:T" },
    { "the later fact of a batch",
      { { 1, 10, 0, 2, "a" }, { 1, 10, 0, 1, "b" }, { 1, 10, 0, 0, "c" } },
      false,
      "c b:T a:T" },
    { "ranks decide before dates",
      { { 1, 10, 0, 1, "a" }, { 1, 20, 0, 2, "b" }, { 1, 30, 0, 0, "c" } },
      true,
      "a b:P c:P" },
    { "within a rank dates decide, then transactions",
      { { 1, 10, 0, 1, "a" },
        { 1, 20, 0, 1, "b" },
        { 2, 20, 0, 0, "c" },
        { 3, 20, 0, 5, "d" },
        { 1, 30, 0, 2, "e" } },
      true,
      "b a:D e:P d:P c:P" },
    { "a rule of one attribute leaves the others equal",
      { { 1, 10, 0, 1, "a" },
        { 1, 10, 1, 1, "b" },
        { 1, 20, 0, 2, "c" },
        { 1, 20, 1, 2, "d" } },
      true,
      "a c:P | d b:D" },
    { "null competes",
      { { 1, 10, 0, 0, "a" }, { 1, 20, 0, 0, "null" } },
      false,
      "null a:D" },
    { "what is not live does not",
      { { 1, 10, 0, 0, "a" },
        { 2, 10, 0, 0, "b" },
        { 1, 20, 0, 0, "c" },
        { 2, 20, 0, 0, NULL } },
      false,
      "b" },
};

static void
print_order(const struct audit *audit, const struct precedence *precedence,
            char *to, size_t size)
{
    const struct audit_fact *winner = audit->facts;
    size_t len = 0;

    to[0] = '\0';
    for (size_t i = 0; i < audit->count; i++) {
        const struct audit_fact *fact = &audit->facts[i];
        const char *gap = i == 0 ? "" : " ";

        if (fact->attribute != winner->attribute) {
            winner = fact;
            gap = " | ";
        }
        len += (size_t)snprintf(to + len, size - len, "%s%.*s", gap,
                                STR_ARG(fact->value.text));
        if (fact != winner)
            len +=
                (size_t)snprintf(to + len, size - len, ":%c",
                                 "PDT"[audit_reason(winner, fact, precedence)]);
    }
}

Test(audit, ranks_what_competes_for_a_value)
{
    for (size_t i = 0; i < sizeof contests / sizeof contests[0]; i++) {
        struct precedence precedence = { contests[i].ranked ? rank_of : NULL,
                                         NULL };
        struct audit audit;
        char got[256];

        audit_init(&audit, 65536);
        add_all(&audit, contests[i].told, NAME_NONE);
        cr_assert_eq(audit_settle(&audit), OK);
        audit_keep_live(&audit);
        audit_rank(&audit, &precedence);
        print_order(&audit, &precedence, got, sizeof got);
        cr_expect_str_eq(got, contests[i].order, "%s: %s", contests[i].what,
                         got);
        audit_fini(&audit);
    }
}
