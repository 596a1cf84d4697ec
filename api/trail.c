/* Read the facts of a security, some days at a time. */
#include "trail.h"

#include <assert.h>

/* What one reading carries along. */
struct gathering {
    struct trail *trail;
    struct audit *into;
    size_t facts_max;
    uint64_t records_end; /* of the trail */
    struct date day;      /* of the record before */
    enum err err;
};

/* A day is whole when another one begins. */
static enum visit
gather(void *context, const struct record *record)
{
    struct gathering *g = context;

    g->trail->is_known = true;
    if (record->effective.days != g->day.days &&
        (g->into->count >= g->facts_max ||
         g->trail->records >= g->records_end)) {
        g->trail->next = record->effective;
        g->trail->at_end = false;
        return VISIT_STOP;
    }
    g->day = record->effective;
    g->trail->records++;
    g->err = audit_add(g->into, record, g->trail->attribute);
    return g->err == OK ? VISIT_NEXT : VISIT_STOP;
}

enum err
trail_read(struct trail *trail, size_t facts_max, uint64_t records_max,
           struct audit *into, struct why *why)
{
    struct gathering gathering = { .trail = trail,
                                   .into = into,
                                   .facts_max = facts_max,
                                   .records_end =
                                       trail->records + records_max };
    struct scan_range range = SCAN_SECURITY(RECORD_FACTS, trail->security_id);
    struct view view;
    enum err err;

    assert(facts_max > 0);
    assert(records_max > 0);
    assert(records_max <= UINT64_MAX - trail->records);
    assert(!trail->at_end);
    range.first_date = trail->next;
    range.last_date = trail->last;
    trail->at_end = true;
    TRY(store_view_begin(trail->store, trail->known_tx, &view, why));
    err = store_scan(&view, &range, gather, &gathering, why);
    store_view_end(&view);
    TRY(err);
    if (gathering.err == ERR_STORE)
        return why_set(why, ERR_STORE, "a record is no set of facts");
    if (gathering.err == ERR_TOO_LARGE)
        return why_set(why, ERR_TOO_LARGE,
                       "the facts that belong together are too large");
    TRY(gathering.err);
    return audit_settle(into);
}
