/* Bodies of bars fed in pieces, and what came of them as text to compare. */
#include "tests/codec/bars_reading.h"

#include <assert.h>

#include "secmaster/arena.h"
#include "secmaster/bars_reader.h"

static void
put_bar(struct out *out, const struct bar_batch *batch,
        const struct bar_row *row)
{
    if (row->security_id < 0)
        out_str(out, batch->tickers.items[-1 - row->security_id]);
    else
        out_int(out, row->security_id);
    out_char(out, ' ');
    out_date(out, row->bar.date);
    for (unsigned i = 0; i < BAR_FIELDS; i++) {
        out_char(out, ' ');
        if ((row->bar.present & BAR_BIT(i)) != 0)
            decimal_put(out, bar_decimal(&row->bar, (enum bar_field)i));
        else
            out_char(out, '-');
    }
    out_char(out, ' ');
    out_str(out, batch->sources.items[row->bar.source]);
    if (row->line > 0)
        out_print(out, " @%u", row->line);
    out_char(out, '\n');
}

void
bars_put(struct out *out, const struct bar_batch *batch)
{
    if (batch->pointer_prefix != NULL && *batch->pointer_prefix != '\0')
        out_print(out, "%s\n", batch->pointer_prefix);
    for (uint32_t i = 0; i < batch->count; i++)
        put_bar(out, batch, &batch->rows[i]);
}

void
bars_put_ticker_place(struct out *out, const struct bar_batch *batch)
{
    struct arena arena;
    struct complaints complaints;

    assert(batch->count > 0);
    arena_init(&arena, REQUEST_ARENA_BYTES_MAX);
    complaints_init(&complaints, &arena);
    bar_batch_complain_ticker(batch, &complaints, batch->count - 1, "odd");
    (void)put_verdict(out, ERR_INVALID, NULL, &complaints);
    arena_fini(&arena);
}

static enum err
feed_bars(void *reader, struct str piece, struct why *why)
{
    return bars_reader_feed(reader, piece, why);
}

/* A body, what is known of it, and what is asked. */
struct sent {
    enum media media;
    const struct bars_owner *owner;
    struct str body;
    void (*put)(struct out *out, const struct bar_batch *batch);
};

static const struct bars_owner msft = { .ticker = BODY("MSFT") };

static void
put_reading(struct out *out, const struct sent *sent, cut how)
{
    struct arena arena;
    struct complaints complaints;
    struct bar_batch *batch = bar_batch_new(0);
    struct bars_reader *reader;
    struct why why = { 0 };
    enum err err;

    assert(batch != NULL);
    arena_init(&arena, REQUEST_ARENA_BYTES_MAX);
    complaints_init(&complaints, &arena);
    reader = bars_reader_new(sent->media, sent->owner, batch, &complaints);
    assert(reader != NULL);
    err = feed_cut(feed_bars, reader, sent->body, how, &why);
    if (err == OK)
        err = bars_reader_finish(reader, &why);
    if (put_verdict(out, err, &why, &complaints))
        sent->put(out, batch);
    bars_reader_free(reader);
    bar_batch_free(batch);
    arena_fini(&arena);
}

void
bars_reading(struct out *out, enum media media, struct str body, cut how)
{
    const struct sent sent = { media, NULL, body, bars_put };

    put_reading(out, &sent, how);
}

void
bars_of_msft_reading(struct out *out, enum media media, struct str body,
                     cut how)
{
    const struct sent sent = { media, &msft, body, bars_put };

    put_reading(out, &sent, how);
}

void
bars_of_7_reading(struct out *out, enum media media, struct str body, cut how)
{
    static const struct bars_owner owner = { .security_id = 7 };
    const struct sent sent = { media, &owner, body, bars_put };

    put_reading(out, &sent, how);
}

void
ticker_place_reading(struct out *out, enum media media, struct str body,
                     cut how)
{
    const struct sent sent = { media, NULL, body, bars_put_ticker_place };

    put_reading(out, &sent, how);
}

void
ticker_place_of_msft_reading(struct out *out, enum media media, struct str body,
                             cut how)
{
    const struct sent sent = { media, &msft, body, bars_put_ticker_place };

    put_reading(out, &sent, how);
}
