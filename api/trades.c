/*
 * GET /v1/trades and /v1/securities/{security_id}/trades. Which versions are
 * asked for, and the securities that they are about, is found in the book
 * before the first byte; each is read again when it is printed.
 */
#include <assert.h>
#include <stdlib.h>

#include "bar_reading.h"
#include "knowledge.h"
#include "page.h"
#include "problem.h"
#include "secmaster/bounds.h"
#include "secmaster/log.h"
#include "service.h"
#include "tickers.h"
#include "told_trade.h"
#include "trade_books.h"
#include "trade_choice.h"

/* Trades printed for one chunk of a stream, at most. */
#define CHUNK_TRADES_MAX 256

/* What a request wants of the list. */
struct wanted {
    struct trade_question question;
    bool is_limited, is_paged;
    uint32_t limit;
    struct cursor cursor;
};

struct listing {
    struct stream stream; /* first: streams are cast back */
    struct wanted wanted;
    struct trade_teller *teller;
    struct told_trade *trades; /* in order; those of the page, and one more */
    size_t count, capacity;
    size_t at;  /* the first that was not printed */
    size_t max; /* looked for */
};

static void
listing_free(struct listing *listing)
{
    if (listing == NULL)
        return;
    trade_teller_free(listing->teller);
    free(listing->trades);
    free(listing);
}

static struct listing *
listing_new(struct store *store, const struct wanted *wanted)
{
    struct listing *listing = calloc(1, sizeof *listing);

    if (listing == NULL)
        return NULL;
    listing->wanted = *wanted;
    listing->max = SIZE_MAX;
    listing->teller = trade_teller_new(store, wanted->question.known_tx);
    if (listing->teller != NULL)
        return listing;
    listing_free(listing);
    return NULL;
}

static enum err
add_trade(struct listing *listing, const struct trade_entry *entry,
          int64_t security_id)
{
    if (listing->count == listing->capacity) {
        size_t capacity = listing->capacity == 0 ? 256 : 2 * listing->capacity;
        struct told_trade *trades =
            realloc(listing->trades, capacity * sizeof *trades);

        if (trades == NULL)
            return ERR_BUSY;
        listing->trades = trades;
        listing->capacity = capacity;
    }
    listing->trades[listing->count++] = (struct told_trade){
        .tx = entry->version.tx,
        .security_id = security_id,
        .transaction = entry->transaction,
        .ordinal = entry->version.ordinal,
        .offset = entry->offset,
        .date = entry->date,
    };
    return OK;
}

static enum err
collect(struct listing *listing, struct trade_choice *choice,
        struct tickers *tickers, struct why *why)
{
    int64_t wanted = listing->wanted.question.security_id;

    for (size_t i = choice->from; i < choice->to; i++) {
        size_t at = trade_book_at(choice->book, i);
        const struct trade_entry *entry = &choice->book->entries[at];
        int64_t security_id;

        if (listing->count == listing->max)
            return OK;
        if (!trade_choice_has(choice, i))
            continue;
        TRY(tickers_resolve(tickers, i, &security_id, why));
        if (wanted != NO_SECURITY && wanted != security_id)
            continue;
        TRY(add_trade(listing, entry, security_id));
    }
    return OK;
}

/*
 * A cursor's key: the transaction, and which of its versions that are known it
 * is. False: there is none such, or it is of another day.
 */
#define CURSOR_KEY(transaction, nth) ((int64_t)(transaction) << 32 | (nth))

static bool
find_cursor(const struct trade_book *book, uint64_t known_tx,
            const struct cursor *cursor, size_t *place)
{
    uint32_t left = (uint32_t)cursor->key;

    for (size_t i = 0; i < book->count; i++) {
        const struct trade_entry *entry = &book->entries[i];

        if (entry->transaction != cursor->key >> 32 ||
            entry->version.tx > known_tx || left-- > 0)
            continue;
        *place = trade_book_find(book, trade_book_key(entry->date, i));
        return entry->date.days == cursor->start.days;
    }
    return false;
}

/* Of the trade that the next page begins with. */
static struct cursor
cursor_of(const struct trade_book *book, uint64_t known_tx,
          const struct told_trade *trade)
{
    uint32_t nth = 0;

    for (size_t i = 0; i < book->count; i++) {
        const struct trade_entry *entry = &book->entries[i];

        if (entry->transaction != trade->transaction ||
            entry->version.tx > known_tx)
            continue;
        if (entry->version.tx == trade->tx &&
            entry->version.ordinal == trade->ordinal)
            break;
        nth++;
    }
    return (struct cursor){
        .known_tx = known_tx,
        .key = CURSOR_KEY(trade->transaction, nth),
        .start = trade->date,
    };
}

static enum err
put_trade(struct listing *listing, struct out *out, struct why *why)
{
    return trade_teller_put(listing->teller, &listing->trades[listing->at++],
                            out, why);
}

static size_t
bytes_held(const struct listing *listing)
{
    return trade_teller_held(listing->teller) +
           listing->capacity * sizeof *listing->trades;
}

static enum err
put_chunk(struct listing *listing, struct out *out, struct why *why)
{
    size_t bytes_max = out->len + STREAM_CHUNK_BYTES;

    for (size_t i = 0; i < CHUNK_TRADES_MAX && out->len < bytes_max &&
                       listing->at < listing->count;
         i++) {
        TRY(put_trade(listing, out, why));
        out_char(out, '\n');
    }
    return out_finish(out);
}

static enum err
fill(struct stream *stream, struct out *out, bool *done)
{
    struct listing *listing = (struct listing *)stream;
    struct why why = { 0 };
    enum err err = put_chunk(listing, out, &why);

    if (err != OK)
        log_event(LOG_ERROR, "stream-cut", "%s", why.text);
    stream->bytes_held = bytes_held(listing);
    *done = listing->at == listing->count;
    return err;
}

static void
free_stream(struct stream *stream)
{
    listing_free((struct listing *)stream);
}

static enum err
write_page(struct request *request, struct response *response,
           struct listing *listing, const struct cursor *next, struct why *why)
{
    bool is_json = request->media == MEDIA_JSON;
    struct out *out = &response->body;

    if (is_json)
        out_str(out, STR("{\"trades\":["));
    while (listing->at < listing->count) {
        if (is_json && listing->at > 0)
            out_char(out, ',');
        TRY(put_trade(listing, out, why));
        if (!is_json)
            out_char(out, '\n');
    }
    if (is_json)
        out_char(out, ']');
    return page_end(request, response, next, why);
}

/* Choose the trades of the question, from a place of the book on. */
static enum err
choose(struct listing *listing, struct store *store,
       const struct trade_book *book, size_t from, struct why *why)
{
    const struct trade_question *question = &listing->wanted.question;
    struct trade_choice choice;
    struct tickers tickers;
    bool *marks = calloc((size_t)names_count(book->texts) + 1, sizeof *marks);
    enum err err = trade_choice_init(&choice, book, question);

    if (marks == NULL)
        err = ERR_BUSY;
    if (err == OK && question->security_id != NO_SECURITY) {
        choice.tickers = marks;
        err = tickers_mark(book, store, question, marks, why);
    }
    if (choice.from < from)
        choice.from = from;
    if (err == OK)
        err = tickers_begin(&tickers, &choice, store, why);
    if (err == OK) {
        err = collect(listing, &choice, &tickers, why);
        tickers_end(&tickers);
    }
    trade_choice_fini(&choice);
    free(marks);
    return err;
}

static enum err
answer_page(struct request *request, struct response *response,
            struct listing *listing, const struct trade_book *book,
            struct why *why)
{
    bool is_more = listing->count == listing->max;
    struct cursor next;
    enum err err;

    if (is_more)
        next = cursor_of(book, listing->wanted.question.known_tx,
                         &listing->trades[--listing->count]);
    err = write_page(request, response, listing, is_more ? &next : NULL, why);
    if (err == ERR_TOO_LARGE && why->text[0] == '\0')
        err = why_set(why, err, "the page is too large: ask for fewer rows");
    return err;
}

static bool
is_stream(const struct request *request, const struct wanted *wanted)
{
    return request->media != MEDIA_JSON && !wanted->is_limited;
}

/* Choose what is wanted. The response is set where the cursor is of no place
 * in the book. */
static enum err
begin(struct request *request, struct response *response,
      struct listing *listing, const struct trade_book *book, struct why *why)
{
    const struct wanted *wanted = &listing->wanted;
    size_t from = 0;

    if (wanted->is_paged &&
        !find_cursor(book, wanted->question.known_tx, &wanted->cursor, &from)) {
        problem_set(request, response, PROBLEM_INVALID_CURSOR,
                    "the cursor is damaged, or another query's");
        return OK;
    }
    if (!is_stream(request, wanted))
        listing->max = (size_t)wanted->limit + 1;
    return choose(listing, request->service->store, book, from, why);
}

/* The page, or the stream, which then has the listing. */
static enum err
answer(struct request *request, struct response *response,
       struct listing *listing, const struct trade_book *book, struct why *why)
{
    enum err err;

    response->status = 200;
    response->media = request->media;
    if (is_stream(request, &listing->wanted)) {
        listing->stream = (struct stream){
            .fill = fill,
            .free = free_stream,
            .bytes_held = bytes_held(listing),
        };
        response->stream = &listing->stream;
        return OK;
    }
    err = answer_page(request, response, listing, book, why);
    listing_free(listing);
    return err;
}

/* The security of a path has to be known. */
static enum err
check_known(const struct request *request,
            const struct trade_question *question, struct why *why)
{
    const struct bar_reading reading = {
        .store = request->service->store,
        .known_tx = question->known_tx,
    };
    bool is_known;

    if (request->segment_count == 0)
        return OK;
    TRY(bar_reading_knows(&reading, question->security_id, &is_known, why));
    if (is_known)
        return OK;
    return why_set(why, ERR_NOT_FOUND, "security %lld is unknown",
                   (long long)question->security_id);
}

static enum err
list(struct request *request, struct response *response,
     const struct wanted *wanted, struct why *why)
{
    struct service *service = request->service;
    struct listing *listing;
    struct trade_book *book;
    enum err err;

    TRY(check_known(request, &wanted->question, why));
    TRY(trade_books_begin(service->trade_books, service->store,
                          wanted->question.known_tx, &service->draining, &book,
                          why));
    listing = listing_new(service->store, wanted);
    err = listing == NULL ? ERR_BUSY
                          : begin(request, response, listing, book, why);
    if (err == OK && response->status == 0)
        err = answer(request, response, listing, book, why);
    else
        listing_free(listing);
    trade_books_end(service->trade_books, book);
    return err;
}

static void
handle(struct request *request, struct response *response)
{
    struct why why = { 0 };
    struct wanted wanted;
    enum err err;

    if (!trade_question_read(request, response, &wanted.question) ||
        !limit_read(request, response, &wanted.is_limited, &wanted.limit))
        return;
    err = cursor_read(request, &wanted.is_paged, &wanted.cursor);
    assert(err == OK); /* clocks_read has refused any other */
    err = list(request, response, &wanted, &why);
    if (err != OK)
        problem_err(request, response, err, &why);
}

#define COMMON_PARAMS                                                          \
    "ticker", "member_id", "chamber", "party", "state", "committee",           \
        "transaction_type", "from", "to", "disclosed_by", "amendments",        \
        "known_at", "known_tx", "limit", "cursor", NULL

static const char *const params[] = { "security_id", COMMON_PARAMS };

const struct endpoint endpoint_trades = {
    .place = ON_WORKER,
    .gives = MEDIA_BIT(MEDIA_JSON) | MEDIA_BIT(MEDIA_NDJSON),
    .params = params,
    .handle = handle,
};

static const char *const security_params[] = { COMMON_PARAMS };

const struct endpoint endpoint_security_trades = {
    .place = ON_WORKER,
    .gives = MEDIA_BIT(MEDIA_JSON) | MEDIA_BIT(MEDIA_NDJSON),
    .params = security_params,
    .handle = handle,
};
