/* How much room the journal takes on its disk, and how much there is. */
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "journal.h"
#include "journal_check.h"
#include "lmdb_env.h"

/* Pages a put can make beside its value's: the tree's depth and a split on
 * each level, for trees far beyond any journal. */
#define PATH_PAGES_MAX 16

bool
journal_is_short(const struct journal *journal)
{
    struct statvfs fs;

    if (statvfs(journal->data_path, &fs) != 0)
        return false;
    return journal_disk_is_short((uint64_t)fs.f_bavail * fs.f_frsize,
                                 (uint64_t)fs.f_blocks * fs.f_frsize,
                                 journal->disk_reserve_bytes);
}

bool
journal_is_full(const struct journal *journal)
{
    return atomic_load(&journal->full) || journal_is_short(journal);
}

/* By a bound on the pages that the puts can make: what their values fill, and
 * a path of the tree for each. */
int
journal_cover_pages(struct journal *journal)
{
    MDB_stat stat;

    if (!journal->frees_pages)
        return 0;
    (void)mdb_env_stat(journal->env, &stat);
    return lmdb_cover_pages(journal->env,
                            journal->put_bytes / stat.ms_psize +
                                journal->put_count * PATH_PAGES_MAX);
}

uint64_t
journal_disk_bytes(const struct journal *journal)
{
    struct stat st;

    /* By name: closing a second descriptor would drop LMDB's locks. */
    if (stat(journal->data_path, &st) != 0)
        return 0;
    return (uint64_t)st.st_size;
}
