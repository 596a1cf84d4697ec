/* What is wrong with a body, collected place by place. */
#include "secmaster/complaint.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#define POINTER_BYTES_MAX 64

void
complaints_init(struct complaints *complaints, struct arena *arena)
{
    assert(complaints != NULL);
    assert(arena != NULL);

    complaints->arena = arena;
    complaints->listed = 0;
    complaints->total = 0;
}

void
complaints_add(struct complaints *complaints, const char *pointer,
               uint64_t line, const char *format, ...)
{
    struct complaint item = { .line = line };
    va_list args;

    assert(complaints != NULL);
    assert(complaints->listed <= COMPLAINTS_LISTED_MAX);

    complaints->total++;
    if (complaints->listed == COMPLAINTS_LISTED_MAX)
        return;
    va_start(args, format);
    item.detail = arena_vprint(complaints->arena, format, args).data;
    va_end(args);
    if (pointer != NULL)
        item.pointer = arena_copy(complaints->arena, str_of(pointer)).data;
    /* Without memory for the words it still counts: the body is refused. */
    if (item.detail == NULL || (pointer != NULL && item.pointer == NULL))
        return;
    complaints->items[complaints->listed++] = item;
}

void
complaints_add_row(struct complaints *complaints, const struct row_place *place,
                   const char *member, const char *detail)
{
    const char *name = member == NULL ? "" : member;
    char pointer[POINTER_BYTES_MAX];

    if (place->list == NULL) {
        complaints_add(complaints, NULL, place->line, "%s%s%s", name,
                       member == NULL ? "" : ": ", detail);
        return;
    }
    (void)snprintf(pointer, sizeof pointer, "%s/%" PRIu64 "%s%s", place->list,
                   place->number, member == NULL ? "" : "/", name);
    complaints_add(complaints, pointer, 0, "%s", detail);
}
