/* Five failures open a breaker, a trial closes it, a restart keeps it. */
#include <criterion/criterion.h>

#include "secmaster/crc32c.h"
#include "secmaster/wire.h"
#include "src/pipeline/breaker.h"

#define S INT64_C(1000000)

enum step { BEGIN, SUCCEED, FAIL, CALL_OFF, RESTART };

static const char *const step_names[] = { "begin", "succeed", "fail",
                                          "call off", "restart" };

struct row {
    enum step step;
    int64_t now_us;
    int64_t wait_us; /* of BEGIN */
    enum breaker_state state;
    uint32_t failures;
};

static const struct row opens_and_closes[] = {
    { BEGIN, 0, 0, BREAKER_CLOSED, 0 },
    { FAIL, 1 * S, 0, BREAKER_CLOSED, 1 },
    { FAIL, 2 * S, 0, BREAKER_CLOSED, 2 },
    { FAIL, 3 * S, 0, BREAKER_CLOSED, 3 },
    { FAIL, 4 * S, 0, BREAKER_CLOSED, 4 },
    { BEGIN, 9 * S, 0, BREAKER_CLOSED, 4 },
    { FAIL, 10 * S, 0, BREAKER_OPEN, 5 },
    { BEGIN, 10 * S, 60 * S, BREAKER_OPEN, 5 },
    { BEGIN, 70 * S - 1, 1, BREAKER_OPEN, 5 },
    { BEGIN, 70 * S, 0, BREAKER_HALF_OPEN, 5 },
    { BEGIN, 70 * S, 60 * S, BREAKER_HALF_OPEN, 5 },
    { BEGIN, 900 * S, 60 * S, BREAKER_HALF_OPEN, 5 },
    { FAIL, 901 * S, 0, BREAKER_OPEN, 6 },
    { BEGIN, 902 * S, 59 * S, BREAKER_OPEN, 6 },
    { BEGIN, 961 * S, 0, BREAKER_HALF_OPEN, 6 },
    { SUCCEED, 970 * S, 0, BREAKER_CLOSED, 0 },
    { BEGIN, 970 * S, 0, BREAKER_CLOSED, 0 },
    { FAIL, 971 * S, 0, BREAKER_CLOSED, 1 },
};

static const struct row a_success_between[] = {
    { FAIL, 1, 0, BREAKER_CLOSED, 1 },    { FAIL, 2, 0, BREAKER_CLOSED, 2 },
    { FAIL, 3, 0, BREAKER_CLOSED, 3 },    { FAIL, 4, 0, BREAKER_CLOSED, 4 },
    { SUCCEED, 5, 0, BREAKER_CLOSED, 0 }, { FAIL, 6, 0, BREAKER_CLOSED, 1 },
};

static const struct row five[] = {
    { FAIL, 0, 0, BREAKER_CLOSED, 1 }, { FAIL, 0, 0, BREAKER_CLOSED, 2 },
    { FAIL, 0, 0, BREAKER_CLOSED, 3 }, { FAIL, 0, 0, BREAKER_CLOSED, 4 },
    { FAIL, 0, 0, BREAKER_OPEN, 5 },
};

/* Each of these goes on from five failures at 0. */
static const struct row a_straggler_fails[] = {
    { FAIL, 30 * S, 0, BREAKER_OPEN, 6 },
    { BEGIN, 31 * S, 29 * S, BREAKER_OPEN, 6 },
};
static const struct row a_straggler_succeeds[] = {
    { SUCCEED, 30 * S, 0, BREAKER_CLOSED, 0 },
    { BEGIN, 31 * S, 0, BREAKER_CLOSED, 0 },
};
static const struct row called_off[] = {
    { CALL_OFF, 1 * S, 0, BREAKER_OPEN, 5 },
    { BEGIN, 1 * S, 59 * S, BREAKER_OPEN, 5 },
    { BEGIN, 60 * S, 0, BREAKER_HALF_OPEN, 5 },
    { CALL_OFF, 65 * S, 0, BREAKER_OPEN, 5 },
    { BEGIN, 65 * S, 0, BREAKER_HALF_OPEN, 5 },
};
static const struct row the_clock_goes_back[] = {
    { BEGIN, -900 * S, 60 * S, BREAKER_OPEN, 5 },
    { BEGIN, -850 * S, 10 * S, BREAKER_OPEN, 5 },
    { BEGIN, -840 * S, 0, BREAKER_HALF_OPEN, 5 },
};
static const struct row restarts[] = {
    { RESTART, 20 * S, 0, BREAKER_OPEN, 5 }, /* its clock begins at 0 */
    { BEGIN, 0, 40 * S, BREAKER_OPEN, 5 },
    { RESTART, 30 * S, 0, BREAKER_OPEN, 5 },
    { BEGIN, 0, 10 * S, BREAKER_OPEN, 5 },
    { BEGIN, 10 * S, 0, BREAKER_HALF_OPEN, 5 },
    { RESTART, 11 * S, 0, BREAKER_OPEN, 5 },
    { BEGIN, 0, 0, BREAKER_HALF_OPEN, 5 },
    { SUCCEED, 0, 0, BREAKER_CLOSED, 0 },
    { FAIL, 0, 0, BREAKER_CLOSED, 1 },
    { RESTART, 0, 0, BREAKER_CLOSED, 1 },
    { BEGIN, 0, 0, BREAKER_CLOSED, 1 },
};

static void
restart(struct breaker *breaker, int64_t now_us)
{
    unsigned char kept[BREAKER_BYTES];
    struct why why = { "" };

    breaker_encode(breaker, now_us, kept);
    cr_assert_eq(breaker_decode((struct str){ (char *)kept, sizeof kept }, 0,
                                breaker, &why),
                 OK, "%s", why.text);
}

static void
play(struct breaker *breaker, const char *name, const struct row *rows,
     size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int64_t wait_us = 0;

        switch (rows[i].step) {
        case BEGIN:
            wait_us = breaker_begin(breaker, rows[i].now_us);
            break;
        case SUCCEED:
            breaker_succeed(breaker);
            break;
        case FAIL:
            breaker_fail(breaker, rows[i].now_us);
            break;
        case CALL_OFF:
            breaker_call_off(breaker, rows[i].now_us);
            break;
        case RESTART:
            restart(breaker, rows[i].now_us);
            break;
        }
        cr_expect_eq(wait_us, rows[i].wait_us, "%s %zu, %s: waits %lld us",
                     name, i, step_names[rows[i].step], (long long)wait_us);
        cr_expect_eq(breaker->state, rows[i].state, "%s %zu, %s: %s", name, i,
                     step_names[rows[i].step],
                     breaker_state_name(breaker->state));
        cr_expect_eq(breaker->failures, rows[i].failures,
                     "%s %zu, %s: %u failures", name, i,
                     step_names[rows[i].step], breaker->failures);
    }
}

#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])
#define ROWS(rows) #rows, rows, COUNT(rows)

Test(breaker, goes_its_ways)
{
    static const struct {
        const char *name;
        const struct row *rows;
        size_t count;
        bool behind_five;
    } ways[] = {
        { ROWS(opens_and_closes), false }, { ROWS(a_success_between), false },
        { ROWS(a_straggler_fails), true }, { ROWS(a_straggler_succeeds), true },
        { ROWS(called_off), true },        { ROWS(the_clock_goes_back), true },
        { ROWS(restarts), true },
    };

    for (size_t i = 0; i < COUNT(ways); i++) {
        struct breaker breaker = { 0 };

        if (ways[i].behind_five)
            play(&breaker, "five", five, COUNT(five));
        play(&breaker, ways[i].name, ways[i].rows, ways[i].count);
    }
}

Test(breaker, calls_its_states_by_name)
{
    cr_expect_str_eq(breaker_state_name(BREAKER_CLOSED), "closed");
    cr_expect_str_eq(breaker_state_name(BREAKER_OPEN), "open");
    cr_expect_str_eq(breaker_state_name(BREAKER_HALF_OPEN), "half-open");
}

Test(breaker, refuses_what_is_damaged)
{
    static const struct {
        const char *name;
        unsigned char format, open;
        uint32_t failures, left;
        const char *why;
    } rows[] = {
        { "closed", 1, 0, 4, 0, "" },
        { "open", 1, 1, 5, 60000000, "" },
        { "open too long", 1, 1, 5, 60000001,
          "a vendor's breaker is damaged: no such state" },
        { "open too early", 1, 1, 4, 0,
          "a vendor's breaker is damaged: no such state" },
        { "closed too long", 1, 0, 5, 0,
          "a vendor's breaker is damaged: no such state" },
        { "closed for a while", 1, 0, 0, 1,
          "a vendor's breaker is damaged: no such state" },
        { "half", 1, 2, 5, 0, "a vendor's breaker is damaged: no such state" },
        { "another format", 2, 0, 0, 0,
          "a vendor's breaker is of a format that is not known" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        unsigned char kept[BREAKER_BYTES] = { rows[i].format, rows[i].open };
        enum err wanted = rows[i].why[0] == '\0' ? OK : ERR_STORE, err;
        struct breaker breaker;
        struct why why = { "" };

        put_le32(kept + 2, rows[i].failures);
        put_le32(kept + 6, rows[i].left);
        put_le32(kept + 10, crc32c(0, kept, 10));
        err = breaker_decode((struct str){ (char *)kept, sizeof kept }, 0,
                             &breaker, &why);
        cr_expect_eq(err, wanted, "%s: err %d", rows[i].name, (int)err);
        cr_expect_str_eq(why.text, rows[i].why, "%s", rows[i].name);
        if (err != OK)
            cr_expect_eq(breaker.state, BREAKER_CLOSED, "%s", rows[i].name);
    }
}

Test(breaker, refuses_every_flipped_bit_and_every_cut)
{
    struct breaker breaker = { BREAKER_OPEN, 5, 30 * S }, got;
    unsigned char kept[BREAKER_BYTES];

    breaker_encode(&breaker, 0, kept);
    for (size_t bit = 0; bit < 8 * sizeof kept; bit++) {
        kept[bit / 8] ^= (unsigned char)(1 << bit % 8);
        cr_expect_eq(breaker_decode((struct str){ (char *)kept, sizeof kept },
                                    0, &got, NULL),
                     ERR_STORE, "bit %zu", bit);
        kept[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
    for (size_t len = 0; len < sizeof kept; len++)
        cr_expect_eq(
            breaker_decode((struct str){ (char *)kept, len }, 0, &got, NULL),
            ERR_STORE, "cut to %zu", len);
}
