/* Candidates from the store's index, judged by what was known of them. */
#include "identity_match.h"

#include <assert.h>

#include "listed_names.h"
#include "secmaster/bounds.h"

#define MATCH_MANY (-2)

/* Of a row that is shown: the cell of a field; NULL: null, or none. */
static const struct cell *
cell_of(const struct identity_match *match, const struct row *row,
        enum listed_field field)
{
    for (size_t i = 0; i < row->cell_count; i++)
        if (row->cells[i].attribute == match->own->attributes[field])
            return row->cells[i].value.type == VALUE_NULL ? NULL
                                                          : &row->cells[i];
    return NULL;
}

/* Whether both say the same, or neither says anything. */
static bool
is_equal(const struct identity_match *match, const struct row *row,
         enum listed_field field)
{
    const struct cell *cell = cell_of(match, row, field);
    const struct value *listed = &match->row->fields[field];

    if (cell == NULL || listed->type == VALUE_NULL)
        return cell == NULL && listed->type == VALUE_NULL;
    return str_equal(cell->value.text, listed->text);
}

static bool
is_another(const struct identity_match *match, const struct row *row,
           enum listed_field field)
{
    return cell_of(match, row, field) != NULL &&
           match->row->fields[field].type != VALUE_NULL &&
           !is_equal(match, row, field);
}

static enum visit
visit_row(void *context, const struct row *row)
{
    struct identity_match *match = context;
    if (!is_equal(match, row, LISTED_TICKER) ||
        !is_equal(match, row, LISTED_CIK) ||
        !is_equal(match, row, LISTED_PRIMARY_EXCHANGE))
        return VISIT_NEXT;
    /* Another FIGI is another security, whatever else agrees. */
    if (is_another(match, row, LISTED_COMPOSITE_FIGI) ||
        is_another(match, row, LISTED_SHARE_CLASS_FIGI))
        return VISIT_NEXT;
    match->is_same = true;
    return VISIT_NEXT;
}

static struct timeline *
new_timeline(struct identity_match *match, struct window window)
{
    const struct store *store = match->own->view->store;

    return timeline_new(
        store->seed, window,
        rulebook_precedence(store->rules, match->own->view->known_tx),
        visit_row, match);
}

enum err
identity_match_init(struct identity_match *match, struct own_facts *own)
{
    const uint32_t *attributes = own->attributes;
    const struct window on_day = { own->day, { own->day.days + 1 } };

    *match = (struct identity_match){ .own = own };
    out_init(&match->text, VALUE_BYTES_MAX + 1);
    match->on_day = new_timeline(match, on_day);
    match->ever = new_timeline(match, WINDOW_ALL);
    TRY(bearers_init(&match->composite, own->view,
                     attributes[LISTED_COMPOSITE_FIGI], WINDOW_ALL));
    TRY(bearers_init(&match->share_class, own->view,
                     attributes[LISTED_SHARE_CLASS_FIGI], WINDOW_ALL));
    TRY(bearers_init(&match->tickers, own->view, attributes[LISTED_TICKER],
                     WINDOW_ALL));
    return match->on_day == NULL || match->ever == NULL ? ERR_BUSY : OK;
}

void
identity_match_fini(struct identity_match *match)
{
    timeline_free(match->on_day);
    timeline_free(match->ever);
    bearers_fini(&match->composite);
    bearers_fini(&match->share_class);
    bearers_fini(&match->tickers);
    out_fini(&match->text);
}

/* Look for the bearers of a field of a row. */
static enum err
find(struct identity_match *match, struct bearers *bearers,
     const struct value *value, struct why *why)
{
    out_reset(&match->text);
    value_unescape(&match->text, value->text);
    TRY(out_finish(&match->text));
    return bearers_find(bearers, out_text(&match->text), why);
}

/* One that is found, or MATCH_MANY with one that was found before. */
static int64_t
either(int64_t found, int64_t security_id)
{
    if (found == MATCH_NONE || found == security_id)
        return security_id;
    return MATCH_MANY;
}

static int64_t
one_of(const struct identity_match *match, const struct bearers *bearers)
{
    int64_t found = MATCH_NONE;
    unsigned count = bearers_on(bearers, match->own->day, &found);

    if (count > 0)
        return count > 1 ? MATCH_MANY : found;
    for (size_t i = 0; i < bearers->span_count; i++)
        found = either(found, bearers->spans[i].security_id);
    return found;
}

static enum err
find_figi(struct identity_match *match, struct bearers *bearers,
          const struct value *figi, int64_t *out, struct why *why)
{
    *out = MATCH_NONE;
    if (figi->type == VALUE_NULL)
        return OK;
    TRY(find(match, bearers, figi, why));
    *out = one_of(match, bearers);
    return OK;
}

/* Whether a security is the row, on the day or ever. */
static enum err
compare(struct identity_match *match, struct timeline *timeline,
        int64_t security_id, struct why *why)
{
    const struct scan_range range = SCAN_SECURITY(RECORD_FACTS, security_id);

    match->is_same = false;
    TRY(store_scan(match->own->view, &range, timeline_record, timeline, why));
    return timeline_finish(timeline);
}

/* Of those that ever bore the ticker. */
static enum err
find_same(struct identity_match *match, struct timeline *timeline, int64_t *out,
          struct why *why)
{
    const struct bearers *bearers = &match->tickers;
    int64_t last = MATCH_NONE;

    *out = MATCH_NONE;
    for (size_t i = 0; i < bearers->span_count; i++) {
        if (bearers->spans[i].security_id == last)
            continue;
        last = bearers->spans[i].security_id;
        TRY(compare(match, timeline, last, why));
        if (match->is_same)
            *out = either(*out, last);
    }
    return OK;
}

/* Whether the source itself says that a security has the row's ticker, and not
 * that it is gone. */
static bool
is_own(const struct identity_match *match)
{
    const struct own_fact *ticker = &match->own->facts[LISTED_TICKER];
    const struct own_fact *active = &match->own->facts[LISTED_ACTIVE];

    return ticker->is_said &&
           value_equal(ticker->value, match->row->fields[LISTED_TICKER]) &&
           (!active->is_said || active->value.type != VALUE_FALSE);
}

static enum err
find_by_three(struct identity_match *match, const struct listed *row,
              int64_t *out, struct why *why)
{
    match->row = row;
    TRY(find(match, &match->tickers, &row->fields[LISTED_TICKER], why));
    TRY(find_same(match, match->on_day, out, why));
    if (row->fields[LISTED_CIK].type != VALUE_NULL)
        return *out == MATCH_NONE ? find_same(match, match->ever, out, why)
                                  : OK;
    if (*out < 0)
        return OK;
    TRY(own_facts_read(match->own, *out, why));
    if (!is_own(match))
        *out = MATCH_NONE;
    return OK;
}

enum err
identity_match_row(struct identity_match *match, const struct listed *row,
                   int64_t *out, struct complaints *reasons, struct why *why)
{
    const struct value *fields = row->fields;
    const char *what = "composite_figi";

    TRY(find_figi(match, &match->composite, &fields[LISTED_COMPOSITE_FIGI], out,
                  why));
    if (*out == MATCH_NONE) {
        what = "share_class_figi";
        TRY(find_figi(match, &match->share_class,
                      &fields[LISTED_SHARE_CLASS_FIGI], out, why));
    }
    if (*out == MATCH_NONE) {
        what = "cik, ticker and primary_exchange";
        TRY(find_by_three(match, row, out, why));
    }
    if (*out != MATCH_MANY)
        return OK;
    complaints_add(reasons, NULL, 0,
                   "more than one security has the %s of \"%.*s\"", what,
                   STR_ARG(fields[LISTED_TICKER].text));
    *out = MATCH_NONE;
    return OK;
}

struct composites {
    const struct identity_match *match;
    const uint32_t *rows; /* by name */
    int64_t *ids;
};

static enum visit
take_composite(void *context, const struct bearers *bearers, size_t name)
{
    const struct composites *composites = context;
    int64_t found = one_of(composites->match, bearers);

    if (found >= 0)
        composites->ids[composites->rows[name]] = found;
    return VISIT_NEXT;
}

enum err
identity_match_composites(struct identity_match *match,
                          const struct listing *listing, int64_t *ids,
                          struct why *why)
{
    struct listed_names listed;
    struct composites composites = { .match = match, .ids = ids };
    enum err err = listed_names_init(&listed, listing, LISTED_COMPOSITE_FIGI);

    for (uint32_t i = 0; i < listing->count; i++)
        ids[i] = MATCH_NONE;
    composites.rows = listed.rows;
    if (err == OK)
        err = bearers_find_all(&match->composite, &listed.names, take_composite,
                               &composites, why);
    listed_names_fini(&listed);
    return err;
}
