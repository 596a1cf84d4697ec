/* How much room the journal takes on its disk, and how much there is. */
#include <errno.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "journal.h"
#include "journal_check.h"

/* Pages a put can make beside its value's: the tree's depth and a split on
 * each level, for trees far beyond any journal; and the list of free ones. */
#define PATH_PAGES_MAX 16
#define FREELIST_PAGES_MAX 256

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

/*
 * A page that was new in a transaction and freed in it is never written: were
 * it the last one, the file would end before the count of its pages does, and
 * journal_check_file would take it for truncated. So where that may happen the
 * file is made long enough before the commit, by a bound on the pages that the
 * puts can make: what their values fill, and a path of the tree for each.
 */
int
journal_cover_pages(struct journal *journal)
{
    MDB_envinfo info;
    MDB_stat stat;
    struct stat st;
    mdb_filehandle_t fd;
    uint64_t pages;
    off_t needed;

    if (!journal->frees_pages)
        return 0;
    (void)mdb_env_info(journal->env, &info);
    (void)mdb_env_stat(journal->env, &stat);
    (void)mdb_env_get_fd(journal->env, &fd);
    pages = info.me_last_pgno + 1 + journal->put_bytes / stat.ms_psize +
            journal->put_count * PATH_PAGES_MAX + FREELIST_PAGES_MAX;
    needed = (off_t)(pages * stat.ms_psize);
    if (fstat(fd, &st) != 0)
        return errno;
    if (st.st_size < needed && ftruncate(fd, needed) != 0)
        return errno;
    return 0;
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
