/* A skip list that only grows, in memory of its own. */
#include "memtable.h"

#include <assert.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* With a quarter of the nodes going up a level, good for 4^16 records. */
#define HEIGHT_MAX 16

/* What the seed 0 begins with: never 0, which the generator would not leave. */
#define RANDOM_FIRST UINT64_C(0x9e3779b97f4a7c15)

/* Large, so that the allocator's overhead and page faults come rarely. */
#define CHUNK_BYTES (1UL << 20)

/* Records staged at a time: room at first, and room kept for the next. */
#define STAGED_FIRST 64
#define STAGED_KEPT (1UL << 18)

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

/* A node on its way in, with what sorting looks at beside it: following the
 * pointers of a large batch would cost a cache miss a comparison. */
struct staged {
    int64_t security_id;
    int32_t days;
    uint32_t kind;
    struct memtable_node *node;
};

struct chunk {
    struct chunk *older;
    size_t used, size;
    _Alignas(8) unsigned char bytes[];
};

/*
 * path[i] is the last node of level i not after the last one linked: records
 * that arrive in order find their place at once, those sorted within a batch
 * start their search near it.
 */
struct memtable {
    struct memtable_node *head; /* before every key; HEIGHT_MAX high */
    struct chunk *chunk;
    uint64_t random;
    struct memtable_node *path[HEIGHT_MAX];

    struct staged *staged;
    size_t staged_count, staged_capacity;
    uint64_t staged_bytes;
    struct chunk *mark; /* memory before staging */
    size_t mark_used;

    struct inverted *inverted;
    _Atomic uint64_t bytes, records;
};

static struct memtable_node *
next_of(const struct memtable_node *node, size_t level)
{
    return atomic_load_explicit(&node->next[level], memory_order_acquire);
}

/* For the writer, who reads its own stores. */
static struct memtable_node *
own_next_of(const struct memtable_node *node, size_t level)
{
    return atomic_load_explicit(&node->next[level], memory_order_relaxed);
}

static int
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

static size_t
node_size(size_t height, size_t payload_bytes)
{
    size_t size = sizeof(struct memtable_node) +
                  height * sizeof(struct memtable_node *) + payload_bytes;

    return (size + 7) & ~(size_t)7;
}

static void *
allocate(struct memtable *memtable, size_t size)
{
    struct chunk *chunk = memtable->chunk;

    if (chunk == NULL || chunk->size - chunk->used < size) {
        size_t room = size > CHUNK_BYTES ? size : CHUNK_BYTES;

        chunk = malloc(sizeof *chunk + room);
        if (chunk == NULL)
            return NULL;
        *chunk = (struct chunk){ .older = memtable->chunk, .size = room };
        memtable->chunk = chunk;
    }
    void *to = chunk->bytes + chunk->used;
    chunk->used += size;
    return to;
}

static struct memtable_node *
node_new(struct memtable *memtable, size_t height, struct str payload)
{
    struct memtable_node *node;

    assert(payload.len <= UINT32_MAX);

    node = allocate(memtable, node_size(height, payload.len));
    if (node == NULL)
        return NULL;
    *node = (struct memtable_node){ .payload_bytes = (uint32_t)payload.len,
                                    .height = (uint8_t)height };
    for (size_t i = 0; i < height; i++)
        atomic_init(&node->next[i], NULL);
    if (payload.len > 0)
        memcpy(&node->next[height], payload.data, payload.len);
    return node;
}

/* By the seed alone, so that a test run repeats to the byte. */
static size_t
random_height(struct memtable *memtable)
{
    uint64_t x = memtable->random;

    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    memtable->random = x;

    uint64_t capped = x | UINT64_C(1) << (2 * (HEIGHT_MAX - 1));
    return 1 + (size_t)__builtin_ctzll(capped) / 2;
}

size_t
memtable_cost(const struct record *record)
{
    /* Of the usual height, rounded up. */
    return node_size(2, record->payload.len);
}

/* One thread writes, so reading and writing apart is enough. */
static void
add_bytes(struct memtable *memtable, uint64_t bytes)
{
    uint64_t now = atomic_load_explicit(&memtable->bytes, memory_order_relaxed);

    atomic_store_explicit(&memtable->bytes, now + bytes, memory_order_relaxed);
}

struct memtable *
memtable_new(uint64_t seed)
{
    struct memtable *memtable = calloc(1, sizeof *memtable);

    if (memtable == NULL)
        return NULL;
    memtable->random = seed ^ RANDOM_FIRST;
    if (memtable->random == 0)
        memtable->random = RANDOM_FIRST;
    memtable->head = node_new(memtable, HEIGHT_MAX, (struct str){ 0 });
    memtable->inverted = inverted_new();
    if (memtable->head == NULL || memtable->inverted == NULL) {
        memtable_free(memtable);
        return NULL;
    }
    for (size_t i = 0; i < HEIGHT_MAX; i++)
        memtable->path[i] = memtable->head;
    return memtable;
}

static void
free_down_to(struct memtable *memtable, struct chunk *last)
{
    while (memtable->chunk != last) {
        struct chunk *older = memtable->chunk->older;

        free(memtable->chunk);
        memtable->chunk = older;
    }
}

void
memtable_free(struct memtable *memtable)
{
    if (memtable == NULL)
        return;
    free_down_to(memtable, NULL);
    inverted_free(memtable->inverted);
    free(memtable->staged);
    free(memtable);
}

/* Whether there is room to stage one more. */
static bool
has_room(struct memtable *memtable)
{
    size_t capacity = memtable->staged_capacity * 2;
    struct staged *grown;

    if (memtable->staged_count < memtable->staged_capacity)
        return true;
    if (capacity == 0)
        capacity = STAGED_FIRST;
    grown = reallocarray(memtable->staged, capacity, sizeof *grown);
    if (grown == NULL)
        return false;
    memtable->staged = grown;
    memtable->staged_capacity = capacity;
    return true;
}

enum err
memtable_stage(struct memtable *memtable, const struct record *record)
{
    struct memtable_node *node;
    size_t size;

    if (memtable->staged_count == 0) {
        memtable->mark = memtable->chunk;
        memtable->mark_used = memtable->chunk->used;
    }
    if (!has_room(memtable))
        return ERR_BUSY;
    node = node_new(memtable, random_height(memtable), record->payload);
    if (node == NULL)
        return ERR_BUSY;
    node->kind = (uint8_t)record->kind;
    node->security_id = record->security_id;
    node->days = record->effective.days;
    node->tx = record->tx;
    size = node_size(node->height, node->payload_bytes);
    memtable->staged_bytes += size;
    add_bytes(memtable, size);
    memtable->staged[memtable->staged_count++] =
        (struct staged){ node->security_id, node->days, (uint32_t)record->kind,
                         node };
    return inverted_stage(memtable->inverted, record);
}

enum err
memtable_ready(struct memtable *memtable)
{
    return inverted_ready(memtable->inverted);
}

/* What one large batch needed is given back. */
static void
forget_staged(struct memtable *memtable)
{
    memtable->staged_count = 0;
    memtable->staged_bytes = 0;
    if (memtable->staged_capacity <= STAGED_KEPT)
        return;
    free(memtable->staged);
    memtable->staged = NULL;
    memtable->staged_capacity = 0;
}

void
memtable_drop(struct memtable *memtable)
{
    if (memtable->staged_count > 0) {
        free_down_to(memtable, memtable->mark);
        memtable->chunk->used = memtable->mark_used;
        add_bytes(memtable, -memtable->staged_bytes);
    }
    forget_staged(memtable);
    inverted_drop(memtable->inverted);
}

static int
staged_compare(const void *left, const void *right)
{
    const struct staged *a = left, *b = right;

    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->security_id != b->security_id)
        return a->security_id < b->security_id ? -1 : 1;
    if (a->days != b->days)
        return a->days < b->days ? -1 : 1;
    return node_compare(a->node, b->node);
}

/* The place of the first that is not before the next one, or the last. */
static size_t
first_disorder(const struct memtable *memtable)
{
    const struct staged *staged = memtable->staged;
    size_t i = 0;

    while (i + 1 < memtable->staged_count &&
           staged_compare(&staged[i], &staged[i + 1]) < 0)
        i++;
    return i;
}

bool
memtable_sort(struct memtable *memtable, uint64_t *twice_tx)
{
    size_t count = memtable->staged_count, i = first_disorder(memtable);

    if (i + 1 >= count)
        return true;
    qsort(memtable->staged, count, sizeof *memtable->staged, staged_compare);
    i = first_disorder(memtable);
    if (i + 1 >= count)
        return true;
    *twice_tx = memtable->staged[i].node->tx;
    return false;
}

/*
 * The level to begin at. Ahead of the last node linked the search climbs from
 * the bottom, so it costs by distance, not by size; else it begins anew.
 */
static size_t
begin_search(struct memtable *memtable, const struct memtable_node *node)
{
    struct memtable_node **path = memtable->path;
    size_t level = 0;

    if (path[0] != memtable->head && node_compare(node, path[0]) < 0) {
        for (size_t i = 0; i < HEIGHT_MAX; i++)
            path[i] = memtable->head;
        return HEIGHT_MAX - 1;
    }
    while (level < HEIGHT_MAX - 1) {
        const struct memtable_node *next = own_next_of(path[level], level);

        if (next == NULL || node_compare(next, node) >= 0)
            return level;
        level++;
    }
    return level;
}

/* Move path to where node belongs. */
static void
find_place(struct memtable *memtable, const struct memtable_node *node)
{
    struct memtable_node **path = memtable->path, *at = NULL, *next;
    bool has_moved = false;

    for (size_t i = begin_search(memtable, node) + 1; i-- > 0;) {
        if (!has_moved)
            at = path[i];
        next = own_next_of(at, i);
        while (next != NULL && node_compare(next, node) < 0) {
            has_moved = true;
            at = next;
            next = own_next_of(at, i);
        }
        path[i] = at;
    }
}

static void
link_node(struct memtable *memtable, struct memtable_node *node)
{
    find_place(memtable, node);
    for (size_t i = 0; i < node->height; i++) {
        struct memtable_node *before = memtable->path[i];
        struct memtable_node *after = own_next_of(before, i);

        assert(after == NULL || node_compare(node, after) < 0);
        atomic_store_explicit(&node->next[i], after, memory_order_relaxed);
        atomic_store_explicit(&before->next[i], node, memory_order_release);
        memtable->path[i] = node;
    }
}

void
memtable_link(struct memtable *memtable)
{
    size_t count = memtable->staged_count;

    for (size_t i = 0; i < count; i++)
        link_node(memtable, memtable->staged[i].node);
    forget_staged(memtable);
    inverted_link(memtable->inverted);
    atomic_fetch_add_explicit(&memtable->records, count, memory_order_relaxed);
}

const struct inverted *
memtable_inverted(const struct memtable *memtable)
{
    return memtable->inverted;
}

uint64_t
memtable_bytes(const struct memtable *memtable)
{
    return atomic_load_explicit(&memtable->bytes, memory_order_relaxed) +
           inverted_bytes(memtable->inverted);
}

uint64_t
memtable_records(const struct memtable *memtable)
{
    return atomic_load_explicit(&memtable->records, memory_order_relaxed);
}

void
memtable_seek(struct memtable_cursor *cursor, const struct memtable *memtable,
              const struct record *key)
{
    const struct memtable_node sought = { .security_id = key->security_id,
                                          .tx = key->tx,
                                          .days = key->effective.days,
                                          .kind = (uint8_t)key->kind };
    const struct memtable_node *at = memtable->head, *next = NULL;

    for (size_t i = HEIGHT_MAX; i-- > 0;) {
        next = next_of(at, i);
        while (next != NULL && node_compare(next, &sought) < 0) {
            at = next;
            next = next_of(at, i);
        }
    }
    *cursor = (struct memtable_cursor){ memtable, next };
}

void
memtable_next(struct memtable_cursor *cursor)
{
    assert(cursor->node != NULL);
    cursor->node = next_of(cursor->node, 0);
}

bool
memtable_at(const struct memtable_cursor *cursor, struct record *out)
{
    const struct memtable_node *node = cursor->node;

    if (node == NULL)
        return false;
    *out = (struct record){
        .kind = (enum record_kind)node->kind,
        .security_id = node->security_id,
        .effective = { node->days },
        .tx = node->tx,
        .payload = { (const char *)&node->next[node->height],
                     node->payload_bytes },
    };
    return true;
}
