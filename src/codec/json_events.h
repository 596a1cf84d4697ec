/* What yajl's events mean: a list of rows, and what is beside it. */
#ifndef CODEC_JSON_EVENTS_H
#define CODEC_JSON_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <yajl/yajl_parse.h>

#include "secmaster/bounds.h"

#include "json_place.h"
#include "json_rows.h"
#include "json_skip.h"
#include "members_seen.h"

/* Where the next event stands. */
enum json_level { AT_ROOT, IN_TOP, IN_LIST, IN_ROW };

/* The context of the events; zero but for the first three. */
struct json_events {
    enum json_layout layout;
    struct row_sink *sink;          /* borrowed */
    const struct json_place *place; /* borrowed: of what yajl is given next */

    enum json_level level;
    size_t member;    /* whose value comes next */
    bool list_seen;   /* as a member beside the top ones */
    bool bare;        /* the list is the whole text */
    bool line_filled; /* NDJSON: this line has had its value */
    struct members_seen top, row;
    struct json_skip skip;

    /* Set by the event that stops yajl. */
    enum err err;
    char fault[160];
};

extern const yajl_callbacks json_events_callbacks;

/* Whether rows may stand here: in the list, or on a line. */
bool json_events_between(const struct json_events *events);

#endif
