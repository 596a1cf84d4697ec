/* Which server a URL points to. */
#ifndef SECMASTER_URL_H
#define SECMASTER_URL_H

#include <stdbool.h>

#include "secmaster/str.h"

#define URL_BYTES_MAX 8192 /* a cursor in it may be long */
#define URL_HOST_BYTES_MAX 253

/* Scheme, host and port. Two are the same only if all three are. */
struct url_origin {
    bool is_https;
    bool is_loopback; /* localhost, 127.0.0.0/8, ::1 */
    unsigned port;    /* the scheme's own where none is written */
    size_t len;       /* of the URL's text before its path or query */
    size_t host_len;
    char host[URL_HOST_BYTES_MAX]; /* small letters; IPv6 in brackets, in its
                                      shortest form */
};

/*
 * Whether text is an absolute http or https URL as far as that shows without
 * its host: of visible ASCII without a fragment, URL_BYTES_MAX at most. Where
 * it points to is not judged.
 */
bool url_is_absolute(struct str text);

/*
 * Read the origin of an absolute http or https URL of visible ASCII without a
 * fragment. NULL, or why it has none: *out is set only on NULL. Refused is all
 * that two readers could take for two hosts: user names, marks other than
 * hyphens, empty labels, an IPv4 address that is not four plain numbers, a port
 * that is not 1 .. 65535 without leading zeros. Static text: the URL may carry
 * a key.
 */
const char *url_origin_fault(struct str url, struct url_origin *out);

/*
 * Whether both can be read and have one origin. Doubt is a no.
 */
bool url_same_origin(struct str a, struct str b);

#endif
