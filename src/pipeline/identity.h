/* Listed securities turned into facts about those we know, and new ones. */
#ifndef PIPELINE_IDENTITY_H
#define PIPELINE_IDENTITY_H

#include "secmaster/batch.h"
#include "secmaster/complaint.h"
#include "secmaster/listing.h"
#include "secmaster/store.h"

/* A listing as of a day, by a source, against what a view knows. */
struct identity_ask {
    struct view *view;
    const struct listing *listing;
    struct str source;
    struct date day;
    bool is_whole; /* all that the vendor lists that day, and audited: who is
                      not in it is active no more */
};

/*
 * Add to an empty batch, and seal it, what the listing says that its source has
 * not said already, effective on the day: of each row that is a security of
 * ours (identity_match.h) the fields that differ, of a new one all, with its
 * ticker as label. What is not told is not said to be null. Who bears a ticker
 * that a row now has, and is in no row itself, loses it: its ticker is null.
 * Who was active and is absent from a whole listing, unless that is empty, is
 * so no more. Nothing new: the batch has no facts, and is not sealed.
 *
 * reasons: two rows of one ticker or security, or a row that could be more than
 * one; then the batch is to be thrown away. Listings are to come in order of
 * their days: behind a late one those that follow are to be asked for again, as
 * they said nothing of what had not changed. ERR_BUSY: memory; ERR_STORE.
 */
enum err identity_facts(const struct identity_ask *ask, struct batch *into,
                        struct complaints *reasons, struct why *why);

#endif
