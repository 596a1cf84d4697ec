/* The vendors that are understood: what to ask of each, and what an answer
 * means. One row a vendor. */
#ifndef SECMASTER_VENDOR_H
#define SECMASTER_VENDOR_H

#include <stdbool.h>
#include <stdint.h>

#include "secmaster/arena.h"
#include "secmaster/bar_batch.h"
#include "secmaster/complaint.h"
#include "secmaster/date.h"
#include "secmaster/err.h"
#include "secmaster/listing.h"
#include "secmaster/out.h"
#include "secmaster/str.h"
#include "secmaster/vendor_config.h"

struct trade_batch;
struct tree_node;
struct vendor_tree; /* an answer's body, of adapters.h */

/* One whole body as a vendor sent it. */
struct vendor_page {
    struct str body;
    struct str source; /* that what it tells is to have: a valid name */
};

/* What a dataset's answers bring. */
enum vendor_brings {
    BRINGS_LISTING, /* securities of a day: a whole only when all pages came */
    BRINGS_SPLITS,
    BRINGS_BARS,
    BRINGS_TRADES,
};

/* Of which days one ask is. */
enum vendor_days {
    DAYS_ALL,   /* it cannot be said: all there is */
    DAYS_ONE,   /* of ask.from alone */
    DAYS_RANGE, /* from ask.from to ask.to */
};

/* How one page leads to the next. */
enum vendor_paging {
    PAGING_NONE,   /* there is one */
    PAGING_LINK,   /* an answer has the next one's URL, the last one none */
    PAGING_NUMBER, /* 0, 1, 2 ... until one is empty */
};

/* What is wanted. Strings are borrowed; of one that is not meant data is
 * NULL. */
struct vendor_ask {
    struct str base_url;   /* as configured, without a slash at its end */
    struct str path;       /* configured in place of the vendor's own */
    struct str ticker;     /* of a dataset that has a universe; not meant: the
                              whole market's */
    struct date from, to;  /* both included; from VENDOR_NO_DAY: no days, but
                              what changed since, or all there is */
    int64_t updated_since; /* seconds since 1970, included; 0: not meant */
    uint32_t page;         /* PAGING_NUMBER */
    struct str next;       /* PAGING_LINK: vendor_reading's of the page before,
                              whose origin the caller has found to be
                              base_url's (url_same_origin) */
};
#define VENDOR_NO_DAY ((struct date){ INT32_MIN })

/* What came back: a whole HTTP answer. */
struct vendor_answer {
    struct str asked; /* vendor_ask_put's: a page that leads to itself has no
                         end */
    int status;
    struct str content_type; /* for words alone: the body decides */
    struct str body;
    struct str source; /* as of vendor_page */
};

enum vendor_verdict {
    VENDOR_ROWS,        /* decoded; there may be none of them */
    VENDOR_EMPTY,       /* the vendor has nothing: no bar, past the end */
    VENDOR_REFUSED,     /* the key or the plan: 401, 403 */
    VENDOR_FAILED,      /* another status: who asks knows if to ask again */
    VENDOR_UNDECODABLE, /* for quarantine; reasons has why */
};

/* What an answer means. */
struct vendor_reading {
    /* The caller's: where rows go. Of the four, that of the dataset's
     * vendor_brings (a listing for splits too); the others are not touched.
     * A listing grows page by page; batches are new, one a page. */
    struct listing *listing;
    struct bar_batch *bars;
    struct trade_batch *trades; /* sealed when rows are in it */
    struct complaints *reasons; /* of what is no page */
    struct arena *arena;        /* of next */

    enum vendor_verdict verdict;
    uint32_t rows;        /* on the page, those left out too */
    struct str next;      /* PAGING_LINK: where it goes on, an absolute URL
                             without a key; data NULL: that was the last one */
    int64_t updated_last; /* the latest row's; 0: no row says */
    uint64_t print;       /* of its rows: two pages that follow each other with
                             the same (and rows) are one that came twice */
};

/* All that can be asked of a vendor under one name. */
struct vendor_dataset {
    struct dataset_shape shape;
    enum vendor_brings brings;
    enum vendor_days days;
    bool has_since; /* or by updated_since */
    enum vendor_paging paging;

    /* Append what is behind the base in the URL of a page that no link leads
     * to. */
    void (*ask)(const struct vendor_ask *ask, struct out *url);

    /* Read a body under 200: ERR_INVALID: there are reasons; ERR_TOO_LARGE: a
     * bound; ERR_BUSY: memory. OK: the verdict is set, rows or empty. */
    enum err (*decode)(const struct vendor_tree *tree,
                       struct vendor_reading *reading);
};

/* What a vendor pushes, one thing at a time. */
struct vendor_push {
    struct str id;                   /* its own; data NULL: it has none */
    const char *refusal;             /* why its rows are no news; NULL: they
                                        are */
    const struct tree_node *content; /* a row, or a list of them */
};

enum vendor_key {
    KEY_NONE,
    KEY_BEARER, /* Authorization: Bearer */
    KEY_QUERY,  /* a parameter of the URL */
};

/*
 * An adapter turns bytes into what we keep, and nothing else: no I/O, no
 * clock. NULL where the vendor has no such thing. Members that we do not keep
 * are passed over. What reaches the batch is valid; complaints name places by
 * the vendor's own members. ERR_MALFORMED: no JSON; ERR_INVALID: there are
 * complaints (an answer that has nothing to tell included); ERR_TOO_LARGE:
 * over VENDOR_PAGE_BYTES_MAX as a tree (TRADES_TREE_BYTES_MAX, of trades);
 * ERR_BUSY: memory. A page of trades may have none, as the one behind the last
 * has; its batch is sealed.
 */
struct vendor_adapter {
    const char *name;
    enum err (*decode_bars)(const struct vendor_page *page,
                            struct bar_batch *into,
                            struct complaints *complaints, struct why *why);
    enum err (*decode_trades)(const struct vendor_page *page,
                              struct trade_batch *into,
                              struct complaints *complaints, struct why *why);

    /* Whether a body that it pushes wraps a row; else it is a page. NULL: it
     * never does. What out points to is the tree's. */
    bool (*unwrap)(const struct tree_node *root, struct vendor_push *out);

    /* For asking it. */
    enum vendor_key key;
    const char *key_parameter; /* that a key may stand in; NULL: none */
    bool has_path;             /* one path for all, which can be another */
    bool (*is_nothing)(const struct tree_node *root); /* a body under 404 that
                                                         says so of its data,
                                                         not of the path */
    const struct vendor_dataset *datasets;
    uint32_t dataset_count;
};

/* NULL: there is no adapter of this name. */
const struct vendor_adapter *vendor_find(struct str name);

/* NULL: the vendor has no such dataset. */
const struct vendor_dataset *vendor_dataset(const struct vendor_adapter *vendor,
                                            struct str name);

/* What can be configured of all of them, in arena. ERR_TOO_LARGE: budget. */
enum err vendor_shapes(struct arena *arena, struct adapter_shapes *out);

/* Whether a text may be a ticker that a vendor can be asked for, not what
 * people write where there is none: "", "--", "N/A". */
bool vendor_can_ask(struct str ticker);

/*
 * Put the URL of an ask into an empty out, to be kept and printed: it has no
 * key. out's own errors are the only ones.
 */
void vendor_ask_put(const struct vendor_dataset *dataset,
                    const struct vendor_ask *ask, struct out *url);

/* KEY_QUERY: append the key to such a URL, right before it is sent; the result
 * is for nobody's eyes. Otherwise nothing. */
void vendor_key_put(const struct vendor_adapter *vendor, struct str key,
                    struct out *url);

/*
 * Read an answer to an ask. OK: reading has the verdict, and under
 * VENDOR_UNDECODABLE its reasons; what a batch then holds is to be thrown away,
 * a listing is as before. ERR_BUSY: memory.
 */
enum err vendor_read(const struct vendor_adapter *vendor,
                     const struct vendor_dataset *dataset,
                     const struct vendor_answer *answer,
                     struct vendor_reading *reading);

#endif
