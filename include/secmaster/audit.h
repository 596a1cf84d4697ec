/* The audit trail: every fact of a security, and what became of it. */
#ifndef SECMASTER_AUDIT_H
#define SECMASTER_AUDIT_H

#include <stddef.h>
#include <stdint.h>

#include "secmaster/arena.h"
#include "secmaster/fact.h"
#include "secmaster/precedence.h"
#include "secmaster/record.h"

/* A fact is live until a later one of its key: an assertion supersedes it, a
 * retraction retracts it. What that had ended does not come back. */
enum audit_state { AUDIT_LIVE, AUDIT_SUPERSEDED, AUDIT_RETRACTED };

struct audit_fact {
    uint32_t attribute, source; /* dictionary ids */
    enum fact_op op;
    enum audit_state state;
    struct date effective;
    uint64_t tx, ended_by; /* ended_by: 0 where live */
    struct value value;
    size_t place; /* among all added: later ones of a day have larger ones */
};

/* Facts of one security: of some of its days, of each day all. */
struct audit {
    struct audit_fact *facts; /* in key order, then as sent; owned */
    size_t count, capacity;
    size_t bytes_max;
    struct arena texts; /* of the values */
};

/* ERR_TOO_LARGE past bytes_max of facts and their values. */
void audit_init(struct audit *audit, size_t bytes_max);
void audit_fini(struct audit *audit);

/* Empty it; little memory stays. */
void audit_reset(struct audit *audit);

/* The bytes that it holds, in use or not. */
size_t audit_held(const struct audit *audit);

/*
 * Add a record's facts of one attribute (NAME_NONE: of all); values are
 * copied. Records come in key order. ERR_STORE: the payload is no fact set;
 * ERR_BUSY: out of memory.
 */
enum err audit_add(struct audit *audit, const struct record *record,
                   uint32_t attribute);

/* Work out the states. No more records of these days may follow. */
enum err audit_settle(struct audit *audit);

/* Drop what is no live assertion. After audit_settle. */
void audit_keep_live(struct audit *audit);

/*
 * Put live assertions in order of attribute id and strength: each attribute's
 * first is the one its value comes from, the next is who would come after it.
 */
void audit_rank(struct audit *audit, const struct precedence *precedence);

/* Why one live assertion of an attribute beats another. */
enum audit_reason {
    AUDIT_PRECEDENCE, /* of a better source */
    AUDIT_LATER_DATE,
    AUDIT_LATER_TX, /* or further back in one batch */
};
enum audit_reason audit_reason(const struct audit_fact *winner,
                               const struct audit_fact *loser,
                               const struct precedence *precedence);

#endif
