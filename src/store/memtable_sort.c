/* Sort staged records by the bytes of their keys: a comparison a record and
 * level of a tree would be most of what staging costs. */
#include <string.h>

#include "memtable_node.h"

#define KEY_BYTES 16
#define BYTE_VALUES 256

/* Below zero there are dates, too: flipping the sign makes bytes order so. */
struct staged_record
staged_record_of(const struct record *record, struct memtable_node *node)
{
    uint64_t security = (uint64_t)record->security_id;

    return (struct staged_record){
        .low = security << 32 | ((uint32_t)record->effective.days ^ 1U << 31),
        .high = (uint64_t)record->kind << 32 | security >> 32,
        .node = node,
    };
}

static unsigned
byte_at(const struct staged_record *staged, size_t place)
{
    uint64_t half = place < 8 ? staged->low : staged->high;

    return half >> place % 8 * 8 & 0xff;
}

/* One pass, which leaves those of one byte in the order they had. */
static void
distribute(struct staged_record *to, const struct staged_record *from,
           size_t count, size_t place)
{
    size_t starts[BYTE_VALUES] = { 0 }, start = 0;

    for (size_t i = 0; i < count; i++)
        starts[byte_at(&from[i], place)]++;
    for (size_t value = 0; value < BYTE_VALUES; value++) {
        size_t of_value = starts[value];

        starts[value] = start;
        start += of_value;
    }
    for (size_t i = 0; i < count; i++)
        to[starts[byte_at(&from[i], place)]++] = from[i];
}

void
staged_sort(struct staged_record *staged, struct staged_record *spare,
            size_t count)
{
    struct staged_record *from = staged, *to = spare, differing = { 0 };

    for (size_t i = 1; i < count; i++) {
        differing.low |= staged[i].low ^ staged[0].low;
        differing.high |= staged[i].high ^ staged[0].high;
    }
    for (size_t place = 0; place < KEY_BYTES; place++) {
        struct staged_record *done = from;

        if (byte_at(&differing, place) == 0)
            continue;
        distribute(to, from, count, place);
        from = to;
        to = done;
    }
    if (from != staged)
        memcpy(staged, from, count * sizeof *staged);
}

static bool
is_before(const struct staged_record *a, const struct staged_record *b)
{
    if (a->high != b->high)
        return a->high < b->high;
    if (a->low != b->low)
        return a->low < b->low;
    return a->node->tx < b->node->tx;
}

size_t
staged_disorder(const struct staged_record *staged, size_t count)
{
    size_t i = 0;

    while (i + 1 < count && is_before(&staged[i], &staged[i + 1]))
        i++;
    return i;
}
