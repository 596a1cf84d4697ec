/* The attributes of a snapshot, counted over its live assertions. */
#ifndef API_CATALOGUE_H
#define API_CATALOGUE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "secmaster/date.h"
#include "secmaster/err.h"
#include "secmaster/store.h"

struct catalogue_entry {
    uint32_t attribute; /* dictionary id */
    unsigned types;     /* 1 << enum value_type, of each that was seen */
    struct date first, last;
    uint64_t first_tx;
    uint64_t assertions, securities;
};

/* Those with a live assertion, in byte order of their names. */
struct catalogue {
    uint64_t known_tx;
    struct catalogue_entry *entries;
    size_t count;
    unsigned users; /* the catalogues', who count them */
};

/*
 * The catalogues that were asked for last. Counting is a pass over all facts:
 * one goes on at a time, and whoever needs another meanwhile is told so.
 */
struct catalogues;

struct catalogues *catalogues_new(void); /* NULL when out of memory */
void catalogues_free(struct catalogues *catalogues);

/*
 * The catalogue of a snapshot, counted unless it is remembered; valid until
 * catalogues_end, which follows where OK came back. ERR_BUSY: out of memory,
 * *stop was set, or another is being counted. Other errors: those of
 * store_view_begin and store_scan.
 */
enum err catalogues_begin(struct catalogues *catalogues, struct store *store,
                          uint64_t known_tx, const atomic_bool *stop,
                          struct catalogue **out, struct why *why);
void catalogues_end(struct catalogues *catalogues, struct catalogue *catalogue);

#endif
