/* Where a load puts its batches: a server, or a store that none holds. */
#ifndef MAIN_LOAD_TARGET_H
#define MAIN_LOAD_TARGET_H

#include <stdbool.h>

#include "secmaster/bounds.h"
#include "secmaster/complaint.h"
#include "secmaster/err.h"
#include "secmaster/media.h"
#include "secmaster/str.h"

/* Securities that a load names one by one; more are counted. */
#define LOAD_MADE_LISTED_MAX 40

struct load_key;
struct load_kind;

struct load_batch {
    const struct load_kind *kind;
    enum media media;
    struct str body;
    uint64_t place;             /* byte of the file where its records begin */
    const struct load_key *key; /* NULL: stored however often it is sent */
};

/* A security that a batch has made for a ticker. */
struct load_made {
    char ticker[TICKER_BYTES_MAX + 1]; /* terminated */
    int64_t security_id;
};

/* What became of a batch. complaints on ERR_INVALID, why on the others;
 * lines and bytes are the body's. */
struct load_result {
    uint64_t stored, unchanged; /* records of the file */
    bool is_unknown;            /* failed, and may be stored all the same */
    uint64_t made_count;        /* securities, the first of them in made */
    struct load_made made[LOAD_MADE_LISTED_MAX];
    struct complaints complaints;
    struct why why;
};

/* A target is this table and a struct that begins with struct load_target. */
struct load_target {
    const struct load_target_ops *ops;
};

struct load_target_ops {
    enum err (*send)(struct load_target *target, const struct load_batch *batch,
                     struct load_result *result);
    enum err (*foresee)(struct load_target *target,
                        const struct load_batch *batch,
                        struct load_result *result);
    void (*settle)(struct load_target *target); /* NULL: nothing to do */
    void (*close)(struct load_target *target);
};

/* url: "http://HOST:PORT", borrowed. */
enum err load_url_open(const char *url, struct load_target **out,
                       struct why *why);

/* dir and memtable_bytes as in store_lmdb_open. */
enum err load_store_open(const char *dir, size_t memtable_bytes,
                         struct load_target **out, struct why *why);

/*
 * OK: stored, now or before, or known. ERR_INVALID: refused, go on with the
 * next batch. Otherwise it makes no sense to go on; ERR_MALFORMED: the body is
 * outside the grammar. result's arena is the caller's.
 */
static inline enum err
load_send(struct load_target *target, const struct load_batch *batch,
          struct load_result *result)
{
    return target->ops->send(target, batch, result);
}

/*
 * Before a batch is sent that may make securities: ERR_CONFLICT, named in
 * why, where it would make a second one for a ticker that is borne from a
 * later day on. ERR_BUSY: it could not be foreseen. Anything else is for
 * load_send to find.
 */
static inline enum err
load_foresee(struct load_target *target, const struct load_batch *batch,
             struct load_result *result)
{
    return target->ops->foresee(target, batch, result);
}

/* The last batch was sent: do what the target's next user would have to wait
 * for. It may be killed meanwhile. */
static inline void
load_settle(struct load_target *target)
{
    if (target->ops->settle != NULL)
        target->ops->settle(target);
}

/* NULL is fine. */
static inline void
load_close(struct load_target *target)
{
    if (target != NULL)
        target->ops->close(target);
}

#endif
