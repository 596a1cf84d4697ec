/* Batches into a store that this process opens for itself. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "api/facts.h"
#include "api/prices.h"
#include "commands.h"
#include "load_key.h"
#include "load_kind.h"
#include "load_made.h"
#include "load_target.h"
#include "secmaster/bars_reader.h"
#include "secmaster/bearers.h"
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
read_facts(const struct load_batch *sent, struct batch *batch,
           struct load_result *result)
{
    struct facts_reader *reader =
        facts_reader_new(sent->media, batch, &result->complaints);

    if (reader == NULL)
        return why_set(&result->why, ERR_BUSY, "out of memory");

    enum err err = facts_reader_feed(reader, sent->body, &result->why);

    if (err == OK)
        err = facts_reader_finish(reader, &result->why);
    facts_reader_free(reader);
    return err;
}

static enum err
read_bars(const struct load_batch *sent, struct bar_batch *bars,
          struct load_result *result)
{
    struct bars_reader *reader = bars_reader_new(
        sent->media, load_kind_owner(sent->kind), bars, &result->complaints);

    if (reader == NULL)
        return why_set(&result->why, ERR_BUSY, "out of memory");
    bars->creates = sent->kind->creates;

    enum err err = bars_reader_feed(reader, sent->body, &result->why);

    if (err == OK)
        err = bars_reader_finish(reader, &result->why);
    bars_reader_free(reader);
    return err;
}

/* The job's kind, batch and answer are set; the rest is the same for all. */
static enum err
write_batch(struct load_store *to, struct write_job *job,
            const struct load_batch *sent, struct load_result *result)
{
    int tries = 0;

    job->item.home = &to->inbox;
    job->bytes = sent->body.len;
    job->complaints = &result->complaints;
    job->once.status = 201;
    if (sent->key != NULL) {
        job->once.key = str_of(sent->key->text);
        memcpy(job->once.digest, sent->key->request, DIGEST_BYTES);
    }
    do {
        enum err err = writer_submit(to->writer, job);

        /* One batch at a time fits any queue. */
        assert(err == OK);
        (void)inbox_wait(&to->inbox);
    } while (job->err == ERR_BUSY && ++tries < BUSY_TRIES_MAX);
    result->why = job->why;
    result->is_unknown = job->err == ERR_STORE;
    out_fini(&job->once.answer);
    return job->err;
}

static enum err
send_facts(struct load_store *to, const struct load_batch *sent,
           struct load_result *result)
{
    struct write_job job = {
        .kind = BATCH_FACTS,
        .batch = batch_new(to->store->seed),
        .once = { .print = facts_answer },
    };
    enum err err;

    if (job.batch == NULL)
        return why_set(&result->why, ERR_BUSY, "out of memory");
    err = read_facts(sent, job.batch, result);
    if (err == OK)
        err = write_batch(to, &job, sent, result);
    if (job.once.found == ONCE_AGAIN)
        result->unchanged = job.batch->fact_count;
    else
        result->stored = job.batch->fact_count;
    batch_free(job.batch);
    return err;
}

static void
note_made(const struct batch *created, struct load_result *result)
{
    if (created == NULL)
        return;
    for (uint32_t i = 0; i < created->labels.count; i++)
        load_made_note(result, created->labels.items[i], created->minted[i]);
}

static enum err
send_bars(struct load_store *to, const struct load_batch *sent,
          struct load_result *result)
{
    struct write_job job = {
        .kind = BATCH_PRICES,
        .bars = bar_batch_new(to->store->seed),
        .once = { .print = prices_answer },
    };
    enum err err;

    if (job.bars == NULL)
        return why_set(&result->why, ERR_BUSY, "out of memory");
    err = read_bars(sent, job.bars, result);
    if (err == OK)
        err = write_batch(to, &job, sent, result);
    result->stored = job.bars->stored;
    result->unchanged = job.bars->unchanged;
    if (job.once.found == ONCE_AGAIN)
        result->unchanged = job.bars->count;
    else if (err == OK)
        note_made(job.bars->created, result);
    bar_batch_free(job.bars);
    return err;
}

/* The first ticker that is borne, if any. */
struct borne_ticker {
    size_t place; /* SIZE_MAX: none */
    int64_t security_id;
};

static enum visit
note_borne(void *context, const struct bearers *bearers, size_t place)
{
    struct borne_ticker *borne = context;

    if (bearers->span_count > 0 && place < borne->place)
        *borne = (struct borne_ticker){ place, bearers->spans[0].security_id };
    return VISIT_NEXT;
}

/* Whether one that a batch would make has a bearer on the last day there is. */
static enum err
refuse_split(struct load_store *to, const struct batch *created,
             struct why *why)
{
    const struct date last = { DATE_LAST_DAYS };
    const struct window day = { last, { DATE_LAST_DAYS + 1 } };
    const struct bearers_names tickers = { created->labels.items,
                                           created->labels.count };
    struct borne_ticker borne = { .place = SIZE_MAX };
    struct bearers bearers;
    struct view view;
    enum err err;

    TRY(store_view_begin(to->store, KNOWN_NEWEST, &view, why));
    err = bearers_init(&bearers, &view,
                       names_find(to->store->attributes, STR("ticker")), day);
    if (err == OK)
        err = bearers_find_all(&bearers, &tickers, note_borne, &borne, why);
    bearers_fini(&bearers);
    store_view_end(&view);
    if (err == OK && borne.place != SIZE_MAX)
        err = load_made_split(created->labels.items[borne.place],
                              borne.security_id, why);
    return err;
}

static enum err
store_foresee(struct load_target *target, const struct load_batch *sent,
              struct load_result *result)
{
    struct load_store *to = (struct load_store *)target;
    struct load_batch unkeyed = *sent;
    struct write_job job = {
        .kind = BATCH_PRICES,
        .bars = bar_batch_new(to->store->seed),
        .dry_run = true,
    };
    enum err err;

    if (job.bars == NULL)
        return why_set(&result->why, ERR_BUSY, "out of memory");
    unkeyed.key = NULL;
    err = read_bars(sent, job.bars, result);
    if (err == OK)
        err = write_batch(to, &job, &unkeyed, result);
    if (err == OK && job.bars->created != NULL)
        err = refuse_split(to, job.bars->created, &result->why);
    bar_batch_free(job.bars);
    return err;
}

static enum err
store_send(struct load_target *target, const struct load_batch *sent,
           struct load_result *result)
{
    struct load_store *to = (struct load_store *)target;

    return sent->kind->is_prices ? send_bars(to, sent, result)
                                 : send_facts(to, sent, result);
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
    store_foresee,
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
