/*
 * Killed before any one of its writes to the disk, a writer of publications
 * leaves those that were answered whole and of the next one all or nothing;
 * what goes on from the state that it finds ends where none was killed.
 */
#include <assert.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "secmaster/store_lmdb.h"
#include "tests/pipeline/publishing.h"
#include "tests/support/temp_dir.h"

#define STEPS 5
#define STEP_BYTES_MAX 256
#define KILLS_MAX 1000

/* Shared with the child. */
static struct progress {
    atomic_int answered; /* publications */
    atomic_bool is_armed;
    atomic_int writes_left;
} * progress;

/* What was stored after so many publications. */
static struct out expected[STEPS + 1];

/* The store's library calls these in place of the system's. */

static void
count_write(void)
{
    if (!atomic_load(&progress->is_armed))
        return;
    if (atomic_fetch_sub(&progress->writes_left, 1) == 0)
        (void)raise(SIGKILL);
}

ssize_t
pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    count_write();
    return syscall(SYS_pwrite64, fd, bytes, len, at);
}

ssize_t
writev(int fd, const struct iovec *parts, int count)
{
    count_write();
    return syscall(SYS_writev, fd, parts, count);
}

int
fdatasync(int fd)
{
    count_write();
    return (int)syscall(SYS_fdatasync, fd);
}

int
ftruncate(int fd, off_t len)
{
    count_write();
    return (int)syscall(SYS_ftruncate, fd, len);
}

static struct store *
open_store(const struct temp_dir *dir)
{
    const struct store_lmdb_options options = { .dir = dir->path };
    struct store *store;
    struct why why = { "" };
    enum err err = store_lmdb_open(&options, &store, &why);

    if (err != OK)
        fprintf(stderr, "err %d: %s\n", err, why.text);
    assert(err == OK);
    return store;
}

/* Some of it new and some not, each third time state alone. */
static void
publish(int step)
{
    struct published published;
    char text[STEP_BYTES_MAX];
    struct test_job *job;

    if (step % 3 == 0)
        snprintf(text, sizeof text, "S1=%d", step);
    else
        snprintf(text, sizeof text,
                 "F+a=1 +b=%d +c=1#N;B*X%d/20=7 #5/20=8;"
                 "Tt%d/20.0=A@M/5:7=x;S1=%d;Gg%d=%d",
                 step, step, step, step, step, step);
    job = publication_new(&published, text);
    test_job_submit_and_wait(job);
    assert(job->job.err == OK);
    assert(!job->job.is_known);
    publication_free(&published, job);
}

static int
steps_done(struct store *store)
{
    struct arena arena;
    struct str value;
    int steps = 0;

    arena_init(&arena, 1000);
    if (store_state_get(store, STATE_RUNS, STR("1"), &arena, &value, NULL) ==
        OK)
        steps = (int)strtol(value.data, NULL, 10);
    arena_fini(&arena);
    return steps;
}

static enum visit
put_record(void *context, const struct record *record)
{
    struct out *out = context;

    out_print(out, "%d:%ld/%d#%lu=", record->kind, record->security_id,
              record->effective.days, record->tx);
    for (size_t i = 0; i < record->payload.len; i++)
        out_print(out, "%02x", (unsigned char)record->payload.data[i]);
    out_char(out, '\n');
    return VISIT_NEXT;
}

static enum visit
put_key(void *context, struct str key, struct str value)
{
    out_print(context, "%.*s=%.*s\n", STR_ARG(key), STR_ARG(value));
    return VISIT_NEXT;
}

static void
list(struct store *store, struct out *out)
{
    struct view view;
    enum err err = store_view_begin(store, KNOWN_NEWEST, &view, NULL);

    assert(err == OK);
    out_print(out, "newest %lu\n", store_newest(store));
    for (unsigned kind = RECORD_FACTS; kind <= RECORD_MEMBERS; kind++) {
        const struct scan_range all = SCAN_ALL((enum record_kind)kind);

        err = store_scan(&view, &all, put_record, out, NULL);
        assert(err == OK);
    }
    store_view_end(&view);
    err = store_state_scan(store, STATE_RUNS, put_key, out, NULL);
    assert(err == OK);
}

static void
list_dir(const struct temp_dir *dir, struct out *out, int *steps)
{
    struct store *store = open_store(dir);

    out_init(out, 1UL << 20);
    list(store, out);
    *steps = steps_done(store);
    store_close(store);
}

/* Go on from what is there to the end. */
static void
go_on(const struct temp_dir *dir, int end)
{
    struct store *store = open_store(dir);
    int step = steps_done(store);

    atomic_store(&progress->answered, step);
    writing_start(store);
    while (step < end) {
        publish(++step);
        atomic_store(&progress->answered, step);
    }
    writing_stop();
}

static void
make_expected(void)
{
    for (int end = 0; end <= STEPS; end++) {
        struct temp_dir dir;
        int steps;

        temp_dir_make(&dir);
        go_on(&dir, end);
        list_dir(&dir, &expected[end], &steps);
        assert(steps == end);
        temp_dir_remove(&dir);
    }
}

/* Whether a child that has so many writes came to its end. */
static bool
run_child(const struct temp_dir *dir, int writes)
{
    int status;
    pid_t child;

    atomic_store(&progress->answered, 0);
    atomic_store(&progress->writes_left, writes);
    child = fork();
    assert(child >= 0);
    if (child == 0) {
        atomic_store(&progress->is_armed, true);
        go_on(dir, STEPS);
        _exit(EXIT_SUCCESS);
    }
    (void)waitpid(child, &status, 0);
    atomic_store(&progress->is_armed, false);
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS)
        return true;
    assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    return false;
}

static bool
expect_same(const struct out *found, int steps, int writes)
{
    if (str_equal(out_text(found), out_text(&expected[steps])))
        return true;
    fprintf(stderr,
            "killed after %d writes: state says %d publications, stored are\n"
            "%.*sinstead of\n%.*s",
            writes, steps, STR_ARG(out_text(found)),
            STR_ARG(out_text(&expected[steps])));
    return false;
}

/* Kill one before its write number writes; 1: it was over before that, 0: all
 * is well, -1: it is not. */
static int
kill_one(int writes, bool *seen)
{
    struct temp_dir dir;
    struct out found, end;
    int steps, answered, result;

    temp_dir_make(&dir);
    result = run_child(&dir, writes);
    answered = atomic_load(&progress->answered);
    list_dir(&dir, &found, &steps);
    go_on(&dir, STEPS);
    seen[steps] = true;
    if (steps < answered || steps > answered + 1) {
        fprintf(stderr, "killed after %d writes: %d answered, %d stored\n",
                writes, answered, steps);
        result = -1;
    }
    if (!expect_same(&found, steps, writes))
        result = -1;
    list_dir(&dir, &end, &steps);
    if (steps != STEPS || !expect_same(&end, steps, writes))
        result = -1;
    out_fini(&found);
    out_fini(&end);
    temp_dir_remove(&dir);
    return result;
}

int
main(void)
{
    bool seen[STEPS + 1] = { false };
    int result = 0, kills = 0;

    progress = mmap(NULL, sizeof *progress, PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert(progress != MAP_FAILED);
    make_expected();
    while (result == 0 && kills < KILLS_MAX)
        result = kill_one(kills++, seen);
    for (int i = 0; i <= STEPS; i++) {
        assert(seen[i]);
        out_fini(&expected[i]);
    }
    printf("%d kills\n", kills - 1);
    return result == 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
