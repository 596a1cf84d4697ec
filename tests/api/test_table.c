/* Tables of rows: columns, clocks and refusals, by handlers over the store in
 * memory. */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/api/three_batches.h"

/* What most answers are made of. */
#define ONE_A                                                                  \
    KEY(1, "2024-01-01", "\"2024-02-01\"")                                     \
    ",\"asset_class\":\"equity\",\"ticker\":\"A\""
#define ONE_B                                                                  \
    KEY(1, "2024-02-01", "\"2024-03-01\"")                                     \
    ",\"asset_class\":\"equity\",\"ticker\":\"B\""
#define ONE_C                                                                  \
    KEY(1, "2024-03-01", "null")                                               \
    ",\"asset_class\":\"bond\",\"ticker\":\"B\""

static const struct {
    const char *target;
    int status;
    uint64_t tx;
    const char *body;
} answers[] = {
    { "/v1/securities/1", 200, 3, ONE_C ",\"price\":null}" },
    { "/v1/securities/1?as_of=2024-01-31", 200, 3, ONE_A "}" },
    { "/v1/securities/1?known_tx=1", 200, 1,
      KEY(1, "2024-02-01", "null") ",\"asset_class\":\"equity\","
                                   "\"ticker\":\"B\",\"price\":1.50}" },
    { "/v1/securities/1?format=ndjson", 200, 3, ONE_C ",\"price\":null}\n" },
    { "/v1/securities/1?format=csv&as_of=2024-02-01", 200, 3,
      "security_id,effective_start_date,effective_end_date,asset_class,"
      "ticker,price\r\n1,2024-02-01,2024-03-01,equity,B,1.50\r\n" },
    { "/v1/securities/1/history?to=2024-02-01", 200, 3,
      TABLE(",\"asset_class\",\"ticker\"", ONE_A "}") },
    { "/v1/securities/1/history?from=2024-01-31&to=2024-02-02", 200, 3,
      TABLE(",\"asset_class\",\"ticker\",\"price\"",
            ONE_A ",\"price\":null}," ONE_B ",\"price\":1.50}") },
    { "/v1/securities/1/history?to=2024-01-01", 200, 3, TABLE("", "") },
    { "/v1/securities/3/history?to=0001-01-01", 200, 3, TABLE("", "") },
    { "/v1/securities", 200, 3,
      TABLE(",\"asset_class\",\"ticker\",\"alpha\",\"price\"",
            ONE_C ",\"alpha\":null,\"price\":null}," KEY(
                2, "2024-01-15", "null") ",\"asset_class\":null,"
                                         "\"ticker\":null,\"alpha\":true,"
                                         "\"price\":null}") },
    { "/v1/securities?as_of=2024-01-01&known_tx=1", 200, 1,
      TABLE(",\"asset_class\",\"ticker\",\"lost\"",
            KEY(1, "2024-01-01",
                "\"2024-02-01\"") ",\"asset_class\":\"equity\","
                                  "\"ticker\":\"A\",\"lost\":null}," KEY(
                                      5, "2024-01-01",
                                      "null") ",\"asset_class\":null,"
                                              "\"ticker\":null,\"lost\":1}") },
    { "/v1/securities?as_of=2023-12-31", 200, 3, TABLE("", "") },
    { "/v1/master?known_tx=0", 200, 0, TABLE("", "") },
    { "/v1/master?from=2024-02-10&to=2024-02-11", 200, 3,
      TABLE(",\"asset_class\",\"ticker\",\"alpha\",\"price\"",
            ONE_B ",\"alpha\":null,\"price\":1.50}," KEY(
                2, "2024-01-15", "null") ",\"asset_class\":null,"
                                         "\"ticker\":null,\"alpha\":true,"
                                         "\"price\":null}") },
    { "/v1/master?format=csv", 200, 3,
      "security_id,effective_start_date,effective_end_date,asset_class,"
      "ticker,alpha,price\r\n"
      "1,2024-01-01,2024-02-01,equity,A,,\r\n"
      "1,2024-02-01,2024-03-01,equity,B,,1.50\r\n"
      "1,2024-03-01,,bond,B,,\r\n"
      "2,2024-01-15,,,,true,\r\n"
      "3,2024-07-01,,1.0,,,\r\n" },
    { "/v1/master?known_tx=1&format=ndjson&limit=1", 200, 1,
      ONE_A ",\"lost\":null,\"price\":null}\n" },
    { "/v1/securities/5/history", 200, 3, TABLE("", "") },
    { "/v1/asset-classes/equity", 200, 3,
      TABLE(",\"asset_class\",\"ticker\",\"price\"",
            ONE_A ",\"price\":null}," ONE_B ",\"price\":1.50}") },
    { "/v1/asset-classes/bond", 200, 3,
      TABLE(",\"asset_class\",\"ticker\"", ONE_C "}") },
    { "/v1/asset-classes/none", 200, 3,
      TABLE(",\"alpha\"", KEY(2, "2024-01-15", "null") ",\"alpha\":true}") },
    { "/v1/asset-classes/1.0", 200, 3,
      TABLE(",\"asset_class\"",
            KEY(3, "2024-07-01", "null") ",\"asset_class\":1.0}") },
    { "/v1/asset-classes/1", 200, 3, TABLE("", "") },
    { "/v1/asset-classes/Equity?format=csv", 200, 3,
      "security_id,effective_start_date,effective_end_date\r\n" },
    { "/v1/asset-classes/equity?format=ndjson&to=2024-01-31", 200, 3,
      ONE_A "}\n" },
    { "/v1/asset-classes", 200, 3,
      "{\"asset_classes\":[{\"asset_class\":\"bond\",\"securities\":1},"
      "{\"asset_class\":null,\"securities\":1}]}" },
    { "/v1/asset-classes?as_of=2025-01-01", 200, 3,
      "{\"asset_classes\":[{\"asset_class\":\"bond\",\"securities\":1},"
      "{\"asset_class\":1.0,\"securities\":1},"
      "{\"asset_class\":null,\"securities\":1}]}" },
    { "/v1/asset-classes?known_tx=0", 200, 0, "{\"asset_classes\":[]}" },
};

Test(table, answers_are_these)
{
    struct asking a;

    three_batches(&a);
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        int status = ask(&a, answers[i].target);

        cr_expect_eq(status, answers[i].status, "%s: %d %s", answers[i].target,
                     status, a.why.text);
        cr_expect_str_eq(asking_text(&a), answers[i].body, "%s:\n  %s\n  %s",
                         answers[i].target, asking_text(&a), answers[i].body);
        cr_expect(a.response.tx_set, "%s", answers[i].target);
        cr_expect_eq(a.response.tx, answers[i].tx, "%s: tx %llu",
                     answers[i].target, (unsigned long long)a.response.tx);
    }
    asking_fini(&a);
}

static const struct {
    const char *target;
    int status;
    const char *said; /* in the body, where a handler was asked */
} refusals[] = {
    { "/v1/securities/4", 404, "security 4 is unknown" },
    { "/v1/securities/5", 404, "every fact about security 5 was withdrawn" },
    { "/v1/securities/3", 404, "security 3 has not yet begun" },
    { "/v1/securities/1?as_of=2023-12-31", 404, "has not yet begun" },
    { "/v1/securities/1?known_tx=0", 404, "security 1 is unknown" },
    { "/v1/securities/4/history", 404, "security 4 is unknown" },
    { "/v1/securities/-1", 400, "security_id" },
    { "/v1/securities/1.5", 400, "security_id" },
    { "/v1/securities/1e3", 400, "security_id" },
    { "/v1/securities/01", 400, "security_id" },
    { "/v1/securities/9223372036854775808", 400, "security_id" },
    { "/v1/securities/9223372036854775807", 404, "is unknown" },
    { "/v1/securities/x/history", 400, "security_id" },
    { "/v1/securities/1?as_of=2023-02-29", 400, "as_of" },
    { "/v1/securities/1?as_of=24-01-01", 400, "as_of" },
    { "/v1/securities/1?known_tx=4", 400, "known_tx" },
    { "/v1/securities/1?known_tx=-1", 400, "known_tx" },
    { "/v1/securities/1?known_tx=18446744073709551616", 400, "known_tx" },
    { "/v1/securities/1?known_at=2024-01-01", 400, "known_at" },
    { "/v1/securities/1?known_at=2024-01-01T00:00:00%2B00:00", 400,
      "known_at" },
    { "/v1/securities/1?known_tx=1&known_at=2024-01-01T00:00:00Z", 400,
      "exclude" },
    { "/v1/master?from=2024-01-01&to=2024-01-01", 400, "from" },
    { "/v1/master?from=2024-01-02&to=2024-01-01", 400, "from" },
    { "/v1/master?from=2024-1-1", 400, "from" },
    { "/v1/master?to=x", 400, "to must" },
    { "/v1/master?limit=0", 400, "limit" },
    { "/v1/master?limit=-1", 400, "limit" },
    { "/v1/master?limit=abc", 400, "limit" },
    { "/v1/master?limit=1.0", 400, "limit" },
    { "/v1/master?cursor=abc", 400, "cursor" },
    { "/v1/asset-classes?as_of=x", 400, "as_of" },
    { "/v1/master?as_of=2024-01-01", 400, NULL },
    { "/v1/securities?from=2024-01-01", 400, NULL },
    { "/v1/securities/1?limit=1", 400, NULL },
    { "/v1/asset-classes?format=csv", 406, NULL },
    { "/v1/master?format=arrow", 406, NULL },
    { "/v1/master?format=xml", 400, NULL },
};

Test(table, refusals_say_why)
{
    struct asking a;

    three_batches(&a);
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        int status = ask(&a, refusals[i].target);

        cr_expect_eq(status, refusals[i].status, "%s: %d", refusals[i].target,
                     status);
        if (refusals[i].said == NULL)
            continue;
        cr_expect(strstr(asking_text(&a), refusals[i].said) != NULL, "%s: %s",
                  refusals[i].target, asking_text(&a));
        cr_expect_str_eq(a.response.content_type, "application/problem+json",
                         "%s", refusals[i].target);
    }
    asking_fini(&a);
}
