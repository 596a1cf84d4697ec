/* The adapters, for the table of them, and what they read. */
#ifndef VENDOR_ADAPTERS_H
#define VENDOR_ADAPTERS_H

#include "secmaster/json_tree.h"
#include "secmaster/vendor.h"

/* An answer's body as a tree; nodes may be added in arena. */
struct vendor_tree {
    const struct tree_node *root;
    const struct vendor_answer *answer;
    struct arena *arena;
};

extern const struct vendor_adapter benzinga_adapter;
extern const struct vendor_adapter massive_adapter;
extern const struct vendor_adapter senate_stock_watcher_adapter;

#endif
