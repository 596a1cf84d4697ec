/* The first lines of every request: refuse what two parsers could read two
 * ways (RELIABLE framing, RFC 9112), before any handler. */
#ifndef API_GATE_H
#define API_GATE_H

#include "problem.h"
#include "request.h"

/*
 * What the gate looks at. target is the raw request target; version like
 * "HTTP/1.1"; headers as parsed, raw values with their true length.
 */
struct gate_head {
    struct str method, target, version;
    const struct pair *headers;
    size_t header_count;
    size_t head_bytes;
};

/*
 * True when the head is beyond doubt. Otherwise *problem and *detail (static)
 * say what to answer before closing. Pure.
 */
bool gate_check(const struct gate_head *head, enum problem *problem,
                const char **detail);

#endif
