/* Many threads read what the poller tells, ask for runs and cancel them, while
 * it polls a vendor that nobody listens for. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "secmaster/log.h"
#include "secmaster/poller.h"
#include "secmaster/vendor.h"
#include "tests/support/store_memory.h"
#include "tests/support/temp_dir.h"

#define TURNS 150
#define STARTS 5

static const char config_text[] =
    "{\"vendors\":[{\"name\":\"polygon\",\"adapter\":\"massive\","
    "\"base_url\":\"http://127.0.0.1:1\",\"key_env\":\"KEY\","
    "\"requests_per_minute\":6000,\"burst\":6000,"
    "\"retry_initial_seconds\":1,\"datasets\":{\"tickers\":{},"
    "\"open-close\":{\"after\":\"tickers\"}}}]}";

static struct poller *poller;
static atomic_bool is_over;
static atomic_uint asked;

static void *
read_all(void *unused)
{
    struct poller_stats *stats = malloc(sizeof *stats);
    struct poller_vendor vendors[VENDORS_MAX];
    struct run_info runs[16];
    const struct poller_run_page page = { STR("polygon"), 0, 16 };

    (void)unused;
    assert(stats != NULL);
    while (!atomic_load(&is_over)) {
        size_t count = poller_runs(poller, &page, runs);

        for (size_t i = 1; i < count; i++)
            assert(runs[i].id < runs[i - 1].id);
        count = poller_vendors(poller, vendors);
        assert(count == 1);
        assert(vendors[0].tokens_left <= 6000);
        poller_stats(poller, stats);
        assert(stats->dataset_count == 2);
    }
    free(stats);
    return NULL;
}

static void *
ask_and_cancel(void *dataset)
{
    const struct poller_request request = { .vendor = STR("polygon"),
                                            .dataset = str_of(dataset) };
    struct poller_answer answer;
    struct run_info info;
    struct why why;

    for (int i = 0; i < TURNS; i++) {
        enum err err = poller_request(poller, &request, &answer, &why);

        assert(err == OK || err == ERR_CONFLICT || err == ERR_BUSY);
        if (err != OK)
            continue;
        atomic_fetch_add(&asked, 1);
        err = poller_run(poller, STR("polygon"), answer.run, &info);
        assert(err == OK);
        err = poller_cancel(poller, STR("polygon"), answer.run, &info, &why);
        assert(err == OK || err == ERR_CONFLICT);
    }
    return NULL;
}

static void *
push_strays(void *unused)
{
    const struct poller_stray stray = { .vendor = STR("polygon"),
                                        .dataset = STR("webhook"),
                                        .body = STR("{}"),
                                        .reason = "no rows" };
    struct quarantine_info info;
    uint64_t id;
    struct why why;

    (void)unused;
    for (int i = 0; i < TURNS / 10; i++) {
        enum err err = poller_quarantine_stray(poller, &stray, &id, &why);

        assert(err == OK);
        err = poller_release(poller, id, &info, &why);
        assert(err == ERR_INVALID); /* it did not come by a run */
        err = poller_discard(poller, id, &info, &why);
        assert(err == OK && info.state == QUARANTINE_DISCARDED);
    }
    return NULL;
}

static void
race(void)
{
    static void *(*const works[])(void *) = {
        read_all, read_all, ask_and_cancel, ask_and_cancel, push_strays,
    };
    static char tickers[] = "tickers", bars[] = "open-close";
    void *const arguments[] = { NULL, NULL, tickers, bars, NULL };
    pthread_t threads[sizeof works / sizeof works[0]];
    const size_t count = sizeof works / sizeof works[0];

    for (size_t i = 0; i < count; i++)
        if (pthread_create(&threads[i], NULL, works[i], arguments[i]) != 0)
            abort();
    for (size_t i = 2; i < count; i++)
        pthread_join(threads[i], NULL);
    atomic_store(&is_over, true);
    for (size_t i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
}

static void
fail(void *context, const char *why)
{
    (void)context;
    fprintf(stderr, "the store has failed: %s\n", why);
    abort();
}

static void
read_config(struct arena *arena, struct vendors_config *out)
{
    static struct adapter_shapes shapes;
    static struct complaints complaints;
    const struct vendor_config_context context = { &shapes, arena,
                                                   &complaints };
    struct why why;
    enum err err = vendor_shapes(arena, &shapes);

    assert(err == OK);
    complaints_init(&complaints, arena);
    err = vendor_config_read(str_of(config_text), &context, out, &why);
    assert(err == OK);
}

int
main(void)
{
    static const struct str key = { "key", 3 };
    struct vendors_config config;
    struct writer_options writing = { .now = clock_wall, .failed = fail };
    struct poller_options options = {
        .config = &config,
        .keys = &key,
        .user_agent = "race",
        .now = clock_wall,
    };
    struct arena arena;
    struct temp_dir dir;
    struct why why;
    enum err err;

    err = log_start(LOG_ERROR, &why);
    assert(err == OK);
    arena_init(&arena, 1 << 20);
    read_config(&arena, &config);
    temp_dir_make(&dir);
    options.data_dir = dir.path;
    options.store = writing.store = store_memory_new();
    err = writer_start(&writing, &options.writer, &why);
    assert(err == OK);
    for (int i = 0; i < STARTS; i++) {
        err = poller_start(&options, &poller, &why);
        assert(err == OK);
        atomic_store(&is_over, false);
        if (i == STARTS / 2)
            race();
        poller_drain(poller);
        poller_stop(poller);
    }
    writer_stop(options.writer);
    store_close(options.store);
    log_stop();
    temp_dir_remove(&dir);
    arena_fini(&arena);
    printf("%u runs asked for\n", atomic_load(&asked));
    return atomic_load(&asked) > 0 ? 0 : 1;
}
