/* The vendors whose own bodies are understood: one row a vendor. */
#ifndef SECMASTER_VENDOR_H
#define SECMASTER_VENDOR_H

#include "secmaster/bar_batch.h"
#include "secmaster/complaint.h"
#include "secmaster/err.h"
#include "secmaster/str.h"

struct trade_batch;

/* One whole body as a vendor sent it. */
struct vendor_page {
    struct str body;
    struct str source; /* that what it tells is to have: a valid name */
};

/*
 * An adapter turns bytes into what we keep, and nothing else: no I/O, no
 * clock. NULL where the vendor has no such thing. Members that we do not keep
 * are passed over. What reaches the batch is valid; complaints name places by
 * the vendor's own members. ERR_MALFORMED: no JSON; ERR_INVALID: there are
 * complaints (an answer that has nothing to tell included); ERR_TOO_LARGE:
 * over VENDOR_PAGE_BYTES_MAX as a tree; ERR_BUSY: memory. A page of trades may
 * have none, as the one behind the last has; its batch is sealed.
 */
struct vendor_adapter {
    const char *name;
    enum err (*decode_bars)(const struct vendor_page *page,
                            struct bar_batch *into,
                            struct complaints *complaints, struct why *why);
    enum err (*decode_trades)(const struct vendor_page *page,
                              struct trade_batch *into,
                              struct complaints *complaints, struct why *why);
};

/* NULL: there is no adapter of this name. */
const struct vendor_adapter *vendor_find(struct str name);

#endif
