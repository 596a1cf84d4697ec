/* Massive's bodies, a file each for prices and for reference data. */
#ifndef VENDOR_MASSIVE_H
#define VENDOR_MASSIVE_H

#include "adapters.h"

#define MASSIVE_KEY_PARAMETER "apiKey"

/* What an answer says that is none: "NOT_FOUND". */
bool massive_is_nothing(const struct tree_node *root);

/* struct vendor_adapter's decode_bars, and decoders of its datasets. */
enum err massive_decode_bars(const struct vendor_page *page,
                             struct bar_batch *into,
                             struct complaints *complaints, struct why *why);
enum err massive_read_prices(const struct vendor_tree *tree,
                             struct vendor_reading *out);
enum err massive_read_tickers(const struct vendor_tree *tree,
                              struct vendor_reading *reading);
enum err massive_read_splits(const struct vendor_tree *tree,
                             struct vendor_reading *reading);

#endif
