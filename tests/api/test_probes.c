/* Probes, metrics and the API's description. */
#include <criterion/criterion.h>
#include <string.h>

#include "api/metrics.h"
#include "api/route.h"
#include "tests/api/asking.h"

/* The store's health as a test wants it, behind its own operations. */
static struct store_health health;
static void
told_health(struct store *store, struct store_health *out)
{
    (void)store;
    *out = health;
}

static const struct {
    const char *target;
    bool failed, full, draining;
    int status;
    const char *body;
} probes[] = {
    { "/livez", false, false, false, 200, "ok\n" },
    { "/livez", true, true, true, 200, "ok\n" },
    { "/readyz", false, false, false, 200, "ok\n" },
    { "/readyz", true, false, false, 503, "the store has failed\n" },
    { "/readyz", false, true, false, 503, "the disk or the store is full\n" },
    { "/readyz", false, false, true, 503, "draining\n" },
    { "/readyz?verbose", false, false, false, 200,
      "store: ok\nspace: ok\nserving: ok\nok\n" },
    { "/readyz?verbose", false, true, true, 503,
      "store: ok\nspace: the disk or the store is full\n"
      "serving: draining\n" },
};

Test(probes, tell_what_ails)
{
    struct asking a;
    struct store_ops ops;
    const struct store_ops *own;

    asking_init(&a);
    own = a.service.store->ops;
    ops = *own;
    ops.health = told_health;
    a.service.store->ops = &ops;
    for (size_t i = 0; i < sizeof probes / sizeof probes[0]; i++) {
        int status;

        health.failed = probes[i].failed;
        health.full = probes[i].full;
        atomic_store(&a.service.draining, probes[i].draining);
        status = ask(&a, probes[i].target);
        cr_expect_eq(status, probes[i].status, "%zu %s: %d", i,
                     probes[i].target, status);
        cr_expect_str_eq(asking_text(&a), probes[i].body, "%zu %s: %s", i,
                         probes[i].target, asking_text(&a));
        cr_expect_eq(a.response.media, MEDIA_TEXT, "%zu", i);
    }
    a.service.store->ops = own;
    asking_fini(&a);
}

static const struct route *
find_route(const char *path)
{
    size_t count;
    const struct route *table = route_table(&count);

    for (size_t i = 0; i < count; i++) {
        if (strcmp(table[i].path, path) == 0)
            return &table[i];
    }
    cr_assert_fail("no route %s", path);
    return NULL;
}

static const char *const lines[] = {
    "\nsecmaster_build_info{version=\"",
    "\nsecmaster_requests_total{method=\"GET\",route=\"/livez\","
    "status=\"200\"} 2\n",
    "\nsecmaster_requests_total{method=\"POST\",route=\"/v1/facts\","
    "status=\"422\"} 1\n",
    "\nsecmaster_requests_total{method=\"\",route=\"\",status=\"404\"} 1\n",
    "\nsecmaster_requests_total{method=\"\",route=\"\",status=\"0\"} 1\n",
    "\nsecmaster_request_duration_seconds_bucket{method=\"GET\","
    "route=\"/livez\",le=\"0.000250\"} 1\n",
    "\nsecmaster_request_duration_seconds_bucket{method=\"GET\","
    "route=\"/livez\",le=\"0.000500\"} 2\n",
    "\nsecmaster_request_duration_seconds_bucket{method=\"GET\","
    "route=\"/livez\",le=\"+Inf\"} 2\n",
    "\nsecmaster_request_duration_seconds_sum{method=\"GET\","
    "route=\"/livez\"} 0.000501\n",
    "\nsecmaster_request_duration_seconds_count{method=\"GET\","
    "route=\"/livez\"} 2\n",
    "\nsecmaster_request_duration_seconds_bucket{method=\"POST\","
    "route=\"/v1/facts\",le=\"10.000000\"} 0\n",
    "\nsecmaster_connections 1\n",
    "\nsecmaster_refused_total 1\n",
    "\nsecmaster_reaped_total 1\n",
    "\nsecmaster_facts_total 1\n",
    "\nsecmaster_newest_tx 1\n",
    "\nsecmaster_worker_jobs 0\n",
    "\nsecmaster_log_lines_dropped_total 0\n",
    "\n# TYPE secmaster_request_duration_seconds histogram\n",
};

Test(probes, metrics_count_what_was_answered)
{
    struct metrics *metrics;
    struct asking a;

    asking_init(&a);
    metrics = a.service.metrics;
    asking_facts(&a, "{\"security_id\":7,\"attribute\":\"k\",\"value\":1,"
                     "\"effective_date\":\"2024-01-01\"}");
    metrics_request(metrics, find_route("/livez"), 200, 250);
    metrics_request(metrics, find_route("/livez"), 200, 251);
    metrics_request(metrics, find_route("/v1/facts"), 422, 10000001);
    metrics_request(metrics, NULL, 404, 1);
    metrics_request(metrics, NULL, 0, -1);
    metrics_connections(metrics, 1);
    metrics_connections(metrics, 1);
    metrics_connections(metrics, -1);
    metrics_refused(metrics);
    metrics_reaped(metrics);
    cr_expect_eq(ask(&a, "/metrics"), 200);
    cr_expect_str_eq(a.response.content_type, "text/plain; version=0.0.4");
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        cr_expect(strstr(asking_text(&a), lines[i]) != NULL, "%s", lines[i]);
    asking_fini(&a);
}

Test(probes, the_api_describes_itself)
{
    static const struct {
        const char *target, *begins;
        enum media media;
    } cases[] = {
        { "/openapi.yaml", "openapi: 3.1", MEDIA_YAML },
        { "/openapi.json", "{\"openapi\":\"3.1", MEDIA_JSON },
    };
    struct asking a;

    asking_init(&a);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_expect_eq(ask(&a, cases[i].target), 200, "%s", cases[i].target);
        cr_expect_eq(
            strncmp(asking_text(&a), cases[i].begins, strlen(cases[i].begins)),
            0, "%s: %.20s", cases[i].target, asking_text(&a));
        cr_expect_eq(a.response.media, cases[i].media, "%s", cases[i].target);
    }
    asking_fini(&a);
}
