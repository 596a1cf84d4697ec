/* The poller's thread while a release waits for the disk. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "secmaster/archive.h"
#include "secmaster/gzip.h"
#include "secmaster/log.h"
#include "src/pipeline/engine_inside.h"
#include "tests/support/store_memory.h"
#include "tests/support/temp_dir.h"

#define PAGES 32
#define GIVE_MS 20

static const char config_text[] =
    "{\"vendors\":[{\"name\":\"polygon\",\"adapter\":\"massive\","
    "\"base_url\":\"http://127.0.0.1:1\",\"key_env\":\"KEY\",\"datasets\":{"
    "\"splits\":{},\"open-close\":{\"universe\":[\"AAA\"]}}}]}";

static struct arena arena;
static struct temp_dir dir;
static struct vendors_config config;
static struct store *store;
static struct writer *writer;
static struct poller *poller;

/* A commit that is held tells so, and waits until it may be. */
static atomic_bool is_held;
static sem_t arrived, may_go;

static struct instant
now_if_it_may(void)
{
    if (atomic_load(&is_held)) {
        sem_post(&arrived);
        while (sem_wait(&may_go) != 0)
            ;
    }
    return clock_wall();
}

static atomic_bool may_fail;

static void
fail(void *context, const char *why)
{
    (void)context;
    if (atomic_load(&may_fail))
        return;
    fprintf(stderr, "%s\n", why);
    abort();
}

static void
read_config(void)
{
    static struct adapter_shapes shapes;
    struct complaints complaints;
    const struct vendor_config_context context = { &shapes, &arena,
                                                   &complaints };
    struct why why;

    cr_assert_eq(vendor_shapes(&arena, &shapes), OK);
    complaints_init(&complaints, &arena);
    cr_assert_eq(
        vendor_config_read(str_of(config_text), &context, &config, &why), OK,
        "%s", why.text);
}

/* The bar of a day of December, as it would have come. */
static void
archive_bar(struct archive *archive, uint32_t page)
{
    const struct archive_page place = {
        STR("polygon"), STR("open-close"), { 0 }, 1, page
    };
    struct gzip_packer *packer = gzip_packer_new(GZIP_LENGTH_UNKNOWN);
    struct str body = arena_print(
        &arena,
        "{\"status\":\"OK\",\"from\":\"2024-%02u-%02u\",\"symbol\":\"AAA\","
        "\"open\":10,\"high\":12,\"low\":9,\"close\":11}",
        1 + page / 28, 1 + page % 28);
    struct out packed;
    struct why why;

    out_init(&packed, 1 << 20);
    cr_assert(packer != NULL);
    cr_assert_eq(gzip_pack(packer, body, GZIP_END, &packed), OK);
    cr_assert_eq(archive_put(archive, &place, out_text(&packed), &why), OK,
                 "%s", why.text);
    gzip_packer_free(packer);
    out_fini(&packed);
}

/* Run 1 has ended with all of its pages in quarantine. */
static void
keep_run(void)
{
    const struct run_record run = {
        .info = { .id = 1,
                  .vendor = STR("polygon"),
                  .dataset = STR("open-close"),
                  .state = RUN_QUARANTINED,
                  .done = PAGES,
                  .total = PAGES,
                  .pages = PAGES,
                  .open = PAGES },
        .is_by_range = true,
        .quarantined = PAGES,
    };
    struct publication publication = { 0 };
    struct inbox inbox;
    struct write_job job = { .item = { .home = &inbox },
                             .publication = &publication };
    struct changes changes;
    struct why why;

    changes_init(&changes);
    changes_run(&changes, &run);
    for (uint32_t i = 1; i <= PAGES; i++) {
        const struct quarantine_record entry = {
            .info = { .id = i,
                      .vendor = run.info.vendor,
                      .dataset = run.info.dataset,
                      .run = 1,
                      .page = i },
        };

        changes_entry(&changes, &entry);
    }
    publication.state = changes.items;
    publication.state_count = changes.count;
    cr_assert_eq(inbox_init(&inbox, &why), OK);
    cr_assert_eq(writer_submit(writer, &job), OK);
    (void)inbox_wait(&inbox);
    cr_assert_eq(job.err, OK, "%s", job.why.text);
    inbox_fini(&inbox);
    changes_fini(&changes);
}

static void
set_up(void)
{
    static const struct str key = { "key", 3 };
    struct writer_options writing = { .now = now_if_it_may, .failed = fail };
    struct poller_options options = {
        .config = &config,
        .keys = &key,
        .user_agent = "test",
        .now = clock_wall,
    };
    struct archive *archive;
    struct why why;

    sem_init(&arrived, 0, 0);
    sem_init(&may_go, 0, 0);
    arena_init(&arena, 1 << 20);
    cr_assert_eq(log_start(LOG_ERROR, &why), OK);
    read_config();
    temp_dir_make(&dir);
    options.data_dir = dir.path;
    cr_assert_eq(archive_open(dir.path, 1, &archive, &why), OK, "%s", why.text);
    for (uint32_t page = 0; page < PAGES; page++)
        archive_bar(archive, page);
    archive_close(archive);
    options.store = writing.store = store = store_memory_new();
    cr_assert_eq(writer_start(&writing, &writer, &why), OK, "%s", why.text);
    options.writer = writer;
    keep_run();
    cr_assert_eq(poller_start(&options, &poller, &why), OK, "%s", why.text);
}

static void
tear_down(void)
{
    poller_stop(poller);
    writer_stop(writer);
    store_close(store);
    log_stop();
    temp_dir_remove(&dir);
    arena_fini(&arena);
}

/* Somebody who releases entry 1, and waits. */
struct releasing {
    pthread_t thread;
    enum err err;
    struct why why;
};

static void *
release(void *context)
{
    struct releasing *releasing = context;
    struct quarantine_info info;

    releasing->err = poller_release(poller, 1, &info, &releasing->why);
    return NULL;
}

/* Until its first page is about to be on disk. */
static void
begin_release(struct releasing *releasing)
{
    atomic_store(&is_held, true);
    cr_assert_eq(pthread_create(&releasing->thread, NULL, release, releasing),
                 0);
    while (sem_wait(&arrived) != 0)
        ;
}

static unsigned
count_released(void)
{
    const struct poller_quarantine_page all = { .limit = PAGES };
    struct quarantine_info entries[PAGES];
    size_t count = poller_quarantine(poller, &all, entries);
    unsigned released = 0;

    cr_assert_eq(count, PAGES);
    for (size_t i = 0; i < count; i++)
        released += entries[i].state == QUARANTINE_RELEASED;
    return released;
}

Test(poller, a_release_is_answered_when_all_is_published, .init = set_up,
     .fini = tear_down)
{
    struct releasing releasing;
    struct run_info run;

    begin_release(&releasing);
    cr_expect_eq(count_released(), 0);
    atomic_store(&is_held, false);
    sem_post(&may_go);
    pthread_join(releasing.thread, NULL);
    cr_expect_eq(releasing.err, OK, "%s", releasing.why.text);
    cr_expect_eq(count_released(), PAGES);
    cr_expect_eq(poller_run(poller, STR("polygon"), 1, &run), OK);
    cr_expect(run.state == RUN_SUCCEEDED && run.stored == PAGES &&
                  run.open == 0,
              "%s, %lu stored, %lu open", run_state_name(run.state), run.stored,
              run.open);
}

/* With the page that is on its way, not with the last one. */
Test(poller, a_release_ends_where_the_server_does, .init = set_up,
     .fini = tear_down)
{
    struct quarantine_info info;
    struct releasing releasing;
    struct run_info run;
    struct why why;

    begin_release(&releasing);
    poller_drain(poller);
    atomic_store(&is_held, false);
    sem_post(&may_go);
    pthread_join(releasing.thread, NULL);
    cr_expect_eq(releasing.err, ERR_BUSY, "%d", releasing.err);
    cr_expect_str_eq(releasing.why.text,
                     "the poller is stopping: what is not released stays in "
                     "quarantine");
    cr_expect_eq(count_released(), 1, "%u", count_released());
    cr_expect_eq(poller_run(poller, STR("polygon"), 1, &run), OK);
    cr_expect(run.state == RUN_QUARANTINED && run.open == PAGES - 1,
              "%s, %lu open", run_state_name(run.state), run.open);
    cr_expect_eq(poller_release(poller, 2, &info, &why), ERR_BUSY,
                 "nor does another begin");
}

static enum err
append_nothing(struct store *of, const struct append_batch *const *batches,
               size_t count, struct why *why)
{
    (void)of;
    (void)batches;
    (void)count;
    return why_set(why, ERR_STORE, "the disk is gone");
}

/* At once, the one that finds it out and those that come too late. */
Test(poller, a_release_ends_with_the_store, .init = set_up, .fini = tear_down)
{
    static const char *const words[] = { "the disk is gone",
                                         "the store has failed" };
    static struct store_ops broken;
    const int64_t began_us = clock_monotonic_us();
    struct quarantine_info info;
    struct why why;

    broken = *store->ops;
    broken.append = append_nothing;
    store->ops = &broken;
    atomic_store(&may_fail, true);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        cr_expect_eq(poller_release(poller, 1, &info, &why), ERR_STORE,
                     "release %zu", i);
        cr_expect_str_eq(why.text, words[i], "release %zu: %s", i, why.text);
    }
    cr_expect_lt(clock_monotonic_us() - began_us, INT64_C(10000000));
    cr_expect_eq(count_released(), 0);
}

/* Commits get through one by one, slowly. */
static atomic_bool is_enough;

static void *
let_go(void *unused)
{
    const struct timespec pause = { .tv_nsec = GIVE_MS * 1000000L };

    while (!atomic_load(&is_enough)) {
        sem_post(&may_go);
        nanosleep(&pause, NULL);
    }
    atomic_store(&is_held, false);
    sem_post(&may_go);
    return unused;
}

Test(poller, others_are_served_between_two_pages, .init = set_up,
     .fini = tear_down)
{
    const struct poller_request request = { .vendor = STR("polygon"),
                                            .dataset = STR("splits") };
    struct poller_answer answer;
    struct releasing releasing;
    struct run_info run;
    struct why why;
    pthread_t giver;

    begin_release(&releasing);
    cr_assert_eq(pthread_create(&giver, NULL, let_go, NULL), 0);
    cr_expect_eq(poller_request(poller, &request, &answer, &why), OK, "%s",
                 why.text);
    cr_expect_lt(count_released(), PAGES, "%u", count_released());
    cr_expect_eq(poller_cancel(poller, STR("polygon"), answer.run, &run, &why),
                 OK, "%s", why.text);
    cr_expect_lt(count_released(), PAGES, "%u", count_released());
    atomic_store(&is_enough, true);
    pthread_join(giver, NULL);
    pthread_join(releasing.thread, NULL);
    cr_expect_eq(releasing.err, OK, "%s", releasing.why.text);
    cr_expect_eq(count_released(), PAGES);
}
