/*
 * HTTP GETs of other people's servers, many at once, none of them trusted.
 *
 * One thread owns a fetcher: it starts, turns, takes answers, cancels. Any
 * thread may wake it. A request is sent once, on a connection of its own: a
 * connection kept from before that died would have it sent again unasked, past
 * what the vendor allows. The process ignores SIGPIPE: TLS
 * writes to sockets that may be gone.
 */
#ifndef SECMASTER_FETCHER_H
#define SECMASTER_FETCHER_H

#include <stdbool.h>
#include <stddef.h>

#include "secmaster/bounds.h"
#include "secmaster/err.h"
#include "secmaster/out.h"
#include "secmaster/str.h"

/* Unpack a whole gzip body behind out, whose limit bounds it: OK, ERR_TOO_LARGE
 * or ERR_BUSY of out, ERR_MALFORMED (damaged, or cut off). */
typedef enum err fetcher_unpack(struct str packed, struct out *out,
                                struct why *why);

struct fetcher_options {
    fetcher_unpack *unpack; /* lent, as the codec is another room's */
    const char *user_agent; /* copied */
    const char *ca_file;    /* PEM, copied; NULL: those the system trusts */
    int connect_timeout_ms; /* 0: FETCH_CONNECT_TIMEOUT_MS */
    int stall_seconds;      /* 0: FETCH_STALL_SECONDS */
};

struct fetcher;

/* NULL: out of memory. */
struct fetcher *fetcher_new(const struct fetcher_options *options);

/* What is under way is cancelled, what is done and was not taken is dropped.
 * Nobody wakes it any more. */
void fetcher_free(struct fetcher *fetcher);

struct fetch {
    const char *url;    /* http(s), copied; a key in its query is in no words */
    const char *bearer; /* Authorization: Bearer ...; copied; NULL: none */
    int timeout_ms;     /* for all of it, redirects too; above 0 */
    size_t body_bytes_max; /* as sent, and again when unpacked */
    bool is_single;        /* no redirect is followed: FETCH_REDIRECTED */
    void *context;         /* the caller's; one fetch at a time has it */
};

/*
 * Send it with the next turn. ERR_INVALID: a URL that url_origin_fault refuses,
 * or a bearer that is not one line of visible ASCII. ERR_BUSY: FETCHES_MAX
 * under way, or out of memory. Neither URL nor key is in why.
 */
enum err fetcher_start(struct fetcher *fetcher, const struct fetch *fetch,
                       struct why *why);

/* No answer comes for it; no matter if there is none under way. */
void fetcher_cancel(struct fetcher *fetcher, const void *context);

/* Under way, or done and not taken. */
size_t fetcher_count(const struct fetcher *fetcher);

/*
 * Work; wait up to wait_ms for something to happen or for a wake. It does not
 * wait while there is an answer to take. It may come back early with nothing.
 */
void fetcher_turn(struct fetcher *fetcher, int wait_ms);

/* From any thread: end the wait, or else the next one at once. */
void fetcher_wake(struct fetcher *fetcher);

enum fetch_outcome {
    FETCH_OK,           /* a whole answer, of any status */
    FETCH_TIMEOUT,      /* not connected or not whole in time, or too slow */
    FETCH_UNREACHABLE,  /* no such name, nobody listens, no way there */
    FETCH_TLS,          /* no handshake, or not who it should be */
    FETCH_RESET,        /* cut off before its end */
    FETCH_NOT_HTTP,     /* an answer, but not of HTTP */
    FETCH_TOO_LARGE,    /* past body_bytes_max, or a head without end */
    FETCH_BAD_ENCODING, /* packed in another way than gzip, or damaged */
    FETCH_REDIRECTED,   /* to another origin, or on and on; not followed */
    FETCH_FAILED,       /* on our side: out of memory */
};

/* "timeout"; static. */
const char *fetch_outcome_name(enum fetch_outcome outcome);

#define FETCH_HEADER_BYTES 128

/*
 * A redirect within the origin (301, 302, 303, 307, 308) is followed, up to
 * FETCH_REDIRECTS_MAX times, with the key; each is one more request to the
 * vendor, and counted here. Status and headers are set whenever they came, be
 * the outcome what it may: a 429 that was cut off is a 429.
 */
struct fetch_answer {
    void *context;
    enum fetch_outcome outcome;
    int status;   /* 0: none came */
    int requests; /* that were sent, redirects too; 0: never connected */
    char retry_after[FETCH_HEADER_BYTES]; /* as sent; "": not, or too long */
    char content_type[FETCH_HEADER_BYTES];
    bool is_end_known; /* false: of a length not announced; what was cut off
                          on its way looks whole, over TLS too */
    bool is_within;    /* redirected within the origin, of a single one */
    struct out body;   /* unpacked; where to, if is_within; else empty */
    struct why why; /* what is wrong unless OK; never the URL's path or query */
};

/* Take one answer that is done; false: there is none. The caller finis it. */
bool fetcher_done(struct fetcher *fetcher, struct fetch_answer *out);
void fetch_answer_fini(struct fetch_answer *answer);

#endif
