/* Print a trade: its version is read again, and what is derived is worked out
 * then. */
#include "told_trade.h"

#include <stdlib.h>

#include "bar_reading.h"
#include "lone_row.h"
#include "reading.h"
#include "secmaster/bounds.h"
#include "secmaster/trade.h"
#include "trade_choice.h"

/* Rows that are remembered, by security modulo; one that takes more bytes is
 * not. */
#define ROWS_KEPT 1024
#define ROW_KEPT_BYTES_MAX 4096

struct kept_row {
    int64_t security_id;
    struct date start, end; /* end <= start: none */
    struct out json;
};

struct trade_teller {
    struct store *store;
    uint64_t known_tx;
    struct kept_row rows[ROWS_KEPT];
    size_t bytes; /* of their texts */

    /* The trade at hand. */
    const struct told_trade *trade;
    struct kept_row *row; /* NULL: none */
    bool has_close, is_found;
    struct decimal close;
    struct out *out;
    enum err err;
};

struct trade_teller *
trade_teller_new(struct store *store, uint64_t known_tx)
{
    struct trade_teller *teller = calloc(1, sizeof *teller);

    if (teller == NULL)
        return NULL;
    teller->store = store;
    teller->known_tx = known_tx;
    for (size_t i = 0; i < ROWS_KEPT; i++)
        out_init(&teller->rows[i].json, SIZE_MAX);
    return teller;
}

void
trade_teller_free(struct trade_teller *teller)
{
    if (teller == NULL)
        return;
    for (size_t i = 0; i < ROWS_KEPT; i++)
        out_fini(&teller->rows[i].json);
    free(teller);
}

size_t
trade_teller_held(const struct trade_teller *teller)
{
    return sizeof *teller + teller->bytes;
}

static enum visit
keep_row(void *context, const struct row *row)
{
    struct trade_teller *teller = context;
    struct kept_row *kept = teller->row;

    kept->security_id = row->security_id;
    kept->start = row->start;
    kept->end = row->end;
    teller->err =
        lone_row_print(row, teller->store->attributes, MEDIA_JSON, &kept->json);
    return VISIT_STOP;
}

static void
forget_row(struct trade_teller *teller, struct kept_row *row)
{
    teller->bytes -= row->json.capacity;
    out_fini(&row->json);
    *row = (struct kept_row){ 0 };
    out_init(&row->json, SIZE_MAX);
}

/* The row of the trade's security in force on its day. */
static enum err
find_row(struct trade_teller *teller, struct why *why)
{
    int64_t id = teller->trade->security_id;
    struct date day = teller->trade->date;
    struct reading reading = reading_all(teller->store, teller->known_tx);
    struct turn turn = TURN_WHOLE(id);
    struct kept_row *row;
    enum err err;

    teller->row = NULL;
    if (id == NO_SECURITY)
        return OK;
    row = teller->row = &teller->rows[id % ROWS_KEPT];
    if (row->security_id == id && row->start.days <= day.days &&
        day.days < row->end.days)
        return OK;
    forget_row(teller, row);
    reading.first_security = reading.last_security = id;
    reading.window = (struct window){ day, { day.days + 1 } };
    err = reading_rows(&reading, &turn, keep_row, teller, why);
    teller->bytes += row->json.capacity;
    return err == OK ? teller->err : err;
}

static enum visit
note_close(void *context, int64_t security_id, const struct bar *bars,
           size_t count)
{
    struct trade_teller *teller = context;

    (void)security_id;
    for (size_t i = 0; i < count; i++) {
        if (bars[i].date.days != teller->trade->date.days)
            continue;
        teller->has_close = true;
        teller->close = bar_decimal(&bars[i], BAR_CLOSE);
    }
    return VISIT_NEXT;
}

static enum err
find_close(struct trade_teller *teller, struct why *why)
{
    const struct told_trade *trade = teller->trade;
    struct bar_reading reading = {
        .store = teller->store,
        .known_tx = teller->known_tx,
        .last_security = trade->security_id,
        .from = trade->date,
        .to = { trade->date.days + 1 },
        .security_id = trade->security_id,
        .day = trade->date,
    };
    uint64_t records_left = UINT64_MAX / 4;
    bool more;

    teller->has_close = false;
    if (trade->security_id == NO_SECURITY)
        return OK;
    return bar_reading_turn(&reading, &records_left, note_close, teller, &more,
                            why);
}

static void
put_name(struct out *out, const char *name)
{
    out_bytes(out, ",\"", 2);
    out_str(out, str_of(name));
    out_bytes(out, "\":", 2);
}

/* What is JSON already goes as it is. */
static void
put_field(struct out *out, const struct trade *trade, enum trade_field field)
{
    const struct value *value = &trade->fields[field];

    put_name(out, trade_members[field].name);
    if (trade_members[field].text == TRADE_JSON)
        out_str(out, value->text);
    else
        value_json(out, *value);
}

static void
put_day(struct out *out, const char *name, struct date day)
{
    put_name(out, name);
    if (day.days == TRADE_NO_DATE.days) {
        out_str(out, STR("null"));
        return;
    }
    out_char(out, '"');
    out_date(out, day);
    out_char(out, '"');
}

static void
put_dates(struct out *out, const struct trade *trade)
{
    int32_t days;

    put_day(out, "transaction_date", trade->transaction_date);
    put_day(out, "notification_date", trade->notification_date);
    put_day(out, "report_date", trade->report_date);
    if (trade_days_to_disclose(trade, &days))
        out_print(out, ",\"days_to_disclose\":%d,\"late\":%s", (int)days,
                  days > TRADE_LATE_DAYS ? "true" : "false");
    else
        out_str(out, STR(",\"days_to_disclose\":null,\"late\":null"));
}

static void
put_bound(struct out *out, const char *name, bool is_there,
          struct decimal bound)
{
    put_name(out, name);
    if (is_there)
        decimal_put(out, bound);
    else
        out_str(out, STR("null"));
}

static void
put_amount(struct out *out, const struct trade *trade)
{
    struct amount amount = amount_read(trade->fields[TRADE_AMOUNT].text);

    put_field(out, trade, TRADE_AMOUNT);
    put_bound(out, "amount_low", amount.has_low, amount.low);
    put_bound(out, "amount_high", amount.has_high, amount.high);
    out_print(out, ",\"amount_kind\":\"%s\"", amount_kind_names[amount.kind]);
}

static void
put_security(struct trade_teller *teller)
{
    struct out *out = teller->out;

    if (teller->row == NULL || teller->row->json.len == 0) {
        out_str(out, STR(",\"security_id\":null,\"security\":null"));
    } else {
        out_str(out, STR(",\"security_id\":"));
        out_int(out, teller->trade->security_id);
        out_str(out, STR(",\"security\":"));
        out_str(out, out_text(&teller->row->json));
    }
    put_bound(out, "close", teller->has_close, teller->close);
}

static void
put_type(struct out *out, const struct trade *trade)
{
    enum trade_type type = trade_type_read(trade->fields[TRADE_TYPE_TEXT].text);

    out_print(out, ",\"transaction_type\":\"%s\"", trade_type_names[type]);
    put_field(out, trade, TRADE_TYPE_TEXT);
}

static void
put_trade(struct trade_teller *teller, const struct trade *trade)
{
    static const enum trade_field filer[] = {
        TRADE_MEMBER_ID, TRADE_MEMBER_NAME, TRADE_CHAMBER,    TRADE_PARTY,
        TRADE_STATE,     TRADE_DISTRICT,    TRADE_COMMITTEES,
    };
    struct out *out = teller->out;

    out_str(out, STR("{\"transaction_id\":"));
    out_json(out, trade->transaction_id);
    put_field(out, trade, TRADE_ID);
    put_field(out, trade, TRADE_REPORT_ID);
    out_print(out, ",\"amendment_number\":%lu",
              (unsigned long)trade->amendment_number);
    put_name(out, "updated");
    if (trade->updated == 0)
        out_str(out, STR("null"));
    else
        out_int(out, trade->updated);
    for (size_t i = 0; i < sizeof filer / sizeof filer[0]; i++)
        put_field(out, trade, filer[i]);
    put_dates(out, trade);
    put_type(out, trade);
    put_field(out, trade, TRADE_OWNERSHIP);
    put_amount(out, trade);
    put_field(out, trade, TRADE_TICKER);
    put_field(out, trade, TRADE_SECURITY_NAME);
    put_field(out, trade, TRADE_SECURITY_TYPE);
    put_security(teller);
    put_field(out, trade, TRADE_DESCRIPTION);
    put_field(out, trade, TRADE_DISCLOSURE_URL);
    put_field(out, trade, TRADE_FILER_INFO);
    out_char(out, '}');
}

/* A record may have many versions: those before it are not read again. */
static enum visit
put_version(void *context, const struct record *record)
{
    struct trade_teller *teller = context;
    const struct told_trade *wanted = teller->trade;
    struct str payload = record->payload;
    struct trade trade;

    if (record->tx != wanted->tx)
        return VISIT_NEXT;
    if (wanted->offset >= payload.len)
        return VISIT_STOP;
    payload.data += wanted->offset;
    payload.len -= wanted->offset;
    if (!tradeset_next(&payload, &trade, &teller->err) ||
        trade.ordinal != wanted->ordinal)
        return VISIT_STOP;
    trade.transaction_id =
        names_text(teller->store->trades, wanted->transaction);
    trade.transaction_date = wanted->date;
    put_trade(teller, &trade);
    teller->is_found = true;
    return VISIT_STOP;
}

enum err
trade_teller_put(struct trade_teller *teller, const struct told_trade *trade,
                 struct out *out, struct why *why)
{
    struct scan_range range = SCAN_SECURITY(RECORD_TRADES, trade->transaction);
    struct view view;
    enum err err;

    teller->trade = trade;
    teller->out = out;
    teller->err = OK;
    teller->is_found = false;
    TRY(find_row(teller, why));
    TRY(find_close(teller, why));
    range.first_date = range.last_date = trade->date;
    TRY(store_view_begin(teller->store, teller->known_tx, &view, why));
    err = store_scan(&view, &range, put_version, teller, why);
    store_view_end(&view);
    TRY(err);
    if (teller->err != OK || !teller->is_found)
        return why_set(why, ERR_STORE, "a record of trades is malformed");
    if (teller->row != NULL && teller->row->json.len > ROW_KEPT_BYTES_MAX)
        forget_row(teller, teller->row);
    return out_finish(out);
}
