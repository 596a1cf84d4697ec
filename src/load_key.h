/* Under which key a batch is stored once, however often its file is loaded. */
#ifndef MAIN_LOAD_KEY_H
#define MAIN_LOAD_KEY_H

#include "load_target.h"
#include "secmaster/digest.h"

#define LOAD_KEY_BYTES (sizeof "load-" + 2 * DIGEST_BYTES)

struct load_key {
    unsigned char request[DIGEST_BYTES]; /* as a server would work it out */
    char text[LOAD_KEY_BYTES];           /* terminated */
};

/*
 * By what the batch says and its place in the file: the same lines further on
 * are other facts. ERR_INTERNAL: out of memory.
 */
enum err load_key_make(struct digester *digester,
                       const struct load_batch *batch, struct load_key *out);

#endif
