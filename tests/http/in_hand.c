/*
 * The program with its deadline, its disk and its merger in a test's hand:
 * IN_HAND is a directory where a test puts a file to have its way. Only what
 * the program is linked to differs, by the linker's --wrap.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include "api/server.h"
#include "secmaster/store_lmdb.h"
#include "src/store/store_testing.h"

#define POLL_US 1000
/* Writers need not wait as long as in earnest to be told 503. */
#define WAIT_MS 300
#define SCAN_US 200000

enum err __real_server_start(const struct server_options *options,
                             struct server **out, struct why *why);
enum err __wrap_server_start(const struct server_options *options,
                             struct server **out, struct why *why);
enum err __real_store_lmdb_open(const struct store_lmdb_options *options,
                                struct store **out, struct why *why);
enum err __wrap_store_lmdb_open(const struct store_lmdb_options *options,
                                struct store **out, struct why *why);
int __real_statvfs(const char *path, struct statvfs *out);
int __wrap_statvfs(const char *path, struct statvfs *out);

/* Whether the test has put the file there. */
static bool
has(const char *name)
{
    const char *dir = getenv("IN_HAND");
    char path[4096];
    int number = errno;
    bool is_there;

    if (dir == NULL)
        return false;
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    is_there = access(path, F_OK) == 0;
    errno = number;
    return is_there;
}

static unsigned long
number_of(const char *variable)
{
    const char *text = getenv(variable);

    return text == NULL ? 0 : strtoul(text, NULL, 10);
}

/* A stalled reader's and an idle connection's deadline. */
enum err
__wrap_server_start(const struct server_options *options, struct server **out,
                    struct why *why)
{
    struct server_options mine = *options;

    mine.idle_seconds = (unsigned)number_of("IN_HAND_IDLE_SECONDS");
    return __real_server_start(&mine, out, why);
}

/* "merger": it waits in front of its next step. */
static void
hold(void *unused, enum merge_step step)
{
    (void)unused, (void)step;
    while (has("merger"))
        (void)usleep(POLL_US);
}

static const struct store_ops *real_ops;

/* "bars": it takes long to read those of a part of all securities. */
static enum err
scan_slowly(struct view *view, const struct scan_range *range,
            record_visitor *visitor, void *context, struct why *why)
{
    if (range->kind == RECORD_BARS && range->last_security < INT64_MAX &&
        has("bars"))
        (void)usleep(SCAN_US);
    return real_ops->scan(view, range, visitor, context, why);
}

enum err
__wrap_store_lmdb_open(const struct store_lmdb_options *options,
                       struct store **out, struct why *why)
{
    static const struct store_testing testing = { .step = hold,
                                                  .wait_ms = WAIT_MS };
    static struct store_ops slow;
    struct store_lmdb_options mine = *options;

    mine.testing = &testing;
    mine.map_bytes = number_of("IN_HAND_MAP_BYTES");
    TRY(__real_store_lmdb_open(&mine, out, why));
    real_ops = (*out)->ops;
    slow = *real_ops;
    slow.scan = scan_slowly;
    (*out)->ops = &slow;
    return OK;
}

/* "reserve": the disk has only left what is kept free. */
int
__wrap_statvfs(const char *path, struct statvfs *out)
{
    int rc = __real_statvfs(path, out);

    if (rc == 0 && has("reserve"))
        out->f_bavail = 0;
    return rc;
}

/* "disk": no file of LMDB's gets longer, what it has may be overwritten. */
static bool
is_refused(int fd, off_t offset, size_t len)
{
    struct stat st;

    if (!has("disk") || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return false;
    return offset + (off_t)len > st.st_size;
}

static void *
next(const char *name)
{
    void *function = dlsym(RTLD_NEXT, name);

    if (function == NULL)
        abort();
    return function;
}

/* LMDB, a shared library, finds these before the C library's. */
ssize_t
pwrite(int fd, const void *data, size_t len, off_t offset)
{
    ssize_t (*real)(int, const void *, size_t, off_t);
    void *function = next("pwrite");

    memcpy(&real, &function, sizeof real);
    if (!is_refused(fd, offset, len))
        return real(fd, data, len, offset);
    errno = ENOSPC;
    return -1;
}

ssize_t
writev(int fd, const struct iovec *pieces, int count)
{
    ssize_t (*real)(int, const struct iovec *, int);
    void *function = next("writev");
    size_t len = 0;

    memcpy(&real, &function, sizeof real);
    for (int i = 0; i < count; i++)
        len += pieces[i].iov_len;
    if (!is_refused(fd, lseek(fd, 0, SEEK_CUR), len))
        return real(fd, pieces, count);
    errno = ENOSPC;
    return -1;
}
