/*
 * Facts by their place. A security of F facts has one of each attribute on its
 * first date; the others go round its later dates, each time with another
 * attribute. The shuffle is a permutation of the places, not a buffer.
 */
#include "dataset.h"

#include <assert.h>
#include <stdlib.h>

#include "values.h"

#define ROUNDS 4

bool
dataset_is_possible(const struct dataset *data)
{
    return data->securities >= 1 && data->facts >= data->securities &&
           data->facts <= DATASET_FACTS_MAX && data->dates >= 2 &&
           data->dates <= DATASET_DATES_MAX &&
           (data->facts - 1) / data->securities <
               DATASET_ATTRIBUTES +
                   (DATASET_ATTRIBUTES - 1) * (data->dates - 1);
}

/* One number of the data, by what it is about. */
static uint64_t
draw(const struct dataset *data, uint64_t what, uint64_t a, uint64_t b)
{
    return values_mix(values_mix(values_mix(data->seed ^ what << 56) ^ a) ^ b);
}

/*
 * A permutation of 0 .. facts-1: a Feistel network over the next power of
 * four, walked until it is back in range, four steps at most on average.
 */
static uint64_t
shuffled(const struct dataset *data, uint64_t index)
{
    unsigned half = 1;
    uint64_t mask;

    while (half < 20 && data->facts > (uint64_t)1 << 2 * half)
        half++;
    mask = ((uint64_t)1 << half) - 1;
    do {
        uint64_t left = index >> half, right = index & mask;

        for (unsigned round = 0; round < ROUNDS; round++) {
            uint64_t next = left ^ (draw(data, 1, round, right) & mask);

            left = right;
            right = next;
        }
        index = left << half | right;
    } while (index >= data->facts);
    return index;
}

static uint64_t
facts_of(const struct dataset *data, uint64_t security)
{
    return data->facts / data->securities +
           (security < data->facts % data->securities);
}

/* Dates go up, a stride apart give or take a stride. */
static struct date
date_of(const struct dataset *data, uint64_t security, uint64_t number)
{
    uint64_t stride = DATASET_SPAN_DAYS / data->dates;
    uint64_t day = number * stride + draw(data, 2, security, number) % stride;

    return (struct date){ DATASET_FIRST_DAYS + (int32_t)day };
}

static uint64_t
date_number(const struct dataset *data, uint64_t nth)
{
    if (nth < DATASET_ATTRIBUTES)
        return 0;
    return 1 + (nth - DATASET_ATTRIBUTES) % (data->dates - 1);
}

/* The nth fact of a security. The class never changes. */
static void
draw_nth(const struct dataset *data, uint64_t security, uint64_t nth,
         struct dataset_fact *out)
{
    uint64_t number = date_number(data, nth);

    out->security_id = data->first_id + security;
    out->effective = date_of(data, security, number);
    if (nth < DATASET_ATTRIBUTES) {
        out->attribute = (unsigned)nth;
    } else {
        uint64_t round = (nth - DATASET_ATTRIBUTES) / (data->dates - 1);

        /* 7 and 19 share no factor: no attribute twice in 19 rounds. */
        out->attribute =
            1 + (unsigned)((draw(data, 3, security, number) % 19 + 7 * round) %
                           (DATASET_ATTRIBUTES - 1));
    }
    values_draw(draw(data, 4, security, nth), out);
}

void
dataset_draw(const struct dataset *data, uint64_t index,
             struct dataset_fact *out)
{
    uint64_t place;

    assert(index < data->facts);

    place = shuffled(data, index);
    draw_nth(data, place % data->securities, place / data->securities, out);
}

void
dataset_position(const struct dataset *data, uint64_t index,
                 struct dataset_position *out)
{
    uint64_t stride = DATASET_SPAN_DAYS / data->dates;
    uint64_t day =
        stride + draw(data, 5, index, 0) % (DATASET_SPAN_DAYS - stride);

    out->security_id =
        data->first_id + draw(data, 6, index, 0) % data->securities;
    out->date = (struct date){ DATASET_FIRST_DAYS + (int32_t)day };
    out->quantity = 1 + draw(data, 7, index, 0) % 100000;
}

/* About one in a hundred of a price. */
static uint64_t
hundredth(uint64_t price, uint64_t number)
{
    return price * (number % 201) / 10000;
}

void
dataset_bar(const struct dataset *data, uint64_t index, struct dataset_bar *bar)
{
    uint64_t days = data->facts / data->securities;
    uint64_t security = index / days, day = index % days;
    uint64_t number = draw(data, 8, security, day);

    if (day == 0)
        bar->close = 500 + draw(data, 9, security, 0) % 30000;
    bar->security_id = data->first_id + security;
    bar->date.days = DATASET_MONDAY_DAYS + (int32_t)(day / 5 * 7 + day % 5);
    bar->open =
        bar->close + hundredth(bar->close, number) - hundredth(bar->close, 100);
    bar->close = bar->open + hundredth(bar->open, number >> 12) -
                 hundredth(bar->open, 100) + (bar->open < 200 ? 2 : 0);
    bar->high = bar->open > bar->close ? bar->open : bar->close;
    bar->low = bar->open < bar->close ? bar->open : bar->close;
    bar->high += hundredth(bar->high, number >> 24);
    bar->low -= hundredth(bar->low, number >> 36);
    bar->volume = 1000 + (number >> 44) * (1 + security % 90);
}

/* What a security's dates have been walked up to. */
struct walk {
    struct dataset_row row;
    struct dataset_fact facts[DATASET_ATTRIBUTES];
};

/* Take the facts of a date; false: it has none. */
static bool
take_date(const struct dataset *data, uint64_t security, uint64_t number,
          struct walk *walk)
{
    uint64_t count = facts_of(data, security), nth = 0, step = 1, end = count;

    if (number == 0 && end > DATASET_ATTRIBUTES)
        end = DATASET_ATTRIBUTES;
    if (number > 0) {
        nth = DATASET_ATTRIBUTES + number - 1;
        step = data->dates - 1;
    }
    if (nth >= end)
        return false;
    for (; nth < end; nth += step) {
        struct dataset_fact fact;

        draw_nth(data, security, nth, &fact);
        walk->facts[fact.attribute] = fact;
        walk->row.cells[fact.attribute] = &walk->facts[fact.attribute];
    }
    return true;
}

static bool
walk_security(const struct dataset *data, uint64_t security,
              dataset_visit *visit, void *context)
{
    struct walk walk = { .row.security_id = data->first_id + security };

    for (uint64_t number = 0; number < data->dates; number++) {
        if (!take_date(data, security, number, &walk))
            return true;
        bool is_last = number + 1 == data->dates ||
                       DATASET_ATTRIBUTES + number >= facts_of(data, security);

        walk.row.start = date_of(data, security, number);
        walk.row.end = is_last ? (struct date){ DATE_OPEN_DAYS }
                               : date_of(data, security, number + 1);
        if (!visit(context, &walk.row))
            return false;
    }
    return true;
}

void
dataset_rows(const struct dataset *data, dataset_visit *visit, void *context)
{
    for (uint64_t security = 0; security < data->securities; security++)
        if (!walk_security(data, security, visit, context))
            return;
}
