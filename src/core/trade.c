/* A trade's bytes in a record, and which of its versions stands. */
#include "secmaster/trade.h"

#include <assert.h>

#include "secmaster/wire.h"

/*
 * On disk. A version:
 *
 *   varint  ordinal, and then its content:
 *   u8      bit 0: a notification date follows, bit 1: a report date
 *   varint  amendment number
 *   varint  zigzag(updated)
 *   varint  zigzag(notification date), days since 1970-01-01, if bit 0
 *   varint  zigzag(report date), if bit 1
 *           and for each field, in the order of enum trade_field:
 *   u8      type of the value (value.h)
 *   varint  bytes of the text, numbers and strings only
 *   bytes   text
 */
enum {
    FLAG_NOTIFICATION = 1,
    FLAG_REPORT = 2,
    FLAGS = FLAG_NOTIFICATION | FLAG_REPORT,
};

const struct trade_member trade_members[TRADE_FIELDS] = {
    [TRADE_ID] = { "id", TRADE_SCALAR },
    [TRADE_REPORT_ID] = { "report_id", TRADE_SCALAR },
    [TRADE_MEMBER_ID] = { "member_id", TRADE_SCALAR },
    [TRADE_MEMBER_NAME] = { "member_name", TRADE_SCALAR },
    [TRADE_CHAMBER] = { "chamber", TRADE_SCALAR },
    [TRADE_PARTY] = { "party", TRADE_SCALAR },
    [TRADE_STATE] = { "state", TRADE_SCALAR },
    [TRADE_DISTRICT] = { "district", TRADE_SCALAR },
    [TRADE_TYPE_TEXT] = { "transaction_type_text", TRADE_SCALAR },
    [TRADE_OWNERSHIP] = { "ownership", TRADE_SCALAR },
    [TRADE_AMOUNT] = { "amount", TRADE_SCALAR },
    [TRADE_TICKER] = { "ticker", TRADE_SCALAR },
    [TRADE_SECURITY_NAME] = { "security_name", TRADE_SCALAR },
    [TRADE_SECURITY_TYPE] = { "security_type", TRADE_SCALAR },
    [TRADE_DESCRIPTION] = { "description", TRADE_SCALAR },
    [TRADE_DISCLOSURE_URL] = { "disclosure_url", TRADE_SCALAR },
    [TRADE_COMMITTEES] = { "committees", TRADE_JSON },
    [TRADE_FILER_INFO] = { "filer_info", TRADE_JSON },
};

static void
put_number(struct out *out, uint64_t number)
{
    unsigned char bytes[VARINT_BYTES_MAX];

    out_bytes(out, (const char *)bytes, put_varint(bytes, number));
}

static bool
has_text(enum value_type type)
{
    return type == VALUE_NUMBER || type == VALUE_STRING;
}

void
trade_put(struct out *out, const struct trade *trade)
{
    bool has_notification = trade->notification_date.days != TRADE_NO_DATE.days;
    bool has_report = trade->report_date.days != TRADE_NO_DATE.days;

    out_char(out, (char)((has_notification ? FLAG_NOTIFICATION : 0) |
                         (has_report ? FLAG_REPORT : 0)));
    put_number(out, trade->amendment_number);
    put_number(out, zigzag(trade->updated));
    if (has_notification)
        put_number(out, zigzag(trade->notification_date.days));
    if (has_report)
        put_number(out, zigzag(trade->report_date.days));
    for (size_t i = 0; i < TRADE_FIELDS; i++) {
        const struct value *field = &trade->fields[i];

        out_char(out, (char)field->type);
        if (!has_text(field->type))
            continue;
        put_number(out, field->text.len);
        out_str(out, field->text);
    }
}

void
tradeset_put(struct out *out, uint32_t ordinal, struct str content)
{
    assert(content.len > 0);

    put_number(out, ordinal);
    out_str(out, content);
}

static bool
take_byte(struct str *from, unsigned *out)
{
    if (from->len == 0)
        return false;
    *out = (unsigned char)*from->data;
    from->data++;
    from->len--;
    return true;
}

static bool
take_date(struct str *from, bool is_there, struct date *out)
{
    uint64_t number;
    int64_t days;

    *out = TRADE_NO_DATE;
    if (!is_there)
        return true;
    if (!take_varint(from, &number))
        return false;
    days = unzigzag(number);
    out->days = (int32_t)days;
    return days >= DATE_FIRST_DAYS && days <= DATE_LAST_DAYS;
}

static bool
take_field(struct str *from, struct value *out)
{
    unsigned type;
    uint64_t len;

    if (!take_byte(from, &type) || type > VALUE_STRING)
        return false;
    out->type = (enum value_type)type;
    if (!has_text(out->type)) {
        *out = value_of_type(out->type);
        return true;
    }
    if (!take_varint(from, &len) || len > from->len)
        return false;
    out->text = (struct str){ from->data, (size_t)len };
    from->data += len;
    from->len -= len;
    return true;
}

static bool
take_trade(struct str *from, struct trade *out)
{
    uint64_t ordinal, amendment, updated;
    unsigned flags;

    if (!take_varint(from, &ordinal) || ordinal > UINT32_MAX ||
        !take_byte(from, &flags) || flags > FLAGS ||
        !take_varint(from, &amendment) || amendment > UINT32_MAX ||
        !take_varint(from, &updated) ||
        !take_date(from, (flags & FLAG_NOTIFICATION) != 0,
                   &out->notification_date) ||
        !take_date(from, (flags & FLAG_REPORT) != 0, &out->report_date))
        return false;
    out->ordinal = (uint32_t)ordinal;
    out->amendment_number = (uint32_t)amendment;
    out->updated = unzigzag(updated);
    for (size_t i = 0; i < TRADE_FIELDS; i++)
        if (!take_field(from, &out->fields[i]))
            return false;
    return true;
}

bool
tradeset_next(struct str *payload, struct trade *out, enum err *err)
{
    *err = OK;
    if (payload->len == 0)
        return false;
    *err = take_trade(payload, out) ? OK : ERR_STORE;
    return *err == OK;
}

int
trade_compare_versions(const struct trade_version *a,
                       const struct trade_version *b)
{
    if (a->amendment_number != b->amendment_number)
        return a->amendment_number < b->amendment_number ? -1 : 1;
    if (a->updated != b->updated)
        return a->updated < b->updated ? -1 : 1;
    if (a->tx != b->tx)
        return a->tx < b->tx ? -1 : 1;
    if (a->ordinal != b->ordinal)
        return a->ordinal < b->ordinal ? -1 : 1;
    return 0;
}

bool
trade_days_to_disclose(const struct trade *trade, int32_t *out)
{
    if (trade->report_date.days == TRADE_NO_DATE.days)
        return false;
    *out = trade->report_date.days - trade->transaction_date.days;
    return true;
}
