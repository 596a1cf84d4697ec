/* Counters of the service as Prometheus text. */
#ifndef API_METRICS_H
#define API_METRICS_H

#include <stdint.h>

#include "request.h"

struct metrics;

struct metrics *metrics_new(void); /* NULL when out of memory */
void metrics_free(struct metrics *metrics);

/* One answered request; route may be NULL. Any thread. */
void metrics_request(struct metrics *metrics, const struct route *route,
                     int status, int64_t us);

/* The open connections, kept by the server: delta is +1 or -1. */
void metrics_connections(struct metrics *metrics, int delta);

/* Requests refused by the gate, or cut by the reaper. */
void metrics_refused(struct metrics *metrics);
void metrics_reaped(struct metrics *metrics);

/* Append everything, the store's and writer's figures included. */
void metrics_print(struct metrics *metrics, struct service *service,
                   struct out *out);

#endif
