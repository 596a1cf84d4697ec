/* What makes a repeated request harmless: its key, beside what it stored. */
#include "once.h"

#include <assert.h>
#include <string.h>

#include "array.h"
#include "secmaster/bounds.h"
#include "secmaster/wire.h"

/* A key's value: see docs/storage.md. */
enum {
    ONCE_DIGEST = 0,
    ONCE_TX = ONCE_DIGEST + DIGEST_BYTES,
    ONCE_RECORDED_AT = ONCE_TX + 8,
    ONCE_STATUS = ONCE_RECORDED_AT + 8,
    ONCE_BODY = ONCE_STATUS + 2,
};

/* Its age: key tx, big-endian, so that the oldest comes first. */
enum {
    AGE_KEY_BYTES = 8,
    AGE_RECORDED_AT = 0,
    AGE_NAME = AGE_RECORDED_AT + 8,
};

#define KEPT_US (IDEMPOTENCY_KEPT_SECONDS * INT64_C(1000000))

/* Removed by a commit beside two for each of its batches. */
#define EXPIRED_MORE 16

/* An answer names at most each label of its body, with an id. */
#define STORED_BYTES_MAX (2 * BODY_BYTES_CEILING)

static struct instant
read_instant(const unsigned char *from)
{
    return (struct instant){ (int64_t)get_le64(from) };
}

static bool
is_too_old(struct instant recorded_at, struct instant now)
{
    return now.us - recorded_at.us >= KEPT_US;
}

/* The request is the first one again. */
static enum err
repeat(struct write_job *job, struct str value)
{
    const unsigned char *from = (const unsigned char *)value.data;
    struct write_once *once = &job->once;

    once->found = ONCE_AGAIN;
    once->status = get_le16(from + ONCE_STATUS);
    job->tx = get_le64(from + ONCE_TX);
    job->recorded_at = read_instant(from + ONCE_RECORDED_AT);
    out_init(&once->answer, STORED_BYTES_MAX);
    out_bytes(&once->answer, value.data + ONCE_BODY, value.len - ONCE_BODY);
    return out_finish(&once->answer);
}

static enum err
compare(struct commit *commit, struct write_job *job, struct instant now,
        struct str value)
{
    const unsigned char *from = (const unsigned char *)value.data;

    if (value.len < ONCE_BODY)
        return why_set(&job->why, ERR_STORE, "an idempotency key is damaged");
    if (is_too_old(read_instant(from + ONCE_RECORDED_AT), now)) {
        commit->replaced_tx = get_le64(from + ONCE_TX);
        return OK;
    }
    if (memcmp(from + ONCE_DIGEST, job->once.digest, DIGEST_BYTES) == 0)
        return repeat(job, value);
    job->once.found = ONCE_OTHER;
    return why_set(&job->why, ERR_INVALID,
                   "the key was used for another request");
}

enum err
once_find(struct commit *commit, struct write_job *job, struct instant now)
{
    struct arena arena;
    struct str value;
    enum err err;

    commit->replaced_tx = 0;
    job->once.found = ONCE_FIRST;
    /* Nothing is done by a dry run, so nothing can be done twice. */
    if (job->once.key.len == 0 || job->dry_run)
        return OK;
    arena_init(&arena, STORED_BYTES_MAX);
    err = store_state_get(commit->store, STATE_IDEMPOTENCY, job->once.key,
                          &arena, &value, &job->why);
    if (err == OK)
        err = compare(commit, job, now, value);
    arena_fini(&arena);
    if (err != ERR_NOT_FOUND)
        return err;
    job->why.text[0] = '\0';
    return OK;
}

static enum err
put(struct commit *commit, enum state_space space, struct str key,
    struct str value)
{
    return commit_put_state(commit,
                            &(struct state_change){ space, key, value });
}

static enum err
keep_value(struct commit *commit, const struct write_job *job)
{
    unsigned char head[ONCE_BODY];
    struct out *text = &commit->answer;

    memcpy(head + ONCE_DIGEST, job->once.digest, DIGEST_BYTES);
    put_le64(head + ONCE_TX, job->tx);
    put_le64(head + ONCE_RECORDED_AT, (uint64_t)job->recorded_at.us);
    put_le16(head + ONCE_STATUS, job->once.status);
    out_reset(text);
    out_bytes(text, (const char *)head, sizeof head);
    job->once.print(job, text);
    TRY(out_finish(text));
    return put(commit, STATE_IDEMPOTENCY, job->once.key, out_text(text));
}

static struct str
age_key(uint64_t tx, unsigned char key[static AGE_KEY_BYTES])
{
    put_be64(key, tx);
    return (struct str){ (const char *)key, AGE_KEY_BYTES };
}

enum err
once_keep(struct commit *commit, const struct write_job *job)
{
    unsigned char key[AGE_KEY_BYTES], age[AGE_NAME + IDEMPOTENCY_KEY_BYTES_MAX];
    const struct str name = job->once.key, none = { NULL, 0 };

    assert(name.len > 0);
    assert(name.len <= IDEMPOTENCY_KEY_BYTES_MAX);
    assert(job->once.print != NULL);

    if (job->recorded_at.us < commit->first_key.us)
        commit->first_key = job->recorded_at;
    TRY(keep_value(commit, job));
    if (commit->replaced_tx != 0)
        TRY(put(commit, STATE_IDEMPOTENCY_AGE,
                age_key(commit->replaced_tx, key), none));
    put_le64(age + AGE_RECORDED_AT, (uint64_t)job->recorded_at.us);
    memcpy(age + AGE_NAME, name.data, name.len);
    return put(commit, STATE_IDEMPOTENCY_AGE, age_key(job->tx, key),
               (struct str){ (const char *)age, AGE_NAME + name.len });
}

/* Gathers what is too old by now, at most so many. */
struct expiry {
    struct commit *commit;
    struct instant now;
    size_t left;
    struct instant oldest; /* that stays */
    enum err err;
};

static enum visit
expire_one(void *context, struct str key, struct str value)
{
    struct expiry *expiry = context;
    struct commit *commit = expiry->commit;
    const struct str none = { NULL, 0 };
    struct str name;

    if (value.len <= AGE_NAME) {
        expiry->err = ERR_STORE;
        return VISIT_STOP;
    }
    expiry->oldest = read_instant((const unsigned char *)value.data);
    if (expiry->left == 0 || !is_too_old(expiry->oldest, expiry->now))
        return VISIT_STOP;
    expiry->left--;
    name = (struct str){ value.data + AGE_NAME, value.len - AGE_NAME };
    expiry->err = put(commit, STATE_IDEMPOTENCY, name, none);
    if (expiry->err == OK)
        expiry->err = put(commit, STATE_IDEMPOTENCY_AGE, key, none);
    expiry->oldest.us = INT64_MAX;
    return expiry->err == OK ? VISIT_NEXT : VISIT_STOP;
}

/* Move the last changes from the count-th on to the front. */
static enum err
put_in_front(struct commit *commit, size_t count)
{
    size_t total = commit->state_count, moved = total - count;
    struct state_change *state = array_reserve(
        commit->state, &commit->state_capacity, total + moved, sizeof *state);

    if (state == NULL)
        return ERR_BUSY;
    commit->state = state;
    memmove(state + moved, state, total * sizeof *state);
    memcpy(state, state + total, moved * sizeof *state);
    commit->batches[0].state_count += (uint32_t)moved;
    return OK;
}

/* Nobody waits for it: what fails is left for the next commit. In front, as a
 * key that is too old may be kept anew by this very commit. */
void
once_expire(struct commit *commit)
{
    const size_t count = commit->state_count;
    struct expiry expiry = {
        .commit = commit,
        .now = commit->batches[0].info.recorded_at,
        .left = EXPIRED_MORE + 2 * commit->batch_count,
        .oldest = { INT64_MAX },
    };
    enum err err;

    commit->oldest_left = commit->oldest_key;
    if (!is_too_old(commit->oldest_key, expiry.now))
        return;
    err = store_state_scan(commit->store, STATE_IDEMPOTENCY_AGE, expire_one,
                           &expiry, NULL);
    if (err == OK)
        err = expiry.err;
    if (err == OK)
        err = put_in_front(commit, count);
    if (err == OK)
        commit->oldest_left = expiry.oldest;
    else
        commit->state_count = count;
}

void
once_end(struct commit *commit, bool is_stored)
{
    struct instant oldest = commit->oldest_left;

    if (is_stored && commit->first_key.us < oldest.us)
        oldest = commit->first_key;
    if (is_stored)
        commit->oldest_key = oldest;
    commit->first_key.us = INT64_MAX;
}
