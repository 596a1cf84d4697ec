/* The version that stands of each trade, and whether it is asked for. */
#include "trade_choice.h"

#include <stdlib.h>

/*
 * Whether a question sees a version at all. Of what it does not see nothing
 * counts: an amendment that nobody could know hides no earlier version.
 */
static bool
is_seen(const struct trade_question *question, const struct trade_entry *entry)
{
    if (entry->version.tx > question->known_tx)
        return false;
    return !question->is_dated ||
           (entry->report_date.days != TRADE_NO_DATE.days &&
            entry->report_date.days <= question->disclosed_by.days);
}

/* Versions of a transaction are neighbours, the one that stands behind the
 * others. */
static void
find_standing(struct trade_choice *choice)
{
    const struct trade_entry *entries = choice->book->entries;
    const struct trade_question *question = choice->question;
    uint32_t last = NAME_NONE; /* transaction of which one was found */

    for (size_t i = choice->book->count; i-- > 0;) {
        bool is_later_there = entries[i].transaction == last;

        if (!is_seen(question, &entries[i]))
            continue;
        choice->stands[i] = question->is_of_all || !is_later_there;
        last = entries[i].transaction;
    }
}

/* A string has its quotes in the book. */
static enum err
find_texts(const struct trade_book *book, struct str text,
           struct book_texts *out)
{
    struct out json;
    enum err err;

    out_init(&json, SIZE_MAX);
    out_json(&json, text);
    err = out_finish(&json);
    if (err == OK)
        out->ids[0] = names_find(book->texts, out_text(&json));
    out_fini(&json);
    out->ids[1] = NAME_NONE;
    if (value_is_number(text))
        out->ids[1] = names_find(book->texts, text);
    return err;
}

enum err
trade_choice_init(struct trade_choice *choice, const struct trade_book *book,
                  const struct trade_question *question)
{
    const struct window *window = &question->window;

    *choice = (struct trade_choice){
        .book = book,
        .question = question,
        .stands = calloc(book->count + 1, sizeof *choice->stands),
        .committees = calloc((size_t)names_count(book->texts) + 1, 1),
        .to = book->count,
    };
    out_init(&choice->escaped, SIZE_MAX);
    if (choice->stands == NULL || choice->committees == NULL)
        return ERR_BUSY;
    for (size_t i = 0; i < BOOK_TEXTS; i++)
        if (question->texts[i].data != NULL)
            TRY(find_texts(book, question->texts[i], &choice->texts[i]));
    if (question->texts[BOOK_COMMITTEES].data != NULL)
        value_escape(&choice->escaped, question->texts[BOOK_COMMITTEES]);
    TRY(out_finish(&choice->escaped));
    choice->committee = out_text(&choice->escaped);
    if (window->from.days >= DATE_FIRST_DAYS)
        choice->from = trade_book_find(book, trade_book_key(window->from, 0));
    if (window->to.days <= DATE_LAST_DAYS)
        choice->to = trade_book_find(book, trade_book_key(window->to, 0));
    find_standing(choice);
    return OK;
}

void
trade_choice_fini(struct trade_choice *choice)
{
    free(choice->stands);
    free(choice->committees);
    out_fini(&choice->escaped);
}

/* The lists are few, and remembered. */
static bool
has_committee(struct trade_choice *choice, uint32_t text)
{
    char *is_one;
    struct str list, name;

    if (text == NAME_NONE)
        return false;
    is_one = &choice->committees[text];
    if (*is_one == '\0') {
        *is_one = 'n';
        list = names_text(choice->book->texts, text);
        while (*is_one == 'n' && trade_book_committee(&list, &name))
            if (str_equal(name, choice->committee))
                *is_one = 'y';
    }
    return *is_one == 'y';
}

static bool
has_text(struct trade_choice *choice, enum book_text which, uint32_t text)
{
    const struct book_texts *wanted = &choice->texts[which];

    if (choice->question->texts[which].data == NULL)
        return true;
    if (which == BOOK_COMMITTEES)
        return has_committee(choice, text);
    return text != NAME_NONE &&
           (text == wanted->ids[0] || text == wanted->ids[1]);
}

bool
trade_choice_has(struct trade_choice *choice, size_t place)
{
    size_t at = trade_book_at(choice->book, place);
    const struct trade_entry *entry = &choice->book->entries[at];

    if (!choice->stands[at] ||
        (choice->question->is_typed && choice->question->type != entry->type))
        return false;
    for (unsigned i = 0; i < BOOK_TEXTS; i++)
        if (!has_text(choice, i, entry->texts[i]))
            return false;
    return choice->tickers == NULL ||
           (entry->texts[BOOK_TICKER] != NAME_NONE &&
            choice->tickers[entry->texts[BOOK_TICKER]]);
}
