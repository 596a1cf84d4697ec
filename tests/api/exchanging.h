/* Whole requests from their heads, without sockets. */
#ifndef TESTS_API_EXCHANGING_H
#define TESTS_API_EXCHANGING_H

#include "api/exchange.h"
#include "tests/api/asking.h"

struct exchanging {
    struct asking asking; /* its service */
    struct origin origin;
};

void exchanging_init(struct exchanging *exchanging);
void exchanging_fini(struct exchanging *exchanging);

/* A request up to its body; headers are whole lines, or "". */
struct exchange *exchanging_begin(struct exchanging *exchanging,
                                  const char *method, const char *target,
                                  const char *headers);

/* The rest of it: the body in pieces of so many bytes, and the wait. */
void exchanging_finish(struct exchanging *exchanging, struct exchange *exchange,
                       struct str body, size_t piece_bytes);

/* Both, without a body. */
struct exchange *exchanging_ask(struct exchanging *exchanging,
                                const char *method, const char *target,
                                const char *headers);

/* With a body of JSON in small pieces; NULL: without one. */
struct exchange *exchanging_send(struct exchanging *exchanging,
                                 const char *method, const char *target,
                                 const char *body);

/* Log and free it. */
void exchanging_end(struct exchange *exchange);

/* A header of the answer; "": not there. */
const char *exchanging_header(const struct exchange *exchange,
                              const char *name);

/* Wait until jobs of streams come home. */
void exchanging_home(struct exchange *exchange);

/* The bytes of a 200, whether they come whole or as a stream. */
void exchanging_read(struct exchange *exchange, struct out *out);

/* What gzip packed, whole. */
void exchanging_unpack(struct str packed, struct out *out);

#endif
