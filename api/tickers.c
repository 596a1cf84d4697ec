/* Tickers to securities, and a security to its tickers. */
#include "tickers.h"

#include <stdlib.h>

#include "reading.h"
#include "secmaster/bounds.h"

#define ATTRIBUTE STR("ticker")

enum err
tickers_begin(struct tickers *tickers, const struct trade_book *book,
              struct store *store, uint64_t known_tx, struct why *why)
{
    uint32_t attribute = names_find(store->attributes, ATTRIBUTE);
    enum err err;

    *tickers = (struct tickers){ .book = book };
    TRY(store_view_begin(store, known_tx, &tickers->view, why));
    arena_init(&tickers->arena, TICKERS_BYTES_MAX);
    out_init(&tickers->text, SIZE_MAX);
    tickers->known =
        calloc((size_t)names_count(book->texts) + 1, sizeof *tickers->known);
    err =
        bearers_init(&tickers->bearers, &tickers->view, attribute, WINDOW_ALL);
    if (err == OK && tickers->known != NULL)
        return OK;
    tickers_end(tickers);
    return ERR_BUSY;
}

void
tickers_end(struct tickers *tickers)
{
    bearers_fini(&tickers->bearers);
    store_view_end(&tickers->view);
    arena_fini(&tickers->arena);
    out_fini(&tickers->text);
    free(tickers->known);
}

/* A number in a trade is a ticker of its digits. */
static enum err
look_for(struct tickers *tickers, uint32_t text, struct why *why)
{
    struct value value = trade_book_value(tickers->book, text);
    struct bearers *bearers = &tickers->bearers;
    struct bearer *items;

    out_reset(&tickers->text);
    value_unescape(&tickers->text, value.text);
    TRY(out_finish(&tickers->text));
    TRY(bearers_find(bearers, out_text(&tickers->text), why));
    items = arena_alloc(&tickers->arena, (bearers->count + 1) * sizeof *items);
    if (items == NULL)
        return why_set(why, ERR_TOO_LARGE,
                       "too many securities bear the tickers of the trades");
    for (size_t i = 0; i < bearers->count; i++)
        items[i] = bearers->items[i];
    tickers->known[text] = (struct ticker_bearers){ items, bearers->count };
    return OK;
}

enum err
tickers_resolve(struct tickers *tickers, const struct trade_entry *entry,
                int64_t *out, struct why *why)
{
    uint32_t text = entry->texts[BOOK_TICKER];
    const struct ticker_bearers *known;

    *out = NO_SECURITY;
    if (text == NAME_NONE)
        return OK;
    known = &tickers->known[text];
    if (known->items == NULL)
        TRY(look_for(tickers, text, why));
    if (bearers_among(known->items, known->count, entry->date, out) != 1)
        *out = NO_SECURITY;
    return OK;
}

struct marking {
    const struct trade_book *book;
    uint32_t attribute;
    bool *marks; /* by text */
    struct out scratch;
    enum err err;
};

/* A number and a string of its digits are the same ticker to a trade. */
static void
mark_both(struct marking *marking, struct str escaped)
{
    const struct names *texts = marking->book->texts;
    uint32_t ids[2];

    out_reset(&marking->scratch);
    value_json(&marking->scratch, (struct value){ VALUE_STRING, escaped });
    marking->err = out_finish(&marking->scratch);
    if (marking->err != OK)
        return;
    ids[0] = names_find(texts, out_text(&marking->scratch));
    ids[1] = names_find(texts, escaped);
    for (size_t i = 0; i < 2; i++)
        if (ids[i] != NAME_NONE)
            marking->marks[ids[i]] = true;
}

static enum visit
mark_row(void *context, const struct row *row)
{
    struct marking *marking = context;

    for (size_t i = 0; i < row->cell_count; i++)
        if (row->cells[i].attribute == marking->attribute &&
            row->cells[i].value.type != VALUE_NULL)
            mark_both(marking, row->cells[i].value.text);
    return marking->err == OK ? VISIT_NEXT : VISIT_STOP;
}

enum err
tickers_mark(const struct trade_book *book, struct store *store,
             const struct trade_question *question, bool *marks,
             struct why *why)
{
    struct reading reading = reading_all(store, question->known_tx);
    struct turn turn = TURN_WHOLE(question->security_id);
    struct marking marking = {
        .book = book,
        .attribute = names_find(store->attributes, ATTRIBUTE),
    };
    enum err err;

    marking.marks = marks;
    out_init(&marking.scratch, SIZE_MAX);
    reading.first_security = reading.last_security = question->security_id;
    err = reading_rows(&reading, &turn, mark_row, &marking, why);
    out_fini(&marking.scratch);
    return err == OK ? marking.err : err;
}
