/*
 * The program, which counts every step of a vendor's run that is seen from
 * outside it, and kills itself with SIGKILL at the one that MORTAL_AT says:
 * 1 is the first. MORTAL_LOG is a file that gets the name of each, a line.
 * MORTAL_BORN is the time, in seconds since 1970, at which its day began: so no
 * midnight comes in between. Only what the program is linked to differs, by the
 * linker's --wrap.
 *
 * A step is counted only where no other thread can be at one, so that a run
 * that is done again has the same steps in the same order.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "secmaster/archive.h"
#include "secmaster/clock.h"
#include "secmaster/fetcher.h"
#include "secmaster/inbox.h"
#include "secmaster/writer.h"
#include "src/pipeline/engine.h"

#define NAME_BYTES 128
#define WHOSE_BYTES 64

/* 2024-06-03T06:00:00Z, when its day begins. */
#define MORNING_US INT64_C(1717394400000000)

struct MDB_txn; /* lmdb.h has its home in the store */

struct instant __real_clock_wall(void);
struct instant __wrap_clock_wall(void);
int __real_mdb_txn_commit(struct MDB_txn *txn);
int __wrap_mdb_txn_commit(struct MDB_txn *txn);
enum err __real_writer_submit(struct writer *writer, struct write_job *job);
enum err __wrap_writer_submit(struct writer *writer, struct write_job *job);
void __real_inbox_push(struct inbox *inbox, struct inbox_item *first,
                       struct inbox_item *last);
void __wrap_inbox_push(struct inbox *inbox, struct inbox_item *first,
                       struct inbox_item *last);
struct inbox_item *__real_inbox_wait(struct inbox *inbox);
struct inbox_item *__wrap_inbox_wait(struct inbox *inbox);
enum err __real_archive_open(const char *data_dir, size_t reserve_bytes,
                             struct archive **out, struct why *why);
enum err __wrap_archive_open(const char *data_dir, size_t reserve_bytes,
                             struct archive **out, struct why *why);
enum err __real_archive_put(struct archive *archive,
                            const struct archive_page *page, struct str packed,
                            struct why *why);
enum err __wrap_archive_put(struct archive *archive,
                            const struct archive_page *page, struct str packed,
                            struct why *why);
enum err __real_archive_get(struct archive *archive,
                            const struct archive_page *page, struct out *packed,
                            struct why *why);
enum err __wrap_archive_get(struct archive *archive,
                            const struct archive_page *page, struct out *packed,
                            struct why *why);
enum err __real_archive_prune(struct archive *archive,
                              const struct archive_prune *prune,
                              size_t *removed, struct why *why);
enum err __wrap_archive_prune(struct archive *archive,
                              const struct archive_prune *prune,
                              size_t *removed, struct why *why);
enum err __real_fetcher_start(struct fetcher *fetcher,
                              const struct fetch *fetch, struct why *why);
enum err __wrap_fetcher_start(struct fetcher *fetcher,
                              const struct fetch *fetch, struct why *why);
void __real_engine_answer(struct engine *engine, struct fetch_answer *answer);
void __wrap_engine_answer(struct engine *engine, struct fetch_answer *answer);
ssize_t __real_write(int fd, const void *bytes, size_t len);
ssize_t __wrap_write(int fd, const void *bytes, size_t len);
int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_mkdirat(int dir, const char *name, mode_t mode);
int __wrap_mkdirat(int dir, const char *name, mode_t mode);
int __real_renameat(int from_dir, const char *from, int to_dir, const char *to);
int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to);
int __real_unlinkat(int dir, const char *name, int flags);
int __wrap_unlinkat(int dir, const char *name, int flags);

static atomic_ulong count;
static unsigned long die_at;
static int log_fd = -1;

/* What is under way: the opening of the store, then between two publications
 * nothing that has a name. Whoever writes it has the only thread at a step. */
static char whose[WHOSE_BYTES] = "open";

/* The publication on its way; NULL: none. */
static const struct write_job *_Atomic under_way;

/* Of the thread: it is in archive_put. */
static _Thread_local bool is_keeping;

/* Of the thread: what the next write of a commit begins; NULL: one that is
 * under way goes on. How many there are goes by what readers still hold, and is
 * no two times the same. */
static _Thread_local const char *next_write;

static void
begin(void)
{
    const char *at = getenv("MORTAL_AT"), *path = getenv("MORTAL_LOG");

    if (at != NULL)
        die_at = strtoul(at, NULL, 10);
    if (path == NULL)
        return;
    log_fd =
        open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (log_fd < 0)
        abort();
}

/* One step. */
static void
point(const char *what)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    char name[NAME_BYTES];
    int len;

    pthread_once(&once, begin);
    len = snprintf(name, sizeof name, "%s: %s\n", whose, what);
    if (log_fd >= 0 && __real_write(log_fd, name, (size_t)len) != (ssize_t)len)
        abort();
    if (atomic_fetch_add(&count, 1) + 1 != die_at)
        return;
    (void)kill(getpid(), SIGKILL);
    for (;;)
        (void)pause();
}

struct instant
__wrap_clock_wall(void)
{
    const char *born = getenv("MORTAL_BORN");
    struct instant now = __real_clock_wall();

    if (born != NULL)
        now.us += MORNING_US - strtol(born, NULL, 10) * 1000000;
    return now;
}

static bool
has_space(const struct publication *publication, enum state_space space)
{
    for (size_t i = 0; i < publication->state_count; i++)
        if (publication->state[i].space == space)
            return true;
    return false;
}

/* A publication is called by what is in it. */
static void
name_publication(const struct publication *publication)
{
    const bool has_bars =
        publication->bars != NULL && publication->bars->count > 0;
    const bool has_trades =
        publication->trades != NULL && publication->trades->count > 0;

    (void)snprintf(whose, sizeof whose, "publish%s%s%s%s%s%s%s",
                   publication->facts != NULL ? " facts" : "",
                   has_bars ? " bars" : "", has_trades ? " trades" : "",
                   has_space(publication, STATE_RUNS) ? " run" : "",
                   has_space(publication, STATE_QUARANTINE) ? " entry" : "",
                   has_space(publication, STATE_WATERMARKS) ? " watermark" : "",
                   has_space(publication, STATE_PACES) ? " pace" : "");
}

/* Once it is queued the writer's thread has its own steps. */
enum err
__wrap_writer_submit(struct writer *writer, struct write_job *job)
{
    if (job->publication != NULL) {
        name_publication(job->publication);
        under_way = job;
        point("submit");
    }
    return __real_writer_submit(writer, job);
}

/* Once it is pushed the poller's thread goes on. */
void
__wrap_inbox_push(struct inbox *inbox, struct inbox_item *first,
                  struct inbox_item *last)
{
    if (under_way != NULL && first == &under_way->item)
        point("answer");
    __real_inbox_push(inbox, first, last);
}

struct inbox_item *
__wrap_inbox_wait(struct inbox *inbox)
{
    struct inbox_item *items = __real_inbox_wait(inbox);

    under_way = NULL;
    point("done");
    (void)snprintf(whose, sizeof whose, "page");
    return items;
}

int
__wrap_mdb_txn_commit(struct MDB_txn *txn)
{
    int rc;

    point("commit");
    next_write = "write pages";
    rc = __real_mdb_txn_commit(txn);
    point("committed");
    return rc;
}

static void
note_write(void)
{
    if (next_write != NULL)
        point(next_write);
    next_write = NULL;
}

/* LMDB, a shared library, finds these before the C library's. */
ssize_t
pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    note_write();
    return syscall(SYS_pwrite64, fd, bytes, len, at);
}

ssize_t
writev(int fd, const struct iovec *parts, int parts_count)
{
    note_write();
    return syscall(SYS_writev, fd, parts, parts_count);
}

int
fdatasync(int fd)
{
    int rc;

    point("flush pages");
    rc = (int)syscall(SYS_fdatasync, fd);
    next_write = "write head";
    return rc;
}

enum err
__wrap_archive_open(const char *data_dir, size_t reserve_bytes,
                    struct archive **out, struct why *why)
{
    enum err err;

    (void)snprintf(whose, sizeof whose, "archive");
    point("open");
    err = __real_archive_open(data_dir, reserve_bytes, out, why);
    point("opened");
    return err;
}

enum err
__wrap_archive_put(struct archive *archive, const struct archive_page *page,
                   struct str packed, struct why *why)
{
    enum err err;

    point("keep");
    is_keeping = true;
    err = __real_archive_put(archive, page, packed, why);
    is_keeping = false;
    point("kept");
    return err;
}

enum err
__wrap_archive_get(struct archive *archive, const struct archive_page *page,
                   struct out *packed, struct why *why)
{
    enum err err;

    point("recall");
    err = __real_archive_get(archive, page, packed, why);
    point(err == OK ? "recalled" : "not there");
    return err;
}

enum err
__wrap_archive_prune(struct archive *archive, const struct archive_prune *prune,
                     size_t *removed, struct why *why)
{
    enum err err;

    point("prune");
    err = __real_archive_prune(archive, prune, removed, why);
    point("pruned");
    return err;
}

/* A page in two halves. */
ssize_t
__wrap_write(int fd, const void *bytes, size_t len)
{
    const char *rest = bytes;
    ssize_t first, second;

    if (!is_keeping)
        return __real_write(fd, bytes, len);
    point("write");
    first = __real_write(fd, bytes, len / 2);
    point("half written");
    if (first != (ssize_t)(len / 2))
        return first;
    second = __real_write(fd, rest + first, len - len / 2);
    return second < 0 ? second : first + second;
}

int
__wrap_fsync(int fd)
{
    point("flush");
    return __real_fsync(fd);
}

int
__wrap_mkdirat(int dir, const char *name, mode_t mode)
{
    point("make directory");
    return __real_mkdirat(dir, name, mode);
}

int
__wrap_renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    point("rename");
    return __real_renameat(from_dir, from, to_dir, to);
}

int
__wrap_unlinkat(int dir, const char *name, int flags)
{
    point("unlink");
    return __real_unlinkat(dir, name, flags);
}

enum err
__wrap_fetcher_start(struct fetcher *fetcher, const struct fetch *fetch,
                     struct why *why)
{
    enum err err;

    point("fetch");
    err = __real_fetcher_start(fetcher, fetch, why);
    point("fetch begun");
    return err;
}

void
__wrap_engine_answer(struct engine *engine, struct fetch_answer *answer)
{
    point("hand over");
    __real_engine_answer(engine, answer);
    point("handed over");
}

/* Curl's, on its way to a vendor: a server sends none of these. */
ssize_t
send(int fd, const void *bytes, size_t len, int flags)
{
    const bool is_request = len > 4 && memcmp(bytes, "GET ", 4) == 0;
    ssize_t sent;

    if (is_request)
        point("send");
    sent = syscall(SYS_sendto, fd, bytes, len, flags, NULL, 0);
    if (is_request)
        point("sent");
    return sent;
}

/* Likewise: how an answer begins. */
ssize_t
recv(int fd, void *bytes, size_t len, int flags)
{
    ssize_t got = syscall(SYS_recvfrom, fd, bytes, len, flags, NULL, NULL);

    if (got > 5 && memcmp(bytes, "HTTP/", 5) == 0 && (flags & MSG_PEEK) == 0)
        point("answer begins");
    return got;
}
