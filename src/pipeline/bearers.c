/* Candidates from the store's index, and the spans that their folds show. */
#include "secmaster/bearers.h"

#include <assert.h>
#include <stdlib.h>

#include "array.h"
#include "secmaster/bounds.h"
#include "secmaster/value.h"

static enum err
add_span(struct bearers *bearers, const struct row *row)
{
    struct bearer *last =
        bearers->count == 0 ? NULL : &bearers->items[bearers->count - 1];

    /* Rows begin wherever anything of the security is asserted. */
    if (last != NULL && last->security_id == row->security_id &&
        last->end.days == row->start.days) {
        last->end = row->end;
        return OK;
    }

    struct bearer *items = array_reserve(bearers->items, &bearers->capacity,
                                         bearers->count + 1, sizeof *items);
    if (items == NULL)
        return ERR_BUSY;
    bearers->items = items;
    items[bearers->count++] =
        (struct bearer){ row->security_id, row->start, row->end };
    return OK;
}

static enum visit
visit_row(void *context, const struct row *row)
{
    struct bearers *bearers = context;
    size_t i = 0;

    while (i < row->cell_count && row->cells[i].attribute != bearers->attribute)
        i++;
    if (i == row->cell_count ||
        !value_is_text(row->cells[i].value, bearers->text,
                       out_text(&bearers->escaped)))
        return VISIT_NEXT;
    bearers->err = add_span(bearers, row);
    return bearers->err == OK ? VISIT_NEXT : VISIT_STOP;
}

enum err
bearers_init(struct bearers *bearers, struct view *view, uint32_t attribute,
             struct window window)
{
    const struct store *store = view->store;

    *bearers = (struct bearers){
        .view = view,
        .attribute = attribute,
        .window = window,
    };
    candidates_init(&bearers->ids);
    out_init(&bearers->escaped, SIZE_MAX);
    bearers->timeline = timeline_new(
        store->seed, window, rulebook_precedence(store->rules, view->known_tx),
        visit_row, bearers);
    return bearers->timeline == NULL ? ERR_BUSY : OK;
}

void
bearers_fini(struct bearers *bearers)
{
    timeline_free(bearers->timeline);
    candidates_fini(&bearers->ids);
    out_fini(&bearers->escaped);
    free(bearers->items);
}

static enum visit
collect(void *context, int64_t security_id)
{
    struct bearers *bearers = context;

    bearers->err = candidates_add(&bearers->ids, security_id);
    return bearers->err == OK && bearers->ids.count < CANDIDATES_MAX
               ? VISIT_NEXT
               : VISIT_STOP;
}

/* Nothing that ends before the window is asked for, nor what begins behind. */
static enum err
fold_candidate(struct bearers *bearers, int64_t security_id, struct why *why)
{
    const struct scan_fold fold = { bearers->window.from,
                                    bearers->window.from };
    struct scan_range range = SCAN_SECURITY(RECORD_FACTS, security_id);

    range.last_date.days = bearers->window.to.days - 1;
    range.fold = &fold;
    return store_scan(bearers->view, &range, timeline_record, bearers->timeline,
                      why);
}

/* Candidates from a security on, as many as are held at a time; *next: where
 * the others begin, or -1. */
static enum err
find_some(struct bearers *bearers, int64_t from, int64_t *next, struct why *why)
{
    const struct lookup_range range = {
        .attribute = bearers->attribute,
        .text = out_text(&bearers->escaped),
        .first_security = from,
        .last_security = INT64_MAX,
    };
    struct candidates *ids = &bearers->ids;

    ids->count = 0;
    TRY(store_lookup(bearers->view, &range, collect, bearers, why));
    for (size_t i = 0; i < ids->count && bearers->err == OK; i++)
        TRY(fold_candidate(bearers, ids->ids[i], why));
    *next = ids->count < CANDIDATES_MAX || ids->ids[ids->count - 1] == INT64_MAX
                ? -1
                : ids->ids[ids->count - 1] + 1;
    return bearers->err;
}

enum err
bearers_find(struct bearers *bearers, struct str text, struct why *why)
{
    int64_t from = 0;
    enum err err = OK, folded;

    bearers->count = 0;
    bearers->err = OK;
    bearers->text = text;
    out_reset(&bearers->escaped);
    value_escape(&bearers->escaped, text);
    TRY(out_finish(&bearers->escaped));
    if (bearers->attribute == NAME_NONE)
        return OK;
    while (from >= 0 && err == OK)
        err = find_some(bearers, from, &from, why);
    folded = timeline_finish(bearers->timeline);
    if (err == OK && folded != OK)
        err = why_set(why, folded, "the records cannot be folded");
    return err == OK ? bearers->err : err;
}

unsigned
bearers_on(const struct bearers *bearers, struct date day, int64_t *out)
{
    assert(day.days >= bearers->window.from.days);
    assert(day.days < bearers->window.to.days);

    return bearers_among(bearers->items, bearers->count, day, out);
}

unsigned
bearers_among(const struct bearer *items, size_t count, struct date day,
              int64_t *out)
{
    unsigned found = 0;

    for (size_t i = 0; i < count && found < 2; i++) {
        if (items[i].start.days > day.days || items[i].end.days <= day.days)
            continue;
        *out = items[i].security_id;
        found++;
    }
    return found;
}
