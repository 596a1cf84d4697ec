/* Trades from a whole body in the shape in which they are answered. */
#ifndef SECMASTER_TRADES_READER_H
#define SECMASTER_TRADES_READER_H

#include "secmaster/complaint.h"
#include "secmaster/media.h"
#include "secmaster/trade_batch.h"

/*
 * Read {"trades": [...]}, a bare list, or (MEDIA_NDJSON) a trade a line into a
 * batch, which is then sealed. Members that are derived when a trade is
 * answered are passed over, other unknown ones refused. ERR_MALFORMED: no JSON,
 * with the place in why; ERR_INVALID: there are complaints, one where there is
 * no trade at all; ERR_TOO_LARGE: over TRADES_TREE_BYTES_MAX as a tree;
 * ERR_BUSY: memory.
 */
enum err trades_read(struct str body, enum media media,
                     struct trade_batch *into, struct complaints *complaints,
                     struct why *why);

#endif
