/* What a handler sees of a request and leaves as a response: no sockets. */
#ifndef API_REQUEST_H
#define API_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "secmaster/arena.h"
#include "secmaster/bounds.h"
#include "secmaster/inbox.h"
#include "secmaster/instant.h"
#include "secmaster/media.h"
#include "secmaster/out.h"
#include "secmaster/str.h"

struct service;
struct route;
struct submission;

enum method {
    METHOD_GET,
    METHOD_POST,
    METHOD_PUT,
    METHOD_DELETE,
    METHOD_HEAD,
    METHOD_OPTIONS,
    METHOD_OTHER,
};

/* How bytes are packed (Content-Encoding). */
enum coding { CODING_IDENTITY, CODING_GZIP, CODING_COUNT };

/* A decoded name and value; borrowed from the request's arena. */
struct pair {
    struct str name, value;
};

/*
 * What a request waits for whose handle has submitted no job: a transaction
 * behind seen_tx, or a moment. until_us is of clock_monotonic_us; 0: it does
 * not wait so.
 */
struct wait {
    uint64_t seen_tx;
    int64_t until_us;
};

#define ROUTE_SEGMENTS_MAX 8

/*
 * Built by the server when the head is whole, freed when the connection is
 * done with it. Everything in it lives in arena.
 */
struct request {
    struct arena *arena;
    struct service *service;
    const struct route *route; /* NULL: no such path or method */
    enum method method;
    struct str method_text;
    struct str target;      /* as on the request line */
    struct str path, query; /* target's parts, still encoded */
    struct str id;          /* X-Request-Id, the client's or ours */
    const struct pair *headers;
    size_t header_count;

    /* The decoded path parameters, in the order of the pattern. */
    struct str segments[ROUTE_SEGMENTS_MAX];
    size_t segment_count;

    struct pair *params; /* decoded, in order */
    size_t param_count;

    enum media media;      /* of the answer, negotiated */
    enum media body_media; /* of the body; MEDIA_NONE: none */
    int64_t body_length;   /* Content-Length; -1: not said */
    uint64_t body_bytes;   /* arrived so far */

    bool codings[CODING_COUNT]; /* of the answer, acceptable */
    enum coding coding;         /* the best of them */
    enum coding body_coding;
    struct submission *submission; /* of a request that writes, with a key */

    /* Where an answer that is waited for comes back to. */
    struct inbox *home;

    struct wait wait; /* set by handle; cleared before resume */

    void *state; /* the endpoint's own, freed by endpoint->drop */
};

/* The value of a header, or of a query parameter, given at most once; data
 * NULL: not there. Header names ignore case. */
struct str request_header(const struct request *request, const char *name);
struct str request_param(const struct request *request, const char *name);

/*
 * A body produced piece by piece on the loop's thread: append at most about
 * STREAM_CHUNK_BYTES and set *done with the last. An error cuts the answer
 * off. Holds no view between calls.
 *
 * One that has jobs out (relay.h) may set waits instead of appending anything:
 * fill it again when home, which takes each item that comes, has cleared that.
 * It is freed when no job is out: leave takes back what it can and says that
 * nobody reads on. The first fill begins no job. Both are NULL where there are
 * never any.
 */
struct stream {
    enum err (*fill)(struct stream *stream, struct out *out, bool *done);
    void (*free)(struct stream *stream);
    void (*home)(struct stream *stream, struct inbox_item *item);
    void (*leave)(struct stream *stream);
    size_t bytes_held; /* while the client reads; fill may change it */
    size_t jobs;       /* out */
    bool waits;
};

#define RESPONSE_HEADERS_MAX 20 /* the server's own ten among them */

/* status 0: not answered yet. */
struct response {
    int status;
    enum media media;         /* as negotiated; MEDIA_NONE: with a problem */
    const char *content_type; /* overrides media's; static */
    struct out body;          /* init by the server; what handlers print */
    struct str fixed;         /* instead of body: static bytes */
    struct stream *stream;    /* instead of body: owned */
    enum coding coding;       /* of body or stream */
    bool has_tag;             /* it is named (validator.h) */
    uint64_t tag;             /* what its name is made from */
    uint64_t length;          /* with 304: of the 200's body; 0: not known */
    bool is_final;            /* the answer never changes */
    struct pair headers[RESPONSE_HEADERS_MAX]; /* terminated */
    size_t header_count;
    uint64_t tx; /* Secmaster-Tx under /v1 */
    bool tx_set; /* else the newest at the time of the answer */
    bool close;  /* close the connection behind it */
};

/* Add a header; value is printf'd into the request's arena. */
void response_header(struct request *request, struct response *response,
                     const char *name, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

enum place {
    ON_LOOP,   /* microseconds: runs inline */
    ON_WORKER, /* may compute long before its first byte */
};

/*
 * A kind of resource: one `const struct endpoint` at the end of its file and
 * a row in routes.def. Calls come in this order, all for one request, never
 * two at a time; a call that sets response->status ends it:
 *   begin    the head is whole, a body will come (bodies != 0)
 *   body     a piece of it, on the loop; refuse by setting the status: the
 *            rest of the body is then read and dropped
 *   handle   everything is there; on the loop or a worker
 *   resume   after handle, or resume, returned with the status unset: it has
 *            submitted a job whose item comes home to request->home, its owner
 *            the request, or set wait; on the loop. Only for ON_LOOP: a
 *            worker's handle answers
 *   drop     once, at the end, where state was set; on the loop
 */
struct endpoint {
    enum place place;
    unsigned gives;            /* MEDIA_BITs of the answer */
    unsigned bodies;           /* MEDIA_BITs of the body; 0: takes none; with
                                  MEDIA_NONE's any other one too, as that */
    const char *const *params; /* names, NULL-terminated; besides format */
    bool takes_key;            /* Idempotency-Key: see submission.h */
    void (*begin)(struct request *request, struct response *response);
    void (*body)(struct request *request, struct response *response,
                 struct str piece);
    void (*handle)(struct request *request, struct response *response);
    void (*resume)(struct request *request, struct response *response);
    void (*drop)(struct request *request);
};

#endif
