/* Batches of trades: what the store does not hold yet, and who filed it. */
#include <assert.h>

#include "kind.h"

/* One batch while it is admitted. */
struct trading {
    struct commit *commit;
    struct write_job *job;
    struct trade_batch *batch;
    struct view *view;

    /* Of the record that is looked for in the store. */
    uint32_t transaction; /* of the batch */
    struct out scratch;
    struct str member; /* as its payload would be */
    bool is_held;
    enum err err;
};

static bool
always(const struct commit *commit, const struct write_job *job)
{
    (void)commit;
    (void)job;
    return true;
}

/* Rows that say what a stored version says. */
static enum visit
note_held(void *context, const struct record *record)
{
    struct trading *trading = context;
    struct str payload = record->payload;
    struct trade trade;

    while (tradeset_next(&payload, &trade, &trading->err)) {
        uint32_t row;

        out_reset(&trading->scratch);
        trade_put(&trading->scratch, &trade);
        trading->err = out_finish(&trading->scratch);
        if (trading->err != OK)
            return VISIT_STOP;
        row = trade_batch_find(trading->batch, trading->transaction,
                               record->effective, out_text(&trading->scratch));
        if (row != BATCH_END)
            trading->batch->rows[row].is_held = true;
    }
    return trading->err == OK ? VISIT_NEXT : VISIT_STOP;
}

/* Whether the rows at i and before it, of batch->by_transaction, go into
 * different records. */
static bool
begins_record(const struct trade_batch *batch, uint32_t i)
{
    const struct trade_row *a, *b;

    if (i == 0)
        return true;
    a = &batch->rows[batch->by_transaction[i - 1]];
    b = &batch->rows[batch->by_transaction[i]];
    return a->transaction != b->transaction || a->date.days != b->date.days;
}

static enum err
scan_day(struct trading *trading, struct scan_range range, struct date day,
         record_visitor *visitor)
{
    range.first_date = range.last_date = day;
    TRY(store_scan(trading->view, &range, visitor, trading,
                   &trading->job->why));
    if (trading->err == ERR_STORE)
        return why_set(&trading->job->why, ERR_STORE,
                       "a record of trades is malformed");
    return trading->err;
}

/* A content of a transaction and date is new where no version has it. */
static enum err
find_held(struct trading *trading)
{
    struct trade_batch *batch = trading->batch;
    const struct names *names = trading->commit->store->trades;

    for (uint32_t i = 0; i < batch->count; i++) {
        const struct trade_row *row = &batch->rows[batch->by_transaction[i]];
        uint32_t id;

        if (!begins_record(batch, i))
            continue;
        id = names_find(names, batch->transactions.items[row->transaction]);
        if (id == NAME_NONE)
            continue;
        trading->transaction = row->transaction;
        TRY(scan_day(trading, SCAN_SECURITY(RECORD_TRADES, id), row->date,
                     note_held));
    }
    return OK;
}

static void
count_rows(struct trade_batch *batch)
{
    batch->stored = 0;
    batch->members_stored = 0;
    memset(batch->unknown, 0, sizeof batch->unknown);
    for (uint32_t i = 0; i < batch->count; i++) {
        if (batch->rows[i].is_held)
            continue;
        batch->stored++;
        for (unsigned k = 0; k < TRADE_UNKNOWNS; k++)
            batch->unknown[k] += batch->rows[i].unknown >> k & 1;
    }
    batch->unchanged = batch->count - batch->stored;
}

/* Begin a record whose payload grows behind it. */
static void
begin_record(struct commit *commit, enum record_kind kind, uint32_t id,
             struct date effective)
{
    commit->records[commit->record_count++] = (struct record){
        .kind = kind,
        .security_id = id,
        .effective = effective,
        .tx = commit->next_tx,
    };
}

static void
grow_record(struct commit *commit, size_t before)
{
    commit->records[commit->record_count - 1].payload.len +=
        commit->payload.len - before;
}

static enum err
add_trades(struct trading *trading)
{
    const struct trade_batch *batch = trading->batch;
    struct commit *commit = trading->commit;
    bool is_begun = false;

    for (uint32_t i = 0; i < batch->count; i++) {
        uint32_t at = batch->by_transaction[i];
        const struct trade_row *row = &batch->rows[at];
        size_t before = commit->payload.len;
        struct name_use use;

        if (begins_record(batch, i))
            is_begun = false;
        if (row->is_held)
            continue;
        if (!is_begun) {
            TRY(name_changes_use(&commit->names, NAMES_TRADES,
                                 batch->transactions.items[row->transaction],
                                 commit->next_tx, &use));
            begin_record(commit, RECORD_TRADES, use.id, row->date);
            is_begun = true;
        }
        tradeset_put(&commit->payload, at, trade_row_content(batch, at));
        grow_record(commit, before);
    }
    return OK;
}

static enum visit
compare_member(void *context, const struct record *record)
{
    struct trading *trading = context;

    trading->is_held = str_equal(record->payload, trading->member);
    return trading->is_held ? VISIT_STOP : VISIT_NEXT;
}

/* What the store holds of a member and a day is not stored again. */
static enum err
add_member(struct trading *trading, uint32_t at)
{
    struct trade_batch *batch = trading->batch;
    const struct trade_row *row = &batch->rows[at];
    struct commit *commit = trading->commit;
    struct str name = batch->members.items[row->member];
    uint32_t id = names_find(commit->store->members, name);
    size_t before = commit->payload.len;
    struct name_use use;

    trading->member = trade_row_member(batch, at);
    trading->is_held = false;
    if (id != NAME_NONE)
        TRY(scan_day(trading, SCAN_SECURITY(RECORD_MEMBERS, id),
                     row->member_day, compare_member));
    if (trading->is_held)
        return OK;
    TRY(name_changes_use(&commit->names, NAMES_MEMBERS, name, commit->next_tx,
                         &use));
    begin_record(commit, RECORD_MEMBERS, use.id, row->member_day);
    out_str(&commit->payload, trading->member);
    grow_record(commit, before);
    batch->members_stored++;
    return OK;
}

/* Of a member and a day the last update of the rows that are stored. */
static enum err
add_members(struct trading *trading)
{
    const struct trade_batch *batch = trading->batch;
    uint32_t last = BATCH_END;

    for (uint32_t i = 0; i < batch->by_member_count; i++) {
        uint32_t at = batch->by_member[i];
        const struct trade_row *row = &batch->rows[at];

        if (row->is_held)
            continue;
        if (last != BATCH_END &&
            (batch->rows[last].member != row->member ||
             batch->rows[last].member_day.days != row->member_day.days))
            TRY(add_member(trading, last));
        last = at;
    }
    return last == BATCH_END ? OK : add_member(trading, last);
}

static enum err
add_new(struct trading *trading)
{
    struct write_job *job = trading->job;
    const struct trade_batch *batch = trading->batch;

    TRY(find_held(trading));
    count_rows(trading->batch);
    job->is_known = batch->stored == 0;
    if (job->is_known)
        return OK;
    TRY(commit_reserve(
        trading->commit,
        &(struct commit_room){ .records = 2 * (size_t)batch->stored }));
    TRY(add_trades(trading));
    return add_members(trading);
}

static enum err
admit(struct commit *commit, struct write_job *job, struct tx_info *info)
{
    struct view view;
    struct trading trading = {
        .commit = commit, .job = job, .batch = job->trades, .view = &view
    };
    enum err err;

    assert(job->trades->by_transaction != NULL);
    (void)info; /* trades have no sources, and are no facts */

    TRY(store_view_begin(commit->store, KNOWN_NEWEST, &view, &job->why));
    out_init(&trading.scratch, UINT32_MAX);
    err = add_new(&trading);
    out_fini(&trading.scratch);
    store_view_end(&view);
    return err;
}

const struct job_kind kind_trades = { always, NULL, admit };
