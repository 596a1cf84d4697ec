/* Which dataset comes after which, in words: "vendor/dataset<vendor/dataset".
 */
#include <criterion/criterion.h>

#include "secmaster/bounds.h"
#include "secmaster/out.h"
#include "src/pipeline/dataset_graph.h"

#define DATASETS 4

/* Vendors of up to four datasets, each with what it comes after. */
struct told {
    const char *vendor;
    struct {
        const char *dataset, *after;
    } datasets[DATASETS];
};

#define VENDORS 3
struct row {
    const char *name;
    struct told vendors[VENDORS];
    const char *graph; /* or what is wrong */
};

static const struct row rows[] = {
    { "none", { { NULL, { { NULL, NULL } } } }, "" },
    { "one", { { "a", { { "x", NULL } } } }, "a/x " },
    { "a vendor without datasets", { { "a", { { NULL, NULL } } } }, "" },
    { "across vendors",
      { { "polygon", { { "tickers", NULL }, { "open-close", "trades" } } },
        { "benzinga", { { "trades", "tickers" } } } },
      "polygon/tickers benzinga/trades<polygon/tickers "
      "polygon/open-close<benzinga/trades " },
    { "the configuration's order otherwise",
      { { "b", { { "z", NULL }, { "y", NULL } } },
        { "a", { { "x", NULL }, { "w", "z" } } } },
      "b/z b/y a/x a/w<b/z " },
    { "several after one",
      { { "a", { { "x", "z" }, { "y", "z" }, { "z", NULL } } } },
      "a/z a/x<a/z a/y<a/z " },
    { "one after another, told backwards",
      { { "a", { { "w", "x" }, { "x", "y" }, { "y", "z" }, { "z", NULL } } } },
      "a/z a/y<a/z a/x<a/y a/w<a/x " },
    { "its own vendor's before another's",
      { { "a", { { "x", NULL } } },
        { "b", { { "y", "x" }, { "x", NULL } } },
        { "c", { { "x", NULL } } } },
      "a/x b/x b/y<b/x c/x " },
    { "none of the name",
      { { "a", { { "x", NULL }, { "y", "trade" } } } },
      "a/y comes after \"trade\", which no vendor has" },
    { "two of the name",
      { { "a", { { "x", NULL } } },
        { "b", { { "x", NULL } } },
        { "c", { { "y", "x" } } } },
      "c/y comes after \"x\", which 2 vendors have" },
    { "after itself",
      { { "a", { { "x", "x" } } } },
      "a/x comes after a/x, and so in the end after itself" },
    { "a circle of two vendors",
      { { "a", { { "v", NULL }, { "x", "y" } } }, { "b", { { "y", "x" } } } },
      "b/y comes after a/x, and so in the end after itself" },
    { "behind a circle of three",
      { { "a", { { "v", "x" }, { "x", "y" }, { "y", "z" }, { "z", "x" } } } },
      "a/x comes after a/y, and so in the end after itself" },
};

/* Make told's configuration; there are shapes and configs enough. */
struct making {
    struct dataset_shape shapes[VENDORS][DATASETS];
    struct dataset_config datasets[VENDORS][DATASETS];
    struct vendor_config vendors[VENDORS];
    struct vendors_config config;
};

static void
make_config(struct making *making, const struct told *told)
{
    *making = (struct making){ .config.vendors = making->vendors };
    for (size_t v = 0; v < VENDORS && told[v].vendor != NULL; v++) {
        struct vendor_config *vendor = &making->vendors[v];

        making->config.count++;
        vendor->name = str_of(told[v].vendor);
        vendor->datasets = making->datasets[v];
        for (size_t d = 0; d < DATASETS; d++) {
            const char *after = told[v].datasets[d].after;
            struct dataset_config *dataset = &making->datasets[v][d];

            if (told[v].datasets[d].dataset == NULL)
                break;
            vendor->dataset_count++;
            making->shapes[v][d].name = told[v].datasets[d].dataset;
            dataset->shape = &making->shapes[v][d];
            if (after != NULL)
                dataset->after = str_of(after);
        }
    }
}

static void
put_graph(struct out *out, const struct dataset_graph *graph)
{
    for (size_t i = 0; i < graph->count; i++) {
        const struct dataset_node *node = &graph->nodes[i], *after;

        out_print(out, "%.*s/%s", STR_ARG(node->vendor->name),
                  node->dataset->shape->name);
        if (node->after != DATASET_NONE) {
            after = &graph->nodes[node->after];
            out_print(out, "<%.*s/%s", STR_ARG(after->vendor->name),
                      after->dataset->shape->name);
        }
        out_char(out, ' ');
    }
}

Test(dataset_graph, orders_datasets_or_names_what_is_wrong)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct dataset_graph graph;
        struct making making;
        struct why why = { "" };
        struct arena arena;
        struct out got;
        enum err err;

        arena_init(&arena, REQUEST_ARENA_BYTES_MAX);
        out_init(&got, SIZE_MAX);
        make_config(&making, rows[i].vendors);
        err = dataset_graph_make(&making.config, &arena, &graph, &why);
        if (err == OK)
            put_graph(&got, &graph);
        else
            out_print(&got, "%s", why.text);
        cr_expect(err == OK || err == ERR_INVALID, "%s: err %d", rows[i].name,
                  (int)err);
        cr_expect(str_equal(out_text(&got), str_of(rows[i].graph)), "%s: %.*s",
                  rows[i].name, STR_ARG(out_text(&got)));
        out_fini(&got);
        arena_fini(&arena);
    }
}

Test(dataset_graph, finds_nodes_and_who_follows_them)
{
    static const struct told told[VENDORS] = {
        { "a", { { "x", NULL }, { "y", "x" }, { "z", "w" } } },
        { "b", { { "v", "x" }, { "w", NULL } } },
    };
    static const struct {
        const char *vendor, *dataset;
        size_t node;
        size_t followers[3]; /* up to DATASET_NONE */
    } finds[] = {
        { "a", "x", 0, { 1, 2, DATASET_NONE } },
        { "a", "y", 1, { DATASET_NONE } },
        { "b", "v", 2, { DATASET_NONE } },
        { "b", "w", 3, { 4, DATASET_NONE } },
        { "a", "z", 4, { DATASET_NONE } },
        { "a", "w", DATASET_NONE, { DATASET_NONE } },
        { "c", "x", DATASET_NONE, { DATASET_NONE } },
    };
    struct dataset_graph graph;
    struct making making;
    struct arena arena;

    arena_init(&arena, REQUEST_ARENA_BYTES_MAX);
    make_config(&making, told);
    cr_assert_eq(dataset_graph_make(&making.config, &arena, &graph, NULL), OK);
    for (size_t i = 0; i < sizeof finds / sizeof finds[0]; i++) {
        size_t node = dataset_graph_find(&graph, str_of(finds[i].vendor),
                                         str_of(finds[i].dataset));
        size_t from = 0;

        cr_expect_eq(node, finds[i].node, "%s/%s: node %zu", finds[i].vendor,
                     finds[i].dataset, node);
        for (size_t f = 0; node != DATASET_NONE; f++) {
            from = dataset_graph_follower(&graph, node, from);
            cr_expect_eq(from, finds[i].followers[f], "%s/%s: %zu follows",
                         finds[i].vendor, finds[i].dataset, from);
            if (from == DATASET_NONE || from != finds[i].followers[f])
                break;
            from++;
        }
    }
    arena_fini(&arena);
}

Test(dataset_graph, says_what_a_run_means_for_those_after_it)
{
    static const struct {
        enum run_state state;
        enum dataset_turn turn;
    } turns[] = {
        { RUN_QUEUED, TURN_WAITS },    { RUN_RUNNING, TURN_WAITS },
        { RUN_SUCCEEDED, TURN_NOW },   { RUN_UNCHANGED, TURN_NOW },
        { RUN_FAILED, TURN_NEVER },    { RUN_QUARANTINED, TURN_NEVER },
        { RUN_CANCELLED, TURN_NEVER },
    };

    for (size_t i = 0; i < sizeof turns / sizeof turns[0]; i++)
        cr_expect_eq(dataset_turn_after(turns[i].state), turns[i].turn,
                     "state %d", (int)turns[i].state);
}
