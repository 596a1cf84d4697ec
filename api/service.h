/* What handlers work with; made in main, borrowed by every request. */
#ifndef API_SERVICE_H
#define API_SERVICE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "secmaster/bells.h"
#include "secmaster/clock.h"
#include "secmaster/store.h"
#include "secmaster/workers.h"
#include "secmaster/writer.h"

struct catalogues;
struct column_memory;
struct metrics;
struct polling;
struct relay_options;
struct webhook_doors;
struct trade_books;

struct service {
    struct store *store;
    struct writer *writer;
    struct workers *workers;
    struct metrics *metrics;
    struct catalogues *catalogues;
    struct trade_books *trade_books;
    struct column_memory *column_memory;
    const struct polling *polling;     /* NULL: no vendor is configured */
    struct webhook_doors *webhooks;    /* likewise */
    const struct relay_options *relay; /* NULL: the usual ones */
    clock_now *now;
    uint64_t build; /* of the program: another may answer otherwise */
    uint64_t body_bytes_max;
    const char *const *cors_origins; /* each checked by cors_origin_check */
    size_t cors_origin_count;        /* 0: no CORS */
    struct bells commits; /* of loops, for requests that wait for one */
    atomic_bool draining;
    atomic_uint_least64_t waiting; /* such requests */
    atomic_uint_least64_t body_bytes_in_flight;
    atomic_uint_least64_t answer_bytes_in_flight; /* but small ones */
};

#endif
