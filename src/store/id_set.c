/* Open addressing over ids, never more than three quarters full. */
#include "id_set.h"

#include <assert.h>

size_t
id_set_bytes(uint32_t size)
{
    return offsetof(struct id_set, slots) +
           size * sizeof(atomic_uint_least64_t);
}

/* Most sets hold one id, so the smallest are filled. */
uint32_t
id_set_room(uint32_t size)
{
    return size <= 2 ? size : size / 4 * 3;
}

struct id_set *
id_set_init(void *memory, uint32_t size)
{
    struct id_set *set = memory;

    assert((size & (size - 1)) == 0);

    set->size = size;
    for (uint32_t i = 0; i < size; i++)
        atomic_init(&set->slots[i], 0);
    return set;
}

/* Where the search for a content begins. */
static uint32_t
home(const struct id_set *set, uint64_t content)
{
    return (uint32_t)(content * 0x9e3779b97f4a7c15U >> 32) & (set->size - 1);
}

/* The slot that holds a content or is where it would go, or size: neither. */
static uint32_t
find(const struct id_set *set, uint64_t content)
{
    uint32_t first = home(set, content);

    for (uint32_t i = 0; i < set->size; i++) {
        uint32_t slot = (first + i) & (set->size - 1);
        uint64_t held =
            atomic_load_explicit(&set->slots[slot], memory_order_relaxed);

        if (held == 0 || held == content)
            return slot;
    }
    return set->size;
}

bool
id_set_has(const struct id_set *set, int64_t id)
{
    uint64_t content = (uint64_t)id + 1;
    uint32_t slot = find(set, content);

    return slot < set->size &&
           atomic_load_explicit(&set->slots[slot], memory_order_relaxed) ==
               content;
}

bool
id_set_at(const struct id_set *set, uint32_t slot, int64_t *out)
{
    uint64_t content =
        atomic_load_explicit(&set->slots[slot], memory_order_relaxed);

    *out = (int64_t)(content - 1);
    return content != 0;
}

void
id_set_prefetch(const struct id_set *set, int64_t id)
{
    __builtin_prefetch(&set->slots[home(set, (uint64_t)id + 1)]);
}

void
id_set_add(struct id_set *set, int64_t id)
{
    uint64_t content = (uint64_t)id + 1;
    uint32_t slot = find(set, content);

    assert(slot < set->size);
    atomic_store_explicit(&set->slots[slot], content, memory_order_relaxed);
}

struct id_set *
id_set_copy(void *memory, const struct id_set *set)
{
    struct id_set *copy = id_set_init(memory, 2 * set->size);
    int64_t id;

    for (uint32_t i = 0; i < set->size; i++) {
        if (id_set_at(set, i, &id))
            id_set_add(copy, id);
    }
    return copy;
}
