/* Which server a URL points to. */
#ifndef SECMASTER_URL_H
#define SECMASTER_URL_H

#include <stdbool.h>

#include "secmaster/err.h"
#include "secmaster/str.h"

#define URL_BYTES_MAX 8192 /* a cursor in it may be long */
#define URL_HOST_BYTES_MAX 253

/* Scheme, host and port. Two are the same only if all three are. */
struct url_origin {
    bool is_https;
    bool is_loopback; /* localhost, 127.0.0.0/8, ::1 */
    unsigned port;    /* the scheme's own where none is written */
    size_t host_len;
    char host[URL_HOST_BYTES_MAX]; /* small letters; IPv6 in brackets, in its
                                      shortest form */
};

/*
 * Read the origin of an absolute http or https URL of visible ASCII without a
 * fragment. ERR_INVALID: anything that two readers could take for two hosts:
 * user names, backslashes, percent signs or other marks in the host. The URL
 * itself is never in why: it may carry a key.
 */
enum err url_origin_read(struct str url, struct url_origin *out,
                         struct why *why);

/*
 * Whether both can be read and have one origin. Doubt is a no: a host with a
 * dot at its end is another one, an IPv4 address is equal in its letters only.
 */
bool url_same_origin(struct str a, struct str b);

#endif
