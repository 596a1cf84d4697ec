/* Trades and members as payloads: their bytes, and which version stands. */
#include <criterion/criterion.h>

#include "secmaster/member.h"
#include "secmaster/trade.h"

static struct trade
plain_trade(void)
{
    struct trade trade = {
        .notification_date = TRADE_NO_DATE,
        .report_date = TRADE_NO_DATE,
    };

    for (size_t i = 0; i < TRADE_FIELDS; i++)
        trade.fields[i] = VALUE_OF_NULL;
    return trade;
}

static struct trade
full_trade(void)
{
    struct trade trade = plain_trade();

    trade.notification_date = (struct date){ 2 };
    trade.report_date = (struct date){ -1 };
    trade.amendment_number = 300;
    trade.updated = 1734012113;
    trade.fields[TRADE_ID] = (struct value){ VALUE_STRING, STR("7\\n") };
    trade.fields[TRADE_DISTRICT] = (struct value){ VALUE_NUMBER, STR("5.0") };
    trade.fields[TRADE_TICKER] = (struct value){ VALUE_STRING, STR("") };
    trade.fields[TRADE_FILER_INFO] = (struct value){ VALUE_STRING, STR("{}") };
    return trade;
}

#define FULL                                                                   \
    "\x03\xac\x02\xa2\xb3\xd7\xf5\x0c\x04\x01"                                 \
    "\x04\x03"                                                                 \
    "7\\n"                                                                     \
    "\0\0\0\0\0\0\x03\x03"                                                     \
    "5.0"                                                                      \
    "\0\0\0\x04\0\0\0\0\0\0\x04\x02{}"
#define PLAIN "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"

Test(trade, bytes_are_pinned)
{
    const struct {
        const char *name;
        struct trade trade;
        struct str bytes;
    } trades[] = {
        { "plain", plain_trade(), STR(PLAIN) },
        { "full", full_trade(), STR(FULL) },
    };

    for (size_t i = 0; i < sizeof trades / sizeof trades[0]; i++) {
        struct out out;

        out_init(&out, SIZE_MAX);
        trade_put(&out, &trades[i].trade);
        cr_expect(str_equal(out_text(&out), trades[i].bytes), "%s: %zu bytes",
                  trades[i].name, out.len);
        out_fini(&out);
    }
}

static void
expect_same(const struct trade *got, const struct trade *want, const char *name)
{
    cr_expect_eq(got->notification_date.days, want->notification_date.days,
                 "%s: notification %d", name, got->notification_date.days);
    cr_expect_eq(got->report_date.days, want->report_date.days, "%s: report %d",
                 name, got->report_date.days);
    cr_expect_eq(got->amendment_number, want->amendment_number, "%s", name);
    cr_expect_eq(got->updated, want->updated, "%s", name);
    for (size_t i = 0; i < TRADE_FIELDS; i++)
        cr_expect(value_equal(got->fields[i], want->fields[i]), "%s: %s", name,
                  trade_members[i].name);
}

Test(trade, a_set_gives_back_its_versions_in_order)
{
    const struct trade trades[] = { full_trade(), plain_trade() };
    const char *const names[] = { "full", "plain" };
    struct str payload;
    struct trade got;
    struct out out;
    enum err err;

    out_init(&out, SIZE_MAX);
    tradeset_put(&out, 0, STR(FULL));
    tradeset_put(&out, UINT32_MAX, STR(PLAIN));
    payload = out_text(&out);
    for (size_t i = 0; i < 2; i++) {
        cr_assert(tradeset_next(&payload, &got, &err), "%s", names[i]);
        cr_expect_eq(got.ordinal, i == 0 ? 0 : UINT32_MAX, "%s: %u", names[i],
                     got.ordinal);
        expect_same(&got, &trades[i], names[i]);
    }
    cr_expect_not(tradeset_next(&payload, &got, &err));
    cr_expect_eq(err, OK);
    out_fini(&out);
}

Test(trade, damage_is_an_error_and_not_an_end)
{
    const struct {
        const char *name;
        struct str payload;
        int whole; /* versions before it ends */
        enum err err;
    } payloads[] = {
        { "nothing", STR(""), 0, OK },
        { "one", STR("\x05" PLAIN), 1, OK },
        { "two", STR("\x05" PLAIN "\x06" FULL), 2, OK },
        { "an ordinal alone", STR("\x05"), 0, ERR_STORE },
        { "an ordinal of 2^32", STR("\x80\x80\x80\x80\x10" PLAIN), 0,
          ERR_STORE },
        { "an unknown flag", STR("\0\4" PLAIN), 0, ERR_STORE },
        { "an amendment of 2^32", STR("\0\0\x80\x80\x80\x80\x10" PLAIN), 0,
          ERR_STORE },
        { "a report on 10000-01-01", STR("\0\2\0\0\xc2\x82\xe6\x02" PLAIN), 0,
          ERR_STORE },
        { "a field of type 5", STR("\0\0\0\0\5\0" PLAIN), 0, ERR_STORE },
        { "a text cut short", STR("\0\0\0\0\4\2x"), 0, ERR_STORE },
        { "no last field", { PLAIN, sizeof PLAIN - 1 }, 0, ERR_STORE },
        { "the second cut short", STR("\0" PLAIN "\0\0"), 1, ERR_STORE },
    };

    for (size_t i = 0; i < sizeof payloads / sizeof payloads[0]; i++) {
        struct str payload = payloads[i].payload;
        struct trade got;
        enum err err;
        int whole = 0;

        while (tradeset_next(&payload, &got, &err))
            whole++;
        cr_expect_eq(whole, payloads[i].whole, "%s: %d", payloads[i].name,
                     whole);
        cr_expect_eq(err, payloads[i].err, "%s: err %d", payloads[i].name,
                     (int)err);
    }
}

Test(trade, the_later_amendment_stands_then_the_later_update)
{
    static const struct {
        struct trade_version a, b; /* tx, updated, amendment, ordinal */
        int want;
    } pairs[] = {
        { { 0, 0, 0, 0 }, { 0, 0, 0, 0 }, 0 },
        { { 0, 0, 1, 0 }, { 8, 9, 0, 7 }, 1 },
        { { 8, 9, 0, 7 }, { 0, 0, 1, 0 }, -1 },
        { { 0, 5, 1, 0 }, { 8, 4, 1, 7 }, 1 },
        { { 8, 4, 1, 7 }, { 0, 5, 1, 0 }, -1 },
        { { 0, -5, 1, 0 }, { 0, -4, 1, 0 }, -1 },
        { { 0, 0, UINT32_MAX, 0 }, { 0, 0, 0, 0 }, 1 },
        { { 2, 7, 2, 0 }, { 1, 7, 2, 9 }, 1 },
        { { 1, 7, 2, 9 }, { 2, 7, 2, 0 }, -1 },
        { { 1, 7, 2, 1 }, { 1, 7, 2, 0 }, 1 },
        { { 1, 7, 2, 0 }, { 1, 7, 2, 1 }, -1 },
    };

    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        cr_expect_eq(trade_compare_versions(&pairs[i].a, &pairs[i].b),
                     pairs[i].want, "pair %zu", i);
}

Test(trade, days_to_disclose_are_from_transaction_to_report)
{
    const struct {
        struct date transaction, report;
        bool is_there;
        int32_t days;
    } trades[] = {
        { { 100 }, { 127 }, true, 27 },
        { { 100 }, { 100 }, true, 0 },
        { { 100 }, { 98 }, true, -2 },
        { { 100 }, TRADE_NO_DATE, false, 0 },
        { { DATE_FIRST_DAYS }, { DATE_LAST_DAYS }, true, 3652058 },
    };

    for (size_t i = 0; i < sizeof trades / sizeof trades[0]; i++) {
        const struct trade trade = { .transaction_date = trades[i].transaction,
                                     .report_date = trades[i].report };
        int32_t days = 0;

        cr_expect_eq(trade_days_to_disclose(&trade, &days), trades[i].is_there,
                     "trade %zu", i);
        cr_expect_eq(days, trades[i].days, "trade %zu: %d", i, days);
    }
}

Test(trade, a_member_is_when_it_was_updated_and_its_text)
{
    static const struct {
        const char *name;
        struct str payload;
        bool is_one;
        int64_t updated;
    } payloads[] = {
        { "a member", { "\xc8\x01\"name\":1", 10 }, true, 100 },
        { "before 1970", { "\x01\"name\":1", 9 }, true, -1 },
        { "no text", { "\xc8\x01", 2 }, false, 0 },
        { "half a number", { "\xc8", 1 }, false, 0 },
        { "nothing", { "", 0 }, false, 0 },
    };

    for (size_t i = 0; i < sizeof payloads / sizeof payloads[0]; i++) {
        struct member_version got = { 0 };
        struct out out;

        cr_expect_eq(member_read(payloads[i].payload, &got), payloads[i].is_one,
                     "%s", payloads[i].name);
        if (!payloads[i].is_one)
            continue;
        cr_expect_eq(got.updated, payloads[i].updated, "%s: %lld",
                     payloads[i].name, (long long)got.updated);
        cr_expect(str_equal(got.text, STR("\"name\":1")), "%s: %.*s",
                  payloads[i].name, STR_ARG(got.text));
        out_init(&out, 64);
        member_put(&out, &got);
        cr_expect(str_equal(out_text(&out), payloads[i].payload), "%s",
                  payloads[i].name);
        out_fini(&out);
    }
}
