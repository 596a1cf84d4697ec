/*
 * What vendors sent, page by page as it came, for a while:
 * raw/VENDOR/DATASET/DATE/RUN-PAGE.json.gz under the data directory.
 */
#ifndef SECMASTER_ARCHIVE_H
#define SECMASTER_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "secmaster/date.h"
#include "secmaster/err.h"
#include "secmaster/out.h"
#include "secmaster/str.h"

#define ARCHIVE_NAME_BYTES_MAX 64

/* date is the UTC day on which the run began, whatever days it asks for: what
 * is kept and what is pruned goes by it. */
struct archive_page {
    struct str vendor, dataset; /* 1..64 of A-Za-z0-9._-, no dot first */
    struct date date;
    uint64_t run;
    uint32_t page;
};

struct archive; /* one thread at a time */

/*
 * Open data_dir/raw, made if it is not there (0700), and remove what
 * interrupted writes have left. reserve_bytes are left free on the disk; 0:
 * DISK_RESERVE_BYTES or 5 % of the disk, the smaller. ERR_STORE: it cannot be.
 */
enum err archive_open(const char *data_dir, size_t reserve_bytes,
                      struct archive **out, struct why *why);
void archive_close(struct archive *archive);

/*
 * Keep a page, packed by the caller; when it returns OK the page is on disk,
 * whole. A page that is there is replaced. ERR_INVALID: a name that is none.
 * ERR_FULL: no room. ERR_STORE: named in why. After an error the page is there
 * as it was or as it shall be, never in part.
 */
enum err archive_put(struct archive *archive, const struct archive_page *page,
                     struct str packed, struct why *why);

/* Append a page as it was put to packed. ERR_NOT_FOUND, ERR_INVALID, ERR_STORE;
 * errors of out, whose limit bounds it. */
enum err archive_get(struct archive *archive, const struct archive_page *page,
                     struct out *packed, struct why *why);

/*
 * Remove the pages of days before a date, but those that somebody says are
 * wanted still; *removed counts them. Other people's files stay. An error ends
 * it; what is left is removed next time.
 */
struct archive_prune {
    struct date before;
    bool (*is_wanted)(void *context, const struct archive_page *page);
    void *context;
};
enum err archive_prune(struct archive *archive,
                       const struct archive_prune *prune, size_t *removed,
                       struct why *why);

#endif
