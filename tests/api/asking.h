/* Requests to handlers without sockets: what the server does, in one call. */
#ifndef TESTS_API_ASKING_H
#define TESTS_API_ASKING_H

#include "api/request.h"
#include "api/service.h"

/* A service over a store in memory, and the last request and its answer. */
struct asking {
    struct service service;
    struct inbox home;
    struct arena arena;
    struct request request;
    struct response response;
    struct out body; /* the whole answer */
    size_t chunks;   /* it came in, where it was streamed */
    const char *allow;
    struct why why; /* of a request that no handler saw */
};

/* Aborts where it cannot. "Now" is 2024-06-15T12:00:00Z; columns are remembered
 * wherever two securities were read for them. */
void asking_init(struct asking *asking);

/* The same over a store of its own, which asking_fini closes. */
void asking_init_on(struct asking *asking, struct store *store);
void asking_fini(struct asking *asking);

/* A request without its route: path, query and headers are set. */
void asking_prepare(struct asking *asking, enum method method,
                    const char *target, const char *accept);

/* GET; returns the status: 404, 405, 400 or 406 where no handler was asked. */
int ask(struct asking *asking, const char *target);

/* POST, the body in pieces of so many bytes (0: at once). */
int ask_post(struct asking *asking, const char *target, enum media media,
             const char *body, size_t piece_bytes);

/* The answer as a terminated text. */
const char *asking_text(struct asking *asking);

/* A header of the answer; NULL: not there. */
const char *asking_header(const struct asking *asking, const char *name);

/* Post facts as NDJSON; they must be taken. */
void asking_facts(struct asking *asking, const char *lines);

#endif
