/* Bars from a body: the rules of one bar, whatever format it came in. */
#include "secmaster/bars_reader.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "row_sink.h"
#include "row_source.h"
#include "secmaster/bounds.h"
#include "secmaster/fact.h"
#include "secmaster/utf8.h"

/* The fields of a bar stand in their own order. */
enum {
    SECURITY_ID,
    TICKER,
    DATE,
    FIELDS,
    SOURCE = FIELDS + BAR_FIELDS,
    BARS_MEMBERS,
};
static_assert(BARS_MEMBERS <= ROW_MEMBERS_MAX, "a row holds them");

/* A security is named by one of the first two, or by the owner. */
static const struct row_member bar_members[] = {
    [SECURITY_ID] = { "security_id", MEMBER_ID, MEMBER_OPTIONAL },
    [TICKER] = { "ticker", MEMBER_TEXT, MEMBER_OPTIONAL },
    [DATE] = { "date", MEMBER_TEXT, MEMBER_REQUIRED },
    [FIELDS + BAR_OPEN] = { "open", MEMBER_BARE_NUMBER, MEMBER_REQUIRED },
    [FIELDS + BAR_HIGH] = { "high", MEMBER_BARE_NUMBER, MEMBER_REQUIRED },
    [FIELDS + BAR_LOW] = { "low", MEMBER_BARE_NUMBER, MEMBER_REQUIRED },
    [FIELDS + BAR_CLOSE] = { "close", MEMBER_BARE_NUMBER, MEMBER_REQUIRED },
    [FIELDS + BAR_ADJ_CLOSE] = { "adj_close", MEMBER_BARE_NUMBER_OR_NULL,
                                 MEMBER_OPTIONAL },
    [FIELDS +
        BAR_VOLUME] = { "volume", MEMBER_BARE_NUMBER_OR_NULL, MEMBER_OPTIONAL },
    [FIELDS + BAR_PRE_MARKET] = { "pre_market", MEMBER_BARE_NUMBER_OR_NULL,
                                  MEMBER_OPTIONAL },
    [FIELDS + BAR_AFTER_HOURS] = { "after_hours", MEMBER_BARE_NUMBER_OR_NULL,
                                   MEMBER_OPTIONAL },
    [SOURCE] = { "source", MEMBER_TEXT, MEMBER_OPTIONAL },
};

static const struct row_member top_members[] = {
    { "source", MEMBER_TEXT, MEMBER_OPTIONAL },
};

/* BARS_VENDOR_HEADER. */
static const struct row_column vendor_columns[] = {
    { "Date", DATE },
    { "Open", FIELDS + BAR_OPEN },
    { "High", FIELDS + BAR_HIGH },
    { "Low", FIELDS + BAR_LOW },
    { "Close", FIELDS + BAR_CLOSE },
    { "Adj Close", FIELDS + BAR_ADJ_CLOSE },
    { "Volume", FIELDS + BAR_VOLUME },
};

static const struct row_shape bar_shape = {
    .pointer = "/prices",
    .members = bar_members,
    .member_count = BARS_MEMBERS,
    .top = top_members,
    .top_count = sizeof top_members / sizeof top_members[0],
    .empty = "holds no bar",
    .foreign = vendor_columns,
    .foreign_count = sizeof vendor_columns / sizeof vendor_columns[0],
};

#define FAULT_OWNED "must not be there: the request says whose the bars are"

struct bars_reader {
    struct row_sink sink;
    struct row_source source;
    struct bar_batch *batch; /* borrowed */
    bool is_owned;
    int64_t owner_id; /* of each row, where it is owned */
    char default_source[SOURCE_BYTES_MAX];
    size_t default_source_len; /* 0: none was given */
};

static_assert(TICKER_BYTES_MAX == 128, "ticker_fault names the limit");

const char *
ticker_fault(struct str ticker)
{
    if (ticker.len == 0)
        return "a ticker is empty";
    if (ticker.len > TICKER_BYTES_MAX)
        return "a ticker is longer than 128 bytes";
    if (utf8_span(ticker) != ticker.len)
        return "a ticker is not UTF-8";
    if (utf8_has_control(ticker))
        return "a ticker has a control character";
    return NULL;
}

static void
judge(struct row_sink *sink, size_t member, const char *fault)
{
    if (fault != NULL)
        row_complain(sink, str_of(bar_members[member].name), fault);
}

static bool
is_there(struct token token)
{
    return token.type != TOKEN_ABSENT;
}

/* Whose a row is: an id, or a ticker that is to be interned. */
static void
read_security(struct bars_reader *reader, const struct token *tokens,
              struct bar_row *row)
{
    struct row_sink *sink = &reader->sink;
    bool has_id = is_there(tokens[SECURITY_ID]);
    bool has_ticker = is_there(tokens[TICKER]);

    row->security_id = reader->owner_id;
    if (reader->is_owned) {
        judge(sink, SECURITY_ID, has_id ? FAULT_OWNED : NULL);
        judge(sink, TICKER, has_ticker ? FAULT_OWNED : NULL);
        return;
    }
    if (has_id == has_ticker)
        row_complain(sink, (struct str){ NULL, 0 },
                     has_id ? "must have a security_id or a ticker, not both"
                            : "must have a security_id or a ticker");
    if (has_id)
        (void)row_id(sink, SECURITY_ID, &row->security_id);
    if (tokens[TICKER].type == TOKEN_STRING)
        judge(sink, TICKER, ticker_fault(tokens[TICKER].text));
}

static void
read_fields(struct row_sink *sink, const struct token *tokens, struct bar *bar)
{
    enum bar_field field;
    const char *fault;

    for (unsigned i = 0; i < BAR_FIELDS; i++) {
        struct decimal value;
        struct why why;

        if (tokens[FIELDS + i].type != TOKEN_NUMBER)
            continue;
        if (decimal_parse(tokens[FIELDS + i].text, &value, &why) != OK)
            judge(sink, FIELDS + i, why.text);
        else
            bar_set(bar, (enum bar_field)i, value);
    }
    if ((bar->present & BAR_REQUIRED) != BAR_REQUIRED)
        return;
    fault = bar_fault(bar, &field);
    if (fault != NULL)
        judge(sink, FIELDS + field, fault);
}

static enum err
bar_row(struct row_sink *sink, const struct token *tokens)
{
    struct bars_reader *reader = sink->context;
    struct bar_row row = { .line = 0 };
    struct token ticker = tokens[TICKER], source = tokens[SOURCE];
    bool has_date;

    read_security(reader, tokens, &row);
    has_date = row_date(sink, DATE, &row.bar.date);
    read_fields(sink, tokens, &row.bar);
    if (source.type == TOKEN_STRING)
        judge(sink, SOURCE, source_name_fault(source.text));
    if (sink->row_bad)
        return OK;
    assert(has_date);
    if (is_there(ticker))
        TRY(bar_batch_ticker(reader->batch, ticker.text, &row.security_id));
    if (is_there(source))
        TRY(bar_batch_source(reader->batch, source.text, &row.bar.source));
    if (sink->pointer == NULL)
        row.line = (uint32_t)sink->line;
    return bar_batch_add(reader->batch, &row);
}

/* Said once, not of each row. */
static void
bars_header(struct row_sink *sink, uint32_t members)
{
    struct bars_reader *reader = sink->context;
    bool has_id = (members >> SECURITY_ID & 1) != 0;
    bool has_ticker = (members >> TICKER & 1) != 0;

    if (reader->is_owned) {
        judge(sink, SECURITY_ID, has_id ? FAULT_OWNED : NULL);
        judge(sink, TICKER, has_ticker ? FAULT_OWNED : NULL);
        return;
    }
    if (!has_id && !has_ticker)
        row_complain(sink, (struct str){ NULL, 0 },
                     "nothing says whose the bars are: add a column "
                     "security_id or ticker, or ?ticker= or ?security_id= to "
                     "the request");
}

/* Kept until the end: it may stand behind the bars it speaks of. */
static enum err
bars_top(struct row_sink *sink, size_t i, struct str text)
{
    struct bars_reader *reader = sink->context;
    const char *fault = source_name_fault(text);

    if (fault != NULL) {
        body_complain(sink, str_of(top_members[i].name), fault);
        return OK;
    }
    memcpy(reader->default_source, text.data, text.len);
    reader->default_source_len = text.len;
    return OK;
}

/* False: memory. */
static bool
take_owner(struct bars_reader *reader, const struct bars_owner *owner)
{
    if (owner == NULL)
        return true;
    reader->is_owned = true;
    reader->batch->ticker_member = NULL;
    reader->owner_id = owner->security_id;
    if (owner->ticker.len > 0)
        return bar_batch_ticker(reader->batch, owner->ticker,
                                &reader->owner_id) == OK;
    assert(owner->security_id >= 0);
    return true;
}

struct bars_reader *
bars_reader_new(enum media media, const struct bars_owner *owner,
                struct bar_batch *batch, struct complaints *complaints)
{
    struct bars_reader *reader = calloc(1, sizeof *reader);

    assert(batch != NULL);
    assert(complaints != NULL);

    if (reader == NULL)
        return NULL;
    row_sink_init(&reader->sink, &bar_shape, complaints);
    reader->sink.row = bar_row;
    reader->sink.top = bars_top;
    reader->sink.header = bars_header;
    reader->sink.context = reader;
    reader->batch = batch;
    if (!take_owner(reader, owner) ||
        !row_source_open(&reader->source, media, &reader->sink)) {
        free(reader);
        return NULL;
    }
    return reader;
}

void
bars_reader_free(struct bars_reader *reader)
{
    if (reader == NULL)
        return;
    row_source_close(&reader->source);
    row_sink_fini(&reader->sink);
    free(reader);
}

enum err
bars_reader_feed(struct bars_reader *reader, struct str piece, struct why *why)
{
    assert(reader != NULL);

    return row_source_feed(&reader->source, piece, why);
}

enum err
bars_reader_finish(struct bars_reader *reader, struct why *why)
{
    struct str source = { reader->default_source, reader->default_source_len };

    assert(reader != NULL);

    TRY(row_source_finish(&reader->source, &reader->sink, why));
    reader->batch->pointer_prefix = reader->sink.pointer;
    if (source.len == 0)
        return OK;
    return bar_batch_default_source(reader->batch, source);
}
