/*
 * Records gather the facts of a security and a day, in order of arrival. Facts
 * that did not come so are listed with the place they had; the others fill the
 * places that are left, in order.
 */
#include "arrival.h"

#include <stdlib.h>

#define NO_RECORD UINT32_MAX

/* A walk over the facts record by record. */
struct walk {
    const struct stored_batch *batch;
    uint32_t facts, records; /* begun so far */
    struct str left;         /* of the last record's payload */
};

/* The place of the next fact; false at the end. */
static bool
walk_next(struct walk *walk, struct fact_place *out, enum err *err)
{
    const struct stored_batch *batch = walk->batch;
    struct factset_item item;

    *err = OK;
    if (walk->left.len == 0) {
        if (walk->records == batch->record_count)
            return false;
        walk->left = batch->records[walk->records++].payload;
    }
    out->record = walk->records - 1;
    out->offset =
        (uint32_t)(batch->records[out->record].payload.len - walk->left.len);
    walk->facts++;
    if (factset_next(&walk->left, &item, err))
        return true;
    if (*err == OK)
        *err = ERR_STORE; /* a record of nothing */
    return false;
}

/* Put the displaced facts where they came, or the others into what is left. */
static enum err
place(const struct stored_batch *batch, struct fact_place *places,
      bool is_displaced)
{
    struct walk walk = { .batch = batch };
    uint32_t facts = batch->info.facts, displaced = 0, free_at = 0;
    struct fact_place at;
    enum err err;

    while (walk_next(&walk, &at, &err)) {
        const struct displaced *next = &batch->displaced[displaced];
        bool is_listed = displaced < batch->displaced_count &&
                         next->sequence == walk.facts - 1;
        uint32_t to = free_at;

        displaced += is_listed;
        if (is_listed != is_displaced)
            continue;
        if (is_listed)
            to = next->ordinal;
        while (!is_listed && to < facts && places[to].record != NO_RECORD)
            to++;
        if (to >= facts || places[to].record != NO_RECORD)
            return ERR_STORE;
        places[to] = at;
        if (!is_listed)
            free_at = to + 1;
    }
    if (err == OK &&
        (walk.facts != facts || displaced != batch->displaced_count))
        return ERR_STORE;
    return err;
}

enum err
arrival_begin(struct arrival *arrival, const struct stored_batch *batch)
{
    struct fact_place *places;
    enum err err;

    *arrival = (struct arrival){ 0 };
    if (batch->displaced_count == 0)
        return OK;
    places = calloc(batch->info.facts, sizeof *places);
    if (places == NULL)
        return ERR_BUSY;
    for (uint32_t i = 0; i < batch->info.facts; i++)
        places[i].record = NO_RECORD;
    err = place(batch, places, true);
    if (err == OK)
        err = place(batch, places, false);
    arrival->places = places;
    return err;
}

void
arrival_fini(struct arrival *arrival)
{
    free(arrival->places);
    arrival->places = NULL;
}

size_t
arrival_bytes(const struct arrival *arrival, const struct stored_batch *batch)
{
    return arrival->places == NULL
               ? 0
               : (size_t)batch->info.facts * sizeof *arrival->places;
}

static bool
next_placed(struct arrival *arrival, const struct stored_batch *batch,
            const struct record **record, struct factset_item *out,
            enum err *err)
{
    const struct fact_place *at = &arrival->places[arrival->next];
    struct str payload;

    *err = OK;
    if (arrival->next == batch->info.facts)
        return false;
    arrival->next++;
    *record = &batch->records[at->record];
    payload = (*record)->payload;
    payload.data += at->offset;
    payload.len -= at->offset;
    return factset_next(&payload, out, err);
}

bool
arrival_next(struct arrival *arrival, const struct stored_batch *batch,
             const struct record **record, struct factset_item *out,
             enum err *err)
{
    if (arrival->places != NULL)
        return next_placed(arrival, batch, record, out, err);
    *err = OK;
    if (arrival->payload.len == 0) {
        if (arrival->next == batch->record_count)
            return false;
        arrival->payload = batch->records[arrival->next++].payload;
    }
    *record = &batch->records[arrival->next - 1];
    if (factset_next(&arrival->payload, out, err))
        return true;
    if (*err == OK)
        *err = ERR_STORE;
    return false;
}
