/* Who may ever have asserted a value, over the index and the memtables. */
#ifndef STORE_LOOKUP_H
#define STORE_LOOKUP_H

#include "secmaster/store.h"

#include "scan.h"

/* As store_lookup_names. */
enum err lookup_run(struct scan_sources *sources,
                    const struct lookup_names *names, name_visitor *visitor,
                    void *context, struct why *why);

#endif
