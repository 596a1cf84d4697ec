/*
 * An event loop: a thread that sleeps on two descriptors, the HTTP library's
 * and its inbox's bell. It knows connections and exchanges, not the library:
 * that is behind loop_ops.
 */
#ifndef API_LOOP_H
#define API_LOOP_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "acceptor.h"
#include "exchange.h"
#include "reaper.h"
#include "secmaster/inbox.h"
#include "waiting.h"

struct loop;

/* One open connection, in its loop's list. */
struct link {
    struct link *next, **at;
    void *connection; /* the library's */
    int fd;
    struct exchange *exchange; /* NULL: between two requests */
    const char *target_at;     /* where the target stood in its buffer */
    struct link *waiting_next, **waiting_at; /* NULL: it is not waiting */
    struct reaper_mark mark;
};

/* What a loop wants of the library; all on the loop's thread but open. */
struct loop_ops {
    /* Make its part, and the descriptor that tells when to run it. */
    enum err (*open)(struct loop *loop, int *fd, struct why *why);
    /* Take a connection, or close it: false. */
    bool (*add)(struct loop *loop, const struct arrival *arrival);
    /* Go on with a connection whose exchange waited. */
    void (*resume)(struct link *link);
    /* When run is due; -1: only when the descriptor tells. */
    int64_t (*due_ms)(struct loop *loop);
    void (*run)(struct loop *loop);
    /* Close every connection and free. */
    void (*close)(struct loop *loop);
};

struct loop {
    struct loops *loops;
    void *library; /* the library's part */
    pthread_t thread;
    bool is_started;
    int epoll_fd;
    struct inbox inbox;
    struct origin origin;
    struct link *links;
    struct waiting waiting;
    size_t pending; /* exchanges that wait, for an item or otherwise */
    int64_t tick_us, asked_us, logged_us;
    bool is_due;   /* the library has to run again at once */
    bool is_stuck; /* jobs were still pending at the deadline */
};

/* All loops of a server and what they share; set up by the caller up to
 * request_seconds. */
struct loops {
    const struct loop_ops *ops;
    struct service *service;
    struct acceptor *acceptor; /* opened; started and stopped here */
    unsigned idle_seconds, request_seconds;
    unsigned count;
    struct loop loops[LOOPS_MAX];
    struct inbox *inboxes[LOOPS_MAX];
    int64_t stop_us; /* read after stopping */
    atomic_int stopping;
};

/* How many loops there can be; wanted 0: one a core, at least 2. */
unsigned loops_fit(unsigned wanted);

/* Start so many loops, then the acceptor. On failure nothing is left. */
enum err loops_start(struct loops *loops, unsigned count, struct why *why);

/* Drain and end their threads. ERR_BUSY: jobs were still pending at the
 * deadline; all must be left as it is. */
enum err loops_stop(struct loops *loops);

/* Behind loops_stop, when nobody pushes to an inbox any more. */
void loops_fini(struct loops *loops);

/* For the library's part. A link that closes is done, too: of a target that it
 * has no room for the library says no word more. */
struct link *loop_link_open(struct loop *loop, void *connection, int fd);
void loop_link_done(struct link *link); /* with its exchange, if any */
void loop_link_close(struct loop *loop, struct link *link);

/* The library has suspended a connection, whose exchange waits. */
void loop_suspended(struct loop *loop, struct link *link);

/* A request begins or ends: a loop that stops waits a little for more. */
void loop_asked(struct loop *loop);

/* At most once a second: the library may say a word. */
bool loop_may_log(struct loop *loop);

#endif
