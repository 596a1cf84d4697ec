/* Where a vendor's interface begins: a URL that a key may be sent to. */
#ifndef CODEC_BASE_URL_H
#define CODEC_BASE_URL_H

#include "secmaster/str.h"

/*
 * NULL, or why text cannot be one: "https://HOST[:PORT][/PATH]", or "http://"
 * where HOST is the machine itself (localhost, 127.0.0.0/8, [::1]). No user, no
 * query, no fragment, at most BASE_URL_BYTES_MAX bytes. Static text.
 */
const char *base_url_fault(struct str text);

/* Likewise of a path: "/" and what may stand in one, escapes included; no query
 * and no segment that is "." or "..". */
const char *url_path_fault(struct str text);

#endif
