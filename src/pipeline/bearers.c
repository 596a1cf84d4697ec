/*
 * Candidates from the store's index, and the spans that their folds show. Of
 * many texts the candidates are gathered in the order of the index, and folded
 * in that of the securities: what one of them needs is then at hand for the
 * next.
 */
#include "secmaster/bearers.h"

#include <assert.h>
#include <stdlib.h>

#include "array.h"
#include "secmaster/bounds.h"
#include "secmaster/value.h"
#include "secmaster/xxh64.h"
#include "sought.h"

/* Who may have borne a text. */
struct candidate {
    int64_t security_id;
    size_t text; /* place among those sought */
};

/* Who did bear one. */
struct found {
    size_t text;
    struct bearing span;
};

/* As many candidates as are held at a time make a round; a text whose others
 * are left for the next one keeps what is found of it. */
struct bearers_search {
    struct timeline *timeline;
    struct sought sought;
    size_t shown; /* of its names */

    size_t text;            /* where the round begins ... */
    int64_t first_security; /* ... and from which one on */
    struct candidate *candidates;
    size_t candidate_count, candidate_capacity;
    size_t at; /* of candidates: the first of the security at hand */
    struct found *found;
    size_t found_count, found_capacity;

    enum err err; /* of a visitor's own */
};

static int
compare_starts(const void *left, const void *right)
{
    const struct bearer *a = left, *b = right;

    return a->start.days < b->start.days ? -1 : a->start.days > b->start.days;
}

/* Ids come and go by exclusive or: where one bearer is left, its id is. A value
 * that thousands bore in turn costs each day that is asked a few steps. */
static void
settle(struct bearers *bearers)
{
    struct bearer *items = bearers->items;
    struct bearer now = { .count = 0 };
    size_t kept = 0;

    if (bearers->count > 0)
        qsort(items, bearers->count, sizeof *items, compare_starts);
    for (size_t i = 0; i < bearers->count; i++) {
        now.start = items[i].start;
        now.count += items[i].count;
        now.security_id ^= items[i].security_id;
        if (kept == 0 || items[kept - 1].start.days != now.start.days)
            kept++;
        items[kept - 1] = now;
    }
    bearers->count = kept;
}

/* What changes at both ends of each span. */
static enum err
make_items(struct bearers *bearers)
{
    struct bearer *items =
        array_reserve(bearers->items, &bearers->capacity,
                      2 * bearers->span_count, sizeof *items);

    if (items == NULL && bearers->span_count > 0)
        return ERR_BUSY;
    bearers->items = items;
    bearers->count = 0;
    for (size_t i = 0; i < bearers->span_count; i++) {
        const struct bearing *span = &bearers->spans[i];

        items[bearers->count++] =
            (struct bearer){ span->start, 1, span->security_id };
        items[bearers->count++] =
            (struct bearer){ span->end, -1, span->security_id };
    }
    settle(bearers);
    return OK;
}

/* The text of the candidates of a security that a value is, if any. */
static bool
find_text(const struct bearers_search *search, size_t end, struct str text,
          size_t *out)
{
    const struct candidate *candidates = search->candidates;
    size_t low = search->at, high = end;
    uint64_t hash;

    *out = candidates[low].text;
    if (high - low == 1)
        return str_equal(text, search->sought.texts[*out]);
    hash = hash_xxh64(text);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = sought_compare(&search->sought, hash, text,
                                   candidates[middle].text);

        *out = candidates[middle].text;
        if (order == 0)
            return true;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}

/* Rows begin wherever anything of the security is asserted. */
static enum err
add_span(struct bearers_search *search, size_t text, const struct row *row)
{
    struct found *last = search->found_count == 0
                             ? NULL
                             : &search->found[search->found_count - 1];
    struct found *found;

    if (last != NULL && last->text == text &&
        last->span.security_id == row->security_id &&
        last->span.end.days == row->start.days) {
        last->span.end = row->end;
        return OK;
    }
    found = array_reserve(search->found, &search->found_capacity,
                          search->found_count + 1, sizeof *found);
    if (found == NULL)
        return ERR_BUSY;
    search->found = found;
    found[search->found_count++] =
        (struct found){ text, { row->security_id, row->start, row->end } };
    return OK;
}

/* What is no string has its text, too, and none of them is escaped: the text
 * is what its value says, whatever type that is of. */
static enum visit
visit_row(void *context, const struct row *row)
{
    struct bearers *bearers = context;
    struct bearers_search *search = bearers->search;
    const struct candidate *candidates = search->candidates;
    size_t end, text, i = 0;

    while (i < row->cell_count && row->cells[i].attribute != bearers->attribute)
        i++;
    if (i == row->cell_count || row->cells[i].value.type == VALUE_NULL)
        return VISIT_NEXT;
    while (candidates[search->at].security_id != row->security_id)
        search->at++;
    end = search->at + 1;
    while (end < search->candidate_count &&
           candidates[end].security_id == row->security_id)
        end++;
    if (find_text(search, end, row->cells[i].value.text, &text))
        search->err = add_span(search, text, row);
    return search->err == OK ? VISIT_NEXT : VISIT_STOP;
}

enum err
bearers_init(struct bearers *bearers, struct view *view, uint32_t attribute,
             struct window window)
{
    const struct store *store = view->store;
    struct bearers_search *search = calloc(1, sizeof *search);

    *bearers = (struct bearers){
        .view = view,
        .attribute = attribute,
        .window = window,
        .search = search,
    };
    if (search == NULL)
        return ERR_BUSY;
    sought_init(&search->sought);
    search->timeline = timeline_new(
        store->seed, window, rulebook_precedence(store->rules, view->known_tx),
        visit_row, bearers);
    return search->timeline == NULL ? ERR_BUSY : OK;
}

void
bearers_fini(struct bearers *bearers)
{
    struct bearers_search *search = bearers->search;

    free(bearers->items);
    free(bearers->spans);
    if (search == NULL)
        return;
    timeline_free(search->timeline);
    sought_fini(&search->sought);
    free(search->candidates);
    free(search->found);
    free(search);
}

/* A round. */

static enum visit
collect(void *context, size_t name, int64_t security_id)
{
    struct bearers_search *search = context;
    struct candidate *candidates =
        array_reserve(search->candidates, &search->candidate_capacity,
                      search->candidate_count + 1, sizeof *candidates);

    if (candidates == NULL) {
        search->err = ERR_BUSY;
        return VISIT_STOP;
    }
    search->candidates = candidates;
    candidates[search->candidate_count++] =
        (struct candidate){ security_id, search->text + name };
    return search->candidate_count < CANDIDATES_MAX ? VISIT_NEXT : VISIT_STOP;
}

static int
compare_candidates(const void *left, const void *right)
{
    const struct candidate *a = left, *b = right;

    if (a->security_id != b->security_id)
        return a->security_id < b->security_id ? -1 : 1;
    return a->text < b->text ? -1 : a->text > b->text;
}

/* Gather candidates, as many as are held at a time. The next round begins
 * behind them. */
static enum err
gather(struct bearers *bearers, struct why *why)
{
    struct bearers_search *search = bearers->search;
    const struct lookup_names names = {
        .attribute = bearers->attribute,
        .texts = search->sought.texts + search->text,
        .count = search->sought.text_count - search->text,
        .first_security = search->first_security,
        .last_security = INT64_MAX,
    };
    const struct candidate *last;

    search->candidate_count = 0;
    TRY(store_lookup_names(bearers->view, &names, collect, search, why));
    TRY(search->err);
    search->text = search->sought.text_count;
    search->first_security = 0;
    if (search->candidate_count == CANDIDATES_MAX) {
        last = &search->candidates[CANDIDATES_MAX - 1];
        search->text = last->text + (last->security_id == INT64_MAX);
        if (last->security_id < INT64_MAX)
            search->first_security = last->security_id + 1;
    }
    if (search->candidate_count > 1)
        qsort(search->candidates, search->candidate_count,
              sizeof *search->candidates, compare_candidates);
    return OK;
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
    return store_scan(bearers->view, &range, timeline_record,
                      bearers->search->timeline, why);
}

static enum err
fold_candidates(struct bearers *bearers, struct why *why)
{
    struct bearers_search *search = bearers->search;
    enum err err = OK, folded;

    search->at = 0;
    for (size_t i = 0;
         i < search->candidate_count && err == OK && search->err == OK; i++) {
        const struct candidate *candidate = &search->candidates[i];

        if (i == 0 || candidate[-1].security_id != candidate->security_id)
            err = fold_candidate(bearers, candidate->security_id, why);
    }
    folded = timeline_finish(search->timeline);
    if (err == OK && folded != OK)
        err = why_set(why, folded, "the records cannot be folded");
    TRY(err);
    return search->err;
}

/* What was found. */

static int
compare_found(const void *left, const void *right)
{
    const struct found *a = left, *b = right;

    if (a->text != b->text)
        return a->text < b->text ? -1 : 1;
    if (a->span.security_id != b->span.security_id)
        return a->span.security_id < b->span.security_id ? -1 : 1;
    return a->span.start.days < b->span.start.days
               ? -1
               : a->span.start.days > b->span.start.days;
}

/* Take what was found of a text, from *at on, as the one at hand. */
static enum err
take_text(struct bearers *bearers, size_t text, size_t *at)
{
    const struct bearers_search *search = bearers->search;
    const struct found *found = search->found;
    size_t first = *at;
    struct bearing *spans;

    while (*at < search->found_count && found[*at].text == text)
        ++*at;
    spans = array_reserve(bearers->spans, &bearers->span_capacity, *at - first,
                          sizeof *spans);
    if (spans == NULL)
        return ERR_BUSY;
    bearers->spans = spans;
    bearers->span_count = *at - first;
    for (size_t i = 0; i < bearers->span_count; i++)
        spans[i] = found[first + i].span;
    return make_items(bearers);
}

/* Show the text at hand, as often as it is there. */
static enum visit
show_text(struct bearers *bearers, struct str text, bearers_visitor *visitor,
          void *context)
{
    struct bearers_search *search = bearers->search;
    const struct sought *sought = &search->sought;

    while (search->shown < sought->count &&
           str_equal(sought->names[search->shown].text, text))
        if (visitor(context, bearers, sought->names[search->shown++].name) ==
            VISIT_STOP)
            return VISIT_STOP;
    return VISIT_NEXT;
}

/* Show the texts from one on that the round has ended. */
static enum err
show_ended(struct bearers *bearers, size_t text, bearers_visitor *visitor,
           void *context, enum visit *visit)
{
    struct bearers_search *search = bearers->search;
    size_t at = 0;

    if (search->found_count > 1)
        qsort(search->found, search->found_count, sizeof *search->found,
              compare_found);
    for (; text < search->text && *visit != VISIT_STOP; text++) {
        TRY(take_text(bearers, text, &at));
        *visit =
            show_text(bearers, search->sought.texts[text], visitor, context);
    }
    search->found_count -= at;
    if (search->found_count > 0)
        memmove(search->found, search->found + at,
                search->found_count * sizeof *search->found);
    return OK;
}

enum err
bearers_find_all(struct bearers *bearers, const struct bearers_names *names,
                 bearers_visitor *visitor, void *context, struct why *why)
{
    struct bearers_search *search = bearers->search;
    enum visit visit = VISIT_NEXT;

    TRY(sought_take(&search->sought, names->texts, names->count));
    search->shown = search->text = search->found_count = 0;
    search->first_security = 0;
    search->err = OK;
    while (search->text < search->sought.text_count && visit != VISIT_STOP) {
        size_t text = search->text;

        if (bearers->attribute == NAME_NONE) {
            search->text = search->sought.text_count;
        } else {
            TRY(gather(bearers, why));
            TRY(fold_candidates(bearers, why));
        }
        TRY(show_ended(bearers, text, visitor, context, &visit));
    }
    return OK;
}

/* It stays the text at hand. */
static enum visit
leave(void *context, const struct bearers *bearers, size_t name)
{
    (void)context;
    (void)bearers;
    (void)name;
    return VISIT_NEXT;
}

enum err
bearers_find(struct bearers *bearers, struct str text, struct why *why)
{
    const struct bearers_names one = { &text, 1 };

    return bearers_find_all(bearers, &one, leave, NULL, why);
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
    size_t low = 0, high = count; /* items below low begin by the day */

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (items[middle].start.days <= day.days)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0 || items[low - 1].count == 0)
        return 0;
    if (items[low - 1].count > 1)
        return 2;
    *out = items[low - 1].security_id;
    return 1;
}
