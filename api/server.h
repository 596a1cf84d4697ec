/* The HTTP server: event loops around libmicrohttpd. */
#ifndef API_SERVER_H
#define API_SERVER_H

#include <stdint.h>

#include "secmaster/err.h"
#include "service.h"

struct server;

struct server_options {
    const char *listen; /* "HOST:PORT", "[::1]:PORT"; port 0: any */
    struct service *service;
    unsigned loops;       /* 0: one a core, at least 2 */
    unsigned connections; /* 0: CONNECTIONS_DEFAULT */
    /* Deadlines; 0: bounds.h's. Tests make them short. */
    unsigned idle_seconds, request_seconds;
};

/* Bind, listen and start the loops. ERR_INVALID: the address; ERR_BUSY: it
 * is taken. */
enum err server_start(const struct server_options *options, struct server **out,
                      struct why *why);

uint16_t server_port(const struct server *server);

/*
 * Drain and stop: no new connections, what is in flight is answered with
 * Connection: close. Within DRAIN_SECONDS_MAX. ERR_BUSY: jobs were still
 * pending at the deadline; the process must exit without more ado.
 */
enum err server_stop(struct server *server);

/* Free a server that has stopped, behind the writer and the workers: they may
 * still be ringing for what it took from them last. NULL is fine. */
void server_free(struct server *server);

#endif
