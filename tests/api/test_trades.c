/* Trades, their summaries and members, by handlers over every kind of store. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "secmaster/bounds.h"
#include "secmaster/out.h"
#include "tests/api/asking_over.h"
#include "tests/support/batch_maker.h"

#define FACT(id, attribute, value, date)                                       \
    "{\"security_id\":" #id ",\"attribute\":\"" attribute                      \
    "\",\"value\":\"" value "\",\"effective_date\":\"" date "\"}\n"
#define TRADE(name, date, more)                                                \
    "{\"transaction_id\":\"" name "\",\"transaction_date\":\"" date "\"" more  \
    "}\n"

#define BAR(id, date, close)                                                   \
    "{\"security_id\":" #id ",\"date\":\"" date                                \
    "\",\"open\":1,\"high\":2,\"low\":1,\"close\":" close "}\n"

static void
post_trades(struct asking *a, const char *lines)
{
    cr_assert_eq(ask_post(a, "/v1/trades", MEDIA_NDJSON, lines, 0), 201, "%s",
                 asking_text(a));
}

/* Security 1 passed its ticker on to 2. Transactions 3 and 4 are of trades: 4
 * amends t1, which moves to another day, and takes its ticker away. */
static void
load(struct asking_over *over, enum store_kind kind)
{
    asking_over_init(over, kind);
    asking_facts(&over->a, FACT(1, "ticker", "A", "2024-01-01")
                               FACT(1, "gics_sector", "X", "2024-01-01")
                                   FACT(1, "ticker", "B", "2024-06-01")
                                       FACT(2, "ticker", "A", "2024-06-01"));
    cr_assert_eq(
        ask_post(&over->a, "/v1/prices", MEDIA_NDJSON,
                 BAR(1, "2024-02-01", "1.50") BAR(1, "2024-02-02", "2"), 0),
        201);
    post_trades(
        &over->a,
        TRADE("t2", "2024-06-01",
              ",\"ticker\":\"A\",\"party\":\"R\",\"amount\":\"$5\"")
            TRADE("t1", "2024-02-01",
                  ",\"ticker\":\"A\",\"party\":\"D\",\"member_id\":\"M\","
                  "\"committees\":[\"C\",\"D\"],"
                  "\"amount\":\"$1,001 - $15,000\","
                  "\"report_date\":\"2024-03-01\"")
                TRADE("t3", "2024-02-01", ",\"ticker\":\"Z\""));
    post_trades(&over->a,
                TRADE("t1", "2024-02-03",
                      ",\"amendment_number\":1,\"amount\":\"$50,000,001 +\","
                      "\"report_date\":\"2024-04-01\""));
}

static const struct {
    const char *target;
    int status;
    uint64_t tx;
    const char *ids; /* of the answer, each with its day; NULL: none */
} lists[] = {
    { "/v1/trades", 200, 4, "t3 2024-02-01 t1 2024-02-03 t2 2024-06-01 " },
    { "/v1/trades?known_tx=3", 200, 3,
      "t1 2024-02-01 t3 2024-02-01 t2 2024-06-01 " },
    { "/v1/trades?known_tx=2", 200, 2, "" },
    { "/v1/trades?known_tx=0&format=ndjson", 200, 0, "" },
    { "/v1/trades?format=ndjson", 200, 4,
      "t3 2024-02-01 t1 2024-02-03 t2 2024-06-01 " },
    { "/v1/trades?amendments=all", 200, 4,
      "t1 2024-02-01 t3 2024-02-01 t1 2024-02-03 t2 2024-06-01 " },
    { "/v1/trades?from=2024-02-01&to=2024-02-03", 200, 4, "t3 2024-02-01 " },
    { "/v1/trades?known_tx=3&to=2024-02-01", 200, 3, "" },
    { "/v1/trades?known_tx=3&to=2024-02-02", 200, 3,
      "t1 2024-02-01 t3 2024-02-01 " },
    { "/v1/trades?disclosed_by=2024-03-31", 200, 4, "t1 2024-02-01 " },
    { "/v1/trades?disclosed_by=2024-04-01", 200, 4, "t1 2024-02-03 " },
    { "/v1/trades?disclosed_by=2024-02-29", 200, 4, "" },
    { "/v1/trades?party=D", 200, 4, "" },
    { "/v1/trades?party=D&known_tx=3", 200, 3, "t1 2024-02-01 " },
    { "/v1/trades?committee=D&known_tx=3", 200, 3, "t1 2024-02-01 " },
    { "/v1/trades?committee=%22D&known_tx=3", 200, 3, "" },
    { "/v1/trades?security_id=1", 200, 4, "" },
    { "/v1/trades?security_id=1&known_tx=3", 200, 3, "t1 2024-02-01 " },
    { "/v1/trades?security_id=2", 200, 4, "t2 2024-06-01 " },
    { "/v1/trades?security_id=7", 200, 4, "" },
    { "/v1/securities/2/trades", 200, 4, "t2 2024-06-01 " },
    { "/v1/securities/2/trades?party=D", 200, 4, "" },
    { "/v1/securities/7/trades", 404, 4, NULL },
    { "/v1/securities/2/trades?known_tx=0", 404, 0, NULL },
    { "/v1/trades?limit=0", 400, 4, NULL },
    { "/v1/trades?known_tx=5", 400, 4, NULL },
    { "/v1/trades?format=csv", 406, 4, NULL },
};

/* The transaction and day of each trade, one behind the other. */
static const char *
trades_of(const char *text)
{
    static char ids[1 << 16];
    size_t len = 0;

    while ((text = strstr(text, "\"transaction_id\":\"")) != NULL) {
        const char *day = strstr(text, "\"transaction_date\":\"");

        text += 18;
        cr_assert_not_null(day);
        len += (size_t)snprintf(ids + len, sizeof ids - len, "%.*s %.10s ",
                                (int)strcspn(text, "\""), text, day + 20);
    }
    ids[len] = '\0';
    return ids;
}

Test(trades, are_listed_as_known)
{
    for (enum store_kind kind = 0; kind < STORE_KINDS; kind++) {
        struct asking_over over;

        load(&over, kind);
        for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
            int status = ask(&over.a, lists[i].target);
            const char *text = asking_text(&over.a);

            cr_expect_eq(status, lists[i].status, "%s %s: %d\n%s", over.name,
                         lists[i].target, status, text);
            if (over.a.response.tx_set)
                cr_expect_eq(over.a.response.tx, lists[i].tx, "%s: %llu",
                             lists[i].target,
                             (unsigned long long)over.a.response.tx);
            if (lists[i].ids != NULL)
                cr_expect_str_eq(trades_of(text), lists[i].ids, "%s %s:\n%s",
                                 over.name, lists[i].target, text);
        }
        asking_over_fini(&over);
    }
}

#define NO_TEXTS(a, b) "\"" a "\":null,\"" b "\":null"
#define T1_BEGINS "{\"transaction_id\":\"t1\"," NO_TEXTS("id", "report_id") ","
#define T1_FILER(party, committees)                                            \
    "\"member_name\":null,\"chamber\":null,\"party\":" party                   \
    "," NO_TEXTS("state", "district") ",\"committees\":" committees            \
                                      ",\"transaction_date\":"
#define T1_ENDS                                                                \
    "\"description\":null,\"disclosure_url\":null,\"filer_info\":null}"
#define T1_TYPE                                                                \
    "\"transaction_type\":\"unknown\"," NO_TEXTS("transaction_type_text",      \
                                                 "ownership") ","
#define NAMES_OF NO_TEXTS("security_name", "security_type") ","

static const struct {
    const char *target, *body;
} answers[] = {
    { "/v1/trades?party=D&known_tx=3",
      "{\"trades\":[" T1_BEGINS
      "\"amendment_number\":0,\"updated\":null,\"member_id\":\"M\"," T1_FILER(
          "\"D\"",
          "[\"C\",\"D\"]") "\"2024-02-01\","
                           "\"notification_date\":null,"
                           "\"report_date\":\"2024-03-01\","
                           "\"days_to_disclose\":29,\"late\":false," T1_TYPE
                           "\"amount\":\"$1,001 - "
                           "$15,000\",\"amount_low\":1001,"
                           "\"amount_high\":15000,\"amount_kind\":\"range\","
                           "\"ticker\":\"A\"," NAMES_OF
                           "\"security_id\":1,\"security\":"
                           "{\"security_id\":1,\"effective_start_date\":\"2024-"
                           "01-01\","
                           "\"effective_end_date\":\"2024-06-01\",\"ticker\":"
                           "\"A\","
                           "\"gics_sector\":\"X\"},\"close\":1.50," T1_ENDS
                           "],\"next_cursor\":null}" },
    { "/v1/trades?from=2024-02-03&to=2024-02-04&format=ndjson", T1_BEGINS
      "\"amendment_number\":1,\"updated\":null,\"member_id\":null," T1_FILER(
          "null",
          "null") "\"2024-02-03\",\"notification_date\":null,"
                  "\"report_date\":\"2024-04-01\","
                  "\"days_to_disclose\":58,\"late\":true," T1_TYPE
                  "\"amount\":\"$50,000,001 +\",\"amount_low\":50000001,"
                  "\"amount_high\":null,\"amount_kind\":\"open\","
                  "\"ticker\":null," NAMES_OF
                  "\"security_id\":null,\"security\":null,\"close\":"
                  "null," T1_ENDS "\n" },
    { "/v1/members",
      "{\"members\":[{\"member_id\":\"M\",\"effective_start_date\":"
      "\"2024-03-01\",\"name\":null,\"chamber\":null,\"party\":\"D\","
      "\"state\":null,\"district\":null,\"status\":null,"
      "\"committees\":{\"C\":[],\"D\":[]},\"leadership_positions\":[],"
      "\"website\":null}],\"next_cursor\":null}" },
    { "/v1/members?as_of=2024-02-29", "{\"members\":[],\"next_cursor\":null}" },
    { "/v1/members?known_tx=2&format=ndjson", "" },
    { "/v1/trades/summary?by=party&format=csv",
      "party,trades,amount_low,amount_high,open_ended\r\n"
      "R,1,5,5,0\r\n,2,50000001,0,1\r\n" },
    { "/v1/trades/summary?by=committee&known_tx=3&format=ndjson",
      "{\"committee\":\"C\",\"trades\":1,\"amount_low\":1001,"
      "\"amount_high\":15000,\"open_ended\":0}\n"
      "{\"committee\":\"D\",\"trades\":1,\"amount_low\":1001,"
      "\"amount_high\":15000,\"open_ended\":0}\n"
      "{\"committee\":null,\"trades\":2,\"amount_low\":5,"
      "\"amount_high\":5,\"open_ended\":0}\n" },
    { "/v1/trades/summary?by=sector&known_tx=3&format=csv",
      "sector,trades,amount_low,amount_high,open_ended\r\n"
      "X,1,1001,15000,0\r\n,2,5,5,0\r\n" },
    { "/v1/trades/summary?by=security&known_tx=3&format=csv",
      "security_id,trades,amount_low,amount_high,open_ended\r\n"
      "1,1,1001,15000,0\r\n2,1,5,5,0\r\n,1,0,0,0\r\n" },
    { "/v1/trades/summary?by=month&known_tx=2",
      "{\"columns\":[\"month\",\"trades\",\"amount_low\",\"amount_high\","
      "\"open_ended\"],\"rows\":[],\"next_cursor\":null}" },
};

Test(trades, are_answered_with_what_is_derived)
{
    for (enum store_kind kind = 0; kind < STORE_KINDS; kind++) {
        struct asking_over over;

        load(&over, kind);
        for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
            cr_expect_eq(ask(&over.a, answers[i].target), 200, "%s",
                         answers[i].target);
            cr_expect_str_eq(asking_text(&over.a), answers[i].body,
                             "%s %s:\n%s", over.name, answers[i].target,
                             asking_text(&over.a));
        }
        asking_over_fini(&over);
    }
}

/* What a refusal says. */
static const struct {
    const char *target;
    int status;
    const char *said;
} refusals[] = {
    { "/v1/trades/summary", 400, "by is missing" },
    { "/v1/trades/summary?by=day", 400, "by is unknown" },
    { "/v1/trades?amendments=some", 400, "amendments is latest or all" },
    { "/v1/trades?transaction_type=P", 400, "transaction_type is purchase" },
    { "/v1/trades?security_id=x", 400, "a security_id is an integer" },
    { "/v1/trades?disclosed_by=2024", 400, "disclosed_by must be a day" },
    { "/v1/securities/7/trades", 404, "security 7 is unknown" },
    { "/v1/members/m", 404, "the member is unknown" },
    { "/v1/members/M?known_tx=2", 404, "the member is unknown" },
    { "/v1/members/M?as_of=2024-02-29", 404, "nothing is known of" },
};

Test(trades, refusals_say_why)
{
    struct asking_over over;

    load(&over, STORE_MEMORY);
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        cr_expect_eq(ask(&over.a, refusals[i].target), refusals[i].status, "%s",
                     refusals[i].target);
        cr_expect_not_null(strstr(asking_text(&over.a), refusals[i].said),
                           "%s: %s", refusals[i].target, asking_text(&over.a));
    }
    asking_over_fini(&over);
}

#define MANY 2500
#define LINE_BYTES 512

/* Many trades of many days, their ids against the order of days. */
static void
load_many(struct asking *a)
{
    char *lines = malloc(MANY * LINE_BYTES);
    size_t len = 0;

    cr_assert_not_null(lines);
    for (int i = 0; i < MANY; i++)
        len += (size_t)snprintf(
            lines + len, LINE_BYTES,
            TRADE("n%04d", "2023-%02d-%02d", ",\"description\":\"%0200d\""),
            MANY - i, i * 7 % 12 + 1, i * 11 % 28 + 1, i);
    post_trades(a, lines);
    free(lines);
}

/* Trades of more tickers than are looked for at once: every fifth is nobody's,
 * every seventh trade has none, and each is there twice. */
enum { TICKERS = 300 };

static int64_t
owner_of(int trade)
{
    int ticker = trade * 37 % TICKERS;

    return ticker % 5 == 0 || trade % 7 == 0 ? -1 : 100 + ticker;
}

static void
load_tickers(struct asking *a)
{
    struct out lines;

    out_init(&lines, SIZE_MAX);
    for (int i = 0; i < TICKERS; i++)
        out_print(&lines,
                  "{\"security_id\":%d,\"attribute\":\"ticker\",\"value\":"
                  "\"%s%d\",\"effective_date\":\"2024-01-01\"}\n",
                  100 + i, i % 5 == 0 ? "not" : "\\u00e9", i);
    out_char(&lines, '\0');
    asking_facts(a, lines.data);
    out_reset(&lines);
    for (int i = 0; i < 2 * TICKERS; i++) {
        out_print(&lines,
                  "{\"transaction_id\":\"%d\",\"transaction_date\":"
                  "\"2024-%02d-01\",\"party\":\"%c\"",
                  i, 1 + i % 12, "DR"[i % 2]);
        if (i % 7 > 0)
            out_print(&lines, ",\"ticker\":\"\\u00e9%d\"", i * 37 % TICKERS);
        out_str(&lines, STR("}\n"));
    }
    out_char(&lines, '\0');
    post_trades(a, lines.data);
    out_fini(&lines);
}

/* How many trades an answer has, each with its own security. */
static size_t
count_owned(const char *text, const char *row)
{
    size_t count = 0;

    while ((text = strstr(text, "\"transaction_id\":\"")) != NULL) {
        const char *security = strstr(text, "\"security_id\":");
        long trade = strtol(text + 18, NULL, 10);
        long id;

        cr_assert_not_null(security, "%s: trade %ld", row, trade);
        security += strlen("\"security_id\":");
        id = *security == 'n' ? -1 : strtol(security, NULL, 10);
        cr_expect_eq(id, owner_of((int)trade), "%s: trade %ld: %ld", row, trade,
                     id);
        text += 18;
        count++;
    }
    return count;
}

Test(trades, each_of_many_tickers_is_its_own_securitys)
{
    static const struct {
        const char *target;
        size_t count;
    } asked[] = {
        { "/v1/trades?limit=10000", 2 * TICKERS },
        { "/v1/trades?format=ndjson", 2 * TICKERS },
        { "/v1/trades?limit=1", 1 },
        { "/v1/trades?limit=65", 65 },
        { "/v1/trades?limit=10000&party=D", TICKERS },
        { "/v1/trades?limit=10000&from=2024-05-01", 2 * TICKERS * 8 / 12 },
        /* Trades 73 and 373 are of ticker 1. */
        { "/v1/securities/101/trades", 2 },
    };
    struct asking_over over;

    asking_over_init(&over, STORE_MERGING);
    load_tickers(&over.a);
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        size_t count;

        cr_assert_eq(ask(&over.a, asked[i].target), 200, "%s: %s",
                     asked[i].target, asking_text(&over.a));
        count = count_owned(asking_text(&over.a), asked[i].target);
        cr_expect_eq(count, asked[i].count, "%s: %zu", asked[i].target, count);
    }
    asking_over_fini(&over);
}

/* A stream in chunks, and pages in turn, say the same as one page. */
Test(trades, streams_are_what_pages_are)
{
    static char whole[1 << 16], paged[1 << 16];
    struct asking_over over;
    const char *link;
    size_t len = 0;

    load(&over, STORE_MERGING);
    load_many(&over.a);
    cr_assert_eq(ask(&over.a, "/v1/trades?limit=10000"), 200);
    (void)snprintf(whole, sizeof whole, "%s", trades_of(asking_text(&over.a)));
    cr_assert_eq(ask(&over.a, "/v1/trades?format=ndjson"), 200);
    cr_expect_gt(over.a.chunks, 10);
    cr_expect_str_eq(trades_of(asking_text(&over.a)), whole);
    link = "/v1/trades?limit=613&format=ndjson";
    while (link != NULL) {
        char target[512];

        cr_assert_eq(ask(&over.a, link), 200, "%s", link);
        len += (size_t)snprintf(paged + len, sizeof paged - len, "%s",
                                trades_of(asking_text(&over.a)));
        link = asking_header(&over.a, "Link");
        if (link == NULL)
            break;
        (void)snprintf(target, sizeof target, "%.*s",
                       (int)strcspn(link + 1, ">"), link + 1);
        link = target;
        cr_assert_lt(len, sizeof paged);
    }
    cr_expect_str_eq(paged, whole);
    asking_over_fini(&over);
}

/* They are found by their place in it, whatever order they came in. */
Test(trades, versions_of_one_record_are_told_apart)
{
    for (enum store_kind kind = 0; kind < STORE_KINDS; kind++) {
        struct asking_over over;
        const char *at;

        asking_over_init(&over, kind);
        post_trades(&over.a,
                    TRADE("v", "2024-02-01",
                          ",\"amendment_number\":2,\"amount\":\"$3\"")
                        TRADE("v", "2024-02-01", ",\"amount\":\"$1\"") TRADE(
                            "v", "2024-02-01",
                            ",\"amendment_number\":1,\"amount\":\"$22\""));
        cr_expect_eq(ask(&over.a, "/v1/trades?amendments=all"), 200);
        at = asking_text(&over.a);
        for (size_t i = 0; i < 3 && at != NULL; i++) {
            static const char *const amounts[] = { "\"$1\"", "\"$22\"",
                                                   "\"$3\"" };

            at = strstr(at, amounts[i]);
            cr_expect_not_null(at, "%s %s: %s", over.name, amounts[i],
                               asking_text(&over.a));
        }
        asking_over_fini(&over);
    }
}

/* A member's versions are read for one line, on a loop. */
Test(trades, members_of_many_versions_take_a_turn_each)
{
    struct asking_over over;
    struct out lines;

    asking_over_init(&over, STORE_MEMORY);
    out_init(&lines, SIZE_MAX);
    for (int i = 0; i < STREAM_RECORDS_MAX; i++)
        out_print(
            &lines,
            TRADE("a%d", "2024-02-01", ",\"member_id\":\"A\",\"updated\":%lld"),
            i, (i - STREAM_RECORDS_MAX) * 86400LL);
    out_str(&lines, STR(TRADE("b", "2024-02-01", ",\"member_id\":\"B\"") "\0"));
    post_trades(&over.a, lines.data);
    out_fini(&lines);
    cr_expect_eq(ask(&over.a, "/v1/members?format=ndjson"), 200);
    cr_expect_not_null(strstr(asking_text(&over.a), "{\"member_id\":\"B\""));
    cr_expect_eq(over.a.chunks, 2, "%zu chunks", over.a.chunks);
    asking_over_fini(&over);
}

/* A record that is no trade, or no member, is told of, not passed over. */
Test(trades, damage_is_no_answer)
{
    static const struct {
        enum record_kind kind;
        const char *target;
    } cases[] = {
        { RECORD_TRADES, "/v1/trades" },
        { RECORD_TRADES, "/v1/trades?format=ndjson" },
        { RECORD_TRADES, "/v1/trades/summary?by=month" },
        { RECORD_MEMBERS, "/v1/members" },
        { RECORD_MEMBERS, "/v1/members/M" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct batch_maker maker;
        struct asking_over over;

        load(&over, STORE_MEMORY);
        maker_init(&maker, 5, INT64_C(1718452900000000));
        maker.batch.info.kind = BATCH_TRADES;
        maker_record(&maker, 0, 19850, STR("\xff"));
        maker.records[0].kind = cases[i].kind;
        cr_assert_eq(maker_append(over.a.service.store, &maker, NULL), OK);
        maker_fini(&maker);
        cr_expect_eq(ask(&over.a, cases[i].target), 500, "%s: %s",
                     cases[i].target, asking_text(&over.a));
        asking_over_fini(&over);
    }
}
