/* Collect the trades of one request, each content once. */
#include "secmaster/trade_batch.h"

#include <assert.h>
#include <stdlib.h>

#include "secmaster/hash.h"

#define ROWS_FIRST 64

struct trade_batch *
trade_batch_new(uint64_t seed)
{
    struct trade_batch *batch = calloc(1, sizeof *batch);

    if (batch == NULL)
        return NULL;
    batch->seed = seed;
    out_init(&batch->text, UINT32_MAX);
    return batch;
}

void
trade_batch_free(struct trade_batch *batch)
{
    if (batch == NULL)
        return;
    batch_names_fini(&batch->transactions);
    batch_names_fini(&batch->members);
    out_fini(&batch->text);
    free(batch->rows);
    free(batch->table);
    free(batch->by_transaction);
    free(batch->by_member);
    free(batch);
}

struct str
trade_row_content(const struct trade_batch *batch, uint32_t row)
{
    const struct trade_row *item = &batch->rows[row];

    return (struct str){ batch->text.data + item->content_offset,
                         item->content_len };
}

struct str
trade_row_member(const struct trade_batch *batch, uint32_t row)
{
    const struct trade_row *item = &batch->rows[row];

    assert(item->member != BATCH_END);
    return (struct str){ batch->text.data + item->member_offset,
                         item->member_len };
}

size_t
trade_batch_bytes(const struct trade_batch *batch)
{
    return batch->capacity * sizeof *batch->rows +
           batch->table_size * sizeof *batch->table + batch->text.capacity;
}

static enum err
grow_rows(struct trade_batch *batch)
{
    uint32_t capacity = batch->capacity == 0 ? ROWS_FIRST : batch->capacity * 2;
    struct trade_row *rows;

    if (capacity <= batch->capacity)
        return ERR_TOO_LARGE;
    rows = reallocarray(batch->rows, capacity, sizeof *rows);
    if (rows == NULL)
        return ERR_BUSY;
    batch->rows = rows;
    batch->capacity = capacity;
    return OK;
}

static void
put_into_table(struct trade_batch *batch, uint32_t row)
{
    uint32_t mask = batch->table_size - 1;
    uint32_t at = (uint32_t)batch->rows[row].hash & mask;

    while (batch->table[at] != 0)
        at = (at + 1) & mask;
    batch->table[at] = row + 1;
}

/* A table that the rows there may be leave half free. */
static enum err
grow_table(struct trade_batch *batch)
{
    uint32_t *table;

    if (batch->capacity > UINT32_MAX / 4)
        return ERR_TOO_LARGE;
    table = calloc((size_t)batch->capacity * 2, sizeof *table);
    if (table == NULL)
        return ERR_BUSY;
    free(batch->table);
    batch->table = table;
    batch->table_size = batch->capacity * 2;
    for (uint32_t i = 0; i < batch->count; i++)
        if (!batch->rows[i].is_held)
            put_into_table(batch, i);
    return OK;
}

static uint64_t
row_hash(const struct trade_batch *batch, uint32_t transaction,
         struct date date, struct str content)
{
    return hash_pair(hash_str(batch->seed, content), transaction,
                     (uint32_t)date.days);
}

uint32_t
trade_batch_find(const struct trade_batch *batch, uint32_t transaction,
                 struct date date, struct str content)
{
    uint64_t hash = row_hash(batch, transaction, date, content);
    uint32_t mask = batch->table_size - 1;

    if (batch->table_size == 0)
        return BATCH_END;
    for (uint32_t at = (uint32_t)hash & mask; batch->table[at] != 0;
         at = (at + 1) & mask) {
        uint32_t row = batch->table[at] - 1;
        const struct trade_row *item = &batch->rows[row];

        if (item->hash == hash && item->transaction == transaction &&
            item->date.days == date.days &&
            str_equal(trade_row_content(batch, row), content))
            return row;
    }
    return BATCH_END;
}

static enum err
add_filer(struct trade_batch *batch, const struct trade_filer *filer,
          struct trade_row *row)
{
    row->member = BATCH_END;
    if (filer == NULL)
        return OK;
    TRY(batch_names_intern(&batch->members, batch->seed, filer->member_id,
                           &row->member));
    row->member_day = filer->day;
    row->member_updated = filer->version.updated;
    row->member_offset = (uint32_t)batch->text.len;
    member_put(&batch->text, &filer->version);
    row->member_len = (uint32_t)batch->text.len - row->member_offset;
    return out_finish(&batch->text);
}

static uint8_t
unknown_bits(const struct trade *trade)
{
    unsigned bits = 0;

    for (unsigned i = 0; i < TRADE_UNKNOWNS; i++)
        if (trade_is_unknown(trade, (enum trade_unknown)i))
            bits |= 1U << i;
    return (uint8_t)bits;
}

enum err
trade_batch_add(struct trade_batch *batch, const struct trade *trade,
                const struct trade_filer *filer)
{
    struct trade_row row = { .date = trade->transaction_date };
    struct str content;

    assert(trade->transaction_id.len > 0);
    assert(batch->by_transaction == NULL);

    if (batch->count == batch->capacity) {
        TRY(grow_rows(batch));
        TRY(grow_table(batch));
    }
    TRY(batch_names_intern(&batch->transactions, batch->seed,
                           trade->transaction_id, &row.transaction));
    row.content_offset = (uint32_t)batch->text.len;
    trade_put(&batch->text, trade);
    TRY(out_finish(&batch->text));
    content = (struct str){ batch->text.data + row.content_offset,
                            batch->text.len - row.content_offset };
    row.content_len = (uint32_t)content.len;
    row.hash = row_hash(batch, row.transaction, row.date, content);
    row.is_held = trade_batch_find(batch, row.transaction, row.date, content) !=
                  BATCH_END;
    row.unknown = unknown_bits(trade);
    TRY(add_filer(batch, filer, &row));
    batch->rows[batch->count++] = row;
    if (!row.is_held)
        put_into_table(batch, batch->count - 1);
    return OK;
}

static int
compare(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

static int
compare_transactions(const void *left, const void *right, void *context)
{
    const struct trade_row *rows = context;
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    int order = compare(rows[a].transaction, rows[b].transaction);

    if (order == 0)
        order = compare(rows[a].date.days, rows[b].date.days);
    return order != 0 ? order : compare(a, b);
}

static int
compare_members(const void *left, const void *right, void *context)
{
    const struct trade_row *rows = context;
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    int order = compare(rows[a].member, rows[b].member);

    if (order == 0)
        order = compare(rows[a].member_day.days, rows[b].member_day.days);
    if (order == 0)
        order = compare(rows[a].member_updated, rows[b].member_updated);
    return order != 0 ? order : compare(a, b);
}

enum err
trade_batch_seal(struct trade_batch *batch)
{
    uint32_t filed = 0;

    assert(batch->by_transaction == NULL);

    /* An empty one too has lists: they say that it is sealed. */
    batch->by_transaction =
        calloc((size_t)batch->count + 1, sizeof *batch->by_transaction);
    batch->by_member =
        calloc((size_t)batch->count + 1, sizeof *batch->by_member);
    if (batch->by_transaction == NULL || batch->by_member == NULL)
        return ERR_BUSY;
    for (uint32_t i = 0; i < batch->count; i++) {
        batch->by_transaction[i] = i;
        if (batch->rows[i].member != BATCH_END)
            batch->by_member[filed++] = i;
    }
    batch->by_member_count = filed;
    qsort_r(batch->by_transaction, batch->count, sizeof(uint32_t),
            compare_transactions, batch->rows);
    qsort_r(batch->by_member, filed, sizeof(uint32_t), compare_members,
            batch->rows);
    return OK;
}
