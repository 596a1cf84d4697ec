/* Addresses to listen on. */
#ifndef API_LISTENER_H
#define API_LISTENER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "secmaster/err.h"

struct listener_address {
    struct sockaddr_storage socket;
    socklen_t len;
    bool is_loopback;
};

/*
 * Read "HOST:PORT" or "[HOST]:PORT", HOST numeric or localhost, PORT 0 to
 * 65535. ERR_INVALID: anything else.
 */
enum err listener_parse(const char *text, struct listener_address *out,
                        struct why *why);

/*
 * A listening socket, the caller's, and its port. ERR_BUSY: the address is
 * taken. ERR_INVALID: it is none of this machine's.
 */
enum err listener_open(const struct listener_address *address, int *fd,
                       uint16_t *port, struct why *why);

#endif
