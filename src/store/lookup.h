/* Who may ever have asserted a value, over the index and the memtables. */
#ifndef STORE_LOOKUP_H
#define STORE_LOOKUP_H

#include "secmaster/store.h"

#include "scan.h"

/* As store_lookup. */
enum err lookup_run(struct scan_sources *sources,
                    const struct lookup_range *lookup,
                    candidate_visitor *visitor, void *context, struct why *why);

#endif
