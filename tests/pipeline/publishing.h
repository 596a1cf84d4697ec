/* Publications for tests, from texts. */
#ifndef PIPELINE_PUBLISHING_H
#define PIPELINE_PUBLISHING_H

#include "tests/pipeline/writing.h"

#define CHANGES_MAX 8

/* A publication and the jobs that own its parts. */
struct published {
    struct publication publication;
    struct state_change state[CHANGES_MAX];
    struct test_job *facts, *bars, *trades;
};

/*
 * Parts between semicolons, each behind its letter: F facts, B bars, T trades
 * (writing.h), S state of runs as "key=value key-", G the guard. Cuts text,
 * which outlives it, into its parts.
 */
struct test_job *publication_new(struct published *published, char *text);
void publication_free(struct published *published, struct test_job *job);

#endif
