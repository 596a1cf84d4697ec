/* Rules in chunks that never move, the next one twice as large. */
#include "secmaster/rulebook.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

#define CHUNK_FIRST 16
#define CHUNKS_MAX 28 /* 4 G of rules: more than there will be */

/*
 * A place that was cut is filled again. A reader that still counts it reads
 * its tx alone, which is above what that reader asks for, before and after.
 */
struct entry {
    atomic_uint_least64_t tx;
    struct rule *rule; /* owned */
};

struct rulebook {
    struct entry *chunks[CHUNKS_MAX];
    atomic_uint_least32_t count;
};

struct rulebook *
rulebook_new(void)
{
    return calloc(1, sizeof(struct rulebook));
}

static unsigned
chunk_of(uint32_t at)
{
    return 31 - (unsigned)__builtin_clz(at / CHUNK_FIRST + 1);
}

static struct entry *
entry_of(const struct rulebook *rulebook, uint32_t at)
{
    unsigned chunk = chunk_of(at);

    return &rulebook->chunks[chunk][at - CHUNK_FIRST * ((1U << chunk) - 1)];
}

static uint32_t
count_of(const struct rulebook *rulebook)
{
    return (uint32_t)atomic_load_explicit(&rulebook->count,
                                          memory_order_acquire);
}

void
rulebook_free(struct rulebook *rulebook)
{
    if (rulebook == NULL)
        return;
    rulebook_cut(rulebook, 0);
    for (size_t i = 0; i < CHUNKS_MAX; i++)
        free(rulebook->chunks[i]);
    free(rulebook);
}

enum err
rulebook_add(struct rulebook *rulebook, uint64_t tx, struct rule *rule)
{
    uint32_t count = count_of(rulebook);
    unsigned chunk = chunk_of(count);
    struct entry *entry;

    assert(tx > 0);
    if (chunk == CHUNKS_MAX)
        return ERR_BUSY;
    if (rulebook->chunks[chunk] == NULL)
        rulebook->chunks[chunk] =
            calloc((size_t)CHUNK_FIRST << chunk, sizeof(struct entry));
    if (rulebook->chunks[chunk] == NULL)
        return ERR_BUSY;
    entry = entry_of(rulebook, count);
    assert(count == 0 || entry_of(rulebook, count - 1)->tx < tx);
    atomic_store_explicit(&entry->tx, tx, memory_order_relaxed);
    entry->rule = rule;
    atomic_store_explicit(&rulebook->count, count + 1, memory_order_release);
    return OK;
}

void
rulebook_cut(struct rulebook *rulebook, uint64_t tx)
{
    uint32_t count = count_of(rulebook);

    while (count > 0 && entry_of(rulebook, count - 1)->tx > tx) {
        struct rule *rule = entry_of(rulebook, --count)->rule;

        atomic_store_explicit(&rulebook->count, count, memory_order_release);
        rule_free(rule);
    }
}

const struct rule *
rulebook_at(const struct rulebook *rulebook, uint64_t known_tx)
{
    uint32_t low = 0, high = rulebook == NULL ? 0 : count_of(rulebook);

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        uint64_t tx = atomic_load_explicit(&entry_of(rulebook, middle)->tx,
                                           memory_order_relaxed);

        if (tx <= known_tx)
            low = middle + 1;
        else
            high = middle;
    }
    return low == 0 ? NULL : entry_of(rulebook, low - 1)->rule;
}

struct precedence
rulebook_precedence(const struct rulebook *rulebook, uint64_t known_tx)
{
    const struct rule *rule = rulebook_at(rulebook, known_tx);

    return rule == NULL ? (struct precedence){ NULL, NULL }
                        : rule_precedence(rule);
}
