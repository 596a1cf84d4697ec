/* The securities that a load makes for tickers, and those that it must not. */
#ifndef MAIN_LOAD_MADE_H
#define MAIN_LOAD_MADE_H

#include "load_target.h"

/* Note one in result. ticker: at most TICKER_BYTES_MAX. */
void load_made_note(struct load_result *result, struct str ticker,
                    int64_t security_id);

/* ERR_CONFLICT, with why: the ticker is security_id's from a later day on. */
enum err load_made_split(struct str ticker, int64_t security_id,
                         struct why *why);

/* Name what a batch has made; *made counts the load's. */
void load_made_tell(const struct load_result *result, uint64_t *made);

/* The load has ended: how many it made, where not all were named. */
void load_made_end(uint64_t made);

#endif
