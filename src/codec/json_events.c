/* What yajl's events mean: a list of rows, and what is beside it. */
#include "json_events.h"

#include <assert.h>
#include <stdio.h>

/* Whose value comes next, where it is not a member of the shape. */
#define MEMBER_UNKNOWN SIZE_MAX
#define MEMBER_LIST (SIZE_MAX - 1)

/* What an event answers: go on? */
enum { STOP = 0, GO_ON = 1 };

static int
stop(struct json_events *events, enum err err)
{
    events->err = err;
    return err == OK ? GO_ON : STOP;
}

static int
duplicate(struct json_events *events, struct str name)
{
    struct str shown = name_clip(name);

    (void)snprintf(events->fault, sizeof events->fault,
                   "duplicate member \"%.*s\"", STR_ARG(shown));
    return stop(events, ERR_MALFORMED);
}

/* NDJSON: a second value on a line is what trailing bytes are elsewhere. */
static int
root_begins(struct json_events *events)
{
    if (events->layout == JSON_LINES && events->line_filled) {
        (void)snprintf(events->fault, sizeof events->fault,
                       "more than one value on a line");
        return stop(events, ERR_MALFORMED);
    }
    events->line_filled = true;
    events->sink->line = events->place->line;
    return GO_ON;
}

/* A root or an element of the list that is no row. */
static int
not_a_row(struct json_events *events)
{
    row_sink_begin(events->sink);
    row_complain(events->sink, (struct str){ 0 }, "must be an object");
    return GO_ON;
}

/* A value that is no container, or a container nobody wants. */
static int
take(struct json_events *events, struct token token)
{
    switch (events->level) {
    case AT_ROOT:
        if (root_begins(events) == STOP)
            return STOP;
        if (events->layout == JSON_LINES)
            return not_a_row(events);
        body_complain(events->sink, (struct str){ 0 },
                      "must be an object or an array");
        return GO_ON;
    case IN_TOP:
        if (events->member == MEMBER_LIST)
            body_complain(events->sink,
                          str_of(events->sink->shape->pointer + 1),
                          "must be an array");
        else if (events->member != MEMBER_UNKNOWN)
            return stop(events,
                        row_sink_top(events->sink, events->member, token));
        return GO_ON;
    case IN_LIST:
        return not_a_row(events);
    case IN_ROW:
        if (events->member == MEMBER_UNKNOWN)
            return GO_ON;
        return stop(events,
                    row_sink_member(events->sink, events->member, token));
    }
    assert(false && "a value stands on one of the levels");
    return STOP;
}

static int
take_scalar(struct json_events *events, struct token token)
{
    return json_skip_is_on(&events->skip) ? GO_ON : take(events, token);
}

static int
on_null(void *context)
{
    return take_scalar(context, (struct token){ .type = TOKEN_NULL });
}

static int
on_boolean(void *context, int truth)
{
    struct token token = { .type = truth ? TOKEN_TRUE : TOKEN_FALSE };

    return take_scalar(context, token);
}

static int
on_number(void *context, const char *text, size_t len)
{
    struct token token = { TOKEN_NUMBER, { text, len } };

    return take_scalar(context, token);
}

static int
on_string(void *context, const unsigned char *text, size_t len)
{
    struct token token = { TOKEN_STRING, { (const char *)text, len } };

    return take_scalar(context, token);
}

static int
skip_more(struct json_events *events)
{
    json_skip_begin(&events->skip);
    return GO_ON;
}

/* Pass over the container that begins, all of it. */
static int
skip(struct json_events *events)
{
    int go_on = take(events, (struct token){ .type = TOKEN_NESTED });

    (void)skip_more(events);
    return go_on;
}

static int
row_begins(struct json_events *events)
{
    events->level = IN_ROW;
    members_seen_reset(&events->row);
    row_sink_begin(events->sink);
    return GO_ON;
}

static int
list_begins(struct json_events *events, const char *pointer)
{
    events->bare = pointer[0] == '\0';
    events->sink->pointer = pointer;
    events->level = IN_LIST;
    return GO_ON;
}

static int
on_start_map(void *context)
{
    struct json_events *events = context;

    if (json_skip_is_on(&events->skip))
        return skip_more(events);
    if (events->level == IN_LIST)
        return row_begins(events);
    if (events->level != AT_ROOT)
        return skip(events);
    if (root_begins(events) == STOP)
        return STOP;
    if (events->layout == JSON_LINES)
        return row_begins(events);
    events->level = IN_TOP;
    return GO_ON;
}

static int
on_start_array(void *context)
{
    struct json_events *events = context;

    if (json_skip_is_on(&events->skip))
        return skip_more(events);
    if (events->level == AT_ROOT && events->layout == JSON_TEXT)
        return list_begins(events, "");
    if (events->level == IN_TOP && events->member == MEMBER_LIST)
        return list_begins(events, events->sink->shape->pointer);
    return skip(events);
}

/* Whose value comes next in a row. */
static int
row_key(struct json_events *events, struct str name)
{
    const struct row_shape *shape = events->sink->shape;
    size_t i = member_find(shape->members, shape->member_count, name);
    bool is_known = i < shape->member_count;

    if (is_known ? members_seen_known(&events->row, i)
                 : members_seen_unknown(&events->row, name))
        return duplicate(events, name);
    events->member = is_known ? i : MEMBER_UNKNOWN;
    if (!is_known)
        row_complain(events->sink, name, "unknown member");
    return GO_ON;
}

/* Whose value comes next beside the list. */
static int
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
        return duplicate(events, name);
    if (events->member == MEMBER_UNKNOWN)
        body_complain(events->sink, name, "unknown member");
    return GO_ON;
}

static int
on_map_key(void *context, const unsigned char *text, size_t len)
{
    struct json_events *events = context;
    struct str name = { (const char *)text, len };

    if (json_skip_is_on(&events->skip))
        return json_skip_key(&events->skip, name) ? duplicate(events, name)
                                                  : GO_ON;
    assert(events->level == IN_TOP || events->level == IN_ROW);
    return events->level == IN_ROW ? row_key(events, name)
                                   : top_key(events, name);
}

static int
on_end(void *context)
{
    struct json_events *events = context;

    if (json_skip_is_on(&events->skip)) {
        json_skip_end(&events->skip);
        return GO_ON;
    }
    switch (events->level) {
    case IN_ROW:
        events->level = events->layout == JSON_LINES ? AT_ROOT : IN_LIST;
        return stop(events, row_sink_end(events->sink));
    case IN_LIST:
        events->level = events->bare ? AT_ROOT : IN_TOP;
        row_sink_list_end(events->sink);
        return GO_ON;
    case IN_TOP:
        events->level = AT_ROOT;
        if (!events->list_seen)
            body_complain(events->sink,
                          str_of(events->sink->shape->pointer + 1),
                          "is missing");
        return GO_ON;
    case AT_ROOT:
        break;
    }
    assert(false && "yajl ends only what it began");
    return STOP;
}

const yajl_callbacks json_events_callbacks = {
    .yajl_null = on_null,
    .yajl_boolean = on_boolean,
    .yajl_number = on_number,
    .yajl_string = on_string,
    .yajl_start_map = on_start_map,
    .yajl_map_key = on_map_key,
    .yajl_end_map = on_end,
    .yajl_start_array = on_start_array,
    .yajl_end_array = on_end,
};

bool
json_events_between(const struct json_events *events)
{
    enum json_level level = events->layout == JSON_LINES ? AT_ROOT : IN_LIST;

    return events->level == level && !json_skip_is_on(&events->skip);
}
