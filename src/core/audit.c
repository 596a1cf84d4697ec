/* States of facts, and the order of assertions that compete for a value. */
#include "secmaster/audit.h"

#include <assert.h>
#include <stdlib.h>

#include "secmaster/factset.h"
#include "secmaster/names.h"

#define FACTS_FIRST 64
#define FACTS_KEPT 1024 /* memory for so many stays */

void
audit_init(struct audit *audit, size_t bytes_max)
{
    *audit = (struct audit){ .bytes_max = bytes_max };
    arena_init(&audit->texts, bytes_max);
}

void
audit_fini(struct audit *audit)
{
    free(audit->facts);
    arena_fini(&audit->texts);
    audit->facts = NULL;
    audit->count = audit->capacity = 0;
}

void
audit_reset(struct audit *audit)
{
    audit->count = 0;
    arena_reset(&audit->texts);
    if (audit->capacity <= FACTS_KEPT)
        return;
    free(audit->facts);
    audit->facts = NULL;
    audit->capacity = 0;
}

size_t
audit_held(const struct audit *audit)
{
    return audit->capacity * sizeof *audit->facts + arena_held(&audit->texts);
}

static bool
is_in_bounds(const struct audit *audit, size_t capacity)
{
    return capacity <= audit->bytes_max / sizeof *audit->facts &&
           capacity * sizeof *audit->facts <=
               audit->bytes_max - audit->texts.used;
}

static enum err
reserve(struct audit *audit)
{
    size_t capacity = audit->capacity == 0 ? FACTS_FIRST : audit->capacity * 2;
    struct audit_fact *facts;

    if (audit->count < audit->capacity)
        return OK;
    if (!is_in_bounds(audit, capacity))
        return ERR_TOO_LARGE;
    facts = reallocarray(audit->facts, capacity, sizeof *facts);
    if (facts == NULL)
        return ERR_BUSY;
    audit->facts = facts;
    audit->capacity = capacity;
    return OK;
}

static enum err
add(struct audit *audit, const struct record *record,
    const struct factset_item *item)
{
    struct value value = item->value;

    TRY(reserve(audit));
    if (value.type == VALUE_NUMBER || value.type == VALUE_STRING) {
        value.text = arena_copy(&audit->texts, value.text);
        if (value.text.data == NULL || !is_in_bounds(audit, audit->capacity))
            return ERR_TOO_LARGE;
    }
    audit->facts[audit->count] = (struct audit_fact){
        .attribute = item->attribute,
        .source = item->source,
        .op = item->op,
        .effective = record->effective,
        .tx = record->tx,
        .value = value,
        .place = audit->count,
    };
    audit->count++;
    return OK;
}

enum err
audit_add(struct audit *audit, const struct record *record, uint32_t attribute)
{
    struct str payload = record->payload;
    struct factset_item item;
    enum err err;

    assert(record->kind == RECORD_FACTS);
    assert(audit->count == 0 || audit->facts[audit->count - 1].effective.days <=
                                    record->effective.days);

    while (factset_next(&payload, &item, &err)) {
        if (attribute == NAME_NONE || item.attribute == attribute)
            TRY(add(audit, record, &item));
    }
    return err;
}

static int
compare(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

/* By key, then in order of arrival. */
static int
by_key(const void *a, const void *b)
{
    const struct audit_fact *left = *(const struct audit_fact *const *)a;
    const struct audit_fact *right = *(const struct audit_fact *const *)b;

    if (left->effective.days != right->effective.days)
        return left->effective.days < right->effective.days ? -1 : 1;
    if (left->attribute != right->attribute)
        return compare(left->attribute, right->attribute);
    if (left->source != right->source)
        return compare(left->source, right->source);
    return compare(left->place, right->place);
}

static bool
is_same_key(const struct audit_fact *a, const struct audit_fact *b)
{
    return a->effective.days == b->effective.days &&
           a->attribute == b->attribute && a->source == b->source;
}

enum err
audit_settle(struct audit *audit)
{
    struct audit_fact **order = calloc(audit->count + 1, sizeof *order);

    if (order == NULL)
        return ERR_BUSY;
    for (size_t i = 0; i < audit->count; i++)
        order[i] = &audit->facts[i];
    qsort(order, audit->count, sizeof *order, by_key);
    for (size_t i = 1; i < audit->count; i++) {
        struct audit_fact *fact = order[i - 1];
        const struct audit_fact *next = order[i];

        if (!is_same_key(fact, next))
            continue;
        fact->state =
            next->op == FACT_RETRACT ? AUDIT_RETRACTED : AUDIT_SUPERSEDED;
        fact->ended_by = next->tx;
    }
    free(order);
    return OK;
}

void
audit_keep_live(struct audit *audit)
{
    size_t kept = 0;

    for (size_t i = 0; i < audit->count; i++) {
        if (audit->facts[i].state == AUDIT_LIVE &&
            audit->facts[i].op == FACT_ASSERT)
            audit->facts[kept++] = audit->facts[i];
    }
    audit->count = kept;
}

static uint32_t
rank_of(const struct precedence *precedence, const struct audit_fact *fact)
{
    if (precedence->rank == NULL)
        return 0;
    return precedence->rank(precedence->rule, fact->attribute, fact->source);
}

static int
by_strength(const void *a, const void *b, void *context)
{
    const struct audit_fact *left = a, *right = b;
    uint32_t left_rank, right_rank;

    if (left->attribute != right->attribute)
        return compare(left->attribute, right->attribute);
    left_rank = rank_of(context, left);
    right_rank = rank_of(context, right);
    if (left_rank != right_rank)
        return compare(left_rank, right_rank);
    if (left->effective.days != right->effective.days)
        return left->effective.days > right->effective.days ? -1 : 1;
    return compare(right->place, left->place);
}

void
audit_rank(struct audit *audit, const struct precedence *precedence)
{
    if (audit->count > 0)
        qsort_r(audit->facts, audit->count, sizeof audit->facts[0], by_strength,
                (void *)precedence);
}

enum audit_reason
audit_reason(const struct audit_fact *winner, const struct audit_fact *loser,
             const struct precedence *precedence)
{
    assert(winner->attribute == loser->attribute);

    if (rank_of(precedence, winner) != rank_of(precedence, loser))
        return AUDIT_PRECEDENCE;
    if (winner->effective.days != loser->effective.days)
        return AUDIT_LATER_DATE;
    return AUDIT_LATER_TX;
}
