/* A poller that does as a test says. */
#ifndef TESTS_API_SCRIPTED_POLLING_H
#define TESTS_API_SCRIPTED_POLLING_H

#include "api/polling.h"

#define SCRIPTED_RUNS 5
#define SCRIPTED_ENTRIES 3
#define SCRIPTED_STRAYS 16

/*
 * Vendors "polygon" and "benzinga"; run 2 and entry 2 are benzinga's, the
 * others polygon's. What calls that change something come to is err, with why;
 * what they were asked is kept.
 */
struct poller {
    enum err err; /* of the next call that changes something */
    const char *why;
    struct poller_answer answer;
    char asked[256]; /* in words */
    struct run_info runs[SCRIPTED_RUNS];
    struct quarantine_info entries[SCRIPTED_ENTRIES];
    struct poller_stats stats;
    char strays[SCRIPTED_STRAYS][512]; /* vendor, reason, guard, body */
    size_t stray_count;
};

/* What is told of run 5. */
#define SCRIPTED_RUN_5                                                         \
    "{\"run\":\"5\",\"vendor\":\"polygon\",\"dataset\":\"open-close\","        \
    "\"from\":\"2024-12-02\",\"to\":\"2024-12-13\",\"state\":\"running\","     \
    "\"started_at\":\"2024-06-15T12:00:00.000004Z\",\"finished_at\":null,"     \
    "\"done\":40,\"total\":96,"                                                \
    "\"estimated_end\":\"2024-06-15T12:10:00.000000Z\",\"pages\":40,"          \
    "\"stored\":39,\"unchanged\":1,\"error\":null}"

/* Fill both; the table asks this poller. */
void scripted_polling_init(struct poller *poller, struct polling *polling);

#endif
