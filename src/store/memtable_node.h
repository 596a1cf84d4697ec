/* The memtable's nodes: their order, and their way into the list. */
#ifndef STORE_MEMTABLE_NODE_H
#define STORE_MEMTABLE_NODE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "secmaster/record.h"

/* With a quarter of the nodes going up a level, good for 4^16 records. */
#define HEIGHT_MAX 16

/* The payload stands behind next[height]. Only the links ever change. */
struct memtable_node {
    int64_t security_id;
    uint64_t tx;
    int32_t days;
    uint32_t payload_bytes;
    uint8_t kind;
    uint8_t height;
    _Atomic(struct memtable_node *) next[];
};

static inline struct memtable_node *
next_of(const struct memtable_node *node, size_t level)
{
    return atomic_load_explicit(&node->next[level], memory_order_acquire);
}

/* For the writer, who reads its own stores. */
static inline struct memtable_node *
own_next_of(const struct memtable_node *node, size_t level)
{
    return atomic_load_explicit(&node->next[level], memory_order_relaxed);
}

static inline int
node_compare(const struct memtable_node *a, const struct memtable_node *b)
{
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->security_id != b->security_id)
        return a->security_id < b->security_id ? -1 : 1;
    if (a->days != b->days)
        return a->days < b->days ? -1 : 1;
    if (a->tx != b->tx)
        return a->tx < b->tx ? -1 : 1;
    return 0;
}

/*
 * A node on its way in, with the key that it is sorted by beside it: following
 * the pointers of a large batch would cost a cache miss a comparison. The key
 * is kind, security and date as one number.
 */
struct staged_record {
    uint64_t low, high;
    struct memtable_node *node;
};

struct staged_record staged_record_of(const struct record *record,
                                      struct memtable_node *node);

/*
 * Put records in order of their keys; spare is as long. Those of one key stay
 * as they stand, which is in order of their tx.
 */
void staged_sort(struct staged_record *staged, struct staged_record *spare,
                 size_t count);

/* The place of the first that is not before the next one, or the last. */
size_t staged_disorder(const struct staged_record *staged, size_t count);

/*
 * Where the last node linked stands: at[i] is the last node of level i not
 * after it. Records that arrive in order find their place at once, those
 * sorted within a batch start their search near it.
 */
struct node_path {
    struct memtable_node *head; /* before every key; any thread reads it */
    struct memtable_node *at[HEIGHT_MAX];
};

void node_path_begin(struct node_path *path, struct memtable_node *head);

/* Link what is in order; no key is there already. */
void nodes_link(struct node_path *path, const struct staged_record *staged,
                size_t count);

#endif
