/* The rule in force is the last one made by then, for readers at any time. */
#include <criterion/criterion.h>

#include "secmaster/rulebook.h"

/* A rule that lists source number alone. */
static struct rule *
rule_of(uint32_t number)
{
    const struct rule_list list = { 0, &number, 1 };
    struct rule *rule = NULL;
    struct out out;

    out_init(&out, SIZE_MAX);
    rule_encode(&out, &list, 1);
    cr_assert_eq(rule_decode(out_text(&out), 1, &rule), OK);
    out_fini(&out);
    return rule;
}

static uint32_t
number_at(const struct rulebook *rulebook, uint64_t known_tx)
{
    const struct rule *rule = rulebook_at(rulebook, known_tx);
    uint32_t count;

    return rule == NULL ? 0 : rule_lists(rule, &count)->sources[0];
}

static void
add(struct rulebook *rulebook, uint64_t tx, uint32_t number)
{
    cr_assert_eq(rulebook_add(rulebook, tx, rule_of(number)), OK);
}

Test(rulebook, gives_the_rule_of_a_transaction)
{
    static const struct {
        uint64_t known_tx;
        uint32_t number;
    } cases[] = {
        { 0, 0 }, { 2, 0 }, { 3, 1 },  { 4, 1 },    { 5, 2 },
        { 8, 2 }, { 9, 3 }, { 10, 3 }, { 1000, 3 }, { UINT64_MAX, 3 },
    };
    struct rulebook *rulebook = rulebook_new();

    cr_expect_eq(number_at(NULL, 7), 0, "none");
    cr_expect_eq(number_at(rulebook, 7), 0, "empty");
    cr_expect(rulebook_precedence(rulebook, 7).rank == NULL);
    add(rulebook, 3, 1);
    add(rulebook, 5, 2);
    add(rulebook, 9, 3);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_expect_eq(number_at(rulebook, cases[i].known_tx), cases[i].number,
                     "known_tx %d", (int)cases[i].known_tx);
    cr_expect(rulebook_precedence(rulebook, 2).rank == NULL);
    cr_expect_eq(rulebook_precedence(rulebook, 3).rule,
                 rulebook_at(rulebook, 3));
    rulebook_free(rulebook);
}

Test(rulebook, takes_back_what_was_not_committed)
{
    struct rulebook *rulebook = rulebook_new();

    add(rulebook, 3, 1);
    add(rulebook, 5, 2);
    rulebook_cut(rulebook, 5);
    cr_expect_eq(number_at(rulebook, 5), 2, "up to it nothing is taken");
    rulebook_cut(rulebook, 4);
    cr_expect_eq(number_at(rulebook, 5), 1);
    add(rulebook, 4, 7);
    cr_expect_eq(number_at(rulebook, 5), 7);
    cr_expect_eq(number_at(rulebook, 3), 1);
    rulebook_cut(rulebook, 0);
    cr_expect_eq(number_at(rulebook, 9), 0);
    rulebook_free(rulebook);
}

Test(rulebook, holds_many)
{
    enum { MANY = 5000 };
    struct rulebook *rulebook = rulebook_new();

    for (uint32_t i = 1; i <= MANY; i++)
        add(rulebook, 2 * (uint64_t)i, i);
    for (uint32_t i = 1; i <= MANY; i++) {
        cr_assert_eq(number_at(rulebook, 2 * (uint64_t)i), i, "%u", i);
        cr_assert_eq(number_at(rulebook, 2 * (uint64_t)i + 1), i, "%u", i);
    }
    rulebook_free(rulebook);
}
