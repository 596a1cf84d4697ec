/* Listed splits turned into facts about whose they are. */
#ifndef PIPELINE_SPLIT_FACTS_H
#define PIPELINE_SPLIT_FACTS_H

#include "secmaster/batch.h"
#include "secmaster/complaint.h"
#include "secmaster/listing.h"
#include "secmaster/store.h"

/*
 * Add to an empty batch, and seal it where there are any, for each split the
 * facts split_from and split_to, effective on its execution, of the security
 * that bears its ticker on that day by the view; *unmatched counts those of
 * tickers that nobody bears, which are left out. A split that is there twice is
 * one. reasons: a ticker that more than one bears; a security with two splits
 * on a day that differ; then the batch is to be thrown away. ERR_BUSY: memory;
 * ERR_STORE.
 */
struct split_ask {
    struct view *view;
    const struct listing *listing;
    struct str source;
    struct complaints *reasons;
};
enum err split_facts(const struct split_ask *ask, struct batch *into,
                     uint32_t *unmatched, struct why *why);

#endif
