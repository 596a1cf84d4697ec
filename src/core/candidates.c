/* Sorted lists of security ids. */
#include "secmaster/candidates.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 16

/* Sorting goes a byte at a time. */
#define DIGITS 8
#define DIGIT_VALUES 256

void
candidates_init(struct candidates *candidates)
{
    *candidates = (struct candidates){ 0 };
}

void
candidates_fini(struct candidates *candidates)
{
    free(candidates->ids);
    candidates_init(candidates);
}

enum err
candidates_add(struct candidates *candidates, int64_t security_id)
{
    if (candidates->count == candidates->capacity) {
        size_t capacity = candidates->capacity == 0 ? FIRST_CAPACITY
                                                    : candidates->capacity * 2;
        int64_t *ids =
            reallocarray(candidates->ids, capacity, sizeof *candidates->ids);

        if (ids == NULL)
            return ERR_BUSY;
        candidates->ids = ids;
        candidates->capacity = capacity;
    }
    candidates->ids[candidates->count++] = security_id;
    return OK;
}

static bool
is_sorted(const struct candidates *candidates)
{
    for (size_t i = 1; i < candidates->count; i++) {
        if (candidates->ids[i - 1] >= candidates->ids[i])
            return false;
    }
    return true;
}

static size_t
digit_of(int64_t id, unsigned digit)
{
    return (uint64_t)id >> (8 * digit) & (DIGIT_VALUES - 1);
}

/* From one array into the other, in order of one digit, else as they were.
 * False: the digit is the same in all of them and nothing was moved. */
static bool
sort_by_digit(const int64_t *from, int64_t *to, size_t count, unsigned digit)
{
    size_t places[DIGIT_VALUES] = { 0 }, place = 0;

    for (size_t i = 0; i < count; i++)
        places[digit_of(from[i], digit)]++;
    if (places[digit_of(from[0], digit)] == count)
        return false;
    for (size_t i = 0; i < DIGIT_VALUES; i++) {
        size_t here = places[i];

        places[i] = place;
        place += here;
    }
    for (size_t i = 0; i < count; i++)
        to[places[digit_of(from[i], digit)]++] = from[i];
    return true;
}

static void
drop_repeated(struct candidates *candidates)
{
    size_t kept = 1;

    for (size_t i = 1; i < candidates->count; i++) {
        if (candidates->ids[i] != candidates->ids[kept - 1])
            candidates->ids[kept++] = candidates->ids[i];
    }
    candidates->count = kept;
}

enum err
candidates_sort(struct candidates *candidates)
{
    size_t capacity = candidates->capacity;
    int64_t *other;

    if (is_sorted(candidates))
        return OK;
    other = reallocarray(NULL, capacity, sizeof *other);
    if (other == NULL)
        return ERR_BUSY;
    for (unsigned digit = 0; digit < DIGITS; digit++) {
        int64_t *from = candidates->ids;

        if (!sort_by_digit(from, other, candidates->count, digit))
            continue;
        candidates->ids = other;
        other = from;
    }
    free(other);
    drop_repeated(candidates);
    return OK;
}

void
candidates_intersect(struct candidates *candidates,
                     const struct candidates *others)
{
    size_t kept = 0, at = 0;

    for (size_t i = 0; i < candidates->count; i++) {
        int64_t id = candidates->ids[i];

        while (at < others->count && others->ids[at] < id)
            at++;
        if (at < others->count && others->ids[at] == id)
            candidates->ids[kept++] = id;
    }
    candidates->count = kept;
}

size_t
candidates_find(const struct candidates *candidates, int64_t security_id)
{
    size_t low = 0, high = candidates->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (candidates->ids[middle] < security_id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
