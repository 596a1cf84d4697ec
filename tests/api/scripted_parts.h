/* Parts for a relay of rows that are a script's, and not a store's. */
#ifndef TESTS_API_SCRIPTED_PARTS_H
#define TESTS_API_SCRIPTED_PARTS_H

#include <semaphore.h>
#include <stdatomic.h>

#include "api/relay.h"

struct scripted_security {
    int64_t id;
    unsigned rows; /* lines of "ID ROW", in order */
};

struct script {
    const struct scripted_security *securities; /* in order of their ids */
    size_t count;
    size_t chunk_bytes;  /* a fill makes so much, and a row's rest */
    unsigned rows_max;   /* or reads so many */
    int64_t fails_at;    /* the security in which a fill fails; -1: none */
    int64_t seek_fails;  /* from here on it cannot be looked for more */
    int64_t held_at;     /* the security in which it says held and waits */
    sem_t held, go_on;   /* for that */
    atomic_size_t made;  /* bytes */
    atomic_size_t fills; /* that were begun, */
    atomic_uint at_once; /* of one part, now: more than one is a fault */
    atomic_uint parts;   /* that live */
};

/* No fault, nothing held, nothing made so far. */
void script_init(struct script *script,
                 const struct scripted_security *securities, size_t count);

/* What one thread makes of it. */
void script_print(const struct script *script, struct out *out);

/* Everything, to be begun with. */
struct stream *scripted_whole(struct script *script);

extern const struct relay_source scripted_parts;

#endif
