/* Rows from JSON: plain ones at a glance, the others by yajl's events, each
 * byte through the gate first. */
#include "json_rows.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "json_events.h"
#include "json_glance.h"
#include "secmaster/bounds.h"
#include "secmaster/json_gate.h"
#include "secmaster/out.h"

struct json_rows {
    struct json_events events;
    yajl_handle yajl;
    struct json_gate gate;
    struct json_place place; /* of what yajl is given next */
    struct json_glance glance;
    bool row_ended; /* yajl has seen a row, and nothing behind it */

    /*
     * A token that is not whole yet. yajl reads such a one again from its
     * start with each piece; a large string in small pieces would take the
     * square of its length.
     */
    struct out held;
};

struct json_rows *
json_rows_new(enum json_layout layout, struct row_sink *sink)
{
    struct json_rows *rows = calloc(1, sizeof *rows);

    assert(sink != NULL);

    if (rows == NULL)
        return NULL;
    rows->events = (struct json_events){
        .values = { .hooks = &json_events_hooks, .context = &rows->events },
        .layout = layout,
        .sink = sink,
        .place = &rows->place,
    };
    sink->pointer = layout == JSON_LINES ? NULL : "";
    rows->place.line = 1;
    json_glance_init(&rows->glance, layout, sink->shape);
    json_gate_init(&rows->gate);
    out_init(&rows->held, BODY_BYTES_CEILING);
    rows->yajl = yajl_alloc(&json_values_callbacks, NULL, &rows->events.values);
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
    assert(rows->events.values.err != OK);
    if (rows->events.values.err != ERR_MALFORMED)
        return rows->events.values.err;
    return json_place_fault(rows->place, rows->yajl, piece,
                            rows->events.values.fault, why);
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
        if (!json_events_between(&rows->events))
            return line_malformed(
                rows, "a value must end on the line where it begins", why);
        rows->place.line++;
        rows->events.line_filled = false;
        piece.data += line.len;
        piece.len -= line.len;
    }
    return OK;
}

/* Parse what the gate let through. */
static enum err
parse_text(struct json_rows *rows, struct str piece, struct why *why)
{
    if (rows->events.layout == JSON_LINES)
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

/* Take bytes by way of the gate and yajl, up to where an object ends. */
static enum err
feed_yajl(struct json_rows *rows, struct str *piece, struct why *why)
{
    struct why gate_why = { 0 };
    uint64_t begun = rows->gate.bytes;
    bool object_ended = false;
    enum err gate_err =
        json_gate_object(&rows->gate, *piece, &object_ended, &gate_why);
    uint64_t end = gate_err == OK ? rows->gate.whole : rows->gate.bytes;
    struct str taken = { piece->data, (size_t)(rows->gate.bytes - begun) };

    piece->data += taken.len;
    piece->len -= taken.len;
    if (rows->held.len > 0) {
        out_str(&rows->held, taken);
        TRY(out_finish(&rows->held));
        taken = out_text(&rows->held);
    }
    /* What stands before the gate's fault is yajl's to judge first: so the
     * error is the same however the text was cut. */
    TRY(parse_and_hold(rows, taken, (size_t)(end - rows->place.bytes), why));
    if (gate_err != OK)
        return why_set(why, gate_err, "%s", gate_why.text);
    rows->row_ended = object_ended && json_events_between(&rows->events);
    return OK;
}

/*
 * Take the plain rows that follow another one. yajl knows nothing of them:
 * behind the last it stands where it stood, behind a row.
 */
static enum err
feed_glance(struct json_rows *rows, struct str *piece)
{
    struct row_sink *sink = rows->events.sink;
    struct glance seen;

    assert(rows->held.len == 0);
    while (json_glance_row(&rows->glance, *piece, sink->tokens, &seen)) {
        piece->data += seen.bytes;
        piece->len -= seen.bytes;
        rows->gate.bytes += seen.bytes;
        rows->gate.whole = rows->gate.bytes;
        rows->gate.line += seen.lines;
        rows->place.bytes += seen.bytes;
        rows->place.line += seen.lines;
        sink->line = rows->place.line;
        TRY(row_sink_whole(sink));
    }
    return OK;
}

enum err
json_rows_feed(struct json_rows *rows, struct str piece, struct why *why)
{
    while (piece.len > 0) {
        if (rows->row_ended)
            TRY(feed_glance(rows, &piece));
        if (piece.len > 0)
            TRY(feed_yajl(rows, &piece, why));
    }
    return OK;
}

enum err
json_rows_finish(struct json_rows *rows, struct why *why)
{
    if (rows->events.layout == JSON_TEXT && rows->gate.bytes == 0)
        return why_set(why, ERR_MALFORMED, "line 1, byte 1: the body is empty");
    TRY(json_gate_finish(&rows->gate, why));
    TRY(parse_text(rows, out_text(&rows->held), why));
    if (rows->events.layout == JSON_TEXT)
        return verdict(rows, yajl_complete_parse(rows->yajl), STR(" "), why);

    /* The last line may lack its end. */
    TRY(parse(rows, STR("\n"), why));
    if (!json_events_between(&rows->events))
        return line_malformed(rows, "the body ends inside a value", why);
    row_sink_list_end(rows->events.sink);
    return OK;
}
