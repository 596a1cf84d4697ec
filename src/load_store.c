/* Batches into a store that this process opens for itself. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "api/facts.h"
#include "commands.h"
#include "load_key.h"
#include "load_target.h"
#include "secmaster/bounds.h"
#include "secmaster/entropy.h"
#include "secmaster/facts_reader.h"
#include "secmaster/store_lmdb.h"
#include "secmaster/writer.h"

/* Each of them waits for the merger already; a load is faster than it. */
#define BUSY_TRIES_MAX 100

struct load_store {
    struct load_target base;
    struct store *store;
    struct writer *writer;
    struct inbox inbox;
    bool is_large; /* more may be in memory than a server has for it */
};

/* The job that met the failure says so, too, and that ends the load. */
static void
store_failed(void *unused, const char *why)
{
    (void)unused;
    (void)why;
}

static void
print_notice(const char *words)
{
    complain("load", "%s", words);
}

static enum err
read_batch(enum media media, struct str body, struct batch *batch,
           struct load_result *result)
{
    struct facts_reader *reader =
        facts_reader_new(media, batch, &result->complaints);

    if (reader == NULL)
        return why_set(&result->why, ERR_BUSY, "out of memory");

    enum err err = facts_reader_feed(reader, body, &result->why);

    if (err == OK)
        err = facts_reader_finish(reader, &result->why);
    facts_reader_free(reader);
    return err;
}

static enum err
write_batch(struct load_store *to, struct batch *batch,
            const struct load_batch *sent, struct load_result *result)
{
    struct write_job job = {
        .item = { .home = &to->inbox },
        .kind = BATCH_FACTS,
        .batch = batch,
        .bytes = sent->body.len,
        .complaints = &result->complaints,
        .once = { .print = facts_answer, .status = 201 },
    };
    int tries = 0;

    if (sent->key != NULL) {
        job.once.key = str_of(sent->key->text);
        memcpy(job.once.digest, sent->key->request, DIGEST_BYTES);
    }
    do {
        enum err err = writer_submit(to->writer, &job);

        /* One batch at a time fits any queue. */
        assert(err == OK);
        (void)inbox_wait(&to->inbox);
    } while (job.err == ERR_BUSY && ++tries < BUSY_TRIES_MAX);
    result->facts = batch->fact_count;
    result->is_repeated = job.once.found == ONCE_AGAIN;
    result->why = job.why;
    result->is_unknown = job.err == ERR_STORE;
    out_fini(&job.once.answer);
    return job.err;
}

static enum err
store_send(struct load_target *target, const struct load_batch *sent,
           struct load_result *result)
{
    struct load_store *to = (struct load_store *)target;
    struct batch *batch = batch_new(to->store->seed);

    if (batch == NULL)
        return why_set(&result->why, ERR_BUSY, "out of memory");

    enum err err = read_batch(sent->media, sent->body, batch, result);

    if (err == OK)
        err = write_batch(to, batch, sent, result);
    batch_free(batch);
    return err;
}

/* All is stored already: when this fails, the next start has the work. */
static void
settle(struct load_target *target)
{
    struct load_store *to = (struct load_store *)target;
    struct why why = { "" };

    if (!to->is_large)
        return;
    writer_stop(to->writer);
    to->writer = NULL;
    if (store_lmdb_settle(to->store, &why) != OK)
        complain("load", "%s", why.text);
}

static void
store_target_close(struct load_target *target)
{
    struct load_store *to = (struct load_store *)target;

    writer_stop(to->writer);
    inbox_fini(&to->inbox);
    store_close(to->store);
    free(to);
}

static const struct load_target_ops ops = {
    store_send,
    settle,
    store_target_close,
};

enum err
load_store_open(const char *dir, size_t memtable_bytes,
                struct load_target **out, struct why *why)
{
    struct store_lmdb_options options = {
        .dir = dir,
        .memtable_bytes = memtable_bytes,
        .notice = print_notice,
    };
    struct load_store *to = calloc(1, sizeof *to);

    if (to == NULL)
        return why_set(why, ERR_BUSY, "out of memory");

    enum err err = inbox_init(&to->inbox, why);

    if (err != OK) {
        free(to);
        return err;
    }
    to->base.ops = &ops;
    to->is_large = memtable_bytes > MEMTABLE_BYTES_DEFAULT;
    err = entropy_draw(&options.seed, why);
    if (err == OK)
        err = store_lmdb_open(&options, &to->store, why);
    if (err == OK)
        err = writer_start(
            &(struct writer_options){
                .store = to->store,
                .now = clock_wall,
                .failed = store_failed,
            },
            &to->writer, why);
    if (err != OK) {
        store_target_close(&to->base);
        return err;
    }
    *out = &to->base;
    return OK;
}
