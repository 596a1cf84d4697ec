/* What the writer has to know of each kind of batch. */
#ifndef PIPELINE_KIND_H
#define PIPELINE_KIND_H

#include <stdbool.h>

#include "commit.h"

/* A kind of batch is a row of kinds (kind.c), and a file where it has much to
 * say. */
struct job_kind {
    /* Whether it is judged by what the store has, and something of that is in
     * the commit so far: then it is the first of another one. NULL: it never
     * is. */
    bool (*is_first)(const struct commit *commit, const struct write_job *job);

    /* Whether what comes behind it goes by what it brings: then it is the last
     * of its commit. NULL: it never is. */
    bool (*is_last)(const struct write_job *job);

    /*
     * Add its records, names and state to the commit as transaction
     * commit->next_tx, and set facts, securities and sources of info. Errors
     * are commit_admit's; what was added is then taken back.
     */
    enum err (*admit)(struct commit *commit, struct write_job *job,
                      struct tx_info *info);
};

/* Of a job's batch; a publication is like one of a kind of its own, but adds
 * its transactions itself. */
const struct job_kind *job_kind_of(const struct write_job *job);

extern const struct job_kind kind_facts, kind_precedence, kind_positions,
    kind_prices, kind_trades, kind_publication;

/* Read the rules that the store keeps into store->rules. ERR_STORE: one is
 * damaged; ERR_BUSY: memory. */
enum err precedence_load(struct store *store, struct why *why);

#endif
