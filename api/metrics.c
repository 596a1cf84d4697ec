/* Counters of the service, and their Prometheus text. */
#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "column_memory.h"
#include "metrics.h"
#include "route.h"
#include "secmaster/log.h"
#include "service.h"
#include "vendor_metrics.h"

/* One more than there are: requests that found no route. */
#define ROUTE(method, path, name) +1
enum {
    ROUTE_SLOTS = 1
#include "routes.def"
};
#undef ROUTE

/* HTTP's own statuses; 0 is an answer that was never sent. */
#define STATUS_SLOTS 600

/* Upper bounds of the histogram in microseconds, and above all of them. */
static const int64_t bounds_us[] = {
    250,   500,    1000,   2500,   5000,    10000,   25000,
    50000, 100000, 250000, 500000, 1000000, 2500000, 10000000,
};
#define BOUNDS (sizeof bounds_us / sizeof bounds_us[0])

struct route_figures {
    atomic_uint_least64_t by_status[STATUS_SLOTS];
    atomic_uint_least64_t by_time[BOUNDS + 1];
    atomic_uint_least64_t us;
};

struct metrics {
    struct route_figures routes[ROUTE_SLOTS];
    atomic_int_least64_t connections;
    atomic_uint_least64_t refused, reaped;
};

struct metrics *
metrics_new(void)
{
    return calloc(1, sizeof(struct metrics));
}

void
metrics_free(struct metrics *metrics)
{
    free(metrics);
}

static void
add(atomic_uint_least64_t *counter, uint64_t more)
{
    atomic_fetch_add_explicit(counter, more, memory_order_relaxed);
}

static uint64_t
get(atomic_uint_least64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

void
metrics_request(struct metrics *metrics, const struct route *route, int status,
                int64_t us)
{
    size_t count, slot, i = 0;
    const struct route *table = route_table(&count);
    struct route_figures *figures;

    slot = route == NULL ? count : (size_t)(route - table);
    assert(slot < ROUTE_SLOTS);
    figures = &metrics->routes[slot];
    add(&figures->by_status[status > 0 && status < STATUS_SLOTS ? status : 0],
        1);
    while (i < BOUNDS && us > bounds_us[i])
        i++;
    add(&figures->by_time[i], 1);
    add(&figures->us, us < 0 ? 0 : (uint64_t)us);
}

void
metrics_connections(struct metrics *metrics, int delta)
{
    atomic_fetch_add_explicit(&metrics->connections, delta,
                              memory_order_relaxed);
}

void
metrics_refused(struct metrics *metrics)
{
    add(&metrics->refused, 1);
}

void
metrics_reaped(struct metrics *metrics)
{
    add(&metrics->reaped, 1);
}

static void
put_head(struct out *out, const char *name, const char *type, const char *help)
{
    out_print(out, "# HELP secmaster_%s %s\n# TYPE secmaster_%s %s\n", name,
              help, name, type);
}

/* Microseconds as exact seconds. */
static void
put_seconds(struct out *out, uint64_t us)
{
    out_print(out, "%llu.%06llu", (unsigned long long)(us / 1000000),
              (unsigned long long)(us % 1000000));
}

/* The labels of a slot, the closing brace still to come. */
static void
put_labels(struct out *out, size_t slot)
{
    size_t count;
    const struct route *table = route_table(&count);

    out_print(out, "{method=\"%s\",route=\"%s\"",
              slot < count ? route_method_name(table[slot].method) : "",
              slot < count ? table[slot].path : "");
}

static void
put_requests(struct metrics *metrics, struct out *out)
{
    put_head(out, "requests_total", "counter",
             "Requests answered, by route and status.");
    for (size_t slot = 0; slot < ROUTE_SLOTS; slot++) {
        for (int status = 0; status < STATUS_SLOTS; status++) {
            uint64_t count = get(&metrics->routes[slot].by_status[status]);

            if (count == 0)
                continue;
            out_print(out, "secmaster_requests_total");
            put_labels(out, slot);
            out_print(out, ",status=\"%d\"} %llu\n", status,
                      (unsigned long long)count);
        }
    }
}

static void
put_durations(struct route_figures *figures, size_t slot, struct out *out)
{
    uint64_t sum = 0;

    for (size_t i = 0; i <= BOUNDS; i++) {
        sum += get(&figures->by_time[i]);
        out_print(out, "secmaster_request_duration_seconds_bucket");
        put_labels(out, slot);
        out_print(out, ",le=\"");
        if (i < BOUNDS)
            put_seconds(out, (uint64_t)bounds_us[i]);
        else
            out_print(out, "+Inf");
        out_print(out, "\"} %llu\n", (unsigned long long)sum);
    }
    out_print(out, "secmaster_request_duration_seconds_sum");
    put_labels(out, slot);
    out_print(out, "} ");
    put_seconds(out, get(&figures->us));
    out_print(out, "\nsecmaster_request_duration_seconds_count");
    put_labels(out, slot);
    out_print(out, "} %llu\n", (unsigned long long)sum);
}

/* Routes that nobody has asked for have no histogram. */
static void
put_histogram(struct metrics *metrics, struct out *out)
{
    put_head(out, "request_duration_seconds", "histogram",
             "From the head's first byte to the answer's end.");
    for (size_t slot = 0; slot < ROUTE_SLOTS; slot++) {
        struct route_figures *figures = &metrics->routes[slot];
        bool any = false;

        for (size_t i = 0; i <= BOUNDS; i++)
            any = any || get(&figures->by_time[i]) > 0;
        if (any)
            put_durations(figures, slot, out);
    }
}

/* One figure without labels. */
struct figure {
    const char *name, *type, *help;
    uint64_t value;
};

static void
put_figures(struct out *out, const struct figure *figures, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        put_head(out, figures[i].name, figures[i].type, figures[i].help);
        out_print(out, "secmaster_%s %llu\n", figures[i].name,
                  (unsigned long long)figures[i].value);
    }
}

static void
put_server(struct metrics *metrics, struct service *service, struct out *out)
{
    const struct figure figures[] = {
        { "connections", "gauge", "Open connections.",
          (uint64_t)atomic_load_explicit(&metrics->connections,
                                         memory_order_relaxed) },
        { "refused_total", "counter", "Requests whose framing was in doubt.",
          get(&metrics->refused) },
        { "reaped_total", "counter", "Connections cut for being too slow.",
          get(&metrics->reaped) },
        { "body_bytes_in_flight", "gauge", "Bodies being read.",
          atomic_load_explicit(&service->body_bytes_in_flight,
                               memory_order_relaxed) },
        { "answer_bytes_in_flight", "gauge", "Large answers being read.",
          atomic_load_explicit(&service->answer_bytes_in_flight,
                               memory_order_relaxed) },
        { "waiting_requests", "gauge",
          "Requests that wait for a commit: change feeds.",
          atomic_load_explicit(&service->waiting, memory_order_relaxed) },
        { "worker_jobs", "gauge", "Jobs waiting for a worker or running.",
          workers_pending(service->workers) },
        { "log_lines_dropped_total", "counter", "Log lines that found no room.",
          log_dropped() },
    };

    put_figures(out, figures, sizeof figures / sizeof figures[0]);
}

static void
put_columns(struct service *service, struct out *out)
{
    struct column_figures columns;

    column_memory_figures(service->column_memory, &columns);
    const struct figure figures[] = {
        { "column_passes_total", "counter",
          "Long passes over records for a table's columns.", columns.passes },
        { "column_recalls_total", "counter",
          "Tables whose columns were remembered.", columns.recalls },
        { "column_tables", "gauge", "Tables whose columns are remembered.",
          columns.tables },
        { "column_bytes", "gauge", "Memory of those columns.", columns.bytes },
    };

    put_figures(out, figures, sizeof figures / sizeof figures[0]);
}

static void
put_trade_texts(const struct writer_stats *stats, struct out *out)
{
    static const char *const fields[TRADE_UNKNOWNS] = {
        [TRADE_UNKNOWN_AMOUNT] = "amount",
        [TRADE_UNKNOWN_TYPE] = "transaction_type",
        [TRADE_UNKNOWN_OWNER] = "ownership",
    };

    put_head(out, "trade_texts_unknown_total", "counter",
             "Texts of stored trades of which nobody knows what they say.");
    for (size_t i = 0; i < TRADE_UNKNOWNS; i++)
        out_print(out,
                  "secmaster_trade_texts_unknown_total{field=\"%s\"} %llu\n",
                  fields[i], (unsigned long long)stats->trades_unknown[i]);
}

static void
put_writer(struct service *service, struct out *out)
{
    struct writer_stats stats;

    writer_stats(service->writer, &stats);
    const struct figure figures[] = {
        { "commits_total", "counter", "Commits to the journal.",
          stats.commits },
        { "batches_total", "counter", "Batches stored.", stats.batches },
        { "facts_total", "counter", "Facts stored.", stats.facts },
        { "bars_total", "counter", "Daily bars stored.", stats.bars },
        { "trades_total", "counter", "Versions of trades stored.",
          stats.trades },
        { "batches_refused_total", "counter",
          "Batches that broke a rule in the writer.", stats.refused },
        { "batches_replayed_total", "counter",
          "Batches answered from their idempotency key.", stats.repeated },
        { "write_queue_jobs", "gauge", "Batches that wait for a commit.",
          stats.queue_jobs },
        { "write_queue_bytes", "gauge", "Memory of those batches.",
          stats.queue_bytes },
    };

    put_figures(out, figures, sizeof figures / sizeof figures[0]);
    put_trade_texts(&stats, out);
    put_head(out, "commit_seconds_total", "counter", "Time spent in commits.");
    out_print(out, "secmaster_commit_seconds_total ");
    put_seconds(out, stats.commit_us_total);
    out_char(out, '\n');
}

static void
put_store(struct service *service, struct out *out)
{
    struct store_health health;

    store_health(service->store, &health);
    const struct figure figures[] = {
        { "newest_tx", "gauge", "The newest committed transaction.",
          health.newest_tx },
        { "store_failed", "gauge", "1: the store has failed.", health.failed },
        { "store_full", "gauge", "1: there is no room.", health.full },
        { "store_disk_bytes", "gauge", "Files of the store.",
          health.disk_bytes },
        { "memtable_bytes", "gauge", "Memory that holds records.",
          health.memtable_bytes },
        { "memtable_records", "gauge", "Records held in memory.",
          health.memtable_records },
        { "sealed_memtables", "gauge", "Memtables on their way to disk.",
          health.sealed_memtables },
        { "index_bytes", "gauge", "The index's share of the files.",
          health.index_bytes },
        { "merged_tx", "gauge", "The newest transaction the index has whole.",
          health.merged_tx },
        { "merges_total", "counter", "Memtables merged into the index.",
          health.merges },
        { "merge_failed", "gauge", "1: the index cannot be written any more.",
          health.merge_failed },
    };

    put_figures(out, figures, sizeof figures / sizeof figures[0]);
    put_head(out, "merge_seconds_total", "counter", "Time spent in merges.");
    out_print(out, "secmaster_merge_seconds_total ");
    put_seconds(out, health.merge_us_total);
    out_char(out, '\n');
}

void
metrics_print(struct metrics *metrics, struct service *service, struct out *out)
{
    put_head(out, "build_info", "gauge", "The version that runs.");
    out_print(out, "secmaster_build_info{version=\"%s\"} 1\n",
              SECMASTER_VERSION);
    put_requests(metrics, out);
    put_histogram(metrics, out);
    put_server(metrics, service, out);
    put_columns(service, out);
    put_writer(service, out);
    put_store(service, out);
    vendor_metrics_print(service, out);
}
