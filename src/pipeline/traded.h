/* The tickers that someone in Congress traded. */
#ifndef PIPELINE_TRADED_H
#define PIPELINE_TRADED_H

#include "secmaster/arena.h"
#include "secmaster/store.h"

struct tickers {
    const struct str *items; /* in order of their bytes, each once */
    uint32_t count;
};

/*
 * Those of all trades that the view knows, of every version and day, in arena;
 * texts that no vendor can be asked for ("--", "A B") are left out, others kept
 * as they were sent. ERR_TOO_LARGE: over UNIVERSE_TICKERS_MAX, or the
 * arena's budget. ERR_BUSY: memory. ERR_STORE: a record is damaged.
 */
enum err traded_tickers(struct view *view, struct arena *arena,
                        struct tickers *out, struct why *why);

#endif
