/*
 * A page of the change feed: whole transactions, read into memory, then told
 * chunk by chunk. It holds no snapshot in between: what is recorded stays.
 */
#ifndef API_FEED_H
#define API_FEED_H

#include <stdbool.h>
#include <stdint.h>

#include "request.h"
#include "secmaster/store.h"

struct feed_page {
    uint64_t after_tx;
    uint32_t limit; /* facts, unless the first transaction alone has more */
    enum media media;
};

struct feed;

/* The page as of now. NULL: out of memory. */
struct feed *feed_new(struct store *store, const struct feed_page *page);
void feed_free(struct feed *feed);

/* How much one call may read. */
struct feed_turn {
    size_t bytes;
    uint32_t transactions;
};
#define FEED_TURN_WHOLE ((struct feed_turn){ SIZE_MAX, UINT32_MAX })

/* Read on; *done: the page is whole. Errors: those of store_batch. */
enum err feed_read(struct feed *feed, const struct feed_turn *turn, bool *done,
                   struct why *why);

/* The newest transaction when it was begun, and the last one on the page: of
 * a page that goes on to the end that one. */
uint64_t feed_newest(const struct feed *feed);
uint64_t feed_last_tx(const struct feed *feed);

/* Once it is whole: append all of it. ERR_STORE: damage; errors of out. */
enum err feed_print(struct feed *feed, struct out *out, struct why *why);

/* Once it is whole: how much it holds in memory, and the same as a stream,
 * which is the feed itself, which its free frees. */
size_t feed_bytes(const struct feed *feed);
struct stream *feed_stream(struct feed *feed);

#endif
