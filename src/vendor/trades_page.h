/* A page of trades: what all vendors of them have in common. */
#ifndef VENDOR_TRADES_PAGE_H
#define VENDOR_TRADES_PAGE_H

#include "adapters.h"
#include "secmaster/trade_form.h"

/* What its reader finds beside the trades. */
struct trades_page {
    const struct tree_node *rows; /* the list; NULL: there is none */
    int64_t updated_last;         /* 0: no row says */
};

/* Find the rows and put each through the form; what is wrong goes into its
 * complaints. ERR_BUSY, ERR_TOO_LARGE: memory. */
typedef enum err trades_page_reader(struct trade_form *form,
                                    const struct tree_node *root,
                                    struct trades_page *out);

/* struct vendor_adapter's decode_trades. */
struct trades_page_target {
    struct trade_batch *into;
    struct complaints *complaints;
};
enum err trades_page_decode(trades_page_reader *reader,
                            const struct vendor_page *page,
                            const struct trades_page_target *target,
                            struct why *why);

/* struct vendor_dataset's decode. */
enum err trades_page_read(trades_page_reader *reader,
                          const struct vendor_tree *tree,
                          struct vendor_reading *reading);

#endif
