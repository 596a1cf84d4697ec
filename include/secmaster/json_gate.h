/* What yajl lets through although RFC 8259 does not, over pieces of a text. */
#ifndef SECMASTER_JSON_GATE_H
#define SECMASTER_JSON_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "secmaster/err.h"
#include "secmaster/str.h"

/*
 * Runs before yajl over the same bytes: refuses form feeds and vertical tabs
 * outside strings, lone surrogates written as escapes, bytes that are not
 * UTF-8, a byte order mark, nesting over JSON_DEPTH_MAX, and bad escapes.
 * Counts lines.
 */
struct json_gate {
    uint64_t bytes, line; /* of the byte that is next; line from 1 */
    uint64_t whole;       /* the first so many bytes are whole tokens */
    uint32_t utf8;        /* state of utf8_step */
    uint32_t depth;
    uint32_t escape; /* inside a string: what an escape still needs */
    uint32_t unit;   /* a \u escape's digits so far */
    uint32_t high;   /* a high surrogate waits for its low one */
    int in_string;
};

void json_gate_init(struct json_gate *gate);

/* ERR_MALFORMED with line and byte in why; the bytes before it are counted
 * in gate->bytes, the bad one is not. */
enum err json_gate_feed(struct json_gate *gate, struct str piece,
                        struct why *why);

/* The same, but it ends behind the first brace that closes, if there is one
 * (*object_ended): gate->bytes says where. */
enum err json_gate_object(struct json_gate *gate, struct str piece,
                          bool *object_ended, struct why *why);

/* The text is whole. ERR_MALFORMED: inside a string, which yajl forgives
 * behind the value. */
enum err json_gate_finish(const struct json_gate *gate, struct why *why);

#endif
