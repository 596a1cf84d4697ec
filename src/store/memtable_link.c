/* Find where sorted nodes belong, several at a time, and link them. */
#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "memtable_node.h"

/*
 * Nearly each step of a search waits for memory. Searches that take their
 * steps in turn wait together; with many more the first would have
 * lost again what was fetched for it.
 */
#define SEARCHES_MAX 32

struct search {
    const struct memtable_node *node; /* whose place is sought */
    struct memtable_node *at;
    size_t level;
    struct memtable_node *before[HEIGHT_MAX]; /* of the levels passed */
};

static void
go_back(struct node_path *path)
{
    for (size_t i = 0; i < HEIGHT_MAX; i++)
        path->at[i] = path->head;
}

void
node_path_begin(struct node_path *path, struct memtable_node *head)
{
    path->head = head;
    go_back(path);
}

static bool
is_before(const struct memtable_node *next, const struct memtable_node *node)
{
    return next != NULL && node_compare(next, node) < 0;
}

/*
 * The level to begin at, for nodes from first to last. Ahead of the last node
 * linked the search climbs from the bottom until it sees beyond them, so it
 * costs by distance, not by size; else it begins anew.
 */
static size_t
begin_level(struct node_path *path, const struct memtable_node *first,
            const struct memtable_node *last)
{
    size_t level = 0;

    if (path->at[0] != path->head && node_compare(first, path->at[0]) < 0)
        go_back(path);
    while (level < HEIGHT_MAX - 1 &&
           is_before(own_next_of(path->at[level], level), last))
        level++;
    return level;
}

/* Have the node at hand that the next step compares. */
static void
fetch_next(const struct search *search)
{
    const struct memtable_node *next = own_next_of(search->at, search->level);

    if (next != NULL)
        __builtin_prefetch(next);
}

/* One comparison. False: the place is found. */
static bool
step(struct search *search)
{
    struct memtable_node *next = own_next_of(search->at, search->level);

    if (is_before(next, search->node)) {
        search->at = next;
    } else {
        search->before[search->level] = search->at;
        if (search->level == 0)
            return false;
        search->level--;
    }
    fetch_next(search);
    return true;
}

static void
search_together(struct search *searches, size_t count)
{
    struct search *going[SEARCHES_MAX];
    size_t left = count;

    for (size_t i = 0; i < count; i++)
        going[i] = &searches[i];
    while (left > 0) {
        size_t still = 0;

        for (size_t i = 0; i < left; i++) {
            if (step(going[i]))
                going[still++] = going[i];
        }
        left = still;
    }
}

/* The last of a level that is before node: what was found, or what has been
 * linked behind it since. */
static struct memtable_node *
before_of(const struct node_path *path, struct memtable_node *found,
          const struct memtable_node *node, size_t level)
{
    return is_before(own_next_of(found, level), node) ? path->at[level] : found;
}

static void
link_node(struct node_path *path, struct memtable_node *node)
{
    for (size_t i = 0; i < node->height; i++) {
        struct memtable_node *before = path->at[i];
        struct memtable_node *after = own_next_of(before, i);

        assert(before == path->head || node_compare(before, node) < 0);
        assert(after == NULL || node_compare(node, after) < 0);
        atomic_store_explicit(&node->next[i], after, memory_order_relaxed);
        atomic_store_explicit(&before->next[i], node, memory_order_release);
        path->at[i] = node;
    }
}

/* Link as many as are searched for together. */
static void
link_some(struct node_path *path, const struct staged_record *staged,
          size_t count)
{
    struct search searches[SEARCHES_MAX];
    size_t level = begin_level(path, staged[0].node, staged[count - 1].node);

    for (size_t i = 0; i < count; i++) {
        searches[i].node = staged[i].node;
        searches[i].at = path->at[level];
        searches[i].level = level;
    }
    search_together(searches, count);
    for (size_t i = 0; i < count; i++) {
        struct memtable_node *node = staged[i].node;
        /* The path is to be whole only behind the last. */
        size_t levels = i + 1 < count ? node->height : level + 1;

        for (size_t j = 0; j < levels && j <= level; j++)
            path->at[j] = before_of(path, searches[i].before[j], node, j);
        link_node(path, node);
    }
}

void
nodes_link(struct node_path *path, const struct staged_record *staged,
           size_t count)
{
    for (size_t i = 0; i < count; i += SEARCHES_MAX) {
        size_t left = count - i;

        link_some(path, &staged[i], left < SEARCHES_MAX ? left : SEARCHES_MAX);
    }
}
