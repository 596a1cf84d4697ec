/* SHA-256, for the chain of batches and for what a request was. */
#ifndef SECMASTER_DIGEST_H
#define SECMASTER_DIGEST_H

#include <stddef.h>

#include "secmaster/err.h"
#include "secmaster/str.h"

#define DIGEST_BYTES 32

/* Made once, used by one thread at a time: looking up an algorithm costs
 * more than hashing a small batch. */
struct digester;

/* NULL: out of memory. */
struct digester *digester_new(void);
void digester_free(struct digester *digester);

/* ERR_INTERNAL: the library failed (out of memory). */
enum err digester_hash(struct digester *digester, struct str bytes,
                       unsigned char out[static DIGEST_BYTES]);

/* The same piece by piece. An error is kept, and told by the end. */
void digester_begin(struct digester *digester);
void digester_add(struct digester *digester, struct str bytes);
enum err digester_end(struct digester *digester,
                      unsigned char out[static DIGEST_BYTES]);

#endif
