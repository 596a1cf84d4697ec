/* The one shape of everything dated: (kind, security, date, tx) -> payload. */
#ifndef SECMASTER_RECORD_H
#define SECMASTER_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "secmaster/date.h"
#include "secmaster/str.h"

/* On disk (docs/storage.md): never renumber. */
enum record_kind {
    RECORD_FACTS = 1, /* facts of one batch about one security on one date */
    RECORD_POSITIONS = 2, /* a portfolio's on one date, all there are */
    RECORD_BARS = 3,      /* of one batch about a security in a month: bar.h */
    RECORD_TRADES = 4,    /* versions of a trade: trade.h */
    RECORD_MEMBERS = 5,   /* a member of Congress from a day on: member.h */
};

/* A kind that is read from disk may be any number. */
static inline bool
record_kind_is_known(unsigned kind)
{
    return kind >= RECORD_FACTS && kind <= RECORD_MEMBERS;
}

/* Never changed, never deleted: a correction is a later record. */
struct record {
    enum record_kind kind;
    int64_t security_id;   /* of positions, trades and members: a name's id */
    struct date effective; /* RECORD_BARS: the first of the month */
    uint64_t tx;
    struct str payload; /* factset.h, positionset.h, bar.h, trade.h, member.h */
};

/* Key order: kind, security_id, effective, tx. <0, 0, >0. Inline because every
 * record that is passed over is compared. */
static inline int
record_compare(const struct record *a, const struct record *b)
{
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->security_id != b->security_id)
        return a->security_id < b->security_id ? -1 : 1;
    if (a->effective.days != b->effective.days)
        return a->effective.days < b->effective.days ? -1 : 1;
    if (a->tx != b->tx)
        return a->tx < b->tx ? -1 : 1;
    return 0;
}

/* What a visitor wants next. */
enum visit {
    VISIT_NEXT,
    VISIT_SKIP, /* go on with the next security */
    VISIT_STOP,
};

/* Shown one record at a time, in key order; it dies when the call returns. */
typedef enum visit record_visitor(void *context, const struct record *record);

#endif
