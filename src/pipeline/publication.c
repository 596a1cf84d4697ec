/* Publications: what is new in each part, and state, all together. */
#include "secmaster/publication.h"

#include <assert.h>

#include "kind.h"

/* A guard's value is looked at for being there. */
#define GUARD_BYTES_MAX (1UL << 20)

/* Keys that are compared with a guard before a commit is shared: 5 us. */
#define GUARDS_MAX 1024

/* What a run says of itself is for nobody else's commit. A delivery has its
 * guard and what it brought, and there may be many of them at once. */
static bool
is_alone(const struct write_job *job)
{
    const struct publication *publication = job->publication;

    return publication->settle != NULL || publication->state_count > 0;
}

static bool
has_key(const struct commit *commit, const struct state_change *guard)
{
    for (size_t i = 0; i < commit->state_count; i++) {
        const struct state_change *change = &commit->state[i];

        if (change->space == guard->space && str_equal(change->key, guard->key))
            return true;
    }
    return false;
}

/* Facts are held against those of their security and date. */
static bool
has_facts(const struct commit *commit, const struct batch *facts)
{
    if (facts->retraction_count > 0 ||
        facts->record_count > COMMIT_PAIRS_MAX / (commit->record_count + 1))
        return true;
    for (uint32_t i = 0; i < facts->record_count; i++)
        if (commit_has_record(commit, RECORD_FACTS,
                              facts->records[i].security_id,
                              facts->records[i].effective))
            return true;
    return false;
}

/* What the commit has is not in the store yet. */
static bool
is_first(const struct commit *commit, const struct write_job *job)
{
    const struct publication *publication = job->publication;
    const struct write_job bars = { .kind = BATCH_PRICES,
                                    .bars = publication->bars };

    if (is_alone(job) || commit->state_count > GUARDS_MAX)
        return true;
    if (has_key(commit, &publication->guard))
        return true;
    if (publication->facts != NULL && has_facts(commit, publication->facts))
        return true;
    if (publication->trades != NULL && publication->trades->count > 0)
        return true;
    return publication->bars != NULL && publication->bars->count > 0 &&
           kind_prices.is_first(commit, &bars);
}

/* Whether the guard's key is there. */
static enum err
find_guard(struct commit *commit, struct write_job *job)
{
    struct publication *publication = job->publication;
    const struct state_change *guard = &publication->guard;
    struct arena arena;
    struct str value;
    enum err err;

    publication->is_repeated = false;
    if (guard->key.len == 0)
        return OK;
    assert(guard->value.data != NULL);
    arena_init(&arena, GUARD_BYTES_MAX);
    err = store_state_get(commit->store, guard->space, guard->key, &arena,
                          &value, &job->why);
    arena_fini(&arena);
    publication->is_repeated = err == OK;
    if (err != ERR_NOT_FOUND)
        return err;
    job->why.text[0] = '\0';
    return OK;
}

/* A part is admitted as a job of its kind would be. */
static enum err
admit_part(struct commit *commit, struct write_job *job, struct write_job *part,
           struct instant now)
{
    enum err err;

    part->complaints = job->complaints;
    err = commit_admit(commit, part, now);
    job->why = part->why;
    TRY(err);
    if (part->is_known)
        return OK;
    job->tx = part->tx;
    job->recorded_at = part->recorded_at;
    job->facts += part->facts;
    job->securities += part->securities;
    return OK;
}

static enum err
admit_parts(struct commit *commit, struct write_job *job, struct instant now)
{
    const struct publication *publication = job->publication;
    struct write_job part;

    if (publication->facts != NULL) {
        publication->facts->skips_held = true;
        part = (struct write_job){ .kind = BATCH_FACTS,
                                   .batch = publication->facts };
        TRY(admit_part(commit, job, &part, now));
    }
    if (publication->bars != NULL && publication->bars->count > 0) {
        part = (struct write_job){ .kind = BATCH_PRICES,
                                   .bars = publication->bars };
        TRY(admit_part(commit, job, &part, now));
    }
    if (publication->trades != NULL && publication->trades->count > 0) {
        part = (struct write_job){ .kind = BATCH_TRADES,
                                   .trades = publication->trades };
        TRY(admit_part(commit, job, &part, now));
    }
    return OK;
}

/* It goes with the commit's last batch; where there is none, with the first one
 * behind it, or it is all there is. */
static enum err
put_state(struct commit *commit, const struct publication *publication)
{
    const size_t before = commit->state_count;

    if (publication->guard.key.len > 0)
        TRY(commit_put_state(commit, &publication->guard));
    for (size_t i = 0; i < publication->state_count; i++)
        TRY(commit_put_state(commit, &publication->state[i]));
    if (commit->batch_count > 0)
        commit->batches[commit->batch_count - 1].state_count +=
            (uint32_t)(commit->state_count - before);
    return OK;
}

static enum err
admit(struct commit *commit, struct write_job *job, struct tx_info *info)
{
    const size_t batches = commit->batch_count, state = commit->state_count;

    assert(!is_first(commit, job) || (batches == 0 && state == 0));
    assert(!job->dry_run);
    assert(job->once.key.len == 0);

    job->tx = 0;
    job->facts = job->securities = 0;
    TRY(find_guard(commit, job));
    job->is_known = job->publication->is_repeated;
    if (job->is_known)
        return OK;
    TRY(admit_parts(commit, job, info->recorded_at));
    if (job->publication->settle != NULL)
        TRY(job->publication->settle(job->publication));
    TRY(put_state(commit, job->publication));
    job->is_known =
        commit->batch_count == batches && commit->state_count == state;
    return OK;
}

const struct job_kind kind_publication = { is_first, is_alone, admit };
