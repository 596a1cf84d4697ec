/* Bodies of trades, and what came of them as text to compare. */
#include "tests/codec/trades_reading.h"

#include <assert.h>

#include "secmaster/arena.h"
#include "secmaster/trades_reader.h"

static void
put_date(struct out *out, const char *name, struct date date)
{
    if (date.days == TRADE_NO_DATE.days)
        return;
    out_print(out, " %s ", name);
    out_date(out, date);
}

static void
put_fields(struct out *out, const struct trade *trade)
{
    for (size_t i = 0; i < TRADE_FIELDS; i++) {
        const struct value field = trade->fields[i];

        if (field.type == VALUE_NULL)
            continue;
        out_print(out, " %s=", trade_members[i].name);
        if (trade_members[i].text == TRADE_JSON)
            out_str(out, field.text);
        else
            value_json(out, field);
    }
}

/* By way of the payload that the row would have. */
static void
put_row(struct out *out, const struct trade_batch *batch, uint32_t i)
{
    const struct trade_row *row = &batch->rows[i];
    struct out payload;
    struct str rest;
    struct trade trade;
    enum err err;

    out_init(&payload, UINT32_MAX);
    tradeset_put(&payload, i, trade_row_content(batch, i));
    rest = out_text(&payload);
    if (!tradeset_next(&rest, &trade, &err))
        assert(false);
    assert(rest.len == 0);
    assert(trade.ordinal == i);
    out_str(out, row->is_held ? STR("= ") : STR(""));
    out_str(out, batch->transactions.items[row->transaction]);
    out_char(out, ' ');
    out_date(out, row->date);
    put_date(out, "notified", trade.notification_date);
    put_date(out, "reported", trade.report_date);
    if (trade.amendment_number > 0)
        out_print(out, " amendment %u", trade.amendment_number);
    if (trade.updated != 0)
        out_print(out, " updated %lld", (long long)trade.updated);
    put_fields(out, &trade);
    out_char(out, '\n');
    out_fini(&payload);
}

static void
put_member(struct out *out, const struct trade_batch *batch, uint32_t i)
{
    const struct trade_row *row = &batch->rows[i];
    struct member_version member;

    if (row->member == BATCH_END)
        return;
    if (!member_read(trade_row_member(batch, i), &member))
        assert(false);
    assert(member.updated == row->member_updated);
    out_print(out, "  %.*s ", STR_ARG(batch->members.items[row->member]));
    out_date(out, row->member_day);
    out_print(out, " %lld {%.*s}\n", (long long)member.updated,
              STR_ARG(member.text));
}

void
trades_put(struct out *out, const struct trade_batch *batch)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        put_row(out, batch, i);
        put_member(out, batch, i);
    }
}

void
trades_reading(struct out *out, enum media media, struct str body)
{
    struct arena arena;
    struct complaints complaints;
    struct trade_batch *batch = trade_batch_new(0);
    struct why why = { "" };
    enum err err;

    assert(batch != NULL);
    arena_init(&arena, REQUEST_ARENA_BYTES_MAX);
    complaints_init(&complaints, &arena);
    err = trades_read(body, media, batch, &complaints, &why);
    if (put_verdict(out, err, &why, &complaints))
        trades_put(out, batch);
    trade_batch_free(batch);
    arena_fini(&arena);
}
