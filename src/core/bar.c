/* Bars, what is wrong with one, and whether two are the same. */
#include "secmaster/bar.h"

#include <assert.h>
#include <string.h>

const char *const bar_field_names[BAR_FIELDS] = {
    [BAR_OPEN] = "open",
    [BAR_HIGH] = "high",
    [BAR_LOW] = "low",
    [BAR_CLOSE] = "close",
    [BAR_ADJ_CLOSE] = "adj_close",
    [BAR_VOLUME] = "volume",
    [BAR_PRE_MARKET] = "pre_market",
    [BAR_AFTER_HOURS] = "after_hours",
};

void
bar_set(struct bar *bar, enum bar_field field, struct decimal value)
{
    bar->mantissas[field] = value.mantissa;
    bar->scales[field] = value.scale;
    bar->present |= (uint8_t)BAR_BIT(field);
}

static bool
is_outside(const struct bar *bar, enum bar_field field)
{
    struct decimal value = bar_decimal(bar, field);

    return decimal_compare(value, bar_decimal(bar, BAR_LOW)) < 0 ||
           decimal_compare(value, bar_decimal(bar, BAR_HIGH)) > 0;
}

const char *
bar_fault(const struct bar *bar, enum bar_field *field)
{
    assert((bar->present & BAR_REQUIRED) == BAR_REQUIRED);

    *field = BAR_HIGH;
    if (bar->mantissas[BAR_OPEN] == 0 && bar->mantissas[BAR_HIGH] == 0 &&
        bar->mantissas[BAR_LOW] == 0 && bar->mantissas[BAR_CLOSE] == 0)
        return "all prices are zero: there is no such bar";
    if (decimal_compare(bar_decimal(bar, BAR_HIGH), bar_decimal(bar, BAR_LOW)) <
        0)
        return "must not be below low";
    *field = BAR_OPEN;
    if (is_outside(bar, BAR_OPEN))
        return "must be from low to high";
    *field = BAR_CLOSE;
    return is_outside(bar, BAR_CLOSE) ? "must be from low to high" : NULL;
}

bool
bar_equal(const struct bar *a, const struct bar *b)
{
    return a->date.days == b->date.days && a->source == b->source &&
           a->present == b->present &&
           memcmp(a->scales, b->scales, sizeof a->scales) == 0 &&
           memcmp(a->mantissas, b->mantissas, sizeof a->mantissas) == 0;
}

struct date
bar_month(struct date day)
{
    return (struct date){ day.days - (int32_t)date_civil(day).day + 1 };
}
