/* Which security a listed row is, by what the store knows: never by its ticker
 * alone, which names whatever trades under it that day. */
#ifndef PIPELINE_IDENTITY_MATCH_H
#define PIPELINE_IDENTITY_MATCH_H

#include "own_facts.h"
#include "secmaster/bearers.h"
#include "secmaster/complaint.h"
#include "secmaster/listing.h"

#define MATCH_NONE (-1) /* a new one */

struct identity_match {
    struct own_facts *own; /* of the view, source and day; borrowed */
    struct bearers composite, share_class, tickers;
    struct timeline *on_day, *ever; /* shown to visit_row in the .c */
    const struct listed *row;       /* they are compared with */
    bool is_same;
    struct out text;
};

/* Own has the view, the source and the day. ERR_BUSY: memory; fini all the
 * same. */
enum err identity_match_init(struct identity_match *match,
                             struct own_facts *own);
void identity_match_fini(struct identity_match *match);

/*
 * The security that is a row, or MATCH_NONE: who bears its composite_figi, else
 * its share_class_figi, else its cik, ticker and primary_exchange together,
 * with no FIGI that is another. On the day, or, where nobody does, ever: a
 * listing may come late, or again after years. A row without a cik is only whom
 * the source itself lists so up to the day, lest it goes by the ticker alone.
 * More than one is a reason, and MATCH_NONE.
 */
enum err identity_match_row(struct identity_match *match,
                            const struct listed *row, int64_t *out,
                            struct complaints *reasons, struct why *why);

/*
 * The same of the rows that one security bears the composite_figi of, all
 * together; ids are by row. The others get MATCH_NONE, and are left to
 * identity_match_row.
 */
enum err identity_match_composites(struct identity_match *match,
                                   const struct listing *listing, int64_t *ids,
                                   struct why *why);

#endif
