/* Vendors, runs and quarantine, over a poller that does as it is told. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "api/answer.h"
#include "tests/api/exchanging.h"
#include "tests/api/scripted_polling.h"

static struct exchanging at;
static struct poller poller;
static struct polling polling;

static void
begin(void)
{
    exchanging_init(&at);
    scripted_polling_init(&poller, &polling);
    at.asking.service.polling = &polling;
}

static void
end(void)
{
    exchanging_fini(&at);
}

TestSuite(vendors, .init = begin, .fini = end);

#define ENDED(id, vendor, dataset, state, started, error)                      \
    "{\"run\":\"" id "\",\"vendor\":\"" vendor "\",\"dataset\":\"" dataset     \
    "\",\"from\":null,\"to\":null,\"state\":\"" state                          \
    "\",\"started_at\":\"2024-06-15T12:00:00.00000" started                    \
    "Z\",\"finished_at\":\"2024-06-15T12:01:40.000000Z\",\"done\":0,"          \
    "\"total\":null,\"estimated_end\":null,\"pages\":0,\"stored\":0,"          \
    "\"unchanged\":0,\"error\":" error "}"
#define RUN_4 ENDED("4", "polygon", "open-close", "quarantined", "3", "null")
#define RUN_3 ENDED("3", "polygon", "open-close", "failed", "2", "\"upstream\"")
#define RUN_2 ENDED("2", "benzinga", "trades", "unchanged", "1", "null")
#define RUN_1 ENDED("1", "polygon", "open-close", "succeeded", "0", "null")
#define ENTRY(id, vendor, dataset, run, page, reasons, state)                  \
    "{\"id\":\"" id "\",\"vendor\":\"" vendor "\",\"dataset\":\"" dataset      \
    "\",\"run\":" run ",\"date\":\"2024-12-02\",\"page\":" page                \
    ",\"reasons\":[\"the listing shrank from 79 to 54\"" reasons               \
    "],\"state\":\"" state                                                     \
    "\",\"quarantined_at\":\"2024-06-15T12:00:00.000000Z\"}"
#define ENTRY_3                                                                \
    ENTRY("3", "polygon", "tickers", "\"4\"", "2", ",\"\\\"x\\\"\"", "open")
#define ENTRY_2 ENTRY("2", "benzinga", "webhook", "null", "1", "", "open")
#define ENTRY_1 ENTRY("1", "polygon", "tickers", "\"4\"", "2", "", "open")
#define RUNS(text) "{\"runs\":[" text "],\"next_cursor\":null}"
#define ENTRIES(text) "{\"quarantine\":[" text "],\"next_cursor\":null}"

Test(vendors, are_told_as_they_are)
{
    static const struct {
        const char *target;
        int status;
        const char *text; /* of a problem: its slug */
    } rows[] = {
        { "/v1/vendors", 200,
          "{\"vendors\":[{\"vendor\":\"polygon\",\"adapter\":\"massive\","
          "\"state\":\"running\",\"last_run\":\"5\","
          "\"next_run_at\":\"2024-06-16T06:00:00.000000Z\","
          "\"watermark\":\"2024-06-13\",\"tokens_left\":4,"
          "\"consecutive_failures\":0,\"breaker\":\"closed\"},"
          "{\"vendor\":\"benzinga\",\"adapter\":\"benzinga\","
          "\"state\":\"idle\",\"last_run\":null,\"next_run_at\":null,"
          "\"watermark\":null,\"tokens_left\":0,\"consecutive_failures\":5,"
          "\"breaker\":\"open\"}]}" },
        { "/v1/vendors?limit=1", 400, "malformed-parameter" },
        { "/v1/vendors/polygon/runs", 200,
          RUNS(SCRIPTED_RUN_5 "," RUN_4 "," RUN_3 "," RUN_1) },
        { "/v1/vendors/benzinga/runs", 200, RUNS(RUN_2) },
        { "/v1/vendors/benzinga/runs?limit=1", 200, RUNS(RUN_2) },
        { "/v1/vendors/nobody/runs", 404, "not-found" },
        { "/v1/vendors/polygon/runs?limit=0", 400, "malformed-parameter" },
        { "/v1/vendors/polygon/runs?cursor=x", 400, "invalid-cursor" },
        { "/v1/vendors/polygon/runs/5", 200, SCRIPTED_RUN_5 },
        { "/v1/vendors/benzinga/runs/2", 200, RUN_2 },
        { "/v1/vendors/polygon/runs/2", 404, "not-found" },
        { "/v1/vendors/nobody/runs/2", 404, "not-found" },
        { "/v1/vendors/polygon/runs/0", 400, "malformed-parameter" },
        { "/v1/vendors/polygon/runs/05", 400, "malformed-parameter" },
        { "/v1/vendors/polygon/runs/x", 400, "malformed-parameter" },
        { "/v1/quarantine", 200, ENTRIES(ENTRY_3 "," ENTRY_2 "," ENTRY_1) },
        { "/v1/quarantine?vendor=polygon", 200, ENTRIES(ENTRY_3 "," ENTRY_1) },
        { "/v1/quarantine?dataset=webhook", 200, ENTRIES(ENTRY_2) },
        { "/v1/quarantine?vendor=polygon&dataset=webhook", 200, ENTRIES("") },
        { "/v1/quarantine?state=open", 400, "malformed-parameter" },
        { "/v1/quarantine?format=csv", 406, "not-acceptable" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct exchange *exchange =
            exchanging_send(&at, "GET", rows[i].target, NULL);
        struct str text = answer_text(exchange);

        cr_expect_eq(exchange->response.status, rows[i].status, "%s: %d",
                     rows[i].target, exchange->response.status);
        if (rows[i].status == 200)
            cr_expect(str_equal(text, str_of(rows[i].text)), "%s: %.*s",
                      rows[i].target, STR_ARG(text));
        else
            cr_expect_not_null(
                memmem(text.data, text.len, rows[i].text, strlen(rows[i].text)),
                "%s: %.*s", rows[i].target, STR_ARG(text));
        exchanging_end(exchange);
    }
}

Test(vendors, without_any_lists_are_empty)
{
    static const struct {
        const char *method, *target, *body;
        int status;
        const char *text;
    } rows[] = {
        { "GET", "/v1/vendors", NULL, 200, "{\"vendors\":[]}" },
        { "GET", "/v1/quarantine", NULL, 200, ENTRIES("") },
        { "GET", "/v1/quarantine?vendor=x", NULL, 200, ENTRIES("") },
        { "GET", "/v1/vendors/polygon/runs", NULL, 404, NULL },
        { "GET", "/v1/vendors/polygon/runs/1", NULL, 404, NULL },
        { "DELETE", "/v1/vendors/polygon/runs/1", NULL, 404, NULL },
        { "POST", "/v1/vendors/polygon/runs", "{\"dataset\":\"tickers\"}", 404,
          NULL },
        { "POST", "/v1/quarantine/1/release", NULL, 404, NULL },
        { "POST", "/v1/quarantine/1/discard", NULL, 404, NULL },
        { "POST", "/v1/quarantine/x/discard", NULL, 400, NULL },
    };

    at.asking.service.polling = NULL;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct exchange *exchange =
            exchanging_send(&at, rows[i].method, rows[i].target, rows[i].body);

        cr_expect_eq(exchange->response.status, rows[i].status, "%s %s: %d",
                     rows[i].method, rows[i].target, exchange->response.status);
        if (rows[i].text != NULL)
            cr_expect(str_equal(answer_text(exchange), str_of(rows[i].text)),
                      "%s: %.*s", rows[i].target,
                      STR_ARG(answer_text(exchange)));
        exchanging_end(exchange);
    }
}

/* Pages of two, followed by their links. */
Test(vendors, pages_go_on_where_they_ended)
{
    static const struct {
        const char *target, *pages[3];
    } rows[] = {
        { "/v1/vendors/polygon/runs?limit=2",
          { SCRIPTED_RUN_5 "," RUN_4, RUN_3 "," RUN_1 } },
        { "/v1/quarantine?limit=2", { ENTRY_3 "," ENTRY_2, ENTRY_1 } },
        { "/v1/quarantine?limit=1&vendor=polygon", { ENTRY_3, ENTRY_1 } },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char target[512];

        snprintf(target, sizeof target, "%s", rows[i].target);
        for (size_t page = 0; target[0] != '\0'; page++) {
            struct exchange *exchange =
                exchanging_send(&at, "GET", target, NULL);
            const char *link = exchanging_header(exchange, "Link");
            struct str text = answer_text(exchange);

            cr_assert_lt(page, 2, "%s", rows[i].target);
            cr_expect_not_null(memmem(text.data, text.len, rows[i].pages[page],
                                      strlen(rows[i].pages[page])),
                               "%s page %zu: %.*s", rows[i].target, page,
                               STR_ARG(text));
            cr_expect_eq(link[0] == '\0', page == 1, "%s", rows[i].target);
            snprintf(target, sizeof target, "%.*s",
                     (int)(strcspn(link, ">") - (link[0] == '<')),
                     link + (link[0] == '<'));
            exchanging_end(exchange);
        }
    }
}

/* Nothing is recorded in between: the bytes alone tell. */
Test(vendors, an_answer_is_named_by_its_bytes)
{
    static const char *const targets[] = { "/v1/vendors",
                                           "/v1/vendors/polygon/runs?limit=1",
                                           "/v1/vendors/polygon/runs/5",
                                           "/v1/quarantine" };

    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        struct exchange *exchange =
            exchanging_send(&at, "GET", targets[i], NULL);
        char header[128];

        snprintf(header, sizeof header, "If-None-Match: %s\r\n",
                 exchanging_header(exchange, "ETag"));
        cr_expect_gt(strlen(header), 30, "%s", targets[i]);
        cr_expect_str_eq(exchanging_header(exchange, "Cache-Control"),
                         "private, no-cache", "%s", targets[i]);
        exchanging_end(exchange);

        exchange = exchanging_ask(&at, "GET", targets[i], header);
        cr_expect_eq(exchange->response.status, 304, "%s", targets[i]);
        cr_expect_eq(answer_text(exchange).len, 0, "%s", targets[i]);
        exchanging_end(exchange);

        poller.runs[4].stored++;
        poller.entries[0].state = QUARANTINE_RELEASED;
        exchange = exchanging_ask(&at, "GET", targets[i], header);
        cr_expect_eq(exchange->response.status, i == 0 ? 304 : 200, "%s",
                     targets[i]);
        exchanging_end(exchange);
        poller.entries[0].state = QUARANTINE_OPEN;
    }
}

/* Labels are configured names; who never succeeded has no age. */
Test(vendors, figures_are_told)
{
    static const char *const lines[] = {
        "secmaster_vendor_requests_total{vendor=\"polygon\",outcome=\"ok\"} 7",
        "secmaster_vendor_requests_total{vendor=\"polygon\",outcome="
        "\"throttled\"} 2",
        "secmaster_vendor_requests_total{vendor=\"polygon\",outcome="
        "\"unusable\"} 0",
        "secmaster_vendor_retries_total{vendor=\"polygon\"} 3",
        "secmaster_vendor_backoff_seconds_total{vendor=\"polygon\"} 12.500000",
        "secmaster_vendor_runs_total{vendor=\"polygon\",dataset=\"tickers\","
        "state=\"failed\"} 4",
        "secmaster_vendor_last_success_age_seconds{vendor=\"polygon\",dataset="
        "\"tickers\"} 90.000000",
        "secmaster_vendor_quarantine_entries{vendor=\"polygon\",dataset="
        "\"tickers\"} 5",
        "secmaster_vendor_quarantine_entries{vendor=\"polygon\",dataset="
        "\"splits\"} 0",
        "secmaster_vendor_quarantine_entries{vendor=\"polygon\",dataset="
        "\"webhook\"} 6",
    };
    struct poller_stats *stats = &poller.stats;
    const char *text;

    stats->vendors[0] = (struct poller_vendor_stats){
        .vendor = STR("polygon"),
        .requests = { [OUTCOME_OK] = 7, [OUTCOME_THROTTLED] = 2 },
        .retries = 3,
        .backoff_us = 12500000,
        .strays_open = 6,
    };
    stats->datasets[0] = (struct poller_dataset_stats){
        .vendor = STR("polygon"),
        .dataset = STR("tickers"),
        .runs = { [RUN_FAILED] = 4 },
        .last_success = { 1718452800000000 - 90000000 },
        .quarantine_open = 5,
    };
    stats->datasets[1] =
        (struct poller_dataset_stats){ .vendor = STR("polygon"),
                                       .dataset = STR("splits") };
    stats->vendor_count = 1;
    stats->dataset_count = 2;
    cr_assert_eq(ask(&at.asking, "/metrics"), 200);
    text = asking_text(&at.asking);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        char line[256];

        snprintf(line, sizeof line, "\n%s\n", lines[i]);
        cr_expect_not_null(strstr(text, line), "%s", lines[i]);
    }
    cr_expect_null(strstr(text, "age_seconds{vendor=\"polygon\",dataset="
                                "\"splits\"}"));
    cr_expect_null(strstr(text, "state=\"running\""));
    at.asking.service.polling = NULL;
    cr_assert_eq(ask(&at.asking, "/metrics"), 200);
    cr_expect_null(strstr(asking_text(&at.asking), "secmaster_vendor_"));
}
