/* A batch is known by its content and its place: nothing need be remembered of
 * a load that was interrupted. */
#include "load_key.h"

#include <stdio.h>
#include <string.h>

#include "api/submission.h"
#include "load_kind.h"
#include "secmaster/wire.h"

#define PLACE_BYTES 8

enum err
load_key_make(struct digester *digester, const struct load_batch *batch,
              struct load_key *out)
{
    const struct submission_head head = {
        .method = STR("POST"),
        .target = str_of(batch->kind->target),
        .media = batch->media,
    };
    unsigned char known[DIGEST_BYTES + PLACE_BYTES], key[DIGEST_BYTES];
    char *at = out->text;

    submission_digest(digester, &head);
    digester_add(digester, batch->body);
    TRY(digester_end(digester, out->request));
    memcpy(known, out->request, DIGEST_BYTES);
    put_be64(known + DIGEST_BYTES, batch->place);
    TRY(digester_hash(digester,
                      (struct str){ (const char *)known, sizeof known }, key));
    at += snprintf(at, LOAD_KEY_BYTES, "load-");
    for (size_t i = 0; i < sizeof key; i++)
        at += snprintf(at, 3, "%02x", key[i]);
    return OK;
}
