/* yajl's events as values: what is wanted is told, the rest passed over. */
#ifndef CODEC_JSON_VALUES_H
#define CODEC_JSON_VALUES_H

#include <yajl/yajl_parse.h>

#include "json_skip.h"
#include "row_sink.h"
#include "secmaster/err.h"

/* Who is told; what is not OK stops yajl. Nothing is told of what is inside a
 * value that is passed over. */
struct json_hooks {
    /* A value that is no container, or TOKEN_NESTED: one nobody wants. */
    enum err (*take)(void *context, struct token token);
    /* A container begins; not *is_wanted: it is taken as TOKEN_NESTED. */
    enum err (*begin_map)(void *context, bool *is_wanted);
    enum err (*begin_array)(void *context, bool *is_wanted);
    enum err (*key)(void *context, struct str name);
    enum err (*end)(void *context); /* of a container that was wanted */
};

/* The context of the events; zero but for the first two. */
struct json_values {
    const struct json_hooks *hooks;
    void *context; /* of the hooks */
    struct json_skip skip;
    enum err err;    /* of the event that stopped yajl */
    char fault[160]; /* with ERR_MALFORMED */
};

extern const yajl_callbacks json_values_callbacks;

/* ERR_MALFORMED, and the fault is that of a member that stands there twice. */
enum err json_values_duplicate(struct json_values *values, struct str name);

#endif
