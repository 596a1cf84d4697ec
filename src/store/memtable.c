/* A skip list that only grows, in memory of its own. */
#include "memtable.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "memtable_node.h"

/* What the seed 0 begins with: never 0, which the generator would not leave. */
#define RANDOM_FIRST UINT64_C(0x9e3779b97f4a7c15)

/* Large, so that the allocator's overhead and page faults come rarely. */
#define CHUNK_BYTES (1UL << 20)

#define LINE_BYTES 64
#define SEARCHED_BYTES                                                         \
    (sizeof(struct memtable_node) + 2 * sizeof(struct memtable_node *))

/* Records staged at a time: room at first, and room kept for the next. */
#define STAGED_FIRST 64
#define STAGED_KEPT (1UL << 18)

struct chunk {
    struct chunk *older;
    size_t used, size;
    _Alignas(8) unsigned char bytes[];
};

struct memtable {
    struct node_path path;
    struct chunk *chunk;
    uint64_t random;

    struct staged_record *staged; /* twice the capacity: room to sort */
    size_t staged_count, staged_capacity;
    uint64_t staged_bytes;
    struct chunk *mark; /* memory before staging */
    size_t mark_used;

    struct inverted *inverted;
    _Atomic uint64_t bytes, records;
};

static size_t
node_size(size_t height, size_t payload_bytes)
{
    size_t size = sizeof(struct memtable_node) +
                  height * sizeof(struct memtable_node *) + payload_bytes;

    return (size + 7) & ~(size_t)7;
}

/* How far to go on so that what a search looks at is in one cache line. */
static size_t
padding_at(const unsigned char *at)
{
    size_t into = (uintptr_t)at % LINE_BYTES;

    return into + SEARCHED_BYTES <= LINE_BYTES ? 0 : LINE_BYTES - into;
}

static void *
allocate(struct memtable *memtable, size_t size)
{
    struct chunk *chunk = memtable->chunk;
    size_t most = size + LINE_BYTES, padding;

    if (chunk == NULL || chunk->size - chunk->used < most) {
        size_t room = most > CHUNK_BYTES ? most : CHUNK_BYTES;

        chunk = malloc(sizeof *chunk + room);
        if (chunk == NULL)
            return NULL;
        *chunk = (struct chunk){ .older = memtable->chunk, .size = room };
        memtable->chunk = chunk;
    }
    padding = padding_at(chunk->bytes + chunk->used);
    chunk->used += padding + size;
    memtable->staged_bytes += padding + size;
    return chunk->bytes + chunk->used - size;
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
    /* Of more than the usual height, for the padding. */
    return node_size(3, record->payload.len);
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
    struct memtable_node *head;

    if (memtable == NULL)
        return NULL;
    memtable->random = seed ^ RANDOM_FIRST;
    if (memtable->random == 0)
        memtable->random = RANDOM_FIRST;
    head = node_new(memtable, HEIGHT_MAX, (struct str){ 0 });
    memtable->inverted = inverted_new();
    if (head == NULL || memtable->inverted == NULL) {
        memtable_free(memtable);
        return NULL;
    }
    node_path_begin(&memtable->path, head);
    memtable->staged_bytes = 0;
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
    struct staged_record *grown;

    if (memtable->staged_count < memtable->staged_capacity)
        return true;
    if (capacity == 0)
        capacity = STAGED_FIRST;
    grown = reallocarray(memtable->staged, 2 * capacity, sizeof *grown);
    if (grown == NULL)
        return false;
    memtable->staged = grown;
    memtable->staged_capacity = capacity;
    return true;
}

enum err
memtable_stage(struct memtable *memtable, const struct record *record)
{
    uint64_t before = memtable->staged_bytes;
    struct memtable_node *node;

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
    add_bytes(memtable, memtable->staged_bytes - before);
    memtable->staged[memtable->staged_count++] = staged_record_of(record, node);
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

bool
memtable_sort(struct memtable *memtable, uint64_t *twice_tx)
{
    struct staged_record *staged = memtable->staged;
    size_t count = memtable->staged_count, i = staged_disorder(staged, count);

    if (i + 1 >= count)
        return true;
    staged_sort(staged, staged + memtable->staged_capacity, count);
    i = staged_disorder(staged, count);
    if (i + 1 >= count)
        return true;
    *twice_tx = staged[i].node->tx;
    return false;
}

void
memtable_link(struct memtable *memtable)
{
    size_t count = memtable->staged_count;

    nodes_link(&memtable->path, memtable->staged, count);
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
    const struct memtable_node *at = memtable->path.head, *next = NULL;

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
