/* Which trades are asked for, out of a book. */
#ifndef API_TRADE_CHOICE_H
#define API_TRADE_CHOICE_H

#include <stdbool.h>
#include <stdint.h>

#include "request.h"
#include "secmaster/timeline.h"
#include "trade_book.h"

#define NO_SECURITY (-1)

/* Borrowed from the request. */
struct trade_question {
    uint64_t known_tx;
    struct window window;
    bool is_dated; /* only what was reported by then: */
    struct date disclosed_by;
    bool is_of_all;               /* versions; else of those that stand */
    struct str texts[BOOK_TEXTS]; /* data NULL: any */
    bool is_typed;
    enum trade_type type;
    int64_t security_id; /* NO_SECURITY: any */
};

/*
 * Read the clocks, the span and what else the endpoint takes of a question. On
 * failure, and where the client has the answer, the response is set and false
 * returned.
 */
bool trade_question_read(struct request *request, struct response *response,
                         struct trade_question *out);

/* How a text may stand in the book: as a string and as a number. */
struct book_texts {
    uint32_t ids[2]; /* NAME_NONE: it does not */
};

struct trade_choice {
    const struct trade_book *book;         /* borrowed */
    const struct trade_question *question; /* borrowed */
    bool *stands;                          /* by entry */
    struct book_texts texts[BOOK_TEXTS];
    struct str committee; /* escaped */
    struct out escaped;   /* what holds it */
    char *committees;    /* by text: 'y' it is one of the list, 'n' it is not */
    const bool *tickers; /* by text: those that are wanted; NULL: any */

    /* Places of the book's order, [from, to). */
    size_t from, to;
};

/* ERR_BUSY: out of memory; call trade_choice_fini all the same. */
enum err trade_choice_init(struct trade_choice *choice,
                           const struct trade_book *book,
                           const struct trade_question *question);
void trade_choice_fini(struct trade_choice *choice);

/* Whether the entry at a place is asked for, but for its security. */
bool trade_choice_has(struct trade_choice *choice, size_t place);

#endif
