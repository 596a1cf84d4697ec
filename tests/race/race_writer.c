/* Threads that submit batches while others read what was committed: every
 * answer comes home, every number is given once, readers see whole batches. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "secmaster/log.h"
#include "secmaster/workers.h"
#include "secmaster/writer.h"
#include "tests/support/store_memory.h"

#define SUBMITTERS 3
#define BATCHES 150
#define FACTS 5

static struct store *store;
static struct writer *writer;
static struct workers *workers;
static struct inbox inboxes[SUBMITTERS + 1]; /* the last is the reader's */
static atomic_bool done;
static atomic_uchar given[SUBMITTERS * BATCHES + 1];

static void
never(void *context, const char *why)
{
    (void)context;
    fprintf(stderr, "the store has failed: %s\n", why);
    abort();
}

/* FACTS facts about one security that nobody else writes to. */
static struct batch *
make_batch(int64_t security)
{
    struct batch *batch = batch_new(0);
    enum err err = OK;

    assert(batch != NULL);
    for (int i = 0; i < FACTS && err == OK; i++) {
        char name[] = { (char)('a' + i), (char)('a' + security % 26) };
        const struct fact fact = {
            .security_id = security,
            .attribute = { name, sizeof name },
            .value = VALUE_OF_TRUE,
        };

        err = batch_add(batch, &fact, 0);
    }
    if (err == OK)
        err = batch_seal(batch);
    assert(err == OK);
    return batch;
}

static void
print_answer(const struct write_job *job, struct out *out)
{
    out_print(out, "%lu", (unsigned long)job->tx);
}

static void
send(struct inbox *inbox, struct write_job *job)
{
    enum err err = writer_submit(writer, job);

    assert(err == OK);
    struct inbox_item *item = inbox_wait(inbox);

    assert(item == &job->item);
    assert(job->err == OK);
}

/* What is stored already is published with a key of its own: that alone is
 * new. */
static void
publish_again(struct inbox *inbox, struct batch *batch, const char *key)
{
    const struct str name = str_of(key);
    struct publication publication = {
        .facts = batch,
        .guard = { STATE_WEBHOOKS, name, name },
    };
    struct write_job job = { .item = { .home = inbox },
                             .publication = &publication,
                             .bytes = 1000 };

    send(inbox, &job);
    assert(job.tx == 0);
    assert(!publication.is_repeated);
    assert(batch->unchanged == FACTS);
    send(inbox, &job);
    assert(publication.is_repeated);
}

/* Sent twice under its key, stored once. */
static void
write_one(struct inbox *inbox, int64_t security)
{
    struct arena arena;
    struct complaints complaints;
    char key[32];
    struct write_job job = { .item = { .home = inbox },
                             .kind = BATCH_FACTS,
                             .batch = make_batch(security),
                             .bytes = 1000,
                             .complaints = &complaints,
                             .once = { .print = print_answer } };
    uint64_t tx;

    arena_init(&arena, 1 << 16);
    complaints_init(&complaints, &arena);
    (void)snprintf(key, sizeof key, "key-%ld", (long)security);
    job.once.key = str_of(key);
    send(inbox, &job);
    assert(job.once.found == ONCE_FIRST);
    assert(job.tx <= SUBMITTERS * BATCHES);
    assert(atomic_exchange(&given[job.tx], 1) == 0);
    tx = job.tx;
    send(inbox, &job);
    assert(job.once.found == ONCE_AGAIN);
    assert(job.tx == tx);
    publish_again(inbox, job.batch, key);
    log_event(LOG_INFO, "stored", "tx %lu", (unsigned long)job.tx);
    out_fini(&job.once.answer);
    batch_free(job.batch);
    arena_fini(&arena);
}

static void *
submit(void *argument)
{
    const int *number = argument;

    for (int i = 0; i < BATCHES; i++)
        write_one(&inboxes[*number], *number * BATCHES + i);
    return NULL;
}

static enum visit
count_record(void *context, const struct record *record)
{
    uint64_t *count = context;

    assert(record->payload.len > 0);
    ++*count;
    return VISIT_NEXT;
}

/* One record a batch: a view at tx must hold tx of them. */
static void
read_all(struct worker_job *job)
{
    const struct scan_range all = SCAN_ALL(RECORD_FACTS);
    struct view view;
    uint64_t count = 0;
    enum err err = store_view_begin(store, KNOWN_NEWEST, &view, NULL);

    (void)job;
    assert(err == OK);
    err = store_scan(&view, &all, count_record, &count, NULL);
    assert(err == OK);
    assert(count == view.known_tx);
    store_view_end(&view);
}

static void *
read_often(void *argument)
{
    struct inbox *inbox = &inboxes[SUBMITTERS];

    (void)argument;
    while (!atomic_load(&done)) {
        struct worker_job job = { .item = { .home = inbox }, .run = read_all };
        struct writer_stats stats;
        enum err err = workers_submit(workers, &job);

        assert(err == OK);
        inbox_wait(inbox);
        writer_stats(writer, &stats);
    }
    return NULL;
}

int
main(void)
{
    const struct writer_options options = { .now = clock_wall,
                                            .failed = never,
                                            .store = store_memory_new() };
    pthread_t submitters[SUBMITTERS], reader;
    int numbers[SUBMITTERS];

    store = options.store;
    enum err err = log_start(LOG_INFO, NULL);

    if (err == OK)
        err = writer_start(&options, &writer, NULL);
    if (err == OK)
        err = workers_start(2, &workers, NULL);
    for (int i = 0; i <= SUBMITTERS && err == OK; i++)
        err = inbox_init(&inboxes[i], NULL);
    assert(err == OK);
    pthread_create(&reader, NULL, read_often, NULL);
    for (int i = 0; i < SUBMITTERS; i++) {
        numbers[i] = i;
        pthread_create(&submitters[i], NULL, submit, &numbers[i]);
    }
    for (int i = 0; i < SUBMITTERS; i++)
        pthread_join(submitters[i], NULL);
    atomic_store(&done, true);
    pthread_join(reader, NULL);

    uint64_t newest = store_newest(store);

    workers_stop(workers);
    writer_stop(writer);
    for (int i = 0; i <= SUBMITTERS; i++)
        inbox_fini(&inboxes[i]);
    log_stop();
    store_close(store);
    if (newest == SUBMITTERS * BATCHES)
        return EXIT_SUCCESS;
    fprintf(stderr, "newest tx %lu\n", (unsigned long)newest);
    return EXIT_FAILURE;
}
