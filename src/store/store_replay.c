/* What a start makes of the journal: names, and records in memory. */
#include <inttypes.h>
#include <string.h>

#include "secmaster/bar.h"
#include "secmaster/bounds.h"
#include "secmaster/factset.h"
#include "secmaster/member.h"
#include "secmaster/positionset.h"
#include "secmaster/trade.h"

#include "batch_kinds.h"
#include "embedded.h"

/* Records sorted at a time while opening: neighbours then go in one after the
 * other, which spares most of the search. */
#define REPLAY_RECORDS_MAX (1UL << 20)

static enum err
replay_name(void *context, const struct name_change *name, struct why *why)
{
    struct store_lmdb *store = context;
    struct names *names = store_dictionary(&store->base, name->space);

    if (name->id != names_count(names))
        return why_set(why, ERR_STORE,
                       "journal: name %" PRIu32 " of space %d is missing",
                       names_count(names), (int)name->space);
    if (names_find(names, name->text) != NAME_NONE)
        return why_set(why, ERR_STORE,
                       "journal: name %" PRIu32 " of space %d is there twice",
                       name->id, (int)name->space);
    TRY(names_add(names, name->text));
    names_mark(names, name->id, name->first_assertion, name->first_retraction);
    return OK;
}

/* Whether a record's facts can be read back, every name included. */
static const char *
facts_fault(const struct store_lmdb *store, struct str payload)
{
    uint32_t attributes = names_count(store->base.attributes);
    uint32_t sources = names_count(store->base.sources);
    struct factset_item item;
    enum err err;

    if (payload.len == 0)
        return "a record is empty";
    while (factset_next(&payload, &item, &err))
        if (item.attribute >= attributes || item.source >= sources)
            return "a record has a name that is missing";
    return err == OK ? NULL : "a record's facts are malformed";
}

static const char *
positions_fault(const struct store_lmdb *store, const struct record *record)
{
    struct str payload = record->payload;
    struct positionset_item item;
    enum err err;

    if (record->security_id >= names_count(store->base.portfolios))
        return "a record's portfolio is missing";
    while (positionset_next(&payload, &item, &err))
        continue;
    return err == OK ? NULL : "a record's positions are malformed";
}

static const char *
bars_fault(const struct store_lmdb *store, const struct record *record)
{
    uint32_t sources = names_count(store->base.sources);
    const struct date month = bar_month(record->effective);
    struct barset set = barset_of(record->payload, month);
    struct bar_run run;
    enum err err;

    if (record->payload.len == 0)
        return "a record is empty";
    if (month.days != record->effective.days)
        return "a record of bars is not of a month";
    while (barset_next(&set, &run, &err)) {
        if (run.source >= sources)
            return "a record has a name that is missing";
        if (!bar_run_is_exact(&run))
            return "a record's bars are malformed";
    }
    return err == OK ? NULL : "a record's bars are malformed";
}

static const char *
trades_fault(const struct store_lmdb *store, const struct record *record)
{
    struct str payload = record->payload;
    struct trade trade;
    enum err err;

    if (record->security_id >= names_count(store->base.trades))
        return "a record's trade is missing";
    while (tradeset_next(&payload, &trade, &err))
        continue;
    return err == OK ? NULL : "a record's trades are malformed";
}

static const char *
member_fault(const struct store_lmdb *store, const struct record *record)
{
    struct member_version member;

    if (record->security_id >= names_count(store->base.members))
        return "a record's member is missing";
    return member_read(record->payload, &member)
               ? NULL
               : "a record's member is malformed";
}

static const char *
record_fault(const struct store_lmdb *store, enum batch_kind kind,
             const struct record *record)
{
    if (!batch_may_have(kind, record->kind))
        return "a record is of a kind that its batch cannot have";
    switch (record->kind) {
    case RECORD_FACTS:
        return facts_fault(store, record->payload);
    case RECORD_POSITIONS:
        return positions_fault(store, record);
    case RECORD_BARS:
        return bars_fault(store, record);
    case RECORD_TRADES:
        return trades_fault(store, record);
    case RECORD_MEMBERS:
        return member_fault(store, record);
    }
    return "a record is of a kind this program does not know";
}

static const char *
sources_fault(const struct store_lmdb *store, const struct batch_body *batch)
{
    uint32_t count = batch->head.info.source_count;

    for (uint32_t i = 0; i < count; i++) {
        uint32_t id = batch_source(batch->sources, i);

        if (id >= names_count(store->base.sources))
            return "a source is missing";
        if (i > 0 && id <= batch_source(batch->sources, i - 1))
            return "its sources are out of order";
    }
    return NULL;
}

static const char *
displaced_fault(const struct batch_body *batch)
{
    struct str left = batch->displaced;
    uint32_t facts = batch->head.info.facts, last = 0, count = 0;
    struct displaced displaced;
    const char *fault;

    for (; batch_displaced_next(&left, &last, &displaced, &fault); count++)
        if (displaced.sequence >= facts || displaced.ordinal >= facts)
            return "its list of displaced facts is malformed";
    if (fault == NULL && count != batch->head.displaced)
        return "its list of displaced facts has another length";
    return fault;
}

static enum err
damaged(struct why *why, uint64_t tx, const char *fault)
{
    return why_set(why, ERR_STORE, "journal: tx %" PRIu64 " is damaged: %s", tx,
                   fault);
}

static enum err
stage_batch(struct store_lmdb *store, const struct batch_body *batch,
            struct why *why)
{
    struct str left = batch->records;
    struct record record;
    const char *fault;
    uint32_t count = 0;

    for (; batch_record_next(&left, batch->head.info.tx, &record, &fault);
         count++) {
        fault = record_fault(store, batch->head.info.kind, &record);
        if (fault != NULL)
            break;
        if (memtable_stage(store->versions.active, &record) != OK)
            return why_set(why, ERR_BUSY, "out of memory");
    }
    if (fault == NULL && count != batch->head.records)
        fault = "it has another number of records";
    return fault == NULL ? OK : damaged(why, batch->head.info.tx, fault);
}

static enum err
link_replayed(struct store_lmdb *store, struct why *why)
{
    uint64_t tx;

    if (memtable_ready(store->versions.active) != OK)
        return why_set(why, ERR_BUSY, "out of memory");
    if (!memtable_sort(store->versions.active, &tx))
        return damaged(why, tx, "a record is there twice");
    memtable_link(store->versions.active);
    store->replayed = 0;
    return OK;
}

enum err
embedded_await_room(struct store_lmdb *store, struct why *why)
{
    struct merger_stats stats;

    while (!versions_await_room(&store->versions, MERGE_RETRY_MS)) {
        merger_stats(store->merger, &stats);
        if (stats.full)
            return why_set(why, ERR_FULL, "index: there is no room for it");
        if (versions_have_ended(&store->versions))
            return why_set(why, ERR_STORE, "index: it cannot be written");
    }
    return OK;
}

enum err
embedded_seal(struct store_lmdb *store, const struct index_mark *mark,
              struct why *why)
{
    struct memtable *fresh;

    TRY(link_replayed(store, why));
    TRY(embedded_await_room(store, why));
    fresh = memtable_new(store->base.seed);
    if (fresh == NULL)
        return why_set(why, ERR_BUSY, "out of memory");
    versions_seal(&store->versions, fresh, mark);
    return OK;
}

/* Room for a batch: what came before it is sealed, up to its predecessor. */
static enum err
make_room(struct store_lmdb *store, const struct batch_body *batch,
          struct why *why)
{
    const struct memtable *active = store->versions.active;
    const struct record empty = { .kind = RECORD_FACTS };
    uint64_t held = memtable_bytes(active);
    uint64_t bytes =
        batch->records.len + batch->head.records * memtable_cost(&empty);
    struct index_mark mark = { .tx = batch->head.info.tx - 1 };

    if (held == 0 || held + bytes <= store->memtable_bytes_max)
        return OK;
    memcpy(mark.digest, batch->head.previous, DIGEST_BYTES);
    return embedded_seal(store, &mark, why);
}

static enum err
replay_batch(void *context, const struct batch_body *batch, struct why *why)
{
    struct store_lmdb *store = context;
    const struct reindex_progress *progress = store->progress;
    const char *fault = sources_fault(store, batch);

    if (fault == NULL)
        fault = displaced_fault(batch);
    if (fault != NULL)
        return damaged(why, batch->head.info.tx, fault);
    if (progress != NULL)
        progress->show(progress->context, batch->head.info.tx, store->last_tx);
    TRY(make_room(store, batch, why));
    TRY(stage_batch(store, batch, why));
    store->replayed += batch->head.records;
    return store->replayed < REPLAY_RECORDS_MAX ? OK
                                                : link_replayed(store, why);
}

enum err
embedded_replay(struct store_lmdb *store, struct why *why)
{
    const struct journal_replay replay = { replay_name, replay_batch, store };

    TRY(journal_last_tx(store->journal, &store->last_tx, why));
    TRY(journal_replay(store->journal, &replay, why));
    return link_replayed(store, why);
}
