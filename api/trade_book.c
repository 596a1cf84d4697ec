/* Read all trades in turns, and put their versions in order. */
#include "trade_book.h"

#include <assert.h>
#include <stdlib.h>

#include "secmaster/bounds.h"

/* Where an entry has its texts from. */
static const enum trade_field fields[BOOK_TEXTS] = {
    [BOOK_MEMBER] = TRADE_MEMBER_ID,      [BOOK_CHAMBER] = TRADE_CHAMBER,
    [BOOK_PARTY] = TRADE_PARTY,           [BOOK_STATE] = TRADE_STATE,
    [BOOK_TICKER] = TRADE_TICKER,         [BOOK_AMOUNT] = TRADE_AMOUNT,
    [BOOK_COMMITTEES] = TRADE_COMMITTEES,
};

/* A text in a dictionary beside its bytes: two copies, hash and slots. */
#define TEXT_BYTES 64

struct book_reader {
    struct store *store;
    struct trade_book *book;
    size_t capacity;
    struct out scratch;
    int64_t transaction; /* of the record before; where the next turn begins */
    uint64_t records;    /* of this turn */
    bool more;           /* the turn ended before the records did */
    enum err err;
};

struct value
trade_book_value(const struct trade_book *book, uint32_t text)
{
    if (text == NAME_NONE)
        return VALUE_OF_NULL;
    return value_of_json(names_text(book->texts, text));
}

struct amount
trade_book_amount(const struct trade_book *book,
                  const struct trade_entry *entry)
{
    uint32_t text = entry->texts[BOOK_AMOUNT];

    if (text == NAME_NONE)
        return (struct amount){ .kind = AMOUNT_UNKNOWN };
    return book->amounts[text];
}

size_t
trade_book_find(const struct trade_book *book, uint64_t key)
{
    size_t low = 0, high = book->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (book->order[middle] < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool
trade_book_committee(struct str *list, struct str *out)
{
    size_t from = 0, end;

    /* Brackets and commas stand before names, and names are in quotes. */
    while (from < list->len && list->data[from] != '"')
        from++;
    if (from == list->len)
        return false;
    for (end = ++from; list->data[end] != '"'; end++)
        if (list->data[end] == '\\')
            end++;
    assert(end < list->len);
    *out = (struct str){ list->data + from, end - from };
    list->data += end + 1;
    list->len -= end + 1;
    return true;
}

void
trade_book_free(struct trade_book *book)
{
    if (book == NULL)
        return;
    names_free(book->texts);
    free(book->entries);
    free(book->order);
    free(book->amounts);
    free(book);
}

/* Any step may be the one too many: a version has a few bytes, a text many. */
static enum err
take_bytes(struct trade_book *book, size_t bytes)
{
    book->bytes += bytes;
    return book->bytes > TRADE_BOOK_BYTES_MAX ? ERR_TOO_LARGE : OK;
}

static enum err
intern(struct book_reader *reader, const struct value *value,
       enum trade_text how, uint32_t *out)
{
    struct names *texts = reader->book->texts;

    *out = NAME_NONE;
    if (value->type == VALUE_NULL)
        return OK;
    out_reset(&reader->scratch);
    if (how == TRADE_JSON)
        out_str(&reader->scratch, value->text);
    else
        value_json(&reader->scratch, *value);
    TRY(out_finish(&reader->scratch));
    *out = names_find(texts, out_text(&reader->scratch));
    if (*out != NAME_NONE)
        return OK;
    *out = names_count(texts);
    TRY(take_bytes(reader->book, 2 * reader->scratch.len + TEXT_BYTES));
    return names_add(texts, out_text(&reader->scratch));
}

static enum err
reserve_entry(struct book_reader *reader)
{
    struct trade_book *book = reader->book;
    size_t capacity = reader->capacity == 0 ? 1024 : 2 * reader->capacity;
    struct trade_entry *entries;

    if (book->count < reader->capacity)
        return OK;
    TRY(take_bytes(book, (capacity - reader->capacity) * sizeof *entries));
    entries = realloc(book->entries, capacity * sizeof *entries);
    if (entries == NULL)
        return ERR_BUSY;
    book->entries = entries;
    reader->capacity = capacity;
    return OK;
}

static enum err
add_entry(struct book_reader *reader, const struct record *record,
          const struct trade *trade, size_t offset)
{
    struct trade_entry *entry;

    TRY(reserve_entry(reader));
    entry = &reader->book->entries[reader->book->count];
    *entry = (struct trade_entry){
        .version = { record->tx, trade->updated, trade->amendment_number,
                     trade->ordinal },
        .transaction = (uint32_t)record->security_id,
        .offset = (uint32_t)offset,
        .date = record->effective,
        .report_date = trade->report_date,
        .type = trade_type_read(trade->fields[TRADE_TYPE_TEXT].text),
    };
    for (size_t i = 0; i < BOOK_TEXTS; i++)
        TRY(intern(reader, &trade->fields[fields[i]],
                   trade_members[fields[i]].text, &entry->texts[i]));
    reader->book->count++;
    return OK;
}

/* A turn ends between two transactions. */
static enum visit
read_record(void *context, const struct record *record)
{
    struct book_reader *reader = context;
    struct str payload = record->payload;
    struct trade trade;
    size_t offset = 0;
    enum err err = OK;

    reader->more = reader->records >= STREAM_RECORDS_MAX &&
                   record->security_id != reader->transaction;
    reader->transaction = record->security_id;
    if (reader->more)
        return VISIT_STOP;
    reader->records++;
    if (record->security_id >= names_count(reader->store->trades))
        reader->err = ERR_STORE;
    while (reader->err == OK && tradeset_next(&payload, &trade, &err)) {
        reader->err = add_entry(reader, record, &trade, offset);
        offset = record->payload.len - payload.len;
    }
    if (reader->err == OK)
        reader->err = err;
    return reader->err == OK ? VISIT_NEXT : VISIT_STOP;
}

/* On a view of its own, as every turn. */
static enum err
read_turn(struct book_reader *reader, uint64_t known_tx, struct why *why)
{
    struct scan_range range = SCAN_ALL(RECORD_TRADES);
    struct view view;
    enum err err;

    range.first_security = reader->transaction;
    reader->records = 0;
    reader->more = false;
    TRY(store_view_begin(reader->store, known_tx, &view, why));
    err = store_scan(&view, &range, read_record, reader, why);
    store_view_end(&view);
    TRY(err);
    if (reader->err == ERR_STORE)
        return why_set(why, ERR_STORE, "a record of trades is malformed");
    if (reader->err == ERR_TOO_LARGE)
        return why_set(why, ERR_TOO_LARGE, "there are too many trades");
    return reader->err;
}

static int
by_text(const void *a, const void *b, void *context)
{
    const uint32_t *left = a, *right = b;

    return str_compare(names_text(context, *left), names_text(context, *right));
}

static int
compare_numbers(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

static int
by_version(const void *a, const void *b, void *context)
{
    const struct trade_entry *left = a, *right = b;
    const uint32_t *ranks = context;

    if (left->transaction != right->transaction)
        return compare_numbers(ranks[left->transaction],
                               ranks[right->transaction]);
    return trade_compare_versions(&left->version, &right->version);
}

static int
by_key(const void *a, const void *b)
{
    return compare_numbers(*(const uint64_t *)a, *(const uint64_t *)b);
}

/* Where each transaction comes among all, by their texts. Owned. */
static uint32_t *
ranks_new(struct names *names)
{
    uint32_t count = names_count(names);
    uint32_t *ids = calloc((size_t)count + 1, sizeof *ids);
    uint32_t *ranks = calloc((size_t)count + 1, sizeof *ranks);

    for (uint32_t i = 0; i < count && ids != NULL; i++)
        ids[i] = i;
    if (ids != NULL && ranks != NULL) {
        qsort_r(ids, count, sizeof *ids, by_text, names);
        for (uint32_t i = 0; i < count; i++)
            ranks[ids[i]] = i;
    }
    if (ids == NULL) {
        free(ranks);
        ranks = NULL;
    }
    free(ids);
    return ranks;
}

/* Of few texts, many trades. */
static enum err
read_amounts(struct trade_book *book)
{
    size_t count = (size_t)names_count(book->texts) + 1;
    bool *is_read = calloc(count, sizeof *is_read);

    book->amounts = calloc(count, sizeof *book->amounts);
    book->bytes += count * sizeof *book->amounts;
    for (size_t i = 0;
         i < book->count && is_read != NULL && book->amounts != NULL; i++) {
        uint32_t text = book->entries[i].texts[BOOK_AMOUNT];

        if (text == NAME_NONE || is_read[text])
            continue;
        is_read[text] = true;
        book->amounts[text] = amount_read(trade_book_value(book, text).text);
    }
    free(is_read);
    return is_read == NULL || book->amounts == NULL ? ERR_BUSY : OK;
}

static enum err
put_in_order(struct trade_book *book, struct names *names)
{
    uint32_t *ranks = ranks_new(names);

    if (ranks == NULL)
        return ERR_BUSY;
    if (book->count > 0)
        qsort_r(book->entries, book->count, sizeof *book->entries, by_version,
                ranks);
    free(ranks);
    book->order = calloc(book->count + 1, sizeof *book->order);
    if (book->order == NULL)
        return ERR_BUSY;
    book->bytes += book->count * sizeof *book->order;
    for (size_t i = 0; i < book->count; i++)
        book->order[i] = trade_book_key(book->entries[i].date, i);
    qsort(book->order, book->count, sizeof *book->order, by_key);
    return OK;
}

enum err
trade_book_read(struct store *store, uint64_t known_tx, const atomic_bool *stop,
                struct trade_book **out, struct why *why)
{
    struct book_reader reader = { .store = store, .more = true };
    struct trade_book *book = calloc(1, sizeof *book);
    enum err err = OK;

    if (book == NULL)
        return ERR_BUSY;
    reader.book = book;
    out_init(&reader.scratch, SIZE_MAX);
    book->texts = names_new(store->seed);
    if (book->texts == NULL)
        err = ERR_BUSY;
    while (err == OK && reader.more)
        err = atomic_load(stop) ? ERR_BUSY : read_turn(&reader, known_tx, why);
    if (err == OK)
        err = put_in_order(book, store->trades);
    if (err == OK)
        err = read_amounts(book);
    out_fini(&reader.scratch);
    if (err == OK)
        *out = book;
    else
        trade_book_free(book);
    return err;
}
