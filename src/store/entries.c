/* Gather the entries of tables of terms, and sort them. */
#include "entries.h"

#include <stdbool.h>
#include <stdlib.h>

#include "terms.h"

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

static size_t
count_all(const struct inverted *inverted)
{
    size_t count = 0;

    for (size_t i = 0; i < INVERTED_SHARDS; i++) {
        const struct terms *terms = inverted_terms(inverted, i);

        for (uint32_t slot = 0; terms != NULL && slot < terms->size; slot++) {
            const struct term *term = terms_at(terms, slot);

            count += term == NULL ? 0 : term->used;
        }
    }
    return count;
}

static void
add_term(struct entries *to, const struct term *term)
{
    const struct id_set *set =
        atomic_load_explicit(&term->set, memory_order_acquire);
    uint64_t number = entry_term(&term->key);
    int64_t id;

    for (uint32_t i = 0; i < set->size; i++) {
        if (id_set_at(set, i, &id))
            to->list[to->count++] = (struct entry){ number, id };
    }
}

static void
add_all(struct entries *to, const struct inverted *inverted)
{
    for (size_t i = 0; i < INVERTED_SHARDS; i++) {
        const struct terms *terms = inverted_terms(inverted, i);

        for (uint32_t slot = 0; terms != NULL && slot < terms->size; slot++) {
            const struct term *term = terms_at(terms, slot);

            if (term != NULL)
                add_term(to, term);
        }
    }
}

static size_t
digit_of(const struct entry *entry, unsigned digit)
{
    uint64_t part =
        digit < ID_DIGITS ? (uint64_t)entry->security_id : entry->term;

    return part >> (8 * (digit % ID_DIGITS)) & (DIGIT_VALUES - 1);
}

/* From one list into the other, in order of one digit, else as they were.
 * False: the digit is the same in all of them and nothing was moved. */
static bool
sort_by_digit(const struct entry *from, struct entry *to, size_t count,
              unsigned digit)
{
    size_t places[DIGIT_VALUES] = { 0 }, place = 0;

    for (size_t i = 0; i < count; i++)
        places[digit_of(&from[i], digit)]++;
    if (places[digit_of(&from[0], digit)] == count)
        return false;
    for (size_t i = 0; i < DIGIT_VALUES; i++) {
        size_t here = places[i];

        places[i] = place;
        place += here;
    }
    for (size_t i = 0; i < count; i++)
        to[places[digit_of(&from[i], digit)]++] = from[i];
    return true;
}

/* Terms that share what is kept of their hashes may share securities. */
static void
drop_repeated(struct entries *entries)
{
    size_t kept = 1;

    for (size_t i = 1; i < entries->count; i++) {
        if (entry_compare(&entries->list[kept - 1], &entries->list[i]) != 0)
            entries->list[kept++] = entries->list[i];
    }
    entries->count = kept;
}

static enum err
sort(struct entries *entries)
{
    struct entry *other = reallocarray(NULL, entries->count, sizeof *other);

    if (other == NULL)
        return ERR_BUSY;
    for (unsigned digit = 0; digit < DIGITS; digit++) {
        struct entry *from = entries->list;

        if (!sort_by_digit(from, other, entries->count, digit))
            continue;
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
    size_t count = count_all(inverted);
    enum err err;

    *out = (struct entries){ 0 };
    if (count == 0)
        return OK;
    out->list = reallocarray(NULL, count, sizeof *out->list);
    if (out->list == NULL)
        return ERR_BUSY;
    add_all(out, inverted);
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
