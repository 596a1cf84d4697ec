/* Audits of decoded rows: pure, all of them run to their end. */
#include "audit_page.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#define SECONDS_PER_DAY 86400

/* A day as text. */
struct day_text {
    char text[DATE_TEXT_BYTES];
};

static struct day_text
text_of(struct date day)
{
    struct day_text out;

    date_format(day, out.text);
    return out;
}

void
audit_listing(const struct listing *listing, uint32_t published,
              struct complaints *reasons)
{
    const uint64_t least = (uint64_t)published * AUDIT_LISTING_PERCENT_MIN;

    if ((uint64_t)listing->count * 100 >= least)
        return;
    complaints_add(reasons, NULL, 0,
                   "the listing shrank from %" PRIu32 " to %" PRIu32, published,
                   listing->count);
}

void
audit_splits(const struct listing *listing, struct date today,
             struct complaints *reasons)
{
    for (uint32_t i = 0; i < listing->split_count; i++) {
        const struct listed_split *split = &listing->splits[i];
        const int32_t day = split->execution.days;
        const struct day_text text = text_of(split->execution);

        if (day < AUDIT_FIRST_DAY.days ||
            day > today.days + AUDIT_SPLIT_DAYS_AHEAD)
            complaints_add(reasons, NULL, 0, "a split of \"%.*s\" is of %.*s",
                           STR_ARG(split->ticker), DATE_TEXT_BYTES, text.text);
    }
}

static struct str
ticker_of(const struct bar_batch *bars, const struct bar_row *row)
{
    assert(row->security_id < 0);
    return bars->tickers.items[-1 - row->security_id];
}

/* A bar's day and ticker, as they were asked for. */
static void
audit_place(const struct bar_batch *bars, const struct bar_row *row,
            const struct audit_bars *ask, struct complaints *reasons)
{
    const struct day_text text = text_of(row->bar.date);
    const struct day_text asked = text_of(ask->day);
    struct str ticker = ticker_of(bars, row);

    if (ask->ticker.data != NULL && !str_equal(ticker, ask->ticker))
        complaints_add(reasons, NULL, 0,
                       "a bar is of \"%.*s\", asked for was \"%.*s\"",
                       STR_ARG(ticker), STR_ARG(ask->ticker));
    if (row->bar.date.days != ask->day.days)
        complaints_add(reasons, NULL, 0,
                       "the bar of \"%.*s\" is of %.*s, asked for was %.*s",
                       STR_ARG(ticker), DATE_TEXT_BYTES, text.text,
                       DATE_TEXT_BYTES, asked.text);
    if (row->bar.date.days > ask->today.days ||
        row->bar.date.days < AUDIT_FIRST_DAY.days)
        complaints_add(reasons, NULL, 0,
                       "the bar of \"%.*s\" is of %.*s, a day without prices",
                       STR_ARG(ticker), DATE_TEXT_BYTES, text.text);
}

/* That they are in order is what a batch lets in. */
static void
audit_prices(const struct bar_batch *bars, const struct bar_row *row,
             struct complaints *reasons)
{
    static const enum bar_field prices[] = { BAR_OPEN, BAR_HIGH, BAR_LOW,
                                             BAR_CLOSE };
    struct str ticker = ticker_of(bars, row);

    for (size_t i = 0; i < sizeof prices / sizeof prices[0]; i++)
        if (bar_decimal(&row->bar, prices[i]).mantissa == 0)
            complaints_add(reasons, NULL, 0, "%s of \"%.*s\" is zero",
                           bar_field_names[prices[i]], STR_ARG(ticker));
}

static int
compare_bars(const void *left, const void *right)
{
    const struct bar_row *a = *(const struct bar_row *const *)left;
    const struct bar_row *b = *(const struct bar_row *const *)right;

    if (a->security_id != b->security_id)
        return a->security_id < b->security_id ? -1 : 1;
    return a->bar.date.days < b->bar.date.days
               ? -1
               : a->bar.date.days > b->bar.date.days;
}

/* A day of a ticker that comes twice, and not alike. */
static enum err
audit_twice(const struct bar_batch *bars, struct complaints *reasons)
{
    const struct bar_row **sorted = calloc(bars->count + 1U, sizeof *sorted);

    if (sorted == NULL)
        return ERR_BUSY;
    for (uint32_t i = 0; i < bars->count; i++)
        sorted[i] = &bars->rows[i];
    qsort(sorted, bars->count, sizeof *sorted, compare_bars);
    for (uint32_t i = 1; i < bars->count; i++)
        if (compare_bars(&sorted[i - 1], &sorted[i]) == 0 &&
            !bar_equal(&sorted[i - 1]->bar, &sorted[i]->bar))
            complaints_add(reasons, NULL, 0,
                           "two bars of \"%.*s\" differ on one day",
                           STR_ARG(ticker_of(bars, sorted[i])));
    free(sorted);
    return OK;
}

enum err
audit_bars(const struct bar_batch *bars, const struct audit_bars *ask,
           struct complaints *reasons)
{
    for (uint32_t i = 0; i < bars->count; i++) {
        audit_place(bars, &bars->rows[i], ask, reasons);
        audit_prices(bars, &bars->rows[i], reasons);
    }
    return audit_twice(bars, reasons);
}

void
audit_trades(const struct trade_batch *trades, int64_t updated_last,
             struct date today, struct complaints *reasons)
{
    const int64_t ahead = today.days + 1 + AUDIT_UPDATED_DAYS_AHEAD;

    for (uint32_t i = 0; i < trades->count; i++) {
        const struct trade_row *row = &trades->rows[i];
        const struct day_text text = text_of(row->date);

        if (row->date.days < AUDIT_FIRST_DAY.days ||
            row->date.days > today.days + AUDIT_TRADE_DAYS_AHEAD)
            complaints_add(
                reasons, NULL, 0, "trade \"%.*s\" is of %.*s",
                STR_ARG(trades->transactions.items[row->transaction]),
                DATE_TEXT_BYTES, text.text);
    }
    if (updated_last >= ahead * SECONDS_PER_DAY)
        complaints_add(reasons, NULL, 0,
                       "a row was updated at %" PRId64 ", which is to come",
                       updated_last);
}
