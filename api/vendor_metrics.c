/* Figures of vendors, one family of them after another. */
#include "vendor_metrics.h"

#include <stdlib.h>

#include "polling.h"

static void
put_head(struct out *out, const char *name, const char *type, const char *help)
{
    out_print(out,
              "# HELP secmaster_vendor_%s %s\n# TYPE secmaster_vendor_%s %s\n",
              name, help, name, type);
}

/* Microseconds as exact seconds, the line's end behind them. */
static void
put_seconds(struct out *out, uint64_t us)
{
    out_print(out, "%llu.%06llu\n", (unsigned long long)(us / 1000000),
              (unsigned long long)(us % 1000000));
}

static void
put_requests(const struct poller_stats *stats, struct out *out)
{
    put_head(out, "requests_total", "counter",
             "Requests to vendors, by how they ended.");
    for (size_t i = 0; i < stats->vendor_count; i++) {
        const struct poller_vendor_stats *vendor = &stats->vendors[i];

        for (int outcome = 0; outcome < POLLER_OUTCOMES; outcome++)
            out_print(out,
                      "secmaster_vendor_requests_total{vendor=\"%.*s\","
                      "outcome=\"%s\"} %llu\n",
                      STR_ARG(vendor->vendor),
                      poller_outcome_name((enum poller_outcome)outcome),
                      (unsigned long long)vendor->requests[outcome]);
    }
}

static void
put_failures(const struct poller_stats *stats, struct out *out)
{
    put_head(out, "retries_total", "counter",
             "Requests that were sent again because one had failed.");
    for (size_t i = 0; i < stats->vendor_count; i++)
        out_print(out, "secmaster_vendor_retries_total{vendor=\"%.*s\"} %llu\n",
                  STR_ARG(stats->vendors[i].vendor),
                  (unsigned long long)stats->vendors[i].retries);
    put_head(out, "backoff_seconds_total", "counter",
             "Time waited before such requests.");
    for (size_t i = 0; i < stats->vendor_count; i++) {
        out_print(out,
                  "secmaster_vendor_backoff_seconds_total{vendor=\"%.*s\"} ",
                  STR_ARG(stats->vendors[i].vendor));
        put_seconds(out, stats->vendors[i].backoff_us);
    }
}

/* The labels, and the space behind them. */
static void
put_labels(struct out *out, const char *name,
           const struct poller_dataset_stats *dataset)
{
    out_print(out, "secmaster_vendor_%s{vendor=\"%.*s\",dataset=\"%.*s\"} ",
              name, STR_ARG(dataset->vendor), STR_ARG(dataset->dataset));
}

static void
put_runs(const struct poller_stats *stats, struct out *out)
{
    put_head(out, "runs_total", "counter",
             "Runs that ended since the start, by how.");
    for (size_t i = 0; i < stats->dataset_count; i++) {
        const struct poller_dataset_stats *dataset = &stats->datasets[i];

        for (int state = 0; state < RUN_STATES; state++) {
            if (!run_state_is_end((enum run_state)state))
                continue;
            out_print(out,
                      "secmaster_vendor_runs_total{vendor=\"%.*s\","
                      "dataset=\"%.*s\",state=\"%s\"} %llu\n",
                      STR_ARG(dataset->vendor), STR_ARG(dataset->dataset),
                      run_state_name((enum run_state)state),
                      (unsigned long long)dataset->runs[state]);
        }
    }
}

/* A dataset that never succeeded has no age: an alarm asks for its absence. */
static void
put_datasets(const struct poller_stats *stats, struct instant now,
             struct out *out)
{
    put_head(out, "last_success_age_seconds", "gauge",
             "Since a run succeeded or found nothing new.");
    for (size_t i = 0; i < stats->dataset_count; i++) {
        int64_t since_us = stats->datasets[i].last_success.us;

        if (since_us == 0)
            continue;
        put_labels(out, "last_success_age_seconds", &stats->datasets[i]);
        put_seconds(out, now.us > since_us ? (uint64_t)(now.us - since_us) : 0);
    }
    put_head(out, "quarantine_entries", "gauge",
             "Entries of quarantine that nobody has decided on.");
    for (size_t i = 0; i < stats->dataset_count; i++) {
        put_labels(out, "quarantine_entries", &stats->datasets[i]);
        out_print(out, "%llu\n",
                  (unsigned long long)stats->datasets[i].quarantine_open);
    }
    for (size_t i = 0; i < stats->vendor_count; i++) {
        const struct poller_dataset_stats strays = {
            .vendor = stats->vendors[i].vendor,
            .dataset = STR(POLLER_STRAYS),
        };

        put_labels(out, "quarantine_entries", &strays);
        out_print(out, "%llu\n",
                  (unsigned long long)stats->vendors[i].strays_open);
    }
}

void
vendor_metrics_print(const struct service *service, struct out *out)
{
    const struct polling *polling = service->polling;
    struct poller_stats *stats;

    if (polling == NULL)
        return;
    stats = calloc(1, sizeof *stats); /* too large for a stack */
    if (stats == NULL)
        return;
    polling->stats(polling->poller, stats);
    put_requests(stats, out);
    put_failures(stats, out);
    put_runs(stats, out);
    put_datasets(stats, service->now(), out);
    free(stats);
}
