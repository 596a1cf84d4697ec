/* The facts of one request, checked and grouped, on their way to the writer. */
#ifndef SECMASTER_BATCH_H
#define SECMASTER_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "secmaster/batch_names.h"
#include "secmaster/complaint.h"
#include "secmaster/err.h"
#include "secmaster/fact.h"

/* A fact whose names are indexes into the batch's own name lists. */
struct batch_fact {
    int64_t security_id; /* below 0: batch_label's */
    struct date effective;
    uint32_t attribute, source; /* index in batch_names; source 0: default */
    uint32_t text_offset, text_len;
    uint32_t line; /* of the body, from 1; 0 where pointers name places */
    uint32_t next; /* the next fact of the same record, or BATCH_END */
    enum value_type type;
    enum fact_op op;
};

/* Facts of one security on one date: a future record. */
struct batch_record {
    int64_t security_id;
    struct date effective;
    uint32_t first, last; /* facts, chained by next in order of arrival */
};

/*
 * Filled by one thread, sealed, then read by another. Everything is on the
 * heap and owned by the batch, bounded by the body it came from.
 */
struct batch {
    uint64_t seed; /* of its tables */
    struct batch_fact *facts;
    uint32_t fact_count, fact_capacity;
    struct out text;                        /* value texts, back to back */
    struct batch_names attributes, sources; /* sources[0] is the default */
    const char *pointer_prefix; /* "/facts" or ""; NULL where lines count */
    struct batch_names labels;  /* of new securities, as they first appeared */
    bool skips_held; /* an assertion of what is live is not to be stored */

    /* Set by batch_seal. */
    struct batch_record *records; /* in order of first appearance */
    uint32_t record_count, security_count;
    uint32_t retraction_count;
    int64_t *minted; /* the labels' ids, which the writer sets */

    /* The writer's answer. */
    uint32_t stored, unchanged; /* facts: together, fact_count */
};

/* NULL when out of memory. The default source starts as "default". A client
 * that does not know the seed cannot make the tables slow (hash.h). */
struct batch *batch_new(uint64_t seed);
void batch_free(struct batch *batch);

/*
 * Add a fact, copying its strings; line as in struct batch_fact. The fact is
 * already valid. ERR_TOO_LARGE: over 4 G of facts or text; ERR_BUSY: memory.
 */
enum err batch_add(struct batch *batch, const struct fact *fact, uint32_t line);

/*
 * The id that stands for a new security inside the batch, -1, -2 ... by its
 * label, any text, which is copied. ERR_BUSY: memory.
 */
enum err batch_label(struct batch *batch, struct str label, int64_t *out);

/* Whether a name was added not long ago, and so judged before: a cheap look,
 * which may miss one. */
bool batch_knows_attribute(const struct batch *batch, struct str name);

/* Name the source of facts that gave none. ERR_BUSY: memory. */
enum err batch_default_source(struct batch *batch, struct str source);

/* Group the facts into records. Call once, behind the last fact.
 * ERR_BUSY: memory. */
enum err batch_seal(struct batch *batch);

/*
 * A sealed copy of a sealed batch without the facts that skipped has true of,
 * which are some but not all; its labels keep their ids. Owned: batch_free.
 * ERR_BUSY: memory.
 */
enum err batch_without(const struct batch *batch, const bool *skipped,
                       struct batch **out);

/* The value of a fact; borrowed from the batch. */
struct value batch_value(const struct batch *batch,
                         const struct batch_fact *fact);

/* The id that the world knows: a label's is the one the writer gave it. */
int64_t batch_security(const struct batch *batch, int64_t security_id);

/* Complain about fact number i where it stood in the body; member (like
 * "security_id") may be NULL. */
void batch_complain(const struct batch *batch, struct complaints *complaints,
                    uint32_t i, const char *member, const char *detail);

#endif
