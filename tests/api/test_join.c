/* Positions with their rows: who matches, in which order, in which words. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "api/joined.h"
#include "tests/api/asking.h"

#define FACT(id, name, value, date)                                            \
    "{\"security_id\":" #id ",\"attribute\":\"" name "\",\"value\":" value     \
    ",\"effective_date\":\"" date "\"}\n"
#define RETRACT(id, name, date)                                                \
    "{\"security_id\":" #id ",\"attribute\":\"" name                           \
    "\",\"op\":\"retract\",\"effective_date\":\"" date "\"}\n"

/* j is retracted from one security and left to another, lost from all. */
static void
load(struct asking *a)
{
    asking_init(a);
    asking_facts(a, FACT(1, "k", "1.50", "2024-01-10")
                        FACT(1, "k", "\"two\"", "2024-01-20")
                            FACT(1, "j", "1", "2024-01-10")
                                FACT(2, "j", "true", "2024-01-10")
                                    FACT(2, "lost", "1", "2024-01-10"));
    asking_facts(a,
                 RETRACT(1, "j", "2024-01-10") RETRACT(2, "lost", "2024-01-10")
                     FACT(3, "ticker", "\"T\"", "2024-02-01"));
}

#define POSITIONS                                                              \
    "security_id,quantity,date\n"                                              \
    "1,10,2024-01-20\n"                                                        \
    "9,-0.10,2024-01-20\n"                                                     \
    "1,1e400,2024-01-19\n"                                                     \
    "1,1,2024-01-09\n"                                                         \
    "2,9007199254740993,9999-12-31\n"                                          \
    "1,10,2024-01-20\n"

#define COLUMNS                                                                \
    "{\"columns\":[\"security_id\",\"quantity\",\"date\",\"ticker\",\"j\","    \
    "\"k\"],\"rows\":["
#define CSV_COLUMNS "security_id,quantity,date,ticker,j,k\r\n"
#define ROW(id, quantity, date, rest)                                          \
    "{\"security_id\":" #id ",\"quantity\":" quantity ",\"date\":\"" date      \
    "\",\"ticker\":null,\"j\":" rest "}"
#define TWO ROW(1, "10", "2024-01-20", "null,\"k\":\"two\"")
#define ONE ROW(1, "1e400", "2024-01-19", "null,\"k\":1.50")
#define LAST ROW(2, "9007199254740993", "9999-12-31", "true,\"k\":null")

static const struct {
    const char *target;
    uint64_t tx;
    const char *matched, *unmatched; /* headers; NULL: none */
    const char *body;
} answers[] = {
    { "/v1/positions/join", 2, NULL, NULL,
      COLUMNS TWO "," ONE "," LAST "," TWO "],\"matched\":4,\"unmatched\":2}" },
    { "/v1/positions/join?unmatched=drop&format=ndjson", 2, "4", "2",
      TWO "\n" ONE "\n" LAST "\n" TWO "\n" },
    { "/v1/positions/join?unmatched=keep", 2, NULL, NULL,
      COLUMNS TWO
      "," ROW(9, "-0.10", "2024-01-20", "null,\"k\":null") "," ONE "," ROW(
          1, "1", "2024-01-09",
          "null,\"k\":null") "," LAST "," TWO
                             "],\"matched\":4,\"unmatched\":2}" },
    { "/v1/positions/join?unmatched=keep&format=csv", 2, "4", "2",
      CSV_COLUMNS "1,10,2024-01-20,,,two\r\n"
                  "9,-0.10,2024-01-20,,,\r\n"
                  "1,1e400,2024-01-19,,,1.50\r\n"
                  "1,1,2024-01-09,,,\r\n"
                  "2,9007199254740993,9999-12-31,,true,\r\n"
                  "1,10,2024-01-20,,,two\r\n" },
    { "/v1/positions/join?format=csv&max_age=8", 2, "2", "4",
      CSV_COLUMNS "1,10,2024-01-20,,,two\r\n1,10,2024-01-20,,,two\r\n" },
    { "/v1/positions/join?format=csv&max_age=9", 2, "3", "3",
      CSV_COLUMNS "1,10,2024-01-20,,,two\r\n1,1e400,2024-01-19,,,1.50\r\n"
                  "1,10,2024-01-20,,,two\r\n" },
    { "/v1/positions/join?format=csv&max_age=99999999999999999999", 2, "4", "2",
      CSV_COLUMNS "1,10,2024-01-20,,,two\r\n1,1e400,2024-01-19,,,1.50\r\n"
                  "2,9007199254740993,9999-12-31,,true,\r\n"
                  "1,10,2024-01-20,,,two\r\n" },
    { "/v1/positions/join?known_tx=1&format=csv", 1, "4", "2",
      "security_id,quantity,date,j,k,lost\r\n1,10,2024-01-20,1,two,\r\n"
      "1,1e400,2024-01-19,1,1.50,\r\n"
      "2,9007199254740993,9999-12-31,true,,1\r\n"
      "1,10,2024-01-20,1,two,\r\n" },
    { "/v1/positions/join?known_tx=0", 0, NULL, NULL,
      "{\"columns\":[\"security_id\",\"quantity\",\"date\"],\"rows\":[],"
      "\"matched\":0,\"unmatched\":6}" },
    { "/v1/positions/join?known_tx=0&unmatched=keep&max_age=0&format=csv", 0,
      "0", "6",
      "security_id,quantity,date\r\n1,10,2024-01-20\r\n9,-0.10,2024-01-20\r\n"
      "1,1e400,2024-01-19\r\n1,1,2024-01-09\r\n"
      "2,9007199254740993,9999-12-31\r\n1,10,2024-01-20\r\n" },
};

static void
expect_header(const struct asking *a, const char *name, const char *wanted)
{
    const char *got = asking_header(a, name);

    cr_expect_eq(got == NULL, wanted == NULL, "%s of %.*s", name,
                 STR_ARG(a->request.target));
    if (got != NULL && wanted != NULL)
        cr_expect_str_eq(got, wanted, "%s of %.*s: %s", name,
                         STR_ARG(a->request.target), got);
}

Test(join, answers_each_position_in_the_order_sent)
{
    struct asking a;

    load(&a);
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        int status =
            ask_post(&a, answers[i].target, MEDIA_CSV, POSITIONS, i % 3);

        cr_expect_eq(status, 200, "%s: %d", answers[i].target, status);
        cr_expect_str_eq(asking_text(&a), answers[i].body, "%s:\n  %s\n  %s",
                         answers[i].target, asking_text(&a), answers[i].body);
        cr_expect(a.response.tx_set, "%s", answers[i].target);
        cr_expect_eq(a.response.tx, answers[i].tx, "%s", answers[i].target);
        expect_header(&a, "Secmaster-Matched", answers[i].matched);
        expect_header(&a, "Secmaster-Unmatched", answers[i].unmatched);
    }
    asking_fini(&a);
}

static const struct {
    const char *target, *body;
    int status;
    const char *said;
} refusals[] = {
    { "/v1/positions/join", "{\"positions\":[]}", 200,
      COLUMNS "],\"matched\":0,\"unmatched\":0}" },
    { "/v1/positions/join?unmatched=DROP", "[]", 400, "unmatched" },
    { "/v1/positions/join?max_age=-1", "[]", 400, "max_age" },
    { "/v1/positions/join?max_age=1.5", "[]", 400, "max_age" },
    { "/v1/positions/join?known_tx=3", "[]", 400, "known_tx" },
    { "/v1/positions/join?limit=1", "[]", 400, "" },
    { "/v1/positions/join?as_of=2024-01-01", "[]", 400, "" },
    { "/v1/positions/join", "[", 400, "malformed-body" },
    { "/v1/positions/join", "{}", 422, "invalid-body" },
    { "/v1/positions/join", "[{\"security_id\":1}]", 422, "\"pointer\":\"/0/" },
};

Test(join, refuses_with_the_place_named)
{
    struct asking a;

    load(&a);
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        int status =
            ask_post(&a, refusals[i].target, MEDIA_JSON, refusals[i].body, 0);

        cr_expect_eq(status, refusals[i].status, "%s %s: %d",
                     refusals[i].target, refusals[i].body, status);
        cr_expect(strstr(asking_text(&a), refusals[i].said) != NULL,
                  "%s %s: %s", refusals[i].target, refusals[i].body,
                  asking_text(&a));
    }
    asking_fini(&a);
}

#define SECURITIES 40
#define DAYS 30
#define POSITION_COUNT 20000

/* The day on which the k-th row of every security starts. */
static struct date
row_day(int k)
{
    return (struct date){ 10000 + 10 * k };
}

static void
load_many(struct asking *a)
{
    struct out lines;

    asking_init(a);
    out_init(&lines, 16UL << 20);
    for (int id = 0; id < SECURITIES; id++) {
        for (int k = 0; k < DAYS; k++) {
            out_print(&lines,
                      "{\"security_id\":%d,\"attribute\":\"k\","
                      "\"value\":\"%d of %d\",\"effective_date\":\"",
                      id, k, id);
            out_date(&lines, row_day(k));
            out_str(&lines, STR("\"}\n"));
        }
    }
    out_char(&lines, '\0');
    cr_assert_eq(out_finish(&lines), OK);
    asking_facts(a, lines.data);
    out_fini(&lines);
}

/* Positions all over the place, and the answer by plain arithmetic. */
static uint64_t
make_positions(struct positions *positions, struct out *wanted)
{
    uint64_t matched = 0;

    positions->items = calloc(POSITION_COUNT, sizeof *positions->items);
    cr_assert_not_null(positions->items);
    positions->capacity = POSITION_COUNT;
    out_str(wanted, STR("security_id,quantity,date,k\r\n"));
    out_str(&positions->quantities, STR("7"));
    srand(1);
    for (int i = 0; i < POSITION_COUNT; i++) {
        int id = rand() % (SECURITIES + 2), day = rand() % (10 * DAYS + 20);
        struct date date = { 9990 + day };
        int k = (date.days - 10000) / 10;
        bool has_row = id < SECURITIES && date.days >= 10000;

        positions->items[positions->count++] =
            (struct position){ id, date, 0, 1 };
        out_print(wanted, "%d,7,", id);
        out_date(wanted, date);
        if (has_row)
            out_print(wanted, ",%d of %d\r\n", k < DAYS ? k : DAYS - 1, id);
        else
            out_print(wanted, ",\r\n");
        matched += has_row;
    }
    return matched;
}

/* The answer, and in how many pieces it came. */
static void
drain(struct joined *joined, struct out *out)
{
    bool done = false;

    joined_head(joined, out);
    while (!done)
        cr_assert_eq(joined_put(joined, out, &done, NULL), OK);
    joined_tail(joined, out);
}

/* That each takes at least, besides its row: as sent, to look for it, and to
 * remember what it met. */
#define POSITION_BYTES 48

Test(join, comes_out_the_same_whatever_window_memory_allows)
{
    static const size_t windows[] = { 128UL << 20, 20000, 2000, 300 };
    struct asking a;

    load_many(&a);
    for (size_t i = 0; i < 2 * sizeof windows / sizeof windows[0]; i++) {
        size_t window = windows[i / 2];
        struct join_rules rules = {
            .known_tx = 1,
            .unmatched = UNMATCHED_KEEP,
            .age_days_max = UINT64_MAX,
            .media = MEDIA_CSV,
            .window_bytes_max = window,
            .parts = 1 + i % 2,
        };
        struct joined *joined = joined_new();
        struct out wanted, got;
        struct why why = { 0 };
        uint64_t matched;

        out_init(&wanted, 16UL << 20);
        out_init(&got, 16UL << 20);
        cr_assert_not_null(joined);
        matched = make_positions(joined_positions(joined), &wanted);
        cr_assert_eq(joined_begin(joined, a.service.store, &rules, &why), OK,
                     "%zu: %s", window, why.text);
        for (int time = 1; time <= 2; time++) {
            cr_assert_eq(joined_match(joined, &why), OK, "%zu: %s", window,
                         why.text);
            cr_expect_eq(joined_matched(joined), matched, "%zu, time %d",
                         window, time);
            cr_expect_gt(joined_bytes_held(joined),
                         POSITION_BYTES * joined_positions(joined)->count,
                         "%zu, time %d", window, time);
            out_reset(&got);
            drain(joined, &got);
            cr_expect(str_equal(out_text(&got), out_text(&wanted)),
                      "%zu, time %d: %zu bytes, not %zu", window, time, got.len,
                      wanted.len);
        }
        joined_free(joined);
        out_fini(&wanted);
        out_fini(&got);
    }
    asking_fini(&a);
}

Test(join, gives_up_where_not_even_one_row_fits)
{
    struct join_rules rules = {
        .known_tx = 1,
        .age_days_max = UINT64_MAX,
        .media = MEDIA_NDJSON,
        .window_bytes_max = 2,
        .parts = 1,
    };
    struct joined *joined = joined_new();
    struct asking a;
    struct out wanted, got;
    bool done = false;
    struct why why;
    enum err err;

    load_many(&a);
    out_init(&wanted, 16UL << 20);
    cr_assert_not_null(joined);
    make_positions(joined_positions(joined), &wanted);
    cr_assert_eq(joined_begin(joined, a.service.store, &rules, &why), OK);
    cr_expect_eq(joined_match(joined, &why), ERR_TOO_LARGE, "not even none");
    joined_free(joined);

    joined = joined_new();
    cr_assert_not_null(joined);
    rules.window_bytes_max = 10;
    make_positions(joined_positions(joined), &wanted);
    cr_assert_eq(joined_begin(joined, a.service.store, &rules, &why), OK);
    out_init(&got, 16UL << 20);
    err = joined_match(joined, &why);
    while (err == OK && !done)
        err = joined_put(joined, &got, &done, &why);
    cr_expect_eq(err, ERR_TOO_LARGE, "none, but not one: err %d", (int)err);
    joined_free(joined);
    out_fini(&got);
    out_fini(&wanted);
    asking_fini(&a);
}
