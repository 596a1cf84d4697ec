/*
 * The poller without its thread: which run goes on, what it asks for and when,
 * and what becomes of the answers. Everything outside is behind doors, so that
 * tests own the clock, the network and the disk.
 */
#ifndef PIPELINE_ENGINE_H
#define PIPELINE_ENGINE_H

#include "board.h"
#include "secmaster/archive.h"
#include "secmaster/fetcher.h"
#include "secmaster/publication.h"

/* All are called by the engine's thread, with context before all else. */
struct engine_doors {
    void *context;
    struct instant (*now)(void *context);
    int64_t (*monotonic_us)(void *context);
    uint64_t (*draw)(void *context);

    /* fetcher.h's; answers come by engine_answer. */
    enum err (*fetch)(void *context, const struct fetch *fetch,
                      struct why *why);
    void (*cancel)(void *context, const void *fetch);

    /* archive.h's, of bodies that are not packed. */
    enum err (*keep)(void *context, const struct archive_page *page,
                     struct str body, struct why *why);
    enum err (*recall)(void *context, const struct archive_page *page,
                       struct out *body, struct why *why);
    void (*prune)(void *context, const struct archive_prune *prune);

    /* Through the writer, to its end: job's errors. */
    enum err (*publish)(void *context, struct publication *publication,
                        struct complaints *complaints, struct why *why);

    /* A run has ended, for the log. */
    void (*ended)(void *context, const struct run_info *run);
};

struct engine_options {
    struct store *store;
    const struct vendors_config *config;
    const struct str *keys;
    struct board *board;
    struct engine_doors doors;
    uint64_t seed; /* of the tables of batches */
};

struct engine;

/* As poller_start. */
enum err engine_new(const struct engine_options *options, struct engine **out,
                    struct why *why);
void engine_free(struct engine *engine);

/* Do all that can be done now. Returns how many microseconds may pass before
 * it wants to be called again, if nothing comes in. */
int64_t engine_turn(struct engine *engine);

/*
 * Nothing is done any more. What is left of a vendor's hold is put down: what
 * was kept when it began would have the next start wait for all of it again.
 */
void engine_rest(struct engine *engine);

/* The answer to a fetch; its body is taken. */
void engine_answer(struct engine *engine, struct fetch_answer *answer);

/* As the functions of poller.h that are so called. */
enum err engine_request(struct engine *engine,
                        const struct poller_request *request,
                        struct poller_answer *answer, struct why *why);
enum err engine_cancel(struct engine *engine, struct str vendor, uint64_t run,
                       struct why *why);
enum err engine_discard(struct engine *engine, uint64_t id, struct why *why);
enum err engine_stray(struct engine *engine, const struct poller_stray *stray,
                      uint64_t *id, struct why *why);

/* A release, with whoever waits for it until it is over. */
struct engine_release {
    uint64_t id; /* the entry's */
    bool is_over;
    enum err err; /* as poller_release's */
    struct why why;
};

/* Begin it. Each turn takes a page, as of a run, and others have theirs. */
void engine_release(struct engine *engine, struct engine_release *release);

/* End all that are under way, between two pages, with that error. */
void engine_break_off(struct engine *engine, enum err err, const char *text);

#endif
