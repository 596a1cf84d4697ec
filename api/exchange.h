/*
 * One request from its head to its answer, without sockets: what server.c
 * does with libmicrohttpd, tests do with strings.
 */
#ifndef API_EXCHANGE_H
#define API_EXCHANGE_H

#include <stddef.h>
#include <sys/types.h>

#include "gate.h"
#include "number.h"
#include "request.h"
#include "secmaster/workers.h"
#include "validator.h"

#define ID_PREFIX_BYTES 17 /* 64 bits in hexadecimal and a dash */

/* Where requests come from: one a loop, used by its thread only. */
struct origin {
    struct service *service;
    struct inbox *home; /* where answers that are waited for come to */
    char id_prefix[ID_PREFIX_BYTES]; /* random: ids of two runs differ */
    uint64_t requests;               /* so far */
    uint64_t in_flight;              /* exchanges that live now */
    bool is_over;                    /* streams that are being read are cut */
};

enum err origin_init(struct origin *origin, struct service *service,
                     struct inbox *home, struct why *why);

/* An id that no other request has had, terminated, in arena; data NULL: out of
 * memory. */
struct str origin_new_id(struct origin *origin, struct arena *arena);

enum exchange_state {
    EXCHANGE_NEW,      /* the head is not whole */
    EXCHANGE_READING,  /* the body is to come, or to be dropped */
    EXCHANGE_WAITING,  /* an item comes home, its owner is &request */
    EXCHANGE_ANSWERED, /* response is whole */
};

struct exchange {
    struct request request; /* first: an item's owner points here */
    struct response response;
    enum exchange_state state;
    struct origin *origin;
    struct arena arena;
    struct worker_job job;
    bool close; /* the answer ends the connection */
    bool early; /* answered before the body's end */
    int64_t began_us;
    uint64_t bytes_counted;         /* of the service's bodies in flight */
    struct gzip_unpacker *unpacker; /* of a packed body */
    uint64_t unpacked_bytes;
    bool has_rest;           /* a piece was left for the next turn */
    uint64_t answer_counted; /* of its answers in flight */
    uint64_t bytes_out;
    size_t stream_at;      /* bytes of response.body that were handed out */
    uint64_t stream_turns; /* that it was filled for */
    bool stream_done;
    bool is_left;               /* freed, but for jobs of its stream */
    char tx[NUMBER_TEXT_BYTES]; /* Secmaster-Tx */
    char etag[ETAG_BYTES_MAX];
    void *link; /* the server's */
};

/* The request line has come; target is copied. NULL: out of memory. */
struct exchange *exchange_new(struct origin *origin, struct str target);

/* The connection is done with it. It lives on while jobs of its stream are out,
 * and ends with answer_part_home. */
void exchange_free(struct exchange *exchange);

/* The exchange that an item which came home belongs to. */
struct exchange *exchange_of(struct inbox_item *item);

/*
 * The head is whole; head->target is set here. State is then READING, or
 * ANSWERED: the answer is to be given at once and the connection closed, or,
 * where early is set, answer_early's text to be sent at once and the body to
 * be read all the same. False: out of memory.
 */
bool exchange_head(struct exchange *exchange, struct gate_head *head);

/*
 * Called with the target alone, as soon as it is there: false where no head can
 * have it, which the library would find out itself, and answer nothing. Then
 * early is set, as below.
 */
bool exchange_target(struct exchange *exchange);

/*
 * The library refuses the head before it shows it, for its Content-Length
 * (NULL: for another reason). Then early is set, as below.
 */
void exchange_unseen(struct exchange *exchange, const char *content_length);

/*
 * A piece of the body, from the front of *rest, which moves on: some of it is
 * left where it unpacks to so much that others should have a turn. Where it
 * sets early, the body is past its limit: answer_early's text is to be sent at
 * once, and what follows is dropped. False: it goes on and on; close the
 * connection.
 */
bool exchange_piece(struct exchange *exchange, struct str *rest);

/*
 * The request is whole, and the trailers behind its body took so many bytes
 * of the parser's memory: ANSWERED, or WAITING. Where it sets early, they took
 * too many: send answer_early's text and close.
 */
void exchange_whole(struct exchange *exchange, size_t trailer_bytes);

/* Its item came home: ANSWERED, or WAITING for another. */
void exchange_home(struct exchange *exchange);

/* The connection is done with the request: log and count it. */
void exchange_end(const struct exchange *exchange);

/* Around calls of handlers: a dying process says what it was busy with. */
void exchange_note(const struct exchange *exchange);
void exchange_note_end(void);

#endif
