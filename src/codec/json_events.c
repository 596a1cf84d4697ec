/* What yajl's events mean: a list of rows, and what is beside it. */
#include "json_events.h"

#include <assert.h>
#include <stdio.h>

/* Whose value comes next, where it is not a member of the shape. */
#define MEMBER_UNKNOWN SIZE_MAX
#define MEMBER_LIST (SIZE_MAX - 1)

/* NDJSON: a second value on a line is what trailing bytes are elsewhere. */
static enum err
root_begins(struct json_events *events)
{
    if (events->layout == JSON_LINES && events->line_filled) {
        (void)snprintf(events->values.fault, sizeof events->values.fault,
                       "more than one value on a line");
        return ERR_MALFORMED;
    }
    events->line_filled = true;
    events->sink->line = events->place->line;
    return OK;
}

/* A root or an element of the list that is no row. */
static enum err
not_a_row(struct json_events *events)
{
    row_sink_begin(events->sink);
    row_complain(events->sink, (struct str){ 0 }, "must be an object");
    return OK;
}

/* A value that is no container, or a container nobody wants. */
static enum err
take(void *context, struct token token)
{
    struct json_events *events = context;

    switch (events->level) {
    case AT_ROOT:
        TRY(root_begins(events));
        if (events->layout == JSON_LINES)
            return not_a_row(events);
        body_complain(events->sink, (struct str){ 0 },
                      "must be an object or an array");
        return OK;
    case IN_TOP:
        if (events->member == MEMBER_LIST)
            body_complain(events->sink,
                          str_of(events->sink->shape->pointer + 1),
                          "must be an array");
        else if (events->member != MEMBER_UNKNOWN)
            return row_sink_top(events->sink, events->member, token);
        return OK;
    case IN_LIST:
        return not_a_row(events);
    case IN_ROW:
        if (events->member == MEMBER_UNKNOWN)
            return OK;
        return row_sink_member(events->sink, events->member, token);
    }
    assert(false && "a value stands on one of the levels");
    return ERR_INTERNAL;
}

static enum err
row_begins(struct json_events *events)
{
    events->level = IN_ROW;
    members_seen_reset(&events->row);
    row_sink_begin(events->sink);
    return OK;
}

static enum err
list_begins(struct json_events *events, const char *pointer)
{
    events->bare = pointer[0] == '\0';
    events->sink->pointer = pointer;
    events->level = IN_LIST;
    return OK;
}

static enum err
begin_map(void *context, bool *is_wanted)
{
    struct json_events *events = context;
    bool is_root = events->level == AT_ROOT;

    *is_wanted = is_root || events->level == IN_LIST;
    if (!*is_wanted)
        return OK;
    if (is_root)
        TRY(root_begins(events));
    if (!is_root || events->layout == JSON_LINES)
        return row_begins(events);
    events->level = IN_TOP;
    return OK;
}

static enum err
begin_array(void *context, bool *is_wanted)
{
    struct json_events *events = context;

    *is_wanted = true;
    if (events->level == AT_ROOT && events->layout == JSON_TEXT)
        return list_begins(events, "");
    if (events->level == IN_TOP && events->member == MEMBER_LIST)
        return list_begins(events, events->sink->shape->pointer);
    *is_wanted = false;
    return OK;
}

/* Whose value comes next in a row. */
static enum err
row_key(struct json_events *events, struct str name)
{
    const struct row_shape *shape = events->sink->shape;
    size_t i = member_find(shape->members, shape->member_count, name);
    bool is_known = i < shape->member_count;

    if (is_known ? members_seen_known(&events->row, i)
                 : members_seen_unknown(&events->row, name))
        return json_values_duplicate(&events->values, name);
    events->member = is_known ? i : MEMBER_UNKNOWN;
    if (!is_known)
        row_complain(events->sink, name, "unknown member");
    return OK;
}

/* Whose value comes next beside the list. */
static enum err
top_key(struct json_events *events, struct str name)
{
    const struct row_shape *shape = events->sink->shape;
    size_t i = member_find(shape->top, shape->top_count, name);
    bool had;

    if (str_equal(name, str_of(shape->pointer + 1))) {
        had = events->list_seen;
        events->list_seen = true;
        events->member = MEMBER_LIST;
    } else if (i < shape->top_count) {
        had = members_seen_known(&events->top, i);
        events->member = i;
    } else {
        had = members_seen_unknown(&events->top, name);
        events->member = MEMBER_UNKNOWN;
    }
    if (had)
        return json_values_duplicate(&events->values, name);
    if (events->member == MEMBER_UNKNOWN)
        body_complain(events->sink, name, "unknown member");
    return OK;
}

static enum err
key(void *context, struct str name)
{
    struct json_events *events = context;

    assert(events->level == IN_TOP || events->level == IN_ROW);
    return events->level == IN_ROW ? row_key(events, name)
                                   : top_key(events, name);
}

static enum err
end(void *context)
{
    struct json_events *events = context;

    switch (events->level) {
    case IN_ROW:
        events->level = events->layout == JSON_LINES ? AT_ROOT : IN_LIST;
        return row_sink_end(events->sink);
    case IN_LIST:
        events->level = events->bare ? AT_ROOT : IN_TOP;
        row_sink_list_end(events->sink);
        return OK;
    case IN_TOP:
        events->level = AT_ROOT;
        if (!events->list_seen)
            body_complain(events->sink,
                          str_of(events->sink->shape->pointer + 1),
                          "is missing");
        return OK;
    case AT_ROOT:
        break;
    }
    assert(false && "yajl ends only what it began");
    return ERR_INTERNAL;
}

const struct json_hooks json_events_hooks = {
    .take = take,
    .begin_map = begin_map,
    .begin_array = begin_array,
    .key = key,
    .end = end,
};

bool
json_events_between(const struct json_events *events)
{
    enum json_level level = events->layout == JSON_LINES ? AT_ROOT : IN_LIST;

    return events->level == level && !json_skip_is_on(&events->values.skip);
}
