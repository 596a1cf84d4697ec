/* Folds that begin late, of two stores, compared. */
#ifndef STORE_FOLD_BENCH_H
#define STORE_FOLD_BENCH_H

#include "secmaster/timeline.h"
#include "tests/store/store_bench.h"

/* Days that these tests put facts on: 0 to FOLD_DAYS - 1, and two extremes. */
enum { FOLD_DAYS = 12, FOLD_SECURITIES = 4, FOLD_NAMES = 3 };

/*
 * A fold as it is asked for: rows of the securities that overlap the window,
 * of the first security only those that start behind passed.
 */
struct fold_case {
    int64_t first_security, last_security;
    struct window window;
    struct date passed;
    bool is_reversed; /* the precedence of sources: low ids first, or last */
};

/* The rows, each "security[start,end) attribute=source:value@date#tx ...",
 * freed by the caller. Fails the test on an error. */
char *fold_text(struct store *store, uint64_t known_tx,
                const struct fold_case *fold);

/* Two stores show the same rows at known_tx, as of every day and from every
 * day on, security by security and all at once; row names the case. */
void expect_same_folds(struct store *a, struct store *b, uint64_t known_tx,
                       const char *row);

/* One such case at random. */
void expect_same_fold(struct store *a, struct store *b, uint64_t known_tx,
                      const char *row);

/* A batch of random facts: late ones, retractions, nulls, several sources. */
void maker_random_facts(struct batch_maker *maker, uint64_t tx);

/* How many records a scan of one security shows to who wants no rows that end
 * by a day. */
size_t fold_records(struct store *store, uint64_t known_tx, int64_t security,
                    int32_t day);

#endif
