/* Listed securities and splits in arrays, their texts in one arena. */
#include "secmaster/listing.h"

#include <assert.h>
#include <stdlib.h>

#include "secmaster/bounds.h"

#define CAPACITY_FIRST 64

const char *const listed_attributes[LISTED_FIELDS] = {
    [LISTED_TICKER] = "ticker",
    [LISTED_NAME] = "name",
    [LISTED_ACTIVE] = "active",
    [LISTED_CIK] = "cik",
    [LISTED_COMPOSITE_FIGI] = "composite_figi",
    [LISTED_SHARE_CLASS_FIGI] = "share_class_figi",
    [LISTED_PRIMARY_EXCHANGE] = "primary_exchange",
    [LISTED_TYPE] = "type",
};

void
listing_init(struct listing *listing)
{
    *listing = (struct listing){ .count = 0 };
    arena_init(&listing->arena, LISTING_BYTES_MAX);
}

void
listing_fini(struct listing *listing)
{
    arena_fini(&listing->arena);
    free(listing->rows);
    free(listing->splits);
}

/* items with room for one more; NULL: out of memory, they are as before. */
static void *
room_for_one(void *items, uint32_t count, uint32_t *capacity, size_t size)
{
    const uint32_t larger = *capacity == 0 ? CAPACITY_FIRST : *capacity * 2;
    void *moved;

    /* The arena is full long before the capacity overflows. */
    assert(*capacity <= UINT32_MAX / 2);

    if (count < *capacity)
        return items;
    moved = realloc(items, larger * size);
    if (moved != NULL)
        *capacity = larger;
    return moved;
}

static enum err
copy(struct listing *listing, struct str *text)
{
    *text = arena_copy(&listing->arena, *text);
    return text->data == NULL ? ERR_TOO_LARGE : OK;
}

enum err
listing_add(struct listing *listing, const struct listed *row)
{
    struct listed *rows = room_for_one(listing->rows, listing->count,
                                       &listing->capacity, sizeof *rows);
    struct listed *added;

    assert(row->fields[LISTED_TICKER].type == VALUE_STRING);

    if (rows == NULL)
        return ERR_BUSY;
    listing->rows = rows;
    added = &rows[listing->count];
    *added = *row;
    added->place.page = listing->page;
    for (size_t i = 0; i < LISTED_FIELDS; i++)
        if (row->fields[i].type == VALUE_STRING)
            TRY(copy(listing, &added->fields[i].text));
    listing->count++;
    return OK;
}

enum err
listing_add_split(struct listing *listing, const struct listed_split *split)
{
    struct listed_split *splits =
        room_for_one(listing->splits, listing->split_count,
                     &listing->split_capacity, sizeof *splits);
    struct listed_split *added;

    if (splits == NULL)
        return ERR_BUSY;
    listing->splits = splits;
    added = &splits[listing->split_count];
    *added = *split;
    added->place.page = listing->page;
    TRY(copy(listing, &added->ticker));
    TRY(copy(listing, &added->from));
    TRY(copy(listing, &added->to));
    listing->split_count++;
    return OK;
}

void
listing_drop_page(struct listing *listing, uint32_t page)
{
    while (listing->count > 0 &&
           listing->rows[listing->count - 1].place.page == page)
        listing->count--;
    while (listing->split_count > 0 &&
           listing->splits[listing->split_count - 1].place.page == page)
        listing->split_count--;
}
