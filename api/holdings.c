/* What a portfolio held: of each day the newest record that is known. */
#include "holdings.h"

#include "secmaster/positionset.h"

struct taking {
    struct holdings *holdings;
    const struct holdings_share *share;
    struct positions *into;
    size_t day_count;     /* of into, before the day */
    uint64_t day_ordinal; /* of the day's first that is taken */
    bool any, full;
    enum err err;
};

/* The first record of a day; those that follow stand in its place. */
static void
begin_day(struct taking *taking, struct date day)
{
    struct holdings *holdings = taking->holdings;

    if (day.days != holdings->day.days)
        holdings->ordinal = 0;
    holdings->day = day;
    taking->any = true;
    taking->day_count = taking->into->count;
    taking->day_ordinal = holdings->ordinal;
}

static bool
is_full(const struct taking *taking)
{
    const struct holdings_share *share = taking->share;

    return taking->into->count >= share->count_max ||
           taking->into->quantities.len >= share->quantity_bytes_max;
}

static enum err
take_day(struct taking *taking, struct str payload)
{
    struct holdings *holdings = taking->holdings;
    struct position place = { .date = holdings->day };
    struct positionset_item item;
    enum err err;

    taking->full = false;
    holdings->ordinal = taking->day_ordinal;
    for (uint64_t i = 0; positionset_next(&payload, &item, &err); i++) {
        if (i < taking->day_ordinal)
            continue;
        taking->full = is_full(taking);
        if (taking->full)
            return OK;
        place.security_id = item.security_id;
        TRY(positions_add(taking->into, &place, item.quantity));
        holdings->ordinal++;
    }
    return err;
}

static enum visit
take_record(void *context, const struct record *record)
{
    struct taking *taking = context;
    struct date day = taking->holdings->day;

    if (!taking->any || record->effective.days != day.days) {
        if (taking->full)
            return VISIT_STOP;
        begin_day(taking, record->effective);
    }
    positions_cut(taking->into, taking->day_count);
    taking->err = take_day(taking, record->payload);
    return taking->err == OK ? VISIT_NEXT : VISIT_STOP;
}

enum err
holdings_take(struct holdings *holdings, const struct holdings_share *share,
              struct positions *into, bool *at_end, struct why *why)
{
    const struct scan_range range = {
        .kind = RECORD_POSITIONS,
        .first_security = holdings->portfolio,
        .last_security = holdings->portfolio,
        .first_date = holdings->day,
        .last_date = holdings->last,
    };
    struct taking taking = {
        .holdings = holdings,
        .share = share,
        .into = into,
    };
    struct view view;
    enum err err;

    TRY(store_view_begin(holdings->store, holdings->known_tx, &view, why));
    err = store_scan(&view, &range, take_record, &taking, why);
    store_view_end(&view);
    TRY(err);
    if (taking.err == ERR_STORE)
        return why_set(why, ERR_STORE, "a record's positions are malformed");
    *at_end = !taking.full;
    return taking.err;
}
