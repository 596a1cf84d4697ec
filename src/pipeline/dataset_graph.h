/* Which dataset comes after which, over all vendors. */
#ifndef PIPELINE_DATASET_GRAPH_H
#define PIPELINE_DATASET_GRAPH_H

#include <stddef.h>
#include <stdint.h>

#include "secmaster/run.h"
#include "secmaster/vendor_config.h"

/* What a run means for a dataset that comes after its own, on demand too. */
enum dataset_turn {
    TURN_NOW,
    TURN_WAITS, /* for its end */
    TURN_NEVER, /* its input is stale: it fails by its upstream's fault */
};
enum dataset_turn dataset_turn_after(enum run_state state);

#define DATASET_NONE SIZE_MAX

struct dataset_node {
    const struct vendor_config *vendor;
    const struct dataset_config *dataset;
    size_t after; /* the node it comes after, or DATASET_NONE */
};

/* In an order in which each node stands behind the one it comes after, and
 * which is otherwise the configuration's. */
struct dataset_graph {
    const struct dataset_node *nodes;
    size_t count;
};

/*
 * The graph of a configuration, in arena, borrowing from config. "after" means
 * a dataset of the vendor's own, else the only one of that name. ERR_INVALID,
 * with names: no such dataset, more than one, or they wait for each other.
 * ERR_TOO_LARGE: past the arena's budget.
 */
enum err dataset_graph_make(const struct vendors_config *config,
                            struct arena *arena, struct dataset_graph *out,
                            struct why *why);

/* DATASET_NONE: there is no such one. */
size_t dataset_graph_find(const struct dataset_graph *graph, struct str vendor,
                          struct str dataset);

/* The nodes right after one, in order: begin with from 0, then go on from
 * behind the last. DATASET_NONE: no more. */
size_t dataset_graph_follower(const struct dataset_graph *graph, size_t node,
                              size_t from);

#endif
