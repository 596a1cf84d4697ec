/* A blocking HTTP client for our own commands, on libcurl. */
#ifndef SECMASTER_HTTP_CLIENT_H
#define SECMASTER_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "secmaster/err.h"
#include "secmaster/out.h"
#include "secmaster/str.h"

struct http_client; /* one connection, kept alive; one thread */

/* base: "http://HOST:PORT", borrowed; slashes at its end do not count. NULL
 * when out of memory. */
struct http_client *http_client_new(const char *base, int timeout_seconds);
void http_client_free(struct http_client *client);

struct http_answer {
    int status;
    int retry_after_seconds; /* 0: not said */
    bool is_replayed;        /* Idempotency-Replayed: true */
    bool is_unsent;          /* with ERR_UPSTREAM: no byte of it was sent */
    struct out body; /* the caller inits (its limit bounds it) and finis */
};

struct http_post {
    const char *path, *media_type;
    const char *idempotency_key; /* NULL: none */
    struct str body;
};

/* ERR_UPSTREAM: no answer, named in why. Any status is OK. */
enum err http_client_get(struct http_client *client, const char *path,
                         struct http_answer *answer, struct why *why);
enum err http_client_post(struct http_client *client,
                          const struct http_post *post,
                          struct http_answer *answer, struct why *why);

#endif
