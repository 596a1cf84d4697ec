/* What a delivery brings: facts, or rows of the vendor's own. */
#ifndef API_WEBHOOK_BODY_H
#define API_WEBHOOK_BODY_H

#include "secmaster/arena.h"
#include "secmaster/complaint.h"
#include "secmaster/media.h"
#include "secmaster/publication.h"
#include "webhook_doors.h"

struct webhook_body {
    const struct webhook_door *door;
    struct str text;
    enum media media;
    uint64_t seed;       /* of the tables that it fills */
    struct arena *arena; /* of what is found */
    struct complaints *complaints;
};

/* What is in it. Owned: webhook_parts_fini. */
struct webhook_parts {
    struct batch *facts;
    struct bar_batch *bars;
    struct trade_batch *trades;
    struct str id; /* the body's own; data NULL: it has none */
};

/*
 * Read a whole body into one of the parts. ERR_INVALID: it cannot be stored as
 * it is, for the reason in why. ERR_BUSY: memory.
 */
enum err webhook_body_read(const struct webhook_body *body,
                           struct webhook_parts *out, struct why *why);
void webhook_parts_fini(struct webhook_parts *parts);

/* About what they hold in memory. */
size_t webhook_parts_bytes(const struct webhook_parts *parts);

/* The first complaint, in words. Returns ERR_INVALID. */
enum err webhook_why_complaint(const struct complaints *complaints,
                               struct why *why);

#endif
