/* POST /v1/facts and what it recorded, by handlers. */
#include <criterion/criterion.h>
#include <string.h>

#include "src/pipeline/mint.h"
#include "tests/api/asking.h"
#include "tests/support/batch_maker.h"
#include "tests/support/store_memory.h"

#define GOOD                                                                   \
    "{\"security_id\":7,\"attribute\":\"k\",\"value\":1,"                      \
    "\"effective_date\":\"2024-01-01\"}"

static const struct {
    const char *name;
    enum media media;
    const char *body;
    int status;
    const char *said; /* in the answer */
} postings[] = {
    { "an object", MEDIA_JSON, "{\"facts\":[" GOOD "]}", 201,
      "{\"tx\":1,\"recorded_at\":\"2024-06-15T12:00:00.000000Z\",\"facts\":1,"
      "\"securities\":1}" },
    { "an array", MEDIA_JSON, "[" GOOD "," GOOD "]", 201, "\"facts\":2," },
    { "lines", MEDIA_NDJSON, GOOD "\n" GOOD "\n", 201, "\"facts\":2," },
    { "CSV", MEDIA_CSV,
      "security_id,attribute,value,effective_date\n7,k,2,2024-01-01\n", 201,
      "\"tx\":4," },
    { "new securities", MEDIA_CSV,
      "security_id,attribute,value,effective_date\nnew:b,k,2,2024-01-01\n"
      "7,k,2,2024-01-01\nnew:a,k,2,2024-01-01\nnew:b,l,2,2024-01-01\n",
      201,
      "\"facts\":4,\"securities\":3,\"minted\":{\"b\":1000000000000,"
      "\"a\":1000000000001}}" },
    { "a retraction of a new one", MEDIA_JSON,
      "[{\"security_id\":\"new:a\",\"attribute\":\"z\",\"op\":\"retract\","
      "\"effective_date\":\"2024-01-01\"}]",
      422, "\"pointer\":\"/0" },
    { "a syntax error", MEDIA_JSON, "[" GOOD ",]", 400, "malformed-body" },
    { "cut short", MEDIA_JSON, "[" GOOD, 400, "malformed-body" },
    { "nothing", MEDIA_JSON, "", 400, "malformed-body" },
    { "a broken rule", MEDIA_NDJSON, GOOD "\n{}\n", 422, "\"line\":2," },
    { "no fact", MEDIA_JSON, "{\"facts\":[]}", 422, "\"error_count\":1," },
    { "a retraction of nothing", MEDIA_JSON,
      "[{\"security_id\":7,\"attribute\":\"z\",\"op\":\"retract\","
      "\"effective_date\":\"2024-01-01\"}]",
      422, "\"pointer\":\"/0" },
};

Test(facts, are_taken_or_refused_whole_however_they_are_cut)
{
    for (size_t piece = 0; piece < 3; piece++) {
        struct asking a;
        uint64_t tx = 0;

        asking_init(&a);
        for (size_t i = 0; i < sizeof postings / sizeof postings[0]; i++) {
            int status = ask_post(&a, "/v1/facts", postings[i].media,
                                  postings[i].body, piece);

            tx += postings[i].status == 201;
            cr_expect_eq(status, postings[i].status, "%s by %zu: %d %s",
                         postings[i].name, piece, status, asking_text(&a));
            cr_expect(strstr(asking_text(&a), postings[i].said) != NULL,
                      "%s by %zu: %s", postings[i].name, piece,
                      asking_text(&a));
            cr_expect_eq(store_newest(a.service.store), tx, "%s",
                         postings[i].name);
            cr_expect_eq(asking_header(&a, "Location") != NULL, status == 201,
                         "%s", postings[i].name);
            cr_expect_eq(a.response.tx_set, status == 201, "%s",
                         postings[i].name);
        }
        asking_fini(&a);
    }
}

static const struct {
    const char *target, *body;
    int status;
    const char *said;
} trials[] = {
    { "/v1/facts?dry_run=true", GOOD "\n" GOOD "\n", 200,
      "{\"facts\":2,\"securities\":1}" },
    { "/v1/facts?dry_run=true",
      "{\"security_id\":\"new:x\",\"attribute\":\"k\",\"value\":1,"
      "\"effective_date\":\"2024-01-01\"}\n",
      200, "{\"facts\":1,\"securities\":1,\"minted\":{\"x\":null}}" },
    { "/v1/facts?dry_run=true", GOOD "\n{}\n", 422, "\"line\":2," },
    { "/v1/facts?dry_run=true", GOOD "\nx\n", 400, "malformed-body" },
    { "/v1/facts?dry_run=True", GOOD "\n", 400, "malformed-parameter" },
    { "/v1/facts?dry_run=1", GOOD "\n", 400, "malformed-parameter" },
    { "/v1/facts?dry_run=false", GOOD "\n", 201, "{\"tx\":1," },
    { "/v1/facts?dry_run=true", GOOD "\n", 200,
      "{\"facts\":1,\"securities\":1}" },
};

Test(facts, of_a_dry_run_are_judged_and_not_stored)
{
    struct asking a;

    asking_init(&a);
    for (size_t i = 0; i < sizeof trials / sizeof trials[0]; i++) {
        int status =
            ask_post(&a, trials[i].target, MEDIA_NDJSON, trials[i].body, 0);

        cr_expect_eq(status, trials[i].status, "trial %zu: %d %s", i, status,
                     asking_text(&a));
        cr_expect(strstr(asking_text(&a), trials[i].said) != NULL,
                  "trial %zu: %s", i, asking_text(&a));
        cr_expect_eq(asking_header(&a, "Location") != NULL, status == 201,
                     "trial %zu", i);
        cr_expect_eq(a.response.tx_set, status == 201, "trial %zu", i);
    }
    cr_expect_eq(store_newest(a.service.store), 1);
    asking_fini(&a);
}

/* A store whose last id but one has been given. */
static struct store *
nearly_exhausted(void)
{
    static const uint64_t next = MINTED_LAST;
    struct state_change change = { STATE_MINT,
                                   MINT_KEY,
                                   { (const char *)&next, sizeof next } };
    struct store *store = store_memory_new();
    struct batch_maker maker;

    maker_init(&maker, 1, 0);
    maker_first_names(&maker);
    maker_fact(&maker, 5, 5, "1");
    maker.batch.state = &change;
    maker.batch.state_count = 1;
    cr_assert_eq(maker_append(store, &maker, NULL), OK);
    maker_fini(&maker);
    return store;
}

#define NEW(label)                                                             \
    "{\"security_id\":\"new:" label "\",\"attribute\":\"k\",\"value\":1,"      \
    "\"effective_date\":\"2024-01-01\"}\n"

Test(facts, about_more_securities_than_there_are_ids_are_refused)
{
    static const struct {
        const char *target, *body;
        int status;
        const char *said;
    } cases[] = {
        { "/v1/facts", NEW("a") NEW("b"), 507, "/problems/full" },
        { "/v1/facts?dry_run=true", NEW("a") NEW("b"), 507, "/problems/full" },
        { "/v1/facts", NEW("a"), 201, "\"minted\":{\"a\":9007199254740991}}" },
        { "/v1/facts", NEW("a"), 507, "/problems/full" },
        { "/v1/facts", GOOD "\n", 201, "\"tx\":3," },
    };
    struct asking a;

    asking_init_on(&a, nearly_exhausted());
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int status =
            ask_post(&a, cases[i].target, MEDIA_NDJSON, cases[i].body, 0);

        cr_expect_eq(status, cases[i].status, "case %zu: %d %s", i, status,
                     asking_text(&a));
        cr_expect(strstr(asking_text(&a), cases[i].said) != NULL,
                  "case %zu: %s", i, asking_text(&a));
    }
    asking_fini(&a);
}

Test(facts, say_where_their_transaction_is)
{
    struct asking a;

    asking_init(&a);
    asking_facts(&a, GOOD);
    asking_facts(&a, GOOD);
    cr_expect_str_eq(asking_header(&a, "Location"), "/v1/transactions/2");
    cr_expect_eq(a.response.tx, 2);
    asking_fini(&a);
}

static enum err refusal;

static enum err
refuse_append(struct store *store, const struct append_batch *const *batches,
              size_t count, struct why *why)
{
    (void)store;
    (void)batches;
    (void)count;
    return why_set(why, refusal, "a store of the test");
}

/* What the store cannot take now is the server's affair, and says when to try
 * again. */
Test(facts, are_refused_for_a_while_where_the_store_cannot_take_them)
{
    static const struct {
        enum err err;
        int status;
        const char *retry_after;
    } cases[] = { { ERR_BUSY, 503, "1" }, { ERR_FULL, 507, NULL } };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct store_ops *ops;
        struct store_ops refusing;
        const char *retry_after;
        struct asking a;

        asking_init(&a);
        ops = a.service.store->ops;
        refusing = *ops;
        refusing.append = refuse_append;
        refusal = cases[i].err;
        a.service.store->ops = &refusing;
        cr_expect_eq(ask_post(&a, "/v1/facts", MEDIA_NDJSON, GOOD "\n", 0),
                     cases[i].status, "case %zu: %s", i, asking_text(&a));
        retry_after = asking_header(&a, "Retry-After");
        cr_expect_eq(retry_after == NULL, cases[i].retry_after == NULL,
                     "case %zu", i);
        if (retry_after != NULL)
            cr_expect_str_eq(retry_after, cases[i].retry_after);
        cr_expect_eq(store_newest(a.service.store), 0);
        a.service.store->ops = ops;
        cr_expect_eq(ask_post(&a, "/v1/facts", MEDIA_NDJSON, GOOD "\n", 0), 201,
                     "case %zu: %s", i, asking_text(&a));
        asking_fini(&a);
    }
}

static const struct {
    const char *target;
    int status;
    const char *body; /* exact, or NULL */
} transactions[] = {
    { "/v1/transactions/1", 200,
      "{\"tx\":1,\"kind\":\"facts\","
      "\"recorded_at\":\"2024-06-15T12:00:00.000000Z\","
      "\"sources\":[\"a\\\"b\",\"default\",\"zeta\"],\"facts\":4,"
      "\"securities\":2,\"idempotency_key\":null}" },
    { "/v1/transactions/0", 404, NULL },
    { "/v1/transactions/2", 404, NULL },
    { "/v1/transactions/18446744073709551616", 404, NULL },
    { "/v1/transactions/01", 400, NULL },
    { "/v1/transactions/-1", 400, NULL },
    { "/v1/transactions/x", 400, NULL },
    { "/v1/transactions/1?limit=1", 400, NULL },
    { "/v1/transactions/1?format=csv", 406, NULL },
};

#define OF(id, source)                                                         \
    "{\"security_id\":" #id ",\"attribute\":\"k\",\"value\":1,"                \
    "\"effective_date\":\"2024-01-01\"" source "}\n"

Test(facts, are_described_by_their_transaction)
{
    struct asking a;

    asking_init(&a);
    asking_facts(&a, OF(1, ",\"source\":\"zeta\"") OF(1, "")
                         OF(2, ",\"source\":\"a\\\"b\"")
                             OF(2, ",\"source\":\"zeta\""));
    for (size_t i = 0; i < sizeof transactions / sizeof transactions[0]; i++) {
        int status = ask(&a, transactions[i].target);

        cr_expect_eq(status, transactions[i].status, "%s: %d",
                     transactions[i].target, status);
        if (transactions[i].body != NULL)
            cr_expect_str_eq(asking_text(&a), transactions[i].body, "%s: %s",
                             transactions[i].target, asking_text(&a));
    }
    asking_fini(&a);
}
