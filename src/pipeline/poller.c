/* The poller's thread, and the calls that it does for others. */
#include "secmaster/poller.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "poller_doors.h"
#include "secmaster/entropy.h"
#include "secmaster/gzip.h"

/* What somebody waits for; on the caller's stack. */
struct call {
    void (*run)(struct poller *poller, struct call *call);
    union {
        const struct poller_request *request;
        const struct poller_stray *stray;
        struct str vendor;
    };
    uint64_t id;
    struct engine_release release;
    struct poller_answer *answer;
    struct why *why;
    enum err err;
    bool is_waiting; /* for its release */
    bool is_done;
    struct call *next;
};

struct poller {
    struct poller_options options;
    struct board *board;
    struct poller_doors doors;
    struct engine *engine;  /* the thread's, once it runs */
    struct call *releasing; /* likewise: who waits for pages */
    pthread_t thread;

    pthread_mutex_t lock;
    pthread_cond_t answered;
    struct call *first, *last;
    bool is_draining, is_stopping;
};

/* Take those who wait; none of them is lost, whatever comes in between. */
static struct call *
take_calls(struct poller *poller, bool *is_draining, bool *is_stopping)
{
    struct call *calls;

    pthread_mutex_lock(&poller->lock);
    calls = poller->first;
    poller->first = poller->last = NULL;
    *is_draining = poller->is_draining;
    *is_stopping = poller->is_stopping;
    pthread_mutex_unlock(&poller->lock);
    return calls;
}

static void
answer_call(struct poller *poller, struct call *call)
{
    pthread_mutex_lock(&poller->lock);
    call->is_done = true;
    pthread_cond_broadcast(&poller->answered);
    pthread_mutex_unlock(&poller->lock);
}

static void
run_calls(struct poller *poller, struct call *calls)
{
    while (calls != NULL) {
        struct call *call = calls;

        calls = call->next;
        call->run(poller, call);
        if (!call->is_waiting)
            answer_call(poller, call);
    }
}

/* Those whose pages are all published, or cannot be. */
static void
answer_released(struct poller *poller)
{
    struct call **link = &poller->releasing;

    while (*link != NULL) {
        struct call *call = *link;

        if (!call->release.is_over) {
            link = &call->next;
            continue;
        }
        *link = call->next;
        call->err = call->release.err;
        if (call->why != NULL)
            *call->why = call->release.why;
        answer_call(poller, call);
    }
}

static void
refuse_calls(struct poller *poller, struct call *calls)
{
    while (calls != NULL) {
        struct call *call = calls;

        calls = call->next;
        call->err = why_set(call->why, ERR_BUSY, "the poller is stopping");
        answer_call(poller, call);
    }
}

static void *
run(void *argument)
{
    struct poller *poller = argument;
    struct fetch_answer answer;
    bool is_draining, is_stopping;

    for (;;) {
        struct call *calls = take_calls(poller, &is_draining, &is_stopping);
        int64_t wait_us;

        if (is_stopping)
            refuse_calls(poller, calls);
        else
            run_calls(poller, calls);
        if (is_draining || is_stopping)
            engine_break_off(poller->engine, ERR_BUSY,
                             "the poller is stopping: what is not released "
                             "stays in quarantine");
        if (is_stopping) {
            answer_released(poller);
            engine_rest(poller->engine);
            return NULL;
        }
        while (fetcher_done(poller->doors.fetcher, &answer))
            engine_answer(poller->engine, &answer);
        wait_us = engine_turn(poller->engine);
        /* A turn may end a release and want no other for long. */
        answer_released(poller);
        fetcher_turn(poller->doors.fetcher, (int)((wait_us + 999) / 1000));
    }
}

static enum err
open_all(struct poller *poller, struct why *why)
{
    const struct poller_options *options = &poller->options;
    const struct fetcher_options fetching = {
        .unpack = gzip_unpack_whole,
        .user_agent = options->user_agent,
    };
    struct engine_options engine = {
        .store = options->store,
        .config = options->config,
        .keys = options->keys,
        .board = poller->board,
        .doors = poller_doors(&poller->doors),
    };

    poller->doors.fetcher = fetcher_new(&fetching);
    if (poller->board == NULL || poller->doors.fetcher == NULL)
        return why_set(why, ERR_BUSY, "no memory for the poller");
    TRY(entropy_draw(&engine.seed, why));
    TRY(archive_open(options->data_dir, 0, &poller->doors.archive, why));
    return engine_new(&engine, &poller->engine, why);
}

static void
close_all(struct poller *poller)
{
    engine_free(poller->engine);
    fetcher_free(poller->doors.fetcher);
    if (poller->doors.archive != NULL)
        archive_close(poller->doors.archive);
    board_free(poller->board);
    inbox_fini(&poller->doors.inbox);
    pthread_mutex_destroy(&poller->lock);
    pthread_cond_destroy(&poller->answered);
    free(poller);
}

enum err
poller_start(const struct poller_options *options, struct poller **out,
             struct why *why)
{
    struct poller *poller = calloc(1, sizeof *poller);
    enum err err;

    if (poller == NULL)
        return why_set(why, ERR_BUSY, "no memory for the poller");
    poller->options = *options;
    poller->doors.now = options->now;
    poller->doors.writer = options->writer;
    err = inbox_init(&poller->doors.inbox, why);
    if (err != OK) {
        free(poller);
        return err;
    }
    pthread_mutex_init(&poller->lock, NULL);
    pthread_cond_init(&poller->answered, NULL);
    poller->board = board_new();
    err = open_all(poller, why);
    if (err == OK && pthread_create(&poller->thread, NULL, run, poller) != 0)
        err = why_set(why, ERR_BUSY, "no thread for the poller");
    if (err != OK) {
        close_all(poller);
        return err;
    }
    *out = poller;
    return OK;
}

void
poller_drain(struct poller *poller)
{
    if (poller == NULL)
        return;
    pthread_mutex_lock(&poller->lock);
    poller->is_draining = true;
    pthread_mutex_unlock(&poller->lock);
    fetcher_wake(poller->doors.fetcher);
}

void
poller_stop(struct poller *poller)
{
    if (poller == NULL)
        return;
    pthread_mutex_lock(&poller->lock);
    poller->is_stopping = true;
    pthread_mutex_unlock(&poller->lock);
    fetcher_wake(poller->doors.fetcher);
    pthread_join(poller->thread, NULL);
    close_all(poller);
}

/* Hand a call to the thread and wait until it has been answered. */
static enum err
hand_over(struct poller *poller, struct call *call)
{
    pthread_mutex_lock(&poller->lock);
    if (poller->is_stopping) {
        pthread_mutex_unlock(&poller->lock);
        return why_set(call->why, ERR_BUSY, "the poller is stopping");
    }
    if (poller->last == NULL)
        poller->first = call;
    else
        poller->last->next = call;
    poller->last = call;
    fetcher_wake(poller->doors.fetcher);
    while (!call->is_done)
        pthread_cond_wait(&poller->answered, &poller->lock);
    pthread_mutex_unlock(&poller->lock);
    return call->err;
}

static void
call_request(struct poller *poller, struct call *call)
{
    call->err =
        engine_request(poller->engine, call->request, call->answer, call->why);
}

static void
call_cancel(struct poller *poller, struct call *call)
{
    call->err =
        engine_cancel(poller->engine, call->vendor, call->id, call->why);
}

static void
call_release(struct poller *poller, struct call *call)
{
    call->release.id = call->id;
    call->is_waiting = true;
    call->next = poller->releasing;
    poller->releasing = call;
    engine_release(poller->engine, &call->release);
}

static void
call_discard(struct poller *poller, struct call *call)
{
    call->err = engine_discard(poller->engine, call->id, call->why);
}

static void
call_stray(struct poller *poller, struct call *call)
{
    call->err = engine_stray(poller->engine, call->stray, &call->id, call->why);
}

bool
poller_has_vendor(const struct poller *poller, struct str vendor)
{
    const struct vendors_config *config = poller->options.config;

    for (uint32_t i = 0; i < config->count; i++)
        if (str_equal(config->vendors[i].name, vendor))
            return true;
    return false;
}

enum err
poller_request(struct poller *poller, const struct poller_request *request,
               struct poller_answer *answer, struct why *why)
{
    struct call call = {
        .run = call_request,
        .request = request,
        .answer = answer,
        .why = why,
    };

    *answer = (struct poller_answer){ 0 };
    if (!poller_has_vendor(poller, request->vendor))
        return why_set(why, ERR_NOT_FOUND, "no such vendor is configured");
    return hand_over(poller, &call);
}

enum err
poller_cancel(struct poller *poller, struct str vendor, uint64_t run_id,
              struct run_info *out, struct why *why)
{
    struct call call = {
        .run = call_cancel,
        .vendor = vendor,
        .id = run_id,
        .why = why,
    };

    TRY(hand_over(poller, &call));
    return board_run(poller->board, vendor, run_id, out);
}

enum err
poller_release(struct poller *poller, uint64_t id, struct quarantine_info *out,
               struct why *why)
{
    struct call call = { .run = call_release, .id = id, .why = why };

    TRY(hand_over(poller, &call));
    return board_entry(poller->board, id, out);
}

enum err
poller_discard(struct poller *poller, uint64_t id, struct quarantine_info *out,
               struct why *why)
{
    struct call call = { .run = call_discard, .id = id, .why = why };

    TRY(hand_over(poller, &call));
    return board_entry(poller->board, id, out);
}

enum err
poller_quarantine_stray(struct poller *poller, const struct poller_stray *stray,
                        uint64_t *id, struct why *why)
{
    struct call call = { .run = call_stray, .stray = stray, .why = why };
    enum err err = hand_over(poller, &call);

    *id = call.id;
    return err;
}

size_t
poller_vendors(struct poller *poller, struct poller_vendor *out)
{
    return board_vendors(poller->board, out);
}

size_t
poller_runs(struct poller *poller, const struct poller_run_page *page,
            struct run_info *out)
{
    return board_runs(poller->board, page, out);
}

enum err
poller_run(struct poller *poller, struct str vendor, uint64_t run_id,
           struct run_info *out)
{
    return board_run(poller->board, vendor, run_id, out);
}

size_t
poller_quarantine(struct poller *poller,
                  const struct poller_quarantine_page *page,
                  struct quarantine_info *out)
{
    return board_entries(poller->board, page, out);
}

enum err
poller_quarantine_entry(struct poller *poller, uint64_t id,
                        struct quarantine_info *out)
{
    return board_entry(poller->board, id, out);
}

void
poller_stats(struct poller *poller, struct poller_stats *out)
{
    board_stats(poller->board, out);
}
