/* One way to open an environment, so that none is opened less safely. */
#include "lmdb_env.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal.h"
#include "journal_check.h"

/* Event loops and workers, twice over; a slot costs 64 bytes. */
#define READERS_MAX 512

/* Pages that the list of free ones can make in a transaction. */
#define FREELIST_PAGES_MAX 256

#define UNSAFE_FLAGS (MDB_NOSYNC | MDB_NOMETASYNC | MDB_MAPASYNC | MDB_WRITEMAP)

int
lmdb_env_new(const char *path, size_t map_bytes, unsigned tables, MDB_env **out)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    unsigned flags;
    MDB_env *env;
    int rc = mdb_env_create(&env), dead;

    if (rc != 0)
        return rc;
    if (map_bytes == 0)
        map_bytes = JOURNAL_MAP_BYTES_DEFAULT;
    rc = mdb_env_set_mapsize(env, (map_bytes + page - 1) / page * page);
    if (rc == 0)
        rc = mdb_env_set_maxdbs(env, tables);
    if (rc == 0)
        rc = mdb_env_set_maxreaders(env, READERS_MAX);
    /* Readers move between threads, so no slot is tied to one. */
    if (rc == 0)
        rc = mdb_env_open(env, path, MDB_NOTLS, 0600);
    if (rc == 0)
        rc = mdb_reader_check(env, &dead);
    if (rc != 0) {
        mdb_env_close(env);
        return rc;
    }
    (void)mdb_env_get_flags(env, &flags);
    assert((flags & UNSAFE_FLAGS) == 0);
    *out = env;
    return 0;
}

int
lmdb_cover_pages(MDB_env *env, uint64_t pages)
{
    MDB_envinfo info;
    MDB_stat stat;
    struct stat st;
    mdb_filehandle_t fd;
    off_t needed;

    (void)mdb_env_info(env, &info);
    (void)mdb_env_stat(env, &stat);
    (void)mdb_env_get_fd(env, &fd);
    pages += info.me_last_pgno + 1 + FREELIST_PAGES_MAX;
    needed = (off_t)(pages * stat.ms_psize);
    if (fstat(fd, &st) != 0)
        return errno;
    if (st.st_size < needed && ftruncate(fd, needed) != 0)
        return errno;
    return 0;
}

char *
lmdb_path(const char *dir, const char *name)
{
    char *path;

    if (asprintf(&path, "%s/%s", dir, name) < 0)
        return NULL;
    return path;
}

enum err
lmdb_open_error(struct why *why, const char *path, int rc)
{
    enum err code = ERR_STORE;

    if (rc == MDB_INVALID || rc == MDB_VERSION_MISMATCH)
        code = ERR_INVALID;
    if (rc == ENOSPC || rc == MDB_MAP_FULL)
        code = ERR_FULL;
    return why_set(why, code, "cannot open %s: %s", path, journal_words(rc));
}

enum err
lmdb_system_error(struct why *why, const char *what, const char *path)
{
    return why_set(why, errno == ENOSPC ? ERR_FULL : ERR_STORE,
                   "cannot %s %s: %s", what, path, strerrordesc_np(errno));
}

enum err
lmdb_sync_directory(const char *path, struct why *why)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum err err = OK;

    if (fd < 0)
        return lmdb_system_error(why, "open", path);
    if (fsync(fd) != 0)
        err = lmdb_system_error(why, "flush", path);
    (void)close(fd);
    return err;
}

static enum err
remove_file(const char *dir, const char *name, struct why *why)
{
    char *path = lmdb_path(dir, name);
    enum err err = OK;

    if (path == NULL)
        return why_set(why, ERR_BUSY, "out of memory");
    if (unlink(path) != 0 && errno != ENOENT)
        err = lmdb_system_error(why, "remove", path);
    free(path);
    return err;
}

enum err
lmdb_remove_files(const char *path, struct why *why)
{
    TRY(remove_file(path, LMDB_DATA_NAME, why));
    return remove_file(path, LMDB_LOCK_NAME, why);
}
