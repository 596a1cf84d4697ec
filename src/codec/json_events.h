/* What yajl's events mean: a list of rows, and what is beside it. */
#ifndef CODEC_JSON_EVENTS_H
#define CODEC_JSON_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "secmaster/bounds.h"

#include "json_place.h"
#include "json_rows.h"
#include "json_values.h"
#include "members_seen.h"

/* Where the next event stands. */
enum json_level { AT_ROOT, IN_TOP, IN_LIST, IN_ROW };

/* The context of the hooks; zero but for the first four. */
struct json_events {
    struct json_values values; /* the context of yajl's events */
    enum json_layout layout;
    struct row_sink *sink;          /* borrowed */
    const struct json_place *place; /* borrowed: of what yajl is given next */

    enum json_level level;
    size_t member;    /* whose value comes next */
    bool list_seen;   /* as a member beside the top ones */
    bool bare;        /* the list is the whole text */
    bool line_filled; /* NDJSON: this line has had its value */
    struct members_seen top, row;
};

extern const struct json_hooks json_events_hooks;

/* Whether rows may stand here: in the list, or on a line. */
bool json_events_between(const struct json_events *events);

#endif
