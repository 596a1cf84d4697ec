/*
 * Sort what is looked for by security and date, a byte of the key at a time
 * from the lowest one up: bytes that all have in common, which most are, cost
 * nothing, and it takes an eighth of the time of comparing.
 */
#include "seeks.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define DATE_BYTES 4
#define KEY_BYTES (DATE_BYTES + 8)

static bool
is_before(const struct seek *a, const struct seek *b)
{
    if (a->security_id != b->security_id)
        return a->security_id < b->security_id;
    return a->date.days < b->date.days;
}

/* Byte i of the key; dates before 1970 are negative, ids never are. */
static unsigned
key_byte(const struct seek *seek, unsigned i)
{
    uint32_t days = (uint32_t)seek->date.days ^ UINT32_C(0x80000000);

    if (i < DATE_BYTES)
        return days >> (8 * i) & 0xff;
    return (unsigned)((uint64_t)seek->security_id >> (8 * (i - DATE_BYTES)) &
                      0xff);
}

/* Put from in order of byte i into to, equal ones as they stood. */
static void
sort_by(const struct seek *from, struct seek *to, size_t count, unsigned i)
{
    size_t next[256] = { 0 }, sum = 0;

    for (size_t at = 0; at < count; at++)
        next[key_byte(&from[at], i)]++;
    for (size_t byte = 0; byte < 256; byte++) {
        size_t here = next[byte];

        next[byte] = sum;
        sum += here;
    }
    for (size_t at = 0; at < count; at++)
        to[next[key_byte(&from[at], i)]++] = from[at];
}

static enum err
sort(struct seeks *seeks)
{
    struct seek *from = seeks->items;
    struct seek *to = calloc(seeks->count, sizeof *to);
    unsigned char differ[KEY_BYTES] = { 0 };

    if (to == NULL)
        return ERR_BUSY;
    for (size_t at = 1; at < seeks->count; at++)
        for (unsigned i = 0; i < KEY_BYTES; i++)
            differ[i] |=
                (unsigned char)(key_byte(&from[at], i) ^ key_byte(from, i));
    for (unsigned i = 0; i < KEY_BYTES; i++) {
        struct seek *sorted = to;

        if (differ[i] == 0)
            continue;
        sort_by(from, to, seeks->count, i);
        to = from;
        from = sorted;
    }
    seeks->items = from;
    free(to);
    return OK;
}

/* Empty, with room for so many. */
static enum err
make_room(struct seeks *seeks, size_t count)
{
    seeks_fini(seeks);
    seeks->items = calloc(count + 1, sizeof *seeks->items);
    return seeks->items == NULL ? ERR_BUSY : OK;
}

static void
add(struct seeks *seeks, int64_t security_id, struct date date)
{
    seeks->items[seeks->count] = (struct seek){
        security_id,
        date,
        (uint32_t)seeks->count,
    };
    seeks->count++;
}

/* Sort them, unless they are in order, as they often come. */
static enum err
put_in_order(struct seeks *seeks)
{
    for (size_t i = 1; i < seeks->count; i++) {
        if (is_before(&seeks->items[i], &seeks->items[i - 1]))
            return sort(seeks);
    }
    return OK;
}

enum err
seeks_of_positions(struct seeks *seeks, const struct positions *positions)
{
    TRY(make_room(seeks, positions->count));
    for (size_t i = 0; i < positions->count; i++)
        add(seeks, positions->items[i].security_id, positions->items[i].date);
    return put_in_order(seeks);
}

enum err
seeks_of_keys(struct seeks *seeks, const struct lookup_key *keys, size_t count)
{
    TRY(make_room(seeks, count));
    for (size_t i = 0; i < count; i++) {
        assert(keys[i].is_dated);
        add(seeks, keys[i].security_id, keys[i].as_of);
    }
    return put_in_order(seeks);
}

void
seeks_fini(struct seeks *seeks)
{
    free(seeks->items);
    *seeks = (struct seeks){ 0 };
}
