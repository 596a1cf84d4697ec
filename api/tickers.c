/* Tickers to securities, and a security to its tickers. */
#include "tickers.h"

#include <assert.h>
#include <stdlib.h>

#include "reading.h"
#include "secmaster/bounds.h"

#define ATTRIBUTE STR("ticker")

/* How many tickers are looked for together: at first one, as a page may end
 * soon, then ever more. */
#define SOUGHT_FIRST 1
#define SOUGHT_MAX 1024
/* And among how many trades for each, since most may be of known ones. */
#define PLACES_EACH 16

enum err
tickers_begin(struct tickers *tickers, struct trade_choice *choice,
              struct store *store, struct why *why)
{
    const struct trade_book *book = choice->book;
    uint32_t attribute = names_find(store->attributes, ATTRIBUTE);
    enum err err;

    *tickers = (struct tickers){
        .book = book,
        .choice = choice,
        .sought_max = SOUGHT_FIRST,
    };
    TRY(store_view_begin(store, choice->question->known_tx, &tickers->view,
                         why));
    arena_init(&tickers->arena, TICKERS_BYTES_MAX);
    out_init(&tickers->text, SIZE_MAX);
    tickers->known =
        calloc((size_t)names_count(book->texts) + 1, sizeof *tickers->known);
    tickers->sought = calloc(SOUGHT_MAX, sizeof *tickers->sought);
    tickers->names = calloc(SOUGHT_MAX, sizeof *tickers->names);
    err =
        bearers_init(&tickers->bearers, &tickers->view, attribute, WINDOW_ALL);
    if (err == OK && tickers->known != NULL && tickers->sought != NULL &&
        tickers->names != NULL)
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
    free(tickers->sought);
    free(tickers->names);
}

static const struct trade_entry *
entry_at(const struct trade_book *book, size_t place)
{
    return &book->entries[trade_book_at(book, place)];
}

/* Take a text for one that is looked for. Nobody bears it until then, so that
 * it is not taken again. */
static void
seek(struct tickers *tickers, uint32_t text)
{
    static const struct bearer nobody = { .count = 0 };
    struct ticker_bearers *known = &tickers->known[text];

    if (known->items != NULL)
        return;
    *known = (struct ticker_bearers){ &nobody, 0 };
    tickers->sought[tickers->sought_count++] = text;
}

/* Those of the trades from a place on that are not known. */
static void
seek_from(struct tickers *tickers, size_t place)
{
    struct trade_choice *choice = tickers->choice;
    size_t left = PLACES_EACH * tickers->sought_max;

    tickers->sought_count = 0;
    for (; place < choice->to && left > 0 &&
           tickers->sought_count < tickers->sought_max;
         place++, left--) {
        uint32_t text = entry_at(choice->book, place)->texts[BOOK_TICKER];

        if (text != NAME_NONE && trade_choice_has(choice, place))
            seek(tickers, text);
    }
}

/* A number in a trade is a ticker of its digits. */
static enum err
unescape_all(struct tickers *tickers)
{
    for (size_t i = 0; i < tickers->sought_count; i++) {
        struct value value =
            trade_book_value(tickers->book, tickers->sought[i]);

        out_reset(&tickers->text);
        value_unescape(&tickers->text, value.text);
        TRY(out_finish(&tickers->text));
        tickers->names[i] =
            arena_copy(&tickers->arena, out_text(&tickers->text));
        if (tickers->names[i].data == NULL)
            return ERR_TOO_LARGE;
    }
    return OK;
}

struct keeping {
    struct tickers *tickers;
    enum err err;
};

static enum visit
keep(void *context, const struct bearers *bearers, size_t name)
{
    struct keeping *keeping = context;
    struct tickers *tickers = keeping->tickers;
    struct bearer *items =
        arena_alloc(&tickers->arena, (bearers->count + 1) * sizeof *items);

    if (items == NULL) {
        keeping->err = ERR_TOO_LARGE;
        return VISIT_STOP;
    }
    for (size_t i = 0; i < bearers->count; i++)
        items[i] = bearers->items[i];
    tickers->known[tickers->sought[name]] =
        (struct ticker_bearers){ items, bearers->count };
    return VISIT_NEXT;
}

static enum err
look_for_sought(struct tickers *tickers, struct why *why)
{
    const struct bearers_names names = { tickers->names,
                                         tickers->sought_count };
    struct keeping keeping = { tickers, unescape_all(tickers) };

    if (keeping.err == OK)
        TRY(bearers_find_all(&tickers->bearers, &names, keep, &keeping, why));
    if (keeping.err == ERR_TOO_LARGE)
        return why_set(why, ERR_TOO_LARGE,
                       "too many securities bear the tickers of the trades");
    return keeping.err;
}

static enum err
look_from(struct tickers *tickers, size_t place, struct why *why)
{
    seek_from(tickers, place);
    TRY(look_for_sought(tickers, why));
    if (tickers->sought_max < SOUGHT_MAX)
        tickers->sought_max *= 2;
    return OK;
}

enum err
tickers_resolve(struct tickers *tickers, size_t place, int64_t *out,
                struct why *why)
{
    const struct trade_entry *entry = entry_at(tickers->book, place);
    uint32_t text = entry->texts[BOOK_TICKER];
    const struct ticker_bearers *known;

    *out = NO_SECURITY;
    if (text == NAME_NONE)
        return OK;
    known = &tickers->known[text];
    if (known->items == NULL)
        TRY(look_from(tickers, place, why));
    assert(known->items != NULL);
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
