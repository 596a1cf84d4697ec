/* Deliveries of vendors: who is let in, what is stored, and how often. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "api/answer.h"
#include "api/webhook_ids.h"
#include "api/webhook_signature.h"
#include "secmaster/base64.h"
#include "secmaster/hmac.h"
#include "secmaster/wire.h"
#include "tests/api/exchanging.h"
#include "tests/api/scripted_polling.h"

#define OLD_SECRET "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define SEGMENT "s3cret-segment"
#define NOW 1718452800 /* as asking.c has it */

static struct exchanging at;
static struct poller poller;
static struct polling polling;
static struct webhook_doors doors;

static void
open_door(const char *vendor, const char *adapter, const char *secrets,
          const char *path)
{
    struct webhook_door *door = &doors.doors[doors.count++];
    struct why why;

    door->vendor = str_of(vendor);
    door->adapter = vendor_find(str_of(adapter));
    cr_assert_not_null(door->adapter);
    if (secrets != NULL)
        cr_assert_eq(webhook_keys_read(str_of(secrets), door, &why), OK);
    if (path != NULL)
        cr_assert_eq(webhook_path_read(str_of(path), door, &why), OK);
}

static void
begin(void)
{
    exchanging_init(&at);
    scripted_polling_init(&poller, &polling);
    memset(&doors, 0, sizeof doors);
    open_door("polygon", "massive", OLD_SECRET "  " SECRET, NULL);
    open_door("benzinga", "benzinga", NULL, SEGMENT);
    open_door("quiet", "massive", NULL, NULL);
    at.asking.service.polling = &polling;
    at.asking.service.webhooks = &doors;
}

static void
end(void)
{
    exchanging_fini(&at);
}

TestSuite(webhooks, .init = begin, .fini = end);

static struct exchange *
deliver(const char *target, const char *headers, const char *body)
{
    char all[1024];
    struct exchange *exchange;

    snprintf(all, sizeof all,
             "Content-Type: application/json\r\nContent-Length: %zu\r\n%s",
             strlen(body), headers);
    exchange = exchanging_begin(&at, "POST", target, all);
    exchanging_finish(&at, exchange, str_of(body), 11);
    return exchange;
}

/* The signature of a delivery under SECRET, terminated. */
static const char *
sign(const char *id, const char *timestamp, const char *body)
{
    static char text[BASE64_BYTES(DIGEST_BYTES) + 1];
    const struct str pieces[] = { str_of(id), STR("."), str_of(timestamp),
                                  STR("."), str_of(body) };
    unsigned char mac[DIGEST_BYTES], key[WEBHOOK_KEY_BYTES_MAX];
    size_t len;

    cr_assert_eq(base64_decode(str_of(&SECRET[6]), key, sizeof key, &len), OK);
    cr_assert_eq(hmac_sha256((struct str){ (char *)key, len }, pieces, 5, mac),
                 OK);
    base64_encode((struct str){ (char *)mac, sizeof mac }, text);
    return text;
}

static int
status_of(struct exchange *exchange)
{
    int status = exchange->response.status;

    exchanging_end(exchange);
    return status;
}

static int
deliver_timed(const char *id, const char *timestamp, const char *body)
{
    char headers[512];

    snprintf(headers, sizeof headers,
             "webhook-id: %s\r\nwebhook-timestamp: %s\r\n"
             "webhook-signature: v1,%s\r\n",
             id, timestamp, sign(id, timestamp, body));
    return status_of(deliver("/v1/webhooks/polygon", headers, body));
}

static int
deliver_signed(const char *id, const char *body)
{
    return deliver_timed(id, "1718452800", body);
}

static uint64_t
newest(void)
{
    return store_newest(at.asking.service.store);
}

#define FACT(value)                                                            \
    "{\"facts\":[{\"security_id\":1,\"attribute\":\"ticker\","                 \
    "\"value\":\"" value "\",\"effective_date\":\"2024-01-01\"}]}"
/* By another implementation, of msg_1, NOW and FACT("A") under SECRET. */
#define KNOWN "CVrtauIiEcrOwJ3iXpn/Yxx79m0VogX3g6fTuhx96Qw="
#define WRONG "CVrtauIiEcrOwJ3iXpn/Yxx79m0VogX3g6fTuhx96Qx="
#define ID "webhook-id: msg_1\r\n"
#define TIME "webhook-timestamp: 1718452800\r\n"
#define SIGNED "webhook-signature: v1," KNOWN "\r\n"

Test(webhooks, only_who_signs_is_let_in)
{
    static const struct {
        const char *what, *target, *headers, *body;
        int status;
    } rows[] = {
        { "signed", "polygon", ID TIME SIGNED, FACT("A"), 204 },
        { "another body", "polygon", ID TIME SIGNED, FACT("B"), 401 },
        { "another id", "polygon", "webhook-id: msg_2\r\n" TIME SIGNED,
          FACT("A"), 401 },
        { "another time", "polygon",
          ID "webhook-timestamp: 1718452801\r\n" SIGNED, FACT("A"), 401 },
        { "another signature", "polygon",
          ID TIME "webhook-signature: v1," WRONG "\r\n", FACT("A"), 401 },
        { "another version", "polygon",
          ID TIME "webhook-signature: v2," KNOWN "\r\n", FACT("A"), 401 },
        { "no version", "polygon", ID TIME "webhook-signature: " KNOWN "\r\n",
          FACT("A"), 401 },
        { "an empty signature", "polygon", ID TIME "webhook-signature: v1,\r\n",
          FACT("A"), 401 },
        { "one of several", "polygon",
          ID TIME "webhook-signature: v1a,x v1," WRONG " v1," KNOWN "\r\n",
          FACT("A"), 204 },
        { "the first of several", "polygon",
          ID TIME "webhook-signature: v1," KNOWN " v1," WRONG "\r\n", FACT("A"),
          204 },
        { "none of several", "polygon",
          ID TIME "webhook-signature: v1," WRONG " v1," WRONG "\r\n", FACT("A"),
          401 },
        { "no id", "polygon", TIME SIGNED, FACT("A"), 400 },
        { "an id with a space", "polygon", "webhook-id: msg 1\r\n" TIME SIGNED,
          FACT("A"), 400 },
        { "no time", "polygon", ID SIGNED, FACT("A"), 400 },
        { "no number", "polygon", ID "webhook-timestamp: -5\r\n" SIGNED,
          FACT("A"), 400 },
        { "no signature", "polygon", ID TIME, FACT("A"), 400 },
        { "too old", "polygon", ID "webhook-timestamp: 1718452499\r\n" SIGNED,
          FACT("A"), 401 },
        { "too early", "polygon", ID "webhook-timestamp: 1718453101\r\n" SIGNED,
          FACT("A"), 401 },
        { "endless", "polygon",
          ID "webhook-timestamp: 99999999999999999999\r\n" SIGNED, FACT("A"),
          401 },
        { "no vendor", "nobody", ID TIME SIGNED, FACT("A"), 404 },
        { "no secret", "quiet", ID TIME SIGNED, FACT("A"), 404 },
        { "unsigned alone", "benzinga", ID TIME SIGNED, FACT("A"), 404 },
        { "segment", "benzinga/" SEGMENT, "", FACT("A"), 204 },
        { "another segment", "benzinga/s3cret-segmenu", "", FACT("A"), 404 },
        { "less of it", "benzinga/s3cret-segmen", "", FACT("A"), 404 },
        { "more of it", "benzinga/" SEGMENT "x", "", FACT("A"), 404 },
        { "of another vendor", "polygon/" SEGMENT, "", FACT("A"), 404 },
        { "of none", "quiet/" SEGMENT, "", FACT("A"), 404 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct exchange *exchange;
        struct str text;
        char target[128];

        snprintf(target, sizeof target, "/v1/webhooks/%s", rows[i].target);
        exchange = deliver(target, rows[i].headers, rows[i].body);
        text = answer_text(exchange);
        cr_expect_eq(exchange->response.status, rows[i].status, "%s: %d",
                     rows[i].what, exchange->response.status);
        cr_expect_eq(text.len == 0, rows[i].status == 204, "%s", rows[i].what);
        if (rows[i].status == 401)
            cr_expect_str_eq(exchanging_header(exchange, "WWW-Authenticate"),
                             "Webhook-Signature", "%s", rows[i].what);
        cr_expect(text.len == 0 ||
                      memmem(text.data, text.len, "s3cret", 6) == NULL,
                  "%s: %.*s", rows[i].what, STR_ARG(text));
        exchanging_end(exchange);
    }
    cr_expect_eq(poller.stray_count, 0);
}

/* Five minutes either way are no more than five minutes. */
Test(webhooks, clocks_may_differ_by_five_minutes)
{
    static const struct {
        const char *timestamp;
        int status;
    } rows[] = {
        { "1718452500", 204 },
        { "1718453100", 204 },
        { "1718452499", 401 },
        { "1718453101", 401 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cr_expect_eq(deliver_timed("m", rows[i].timestamp, FACT("A")),
                     rows[i].status, "%s", rows[i].timestamp);
}

static int64_t late_s; /* behind NOW */

static struct instant
later(void)
{
    return (struct instant){ (NOW + late_s) * INT64_C(1000000) };
}

#define DAYS(days) ((days)*INT64_C(86400))

/* Known for 30 days, and until a delivery of a later hour sweeps it out. */
Test(webhooks, an_id_may_come_again_behind_its_days)
{
    static const struct {
        int64_t late_s;
        const char *id, *body;
        uint64_t tx; /* the newest behind it */
    } rows[] = {
        { 0, "m1", FACT("A"), 1 },
        { 0, "m1", FACT("B"), 1 },
        { DAYS(30) - 1, "m2", FACT("C"), 2 },
        { DAYS(30) - 1, "m1", FACT("B"), 2 },
        { DAYS(30), "m1", FACT("B"), 2 },
        { DAYS(30) + 3598, "m3", FACT("D"), 3 },
        { DAYS(30) + 3598, "m1", FACT("B"), 3 },
        { DAYS(30) + 3599, "m4", FACT("E"), 4 },
        { DAYS(30) + 3599, "m1", FACT("B"), 5 },
        { DAYS(30) + 3599, "m1", FACT("F"), 5 },
        { DAYS(30) + 3599, "m2", FACT("F"), 5 },
    };

    at.asking.service.now = later;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char timestamp[24];

        late_s = rows[i].late_s;
        snprintf(timestamp, sizeof timestamp, "%lld", (long long)NOW + late_s);
        cr_expect_eq(deliver_timed(rows[i].id, timestamp, rows[i].body), 204,
                     "row %zu", i);
        cr_expect_eq(newest(), rows[i].tx, "row %zu: %llu", i,
                     (unsigned long long)newest());
    }
}

/* Whoever numbers its deliveries from one does so for itself. */
Test(webhooks, an_id_is_its_vendors_own)
{
    static const struct {
        const char *vendor, *id, *body;
        uint64_t tx; /* the newest behind it */
    } rows[] = {
        { "polygon", "1", FACT("A"), 1 },
        { "benzinga", "1", FACT("B"), 2 },
        { "polygon", "1", FACT("C"), 2 },
        { "benzinga", "1", FACT("C"), 2 },
        { "benzinga", "polygon", FACT("C"), 3 },
        { "polygon", "polygon", FACT("D"), 4 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char headers[64];
        int status;

        snprintf(headers, sizeof headers, "X-BZ-Delivery: %s\r\n", rows[i].id);
        if (strcmp(rows[i].vendor, "polygon") == 0)
            status = deliver_signed(rows[i].id, rows[i].body);
        else
            status = status_of(deliver("/v1/webhooks/benzinga/" SEGMENT,
                                       headers, rows[i].body));
        cr_expect_eq(status, 204, "row %zu: %d", i, status);
        cr_expect_eq(newest(), rows[i].tx, "row %zu: %llu", i,
                     (unsigned long long)newest());
    }
}

#define ROW(id, transaction)                                                   \
    "{\"id\":\"" id "\",\"transaction_id\":\"" transaction                     \
    "\",\"transaction_date\":\"2024-05-01\",\"amount\":\"$721.63\"}"
#define PUSHED(id, action, content)                                            \
    "{\"id\":\"" id "\",\"api_version\":\"1\",\"kind\":\"x\",\"data\":{"       \
    "\"action\":\"" action                                                     \
    "\",\"id\":1,\"timestamp\":\"t\",\"content\":" content "}}"

Test(webhooks, what_came_is_stored_once)
{
    static const struct {
        const char *what, *bz_id, *body;
        uint64_t tx; /* the newest behind it */
        const char *stray;
    } rows[] = {
        { "a fact", "d1", FACT("A"), 1, NULL },
        { "its delivery again", "d1", FACT("A"), 1, NULL },
        { "another body under its id", "d1", FACT("B"), 1, NULL },
        { "what is known, under another id", "d2", FACT("A"), 1, NULL },
        { "what is new", "d3", FACT("B"), 2, NULL },
        { "a row", "d4", PUSHED("p1", "Created", ROW("1", "t1")), 3, NULL },
        { "the row under another id", "d5",
          PUSHED("p1", "Created", ROW("1", "t1")), 3, NULL },
        { "an update", "d6", PUSHED("p2", "Updated", ROW("2", "t1")), 4, NULL },
        { "rows", "d7",
          PUSHED("p3", "Created", "[" ROW("3", "t3") "," ROW("4", "t4") "]"), 5,
          NULL },
        { "a page", "d8", "{\"data\":[" ROW("5", "t5") "]}", 6, NULL },
        { "a bare page", "d9", "[" ROW("6", "t6") "]", 7, NULL },
        { "its own id", NULL, PUSHED("own", "Created", ROW("7", "t7")), 8,
          NULL },
        { "its own id again", NULL, PUSHED("own", "Created", ROW("8", "t8")), 8,
          NULL },
        { "no id", NULL, "[" ROW("9", "t9") "]", 9, NULL },
        { "an id that is none", "a b", "[" ROW("10", "t10") "]", 10, NULL },
        { "an empty page", "d10", "[]", 10, NULL },
        { "a removal", "d11", PUSHED("p4", "Removed", ROW("1", "t1")), 10,
          "benzinga|webhook|the vendor has removed it|d11|" },
        { "another action", "d12", PUSHED("p5", "Moved", ROW("1", "t1")), 10,
          "benzinga|webhook|its action is none of Created, Updated and "
          "Removed|d12|" },
        { "no JSON", "d13", "{\"id\":", 10, "benzinga|webhook|" },
        { "no row", "d14", PUSHED("p6", "Created", "{\"id\":1}"), 10,
          "benzinga|webhook|/0/transaction_id: is missing|d14|" },
        { "no day", "d15",
          "{\"facts\":[{\"security_id\":1,\"attribute\":\"a\",\"value\":1,"
          "\"effective_date\":\"2024-02-30\"}]}",
          10, "benzinga|webhook|/facts/0/effective_date: " },
        { "what the writer refuses", "d16",
          "{\"facts\":[{\"security_id\":9,\"attribute\":\"a\","
          "\"effective_date\":\"2024-02-01\",\"op\":\"retract\"}]}",
          10, "benzinga|webhook|/facts/0: " },
    };
    size_t strays = 0;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char headers[64] = "";
        const char *stray;

        if (rows[i].bz_id != NULL)
            snprintf(headers, sizeof headers, "X-BZ-Delivery: %s\r\n",
                     rows[i].bz_id);
        cr_expect_eq(status_of(deliver("/v1/webhooks/benzinga/" SEGMENT,
                                       headers, rows[i].body)),
                     204, "%s", rows[i].what);
        cr_expect_eq(newest(), rows[i].tx, "%s: %llu", rows[i].what,
                     (unsigned long long)newest());
        strays += rows[i].stray != NULL;
        cr_assert_eq(poller.stray_count, strays, "%s", rows[i].what);
        if (rows[i].stray == NULL)
            continue;
        stray = poller.strays[strays - 1];
        cr_expect_eq(strncmp(stray, rows[i].stray, strlen(rows[i].stray)), 0,
                     "%s: %s", rows[i].what, stray);
        cr_expect_not_null(strstr(stray, rows[i].body), "%s: %s", rows[i].what,
                           stray);
    }
}

/* A vendor's facts are its own, unless they say whose they are. */
Test(webhooks, facts_have_the_vendor_as_their_source)
{
    const char *text;

    cr_assert_eq(deliver_signed("m1", FACT("A")), 204);
    cr_assert_eq(deliver_signed("m2",
                                "[{\"security_id\":2,\"attribute\":\"x\","
                                "\"value\":1,\"effective_date\":\"2024-01-01\","
                                "\"source\":\"other\"}]"),
                 204);
    cr_assert_eq(ask(&at.asking, "/v1/changes"), 200);
    text = asking_text(&at.asking);
    cr_expect_not_null(strstr(text, "\"value\":\"A\",\"effective_date\":"
                                    "\"2024-01-01\",\"source\":\"polygon\""),
                       "%s", text);
    cr_expect_not_null(strstr(text, "\"source\":\"other\""), "%s", text);
}

Test(webhooks, what_cannot_be_kept_is_sent_again)
{
    static const struct {
        enum err err;
        int status;
    } rows[] = {
        { OK, 204 }, { ERR_BUSY, 503 }, { ERR_FULL, 507 }, { ERR_STORE, 500 }
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        poller.err = rows[i].err;
        cr_expect_eq(deliver_signed("m1", "{"), rows[i].status, "%d",
                     rows[i].err);
    }
    at.asking.service.polling = NULL;
    cr_expect_eq(deliver_signed("m1", "{"), 503, "no poller");
    cr_expect_eq(newest(), 0);
}

static enum visit
count_ids(void *context, struct str key, struct str value)
{
    size_t *count = context;

    (void)key;
    cr_expect_eq(value.len, 8);
    (*count)++;
    return VISIT_NEXT;
}

/* Ids that were known for days: those of 30 and more go, within the hour. */
Test(webhooks, old_ids_are_forgotten)
{
    static const int64_t ages_days[] = { 0, 1, 29, 30, 31, 1000 };
    struct store *store = at.asking.service.store;
    size_t count = 0;
    struct why why;

    for (size_t i = 0; i < 6; i++) {
        struct instant when = { (NOW - ages_days[i] * 86400) *
                                INT64_C(1000000) };
        struct state_change change;
        char id[16];

        snprintf(id, sizeof id, "old%zu", i);
        cr_assert_eq(webhook_id_put(&at.asking.arena, STR("polygon"),
                                    str_of(id), when, &change),
                     OK);
        cr_assert_eq(store_put_state(store, &change, 1, &why), OK);
    }
    cr_assert_eq(deliver_signed("m1", FACT("A")), 204);
    cr_assert_eq(
        store_state_scan(store, STATE_WEBHOOKS, count_ids, &count, &why), OK);
    cr_expect_eq(count, 4, "%zu", count);
    cr_expect_eq(deliver_signed("old2", FACT("B")), 204);
    cr_expect_eq(newest(), 1, "it is known");
    cr_expect_eq(deliver_signed("old3", FACT("B")), 204);
    cr_expect_eq(newest(), 2, "it is forgotten");
}
