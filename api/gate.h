/* The first lines of every request: refuse what two parsers could read two
 * ways (RFC 9112's framing), before any handler. */
#ifndef API_GATE_H
#define API_GATE_H

#include "problem.h"
#include "request.h"

/*
 * What the gate looks at. The pieces stand where the parser left them in its
 * buffer, values with the white space behind them; only target is a copy,
 * made before it was decoded, and target_at is where it stood.
 */
struct gate_head {
    struct str method, target, version; /* version like "HTTP/1.1" */
    const char *target_at;
    const struct pair *headers;
    size_t header_count;
    size_t head_bytes; /* from the method to the empty line's end */
};

/*
 * True when the head is beyond doubt. Otherwise *problem and *detail (static)
 * say what to answer before closing. Pure.
 */
bool gate_check(const struct gate_head *head, enum problem *problem,
                const char **detail);

/* The same of a target alone, which is part of any head that it has: false
 * where the head is too large whatever follows. */
bool gate_check_target(struct str target, enum problem *problem,
                       const char **detail);

/* What the parser keeps of a header or a trailer, in the memory that the
 * answer's head needs too. */
size_t gate_field_bytes(size_t name_len, size_t value_len);

#endif
