/* Gather the entries of tables of terms, and sort them. */
#include "entries.h"

#include <stdlib.h>

#include "terms.h"

#define FIRST_CAPACITY 1024

/* Sorting goes a byte at a time: those of the security, then of the term. */
#define ID_DIGITS 8
#define DIGITS 16
#define DIGIT_VALUES 256

uint64_t
entry_term(const struct inverted_key *key)
{
    return (uint64_t)key->attribute << ENTRY_HASH_BITS |
           key->hash >> (64 - ENTRY_HASH_BITS);
}

int
entry_compare(const struct entry *a, const struct entry *b)
{
    if (a->term != b->term)
        return a->term < b->term ? -1 : 1;
    return (a->security_id > b->security_id) -
           (a->security_id < b->security_id);
}

static enum err
add(struct entries *entries, const struct entry *entry)
{
    if (entries->count == entries->capacity) {
        size_t capacity =
            entries->capacity == 0 ? FIRST_CAPACITY : entries->capacity * 2;
        struct entry *list =
            reallocarray(entries->list, capacity, sizeof *list);

        if (list == NULL)
            return ERR_BUSY;
        entries->list = list;
        entries->capacity = capacity;
    }
    entries->list[entries->count++] = *entry;
    return OK;
}

static enum err
add_term(struct entries *to, const struct term *term)
{
    const struct id_set *set =
        atomic_load_explicit(&term->set, memory_order_acquire);
    struct entry entry = { .term = entry_term(&term->key) };

    for (uint32_t i = 0; i < set->size; i++) {
        if (id_set_at(set, i, &entry.security_id))
            TRY(add(to, &entry));
    }
    return OK;
}

static enum err
add_terms(struct entries *to, const struct terms *terms)
{
    for (uint32_t slot = 0; terms != NULL && slot < terms->size; slot++) {
        const struct term *term = terms_at(terms, slot);

        if (term != NULL)
            TRY(add_term(to, term));
    }
    return OK;
}

static enum err
add_all(struct entries *to, const struct inverted *inverted)
{
    for (size_t i = 0; i < INVERTED_SHARDS; i++)
        TRY(add_terms(to, inverted_terms(inverted, i)));
    return OK;
}

static size_t
digit_of(const struct entry *entry, unsigned digit)
{
    uint64_t half =
        digit < ID_DIGITS ? (uint64_t)entry->security_id : entry->term;

    return half >> (8 * (digit % ID_DIGITS)) & (DIGIT_VALUES - 1);
}

/* The digits that are not the same in all, as bits. */
static unsigned
digits_that_differ(const struct entries *entries)
{
    struct entry apart = { 0 };
    unsigned digits = 0;

    for (size_t i = 1; i < entries->count; i++) {
        apart.term |= entries->list[i].term ^ entries->list[0].term;
        apart.security_id |=
            entries->list[i].security_id ^ entries->list[0].security_id;
    }
    for (unsigned digit = 0; digit < DIGITS; digit++) {
        if (digit_of(&apart, digit) != 0)
            digits |= 1U << digit;
    }
    return digits;
}

/* From one list into the other, in order of one digit, else as they were. */
static void
sort_by_digit(const struct entry *from, struct entry *to, size_t count,
              unsigned digit)
{
    size_t places[DIGIT_VALUES] = { 0 }, place = 0;

    for (size_t i = 0; i < count; i++)
        places[digit_of(&from[i], digit)]++;
    for (size_t i = 0; i < DIGIT_VALUES; i++) {
        size_t here = places[i];

        places[i] = place;
        place += here;
    }
    for (size_t i = 0; i < count; i++)
        to[places[digit_of(&from[i], digit)]++] = from[i];
}

/* Terms that share what is kept of their hashes may share securities. */
static void
drop_repeated(struct entries *entries)
{
    size_t kept = 0;

    for (size_t i = 0; i < entries->count; i++) {
        if (kept == 0 ||
            entry_compare(&entries->list[kept - 1], &entries->list[i]) != 0)
            entries->list[kept++] = entries->list[i];
    }
    entries->count = kept;
}

static enum err
sort(struct entries *entries)
{
    struct entry *other = reallocarray(NULL, entries->count, sizeof *other);
    unsigned digits = digits_that_differ(entries);

    if (other == NULL)
        return ERR_BUSY;
    entries->capacity = entries->count;
    for (unsigned digit = 0; digit < DIGITS; digit++) {
        struct entry *from = entries->list;

        if ((digits & 1U << digit) == 0)
            continue;
        sort_by_digit(from, other, entries->count, digit);
        entries->list = other;
        other = from;
    }
    free(other);
    drop_repeated(entries);
    return OK;
}

enum err
entries_collect(const struct inverted *inverted, struct entries *out)
{
    enum err err;

    *out = (struct entries){ 0 };
    err = add_all(out, inverted);
    if (err == OK && out->count > 0)
        err = sort(out);
    if (err != OK)
        entries_free(out);
    return err;
}

void
entries_free(struct entries *entries)
{
    free(entries->list);
    *entries = (struct entries){ 0 };
}
