/* The thread that takes connections and deals them out to the loops. */
#ifndef API_ACCEPTOR_H
#define API_ACCEPTOR_H

#include <stdint.h>
#include <sys/socket.h>

#include "metrics.h"
#include "secmaster/inbox.h"

/* A connection on its way to a loop; its taker frees it. */
struct arrival {
    struct inbox_item item; /* its owner is NULL: no request's */
    int fd;
    struct sockaddr_storage peer;
    socklen_t peer_len;
};

struct acceptor_options {
    const char *listen;
    unsigned connections_max; /* lowered to what descriptors are there for */
    struct metrics *metrics;
};

struct acceptor;

/* Bind and listen; nothing is accepted yet. ERR_INVALID: the address;
 * ERR_BUSY: it is taken. */
enum err acceptor_open(const struct acceptor_options *options,
                       struct acceptor **out, struct why *why);

uint16_t acceptor_port(const struct acceptor *acceptor);
unsigned acceptor_connections_max(const struct acceptor *acceptor);

/* Deal connections out to the inboxes in turn; they are borrowed until it
 * stops. */
enum err acceptor_start(struct acceptor *acceptor, struct inbox *const *inboxes,
                        unsigned inbox_count, struct why *why);

/* A connection that arrived is closed. Any thread. */
void acceptor_release(struct acceptor *acceptor);

/* No more arrivals, where it was started. Connections may still be released. */
void acceptor_stop(struct acceptor *acceptor);
void acceptor_free(struct acceptor *acceptor); /* NULL is fine */

#endif
