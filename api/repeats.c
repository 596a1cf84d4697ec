/* Runs of values that did not change are copied from the row before. */
#include "repeats.h"

#include <stdbool.h>
#include <stdlib.h>

enum err
repeats_init(struct repeats *repeats, const struct columns *columns,
             value_encoder *encode, void *context)
{
    size_t count = (size_t)columns->count + 1;

    *repeats = (struct repeats){
        .columns = columns,
        .encode = encode,
        .context = context,
        .cells = calloc(count, sizeof *repeats->cells),
        .last = calloc(count, sizeof *repeats->last),
        .last_security = -1,
    };
    return repeats->cells == NULL || repeats->last == NULL ? ERR_BUSY : OK;
}

void
repeats_fini(struct repeats *repeats)
{
    free(repeats->cells);
    free(repeats->last);
}

void
repeats_reset(struct repeats *repeats)
{
    repeats->last_security = -1;
}

/* Copy the values of columns [from, to) of the row before. */
static void
copy(struct repeats *repeats, struct out *out, uint32_t from, uint32_t to)
{
    struct repeated *last = repeats->last;
    size_t begin = last[from].at, len = last[to].at - begin, at = out->len;
    char *room;

    if (from == to)
        return;
    room = out_reserve(out, len);
    if (room == NULL)
        return;
    memcpy(room, out->data + begin, len);
    out->len += len;
    for (uint32_t i = from; i < to; i++)
        last[i].at += at - begin;
}

static inline bool
is_same(const struct repeated *last, const struct cell *cell)
{
    if (cell == NULL)
        return last->tx == 0;
    return last->tx == cell->tx &&
           last->effective.days == cell->effective.days &&
           last->source == cell->source;
}

static void
note(struct repeated *last, size_t at, const struct cell *cell)
{
    *last = (struct repeated){ .at = at };
    if (cell == NULL)
        return;
    last->tx = cell->tx;
    last->effective = cell->effective;
    last->source = cell->source;
}

void
repeats_put(struct repeats *repeats, struct out *out, const struct row *row)
{
    static const struct row nothing = { .security_id = -1 };
    uint32_t count = repeats->columns->count, same_from = 0;
    bool is_new = row == NULL || repeats->last_security != row->security_id;

    row = row == NULL ? &nothing : row;
    columns_spread(repeats->columns, row, repeats->cells);
    for (uint32_t i = 0; i < count; i++) {
        const struct cell *cell = repeats->cells[i];

        if (!is_new && is_same(&repeats->last[i], cell))
            continue;
        copy(repeats, out, same_from, i);
        same_from = i + 1;
        note(&repeats->last[i], out->len, cell);
        repeats->encode(repeats->context, out, i,
                        cell == NULL ? VALUE_OF_NULL : cell->value);
    }
    copy(repeats, out, same_from, count);
    repeats->last[count].at = out->len;
    repeats->last_security = row->security_id;
}
