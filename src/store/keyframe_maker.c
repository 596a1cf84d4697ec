/*
 * Cut records down to a keyframe. Of an attribute and source, only the live
 * assertion of the latest date can win from there on, whatever the precedence:
 * a retraction reaches only its own date. Where a row begins is the latest date
 * with any live assertion, which is then the latest among those that are kept.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "secmaster/factset.h"
#include "secmaster/wire.h"

#include "journal_format.h"
#include "keyframe.h"

#define ITEMS_FIRST 256

/* What is kept from one security to the next: some 3 MiB. */
#define ITEMS_KEPT_MAX 65536

void
keyframe_maker_init(struct keyframe_maker *maker)
{
    *maker = (struct keyframe_maker){ 0 };
    out_init(&maker->out, SIZE_MAX);
}

void
keyframe_maker_fini(struct keyframe_maker *maker)
{
    free(maker->items);
    out_fini(&maker->out);
}

void
keyframe_begin(struct keyframe_maker *maker)
{
    if (maker->capacity > ITEMS_KEPT_MAX) {
        free(maker->items);
        maker->items = NULL;
        maker->capacity = 0;
    }
    maker->count = 0;
    maker->order = 0;
    maker->limit = (struct record){ .tx = 0 };
}

static int
by_order(const void *left, const void *right)
{
    const struct keyframe_item *a = left, *b = right;

    return a->order < b->order ? -1 : a->order > b->order;
}

static bool
is_same_key(const struct keyframe_item *a, const struct keyframe_item *b)
{
    return a->attribute == b->attribute && a->source == b->source;
}

static int
by_key(const void *left, const void *right)
{
    const struct keyframe_item *a = left, *b = right;

    if (a->attribute != b->attribute)
        return a->attribute < b->attribute ? -1 : 1;
    if (a->source != b->source)
        return a->source < b->source ? -1 : 1;
    return by_order(a, b);
}

/* Whatever comes behind it, a fact is of no use once another one of its
 * attribute, source and date stands behind it. */
static void
drop_superseded(struct keyframe_maker *maker)
{
    struct keyframe_item *items = maker->items;
    size_t kept = 0;

    if (maker->count == 0)
        return;
    qsort(items, maker->count, sizeof *items, by_key);
    for (size_t i = 0; i < maker->count; i++)
        if (i + 1 == maker->count || !is_same_key(&items[i], &items[i + 1]) ||
            items[i].date.days != items[i + 1].date.days)
            items[kept++] = items[i];
    maker->count = kept;
    qsort(items, kept, sizeof *items, by_order);
}

/* Room for another item; more of it only where half is in use, as to look for
 * what can go takes as long as to fill that half again. */
static enum err
make_room(struct keyframe_maker *maker)
{
    size_t capacity = maker->capacity == 0 ? ITEMS_FIRST : 2 * maker->capacity;
    struct keyframe_item *items;

    drop_superseded(maker);
    if (maker->capacity > 0 && maker->count <= maker->capacity / 2)
        return OK;
    items = realloc(maker->items, capacity * sizeof *items);
    if (items == NULL)
        return ERR_BUSY;
    maker->items = items;
    maker->capacity = capacity;
    return OK;
}

static enum err
add_item(struct keyframe_maker *maker, const struct keyframe_item *item)
{
    if (maker->count == maker->capacity)
        TRY(make_room(maker));
    maker->items[maker->count++] = *item;
    return OK;
}

enum err
keyframe_add(struct keyframe_maker *maker, const struct record *record)
{
    struct str left = record->payload, before = left;
    uint64_t newest = maker->limit.tx;
    struct factset_item fact;
    enum err err;

    assert(maker->order == 0 ||
           maker->limit.effective.days <= record->effective.days);

    while (factset_next(&left, &fact, &err)) {
        TRY(add_item(maker, &(struct keyframe_item){
                                .attribute = fact.attribute,
                                .source = fact.source,
                                .op = fact.op,
                                .date = record->effective,
                                .tx = record->tx,
                                .order = maker->order++,
                                .bytes = { before.data, before.len - left.len },
                            }));
        before = left;
    }
    maker->limit = *record;
    if (maker->limit.tx < newest)
        maker->limit.tx = newest;
    return err;
}

enum err
keyframe_resume(struct keyframe_maker *maker, struct keyframe *from,
                const char **fault)
{
    struct record record;

    assert(maker->order == 0);

    while (keyframe_next(from, &record, fault)) {
        enum err err = keyframe_add(maker, &record);

        if (err == ERR_STORE)
            *fault = "a record's facts are malformed";
        if (err != OK)
            return err;
    }
    maker->limit = from->limit;
    return *fault == NULL ? OK : ERR_STORE;
}

/* Of the facts of one attribute and source the last one of its date that is
 * an assertion, latest date first; NULL: none is live. */
static const struct keyframe_item *
find_winner(const struct keyframe_item *first, const struct keyframe_item *end)
{
    while (end > first) {
        const struct keyframe_item *last = end - 1;

        if (last->op == FACT_ASSERT)
            return last;
        while (end > first && end[-1].date.days == last->date.days)
            end--;
    }
    return NULL;
}

static void
keep_winners(struct keyframe_maker *maker)
{
    struct keyframe_item *items = maker->items;
    size_t kept = 0, from = 0;

    if (maker->count == 0)
        return;
    qsort(items, maker->count, sizeof *items, by_key);
    while (from < maker->count) {
        const struct keyframe_item *winner;
        size_t to = from;

        while (to < maker->count && is_same_key(&items[from], &items[to]))
            to++;
        winner = find_winner(items + from, items + to);
        if (winner != NULL)
            items[kept++] = *winner;
        from = to;
    }
    maker->count = kept;
    qsort(items, kept, sizeof *items, by_order);
}

static void
put_number(struct out *out, uint64_t number)
{
    char *to = out_reserve(out, VARINT_BYTES_MAX);

    if (to != NULL)
        out->len += put_varint((unsigned char *)to, number);
}

/* The facts of one record, which are neighbours; returns how many. */
static size_t
put_record(struct out *out, const struct keyframe_item *before,
           const struct keyframe_item *first, const struct keyframe_item *end)
{
    size_t count = 0, len = 0;

    while (first + count < end && first[count].tx == first->tx &&
           first[count].date.days == first->date.days)
        len += first[count++].bytes.len;
    put_number(out, (uint64_t)((int64_t)first->date.days - before->date.days));
    put_number(out, zigzag((int64_t)(first->tx - before->tx)));
    put_number(out, len);
    for (size_t i = 0; i < count; i++)
        out_str(out, first[i].bytes);
    return count;
}

enum err
keyframe_make(struct keyframe_maker *maker)
{
    const struct keyframe_key key = keyframe_key_of(&maker->limit);
    static const char blank[CHECKSUM_BYTES];
    struct keyframe_item before = { .date = { DATE_FIRST_DAYS } };
    struct out *out = &maker->out;
    struct str rest;

    keep_winners(maker);
    out_reset(out);
    out_bytes(out, blank, sizeof blank);
    put_number(out, maker->limit.tx);
    for (size_t i = 0; i < maker->count;) {
        const struct keyframe_item *first = &maker->items[i];

        i += put_record(out, &before, first, maker->items + maker->count);
        before = *first;
    }
    if (out_finish(out) != OK)
        return ERR_BUSY;
    rest =
        (struct str){ out->data + CHECKSUM_BYTES, out->len - CHECKSUM_BYTES };
    put_le32(
        (unsigned char *)out->data,
        journal_checksum(
            (struct str){ (const char *)key.bytes, KEYFRAME_KEY_BYTES }, rest));
    return OK;
}
