/* Rows from JSON by yajl's events, each byte through the gate first. */
#include "json_rows.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "json_place.h"
#include "members_seen.h"
#include "secmaster/bounds.h"
#include "secmaster/json_gate.h"
#include "secmaster/out.h"

/* Where the next event stands. */
enum level { AT_ROOT, IN_TOP, IN_LIST, IN_ROW };

/* Whose value comes next, where it is not a member of the shape. */
#define MEMBER_UNKNOWN SIZE_MAX
#define MEMBER_LIST (SIZE_MAX - 1)

struct json_rows {
    enum json_layout layout;
    struct row_sink *sink; /* borrowed */
    yajl_handle yajl;
    struct json_gate gate;
    struct json_place place; /* of what yajl is given next */

    /*
     * A token that is not whole yet. yajl reads such a one again from its
     * start with each piece; a large string in small pieces would take the
     * square of its length.
     */
    struct out held;

    enum level level;
    size_t member;    /* whose value comes next */
    uint32_t skipped; /* depth inside a value that nobody wants */
    bool list_seen;   /* as a member beside the top ones */
    bool bare;        /* the list is the whole text */
    bool line_filled; /* NDJSON: this line has had its value */
    struct members_seen top, row, nested;
    size_t outer[JSON_DEPTH_MAX]; /* of what is skipped: see nested */

    /* Set by the event that stops yajl. */
    enum err err;
    char fault[160];
};

/* What an event answers: go on? */
enum { STOP = 0, GO_ON = 1 };

static int
stop(struct json_rows *rows, enum err err)
{
    rows->err = err;
    return err == OK ? GO_ON : STOP;
}

static int
duplicate(struct json_rows *rows, struct str name)
{
    struct str shown = name_clip(name);

    (void)snprintf(rows->fault, sizeof rows->fault, "duplicate member \"%.*s\"",
                   STR_ARG(shown));
    return stop(rows, ERR_MALFORMED);
}

/* NDJSON: a second value on a line is what trailing bytes are elsewhere. */
static int
root_begins(struct json_rows *rows)
{
    if (rows->layout == JSON_LINES && rows->line_filled) {
        (void)snprintf(rows->fault, sizeof rows->fault,
                       "more than one value on a line");
        return stop(rows, ERR_MALFORMED);
    }
    rows->line_filled = true;
    rows->sink->line = rows->place.line;
    return GO_ON;
}

/* A root or an element of the list that is no row. */
static int
not_a_row(struct json_rows *rows)
{
    row_sink_begin(rows->sink);
    row_complain(rows->sink, (struct str){ 0 }, "must be an object");
    return GO_ON;
}

/* A value that is no container, or a container nobody wants. */
static int
take(struct json_rows *rows, struct token token)
{
    switch (rows->level) {
    case AT_ROOT:
        if (root_begins(rows) == STOP)
            return STOP;
        if (rows->layout == JSON_LINES)
            return not_a_row(rows);
        body_complain(rows->sink, (struct str){ 0 },
                      "must be an object or an array");
        return GO_ON;
    case IN_TOP:
        if (rows->member == MEMBER_LIST)
            body_complain(rows->sink, str_of(rows->sink->shape->pointer + 1),
                          "must be an array");
        else if (rows->member != MEMBER_UNKNOWN)
            return stop(rows, row_sink_top(rows->sink, rows->member, token));
        return GO_ON;
    case IN_LIST:
        return not_a_row(rows);
    case IN_ROW:
        if (rows->member == MEMBER_UNKNOWN)
            return GO_ON;
        return stop(rows, row_sink_member(rows->sink, rows->member, token));
    }
    assert(false && "a value stands on one of the levels");
    return STOP;
}

static int
take_scalar(struct json_rows *rows, struct token token)
{
    return rows->skipped > 0 ? GO_ON : take(rows, token);
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

/* The gate let no deeper nesting through. */
static int
skip_more(struct json_rows *rows)
{
    assert(rows->skipped < JSON_DEPTH_MAX);
    rows->outer[rows->skipped++] = members_seen_enter(&rows->nested);
    return GO_ON;
}

/* Pass over the container that begins, all of it. */
static int
skip(struct json_rows *rows)
{
    int go_on = take(rows, (struct token){ .type = TOKEN_NESTED });

    members_seen_reset(&rows->nested);
    (void)skip_more(rows);
    return go_on;
}

static int
row_begins(struct json_rows *rows)
{
    rows->level = IN_ROW;
    members_seen_reset(&rows->row);
    row_sink_begin(rows->sink);
    return GO_ON;
}

static int
list_begins(struct json_rows *rows, const char *pointer)
{
    rows->bare = pointer[0] == '\0';
    rows->sink->pointer = pointer;
    rows->level = IN_LIST;
    return GO_ON;
}

static int
on_start_map(void *context)
{
    struct json_rows *rows = context;

    if (rows->skipped > 0)
        return skip_more(rows);
    if (rows->level == IN_LIST)
        return row_begins(rows);
    if (rows->level != AT_ROOT)
        return skip(rows);
    if (root_begins(rows) == STOP)
        return STOP;
    if (rows->layout == JSON_LINES)
        return row_begins(rows);
    rows->level = IN_TOP;
    return GO_ON;
}

static int
on_start_array(void *context)
{
    struct json_rows *rows = context;

    if (rows->skipped > 0)
        return skip_more(rows);
    if (rows->level == AT_ROOT && rows->layout == JSON_TEXT)
        return list_begins(rows, "");
    if (rows->level == IN_TOP && rows->member == MEMBER_LIST)
        return list_begins(rows, rows->sink->shape->pointer);
    return skip(rows);
}

/* Whose value comes next in a row. */
static int
row_key(struct json_rows *rows, struct str name)
{
    const struct row_shape *shape = rows->sink->shape;
    size_t i = member_find(shape->members, shape->member_count, name);
    bool is_known = i < shape->member_count;

    if (is_known ? members_seen_known(&rows->row, i)
                 : members_seen_unknown(&rows->row, name))
        return duplicate(rows, name);
    rows->member = is_known ? i : MEMBER_UNKNOWN;
    if (!is_known)
        row_complain(rows->sink, name, "unknown member");
    return GO_ON;
}

/* Whose value comes next beside the list. */
static int
top_key(struct json_rows *rows, struct str name)
{
    const struct row_shape *shape = rows->sink->shape;
    size_t i = member_find(shape->top, shape->top_count, name);
    bool had;

    if (str_equal(name, str_of(shape->pointer + 1))) {
        had = rows->list_seen;
        rows->list_seen = true;
        rows->member = MEMBER_LIST;
    } else if (i < shape->top_count) {
        had = members_seen_known(&rows->top, i);
        rows->member = i;
    } else {
        had = members_seen_unknown(&rows->top, name);
        rows->member = MEMBER_UNKNOWN;
    }
    if (had)
        return duplicate(rows, name);
    if (rows->member == MEMBER_UNKNOWN)
        body_complain(rows->sink, name, "unknown member");
    return GO_ON;
}

static int
on_map_key(void *context, const unsigned char *text, size_t len)
{
    struct json_rows *rows = context;
    struct str name = { (const char *)text, len };

    if (rows->skipped > 0)
        return members_seen_unknown(&rows->nested, name) ? duplicate(rows, name)
                                                         : GO_ON;
    assert(rows->level == IN_TOP || rows->level == IN_ROW);
    return rows->level == IN_ROW ? row_key(rows, name) : top_key(rows, name);
}

static int
on_end(void *context)
{
    struct json_rows *rows = context;

    if (rows->skipped > 0) {
        members_seen_leave(&rows->nested, rows->outer[--rows->skipped]);
        return GO_ON;
    }
    switch (rows->level) {
    case IN_ROW:
        rows->level = rows->layout == JSON_LINES ? AT_ROOT : IN_LIST;
        return stop(rows, row_sink_end(rows->sink));
    case IN_LIST:
        rows->level = rows->bare ? AT_ROOT : IN_TOP;
        row_sink_list_end(rows->sink);
        return GO_ON;
    case IN_TOP:
        rows->level = AT_ROOT;
        if (!rows->list_seen)
            body_complain(rows->sink, str_of(rows->sink->shape->pointer + 1),
                          "is missing");
        return GO_ON;
    case AT_ROOT:
        break;
    }
    assert(false && "yajl ends only what it began");
    return STOP;
}

static const yajl_callbacks events = {
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

struct json_rows *
json_rows_new(enum json_layout layout, struct row_sink *sink)
{
    struct json_rows *rows = calloc(1, sizeof *rows);

    assert(sink != NULL);

    if (rows == NULL)
        return NULL;
    rows->layout = layout;
    rows->sink = sink;
    rows->sink->pointer = layout == JSON_LINES ? NULL : "";
    rows->place.line = 1;
    json_gate_init(&rows->gate);
    out_init(&rows->held, BODY_BYTES_CEILING);
    rows->yajl = yajl_alloc(&events, NULL, rows);
    if (rows->yajl == NULL) {
        free(rows);
        return NULL;
    }
    /* Lines: a text of many values, of which we allow one a line. */
    if (layout == JSON_LINES)
        yajl_config(rows->yajl, yajl_allow_multiple_values, 1);
    return rows;
}

void
json_rows_free(struct json_rows *rows)
{
    if (rows == NULL)
        return;
    yajl_free(rows->yajl);
    out_fini(&rows->held);
    free(rows);
}

/* Judge what yajl said about piece. */
static enum err
verdict(struct json_rows *rows, yajl_status status, struct str piece,
        struct why *why)
{
    if (status == yajl_status_ok)
        return OK;
    if (status == yajl_status_error)
        return json_place_fault(rows->place, rows->yajl, piece, NULL, why);
    assert(rows->err != OK);
    if (rows->err != ERR_MALFORMED)
        return rows->err;
    return json_place_fault(rows->place, rows->yajl, piece, rows->fault, why);
}

static enum err
parse(struct json_rows *rows, struct str piece, struct why *why)
{
    yajl_status status =
        yajl_parse(rows->yajl, (const unsigned char *)piece.data, piece.len);

    TRY(verdict(rows, status, piece, why));
    rows->place.bytes += piece.len;
    return OK;
}

static enum err
line_malformed(const struct json_rows *rows, const char *fault, struct why *why)
{
    return why_set(why, ERR_MALFORMED, "line %llu, byte %llu: %s",
                   (unsigned long long)rows->place.line,
                   (unsigned long long)rows->place.bytes, fault);
}

/* Parse lines and the beginning of one; piece may end anywhere. */
static enum err
parse_lines(struct json_rows *rows, struct str piece, struct why *why)
{
    while (piece.len > 0) {
        const char *newline = memchr(piece.data, '\n', piece.len);
        struct str line = piece;

        if (newline == NULL)
            return parse(rows, piece, why);
        line.len = (size_t)(newline - piece.data) + 1;
        TRY(parse(rows, line, why));
        if (rows->level != AT_ROOT || rows->skipped > 0)
            return line_malformed(
                rows, "a value must end on the line where it begins", why);
        rows->place.line++;
        rows->line_filled = false;
        piece.data += line.len;
        piece.len -= line.len;
    }
    return OK;
}

/* Parse what the gate let through. */
static enum err
parse_text(struct json_rows *rows, struct str piece, struct why *why)
{
    if (rows->layout == JSON_LINES)
        return parse_lines(rows, piece, why);
    TRY(parse(rows, piece, why));
    rows->place.line = rows->gate.line;
    return OK;
}

/* Parse the first len bytes of text and hold the rest. */
static enum err
parse_and_hold(struct json_rows *rows, struct str text, size_t len,
               struct why *why)
{
    struct str rest = { text.data + len, text.len - len };

    TRY(parse_text(rows, (struct str){ text.data, len }, why));
    if (text.data != rows->held.data) {
        out_str(&rows->held, rest);
        return out_finish(&rows->held);
    }
    /* Mostly nothing is whole yet: a long token must not be moved each time. */
    if (len > 0)
        memmove(rows->held.data, rest.data, rest.len);
    rows->held.len = rest.len;
    return OK;
}

enum err
json_rows_feed(struct json_rows *rows, struct str piece, struct why *why)
{
    struct why gate_why = { 0 };
    uint64_t begun = rows->gate.bytes;
    enum err gate_err = json_gate_feed(&rows->gate, piece, &gate_why);
    uint64_t end = gate_err == OK ? rows->gate.whole : rows->gate.bytes;

    piece.len = (size_t)(rows->gate.bytes - begun);
    if (rows->held.len > 0) {
        out_str(&rows->held, piece);
        TRY(out_finish(&rows->held));
        piece = out_text(&rows->held);
    }
    /* What stands before the gate's fault is yajl's to judge first: so the
     * error is the same however the text was cut. */
    TRY(parse_and_hold(rows, piece, (size_t)(end - rows->place.bytes), why));
    if (gate_err != OK)
        return why_set(why, gate_err, "%s", gate_why.text);
    return OK;
}

enum err
json_rows_finish(struct json_rows *rows, struct why *why)
{
    if (rows->layout == JSON_TEXT && rows->gate.bytes == 0)
        return why_set(why, ERR_MALFORMED, "line 1, byte 1: the body is empty");
    TRY(json_gate_finish(&rows->gate, why));
    TRY(parse_text(rows, out_text(&rows->held), why));
    if (rows->layout == JSON_TEXT)
        return verdict(rows, yajl_complete_parse(rows->yajl), STR(" "), why);

    /* The last line may lack its end. */
    TRY(parse(rows, STR("\n"), why));
    if (rows->level != AT_ROOT || rows->skipped > 0)
        return line_malformed(rows, "the body ends inside a value", why);
    row_sink_list_end(rows->sink);
    return OK;
}
