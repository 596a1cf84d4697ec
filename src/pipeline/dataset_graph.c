/* A forest, as each dataset comes after one at the most. */
#include "dataset_graph.h"

#include <assert.h>

struct maker {
    struct dataset_node *found; /* in the configuration's order */
    struct dataset_node *placed;
    size_t *places; /* where each that was found went, or DATASET_NONE */
    size_t count, placed_count;
};

enum dataset_turn
dataset_turn_after(enum run_state state)
{
    switch (state) {
    case RUN_QUEUED:
    case RUN_RUNNING:
        return TURN_WAITS;
    case RUN_SUCCEEDED:
    case RUN_UNCHANGED:
        return TURN_NOW;
    case RUN_FAILED:
    case RUN_QUARANTINED:
    case RUN_CANCELLED:
        return TURN_NEVER;
    }
    assert(false);
    return TURN_NEVER;
}

static struct str
dataset_name(const struct dataset_node *node)
{
    return str_of(node->dataset->shape->name);
}

/* Set after of one that has one. */
static enum err
find_after(struct maker *maker, struct dataset_node *node, struct why *why)
{
    struct str after = node->dataset->after, name = dataset_name(node);
    struct str vendor = node->vendor->name;
    size_t matches = 0;

    for (size_t i = 0; i < maker->count; i++) {
        const struct dataset_node *other = &maker->found[i];

        if (!str_equal(dataset_name(other), after))
            continue;
        node->after = i;
        if (other->vendor == node->vendor)
            return OK;
        matches++;
    }
    if (matches == 0)
        return why_set(why, ERR_INVALID,
                       "%.*s/%.*s comes after \"%.*s\", which no vendor has",
                       STR_ARG(vendor), STR_ARG(name), STR_ARG(after));
    if (matches > 1)
        return why_set(why, ERR_INVALID,
                       "%.*s/%.*s comes after \"%.*s\", which %zu vendors have",
                       STR_ARG(vendor), STR_ARG(name), STR_ARG(after), matches);
    return OK;
}

static enum err
find_nodes(struct maker *maker, const struct vendors_config *config,
           struct why *why)
{
    for (uint32_t v = 0; v < config->count; v++) {
        const struct vendor_config *vendor = &config->vendors[v];

        for (uint32_t d = 0; d < vendor->dataset_count; d++)
            maker->found[maker->count++] =
                (struct dataset_node){ vendor, &vendor->datasets[d],
                                       DATASET_NONE };
    }
    for (size_t i = 0; i < maker->count; i++) {
        maker->places[i] = DATASET_NONE;
        if (maker->found[i].dataset->after.data != NULL)
            TRY(find_after(maker, &maker->found[i], why));
    }
    return OK;
}

/* Name a circle: whoever follows a node without a place far enough is in it. */
static enum err
refuse_circle(const struct maker *maker, struct why *why)
{
    const struct dataset_node *node = maker->found, *after;

    while (maker->places[node - maker->found] != DATASET_NONE)
        node++;
    for (size_t i = 0; i < maker->count; i++)
        node = &maker->found[node->after];
    after = &maker->found[node->after];
    return why_set(why, ERR_INVALID,
                   "%.*s/%s comes after %.*s/%s, and so in the end after "
                   "itself",
                   STR_ARG(node->vendor->name), node->dataset->shape->name,
                   STR_ARG(after->vendor->name), after->dataset->shape->name);
}

/* Place the first that can be; false: none. There are few, so each time all
 * are looked at. */
static bool
place_next(struct maker *maker)
{
    for (size_t i = 0; i < maker->count; i++) {
        struct dataset_node node = maker->found[i];

        if (maker->places[i] != DATASET_NONE)
            continue;
        if (node.after != DATASET_NONE) {
            node.after = maker->places[node.after];
            if (node.after == DATASET_NONE)
                continue;
        }
        maker->places[i] = maker->placed_count;
        maker->placed[maker->placed_count++] = node;
        return true;
    }
    return false;
}

enum err
dataset_graph_make(const struct vendors_config *config, struct arena *arena,
                   struct dataset_graph *out, struct why *why)
{
    struct maker maker = { 0 };
    size_t total = 0;

    for (uint32_t v = 0; v < config->count; v++)
        total += config->vendors[v].dataset_count;
    maker.found = arena_zalloc(arena, total + 1, sizeof *maker.found);
    maker.placed = arena_zalloc(arena, total + 1, sizeof *maker.placed);
    maker.places = arena_zalloc(arena, total + 1, sizeof *maker.places);
    if (maker.found == NULL || maker.placed == NULL || maker.places == NULL)
        return ERR_TOO_LARGE;
    TRY(find_nodes(&maker, config, why));
    while (maker.placed_count < maker.count) {
        if (!place_next(&maker))
            return refuse_circle(&maker, why);
    }
    *out = (struct dataset_graph){ maker.placed, maker.count };
    return OK;
}

size_t
dataset_graph_find(const struct dataset_graph *graph, struct str vendor,
                   struct str dataset)
{
    for (size_t i = 0; i < graph->count; i++)
        if (str_equal(graph->nodes[i].vendor->name, vendor) &&
            str_equal(dataset_name(&graph->nodes[i]), dataset))
            return i;
    return DATASET_NONE;
}

size_t
dataset_graph_follower(const struct dataset_graph *graph, size_t node,
                       size_t from)
{
    for (size_t i = from; i < graph->count; i++)
        if (graph->nodes[i].after == node)
            return i;
    return DATASET_NONE;
}
