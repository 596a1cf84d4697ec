/* Conditions on rows, and the candidates that the store's index has for them.
 */
#include "selection.h"

#include <assert.h>

#include "secmaster/bounds.h"

static bool
condition_holds(const struct condition *condition, const struct row *row)
{
    struct value value = VALUE_OF_NULL;

    for (size_t i = 0; i < row->cell_count; i++) {
        if (row->cells[i].attribute == condition->attribute)
            value = row->cells[i].value;
    }
    if (condition->is_null)
        return value.type == VALUE_NULL;
    return value_is_text(value, condition->text, condition->escaped);
}

bool
selection_has(const struct selection *selection, const struct row *row)
{
    for (size_t i = 0; i < selection->count; i++) {
        if (!condition_holds(&selection->conditions[i], row))
            return false;
    }
    return true;
}

void
picks_init(struct picks *picks)
{
    *picks = (struct picks){ .from = 0, .to = -1 };
    candidates_init(&picks->ids);
}

void
picks_fini(struct picks *picks)
{
    candidates_fini(&picks->ids);
}

bool
picks_are_few(const struct selection *selection)
{
    for (size_t i = 0; i < selection->count; i++) {
        if (!selection->conditions[i].is_null)
            return true;
    }
    return false;
}

/* The securities that are being looked for. */
struct search {
    struct view *view;
    int64_t from, to; /* to is lowered to where a list was cut off */
    struct why *why;
};

struct collector {
    struct candidates *ids;
    enum err err;
};

static enum visit
collect(void *context, int64_t security_id)
{
    struct collector *collector = context;

    collector->err = candidates_add(collector->ids, security_id);
    return collector->err == OK && collector->ids->count < CANDIDATES_MAX
               ? VISIT_NEXT
               : VISIT_STOP;
}

/* The candidates of one condition. A number's text is never escaped, so one
 * lookup finds both it and the string. */
static enum err
look_up(struct search *search, const struct condition *condition,
        struct candidates *out)
{
    struct collector collector = { .ids = out };
    struct lookup_range range = {
        .attribute = condition->attribute,
        .text = condition->escaped,
        .first_security = search->from,
        .last_security = search->to,
    };

    if (condition->attribute == NAME_NONE)
        return OK;
    TRY(store_lookup(search->view, &range, collect, &collector, search->why));
    if (out->count == CANDIDATES_MAX)
        search->to = out->ids[out->count - 1];
    return collector.err;
}

static enum err
narrow(struct search *search, const struct condition *condition,
       struct candidates *ids)
{
    struct candidates others;
    enum err err;

    candidates_init(&others);
    err = look_up(search, condition, &others);
    if (err == OK)
        candidates_intersect(ids, &others);
    candidates_fini(&others);
    return err;
}

static enum err
look_up_all(struct search *search, const struct selection *selection,
            struct candidates *out)
{
    bool is_first = true;

    for (size_t i = 0; i < selection->count; i++) {
        const struct condition *condition = &selection->conditions[i];

        if (condition->is_null)
            continue;
        if (is_first)
            TRY(look_up(search, condition, out));
        else
            TRY(narrow(search, condition, out));
        is_first = false;
    }
    assert(!is_first);
    /* An earlier list may go on beyond where a later one was cut off. */
    if (search->to < INT64_MAX)
        out->count = candidates_find(out, search->to + 1);
    return OK;
}

enum err
picks_cover(struct picks *picks, const struct selection *selection,
            struct view *view, int64_t security_id, struct why *why)
{
    struct search search = { view, security_id, INT64_MAX, why };

    if (security_id >= picks->from && security_id <= picks->to)
        return OK;
    picks->from = security_id;
    picks->to = security_id - 1;
    picks->ids.count = 0;
    TRY(look_up_all(&search, selection, &picks->ids));
    picks->to = search.to;
    return OK;
}
