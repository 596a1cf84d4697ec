/* The deliveries that are known, so that each is stored once. */
#ifndef API_WEBHOOK_IDS_H
#define API_WEBHOOK_IDS_H

#include "request.h"
#include "secmaster/store.h"
#include "webhook_doors.h"

/* The key and value of a delivery's id, in arena, the key with a NUL behind
 * it. ERR_TOO_LARGE: the arena's budget. */
enum err webhook_id_put(struct arena *arena, struct str vendor, struct str id,
                        struct instant now, struct state_change *out);

/*
 * Once an hour: the removal of ids that are older than any vendor repeats
 * itself, some of them, in the request's arena. ERR_STORE: damage;
 * ERR_TOO_LARGE: the arena's budget.
 */
struct webhook_expired {
    struct state_change *removals;
    size_t count;
};
enum err webhook_ids_expired(struct request *request,
                             struct webhook_expired *out, struct why *why);

#endif
