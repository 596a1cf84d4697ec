/* HMAC-SHA256: that bytes come from somebody who has the key (RFC 2104). */
#ifndef SECMASTER_HMAC_H
#define SECMASTER_HMAC_H

#include <stdbool.h>
#include <stddef.h>

#include "secmaster/digest.h"
#include "secmaster/err.h"
#include "secmaster/str.h"

/* Of the pieces one behind the other. ERR_INTERNAL: the library failed (out of
 * memory). */
enum err hmac_sha256(struct str key, const struct str *pieces, size_t count,
                     unsigned char out[static DIGEST_BYTES]);

/* Whether two texts are the same, in a time that says nothing of where they
 * differ; of their lengths it does. */
bool hmac_equal(struct str a, struct str b);

#endif
