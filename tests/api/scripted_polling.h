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

/* Fill both; the table asks this poller. */
void scripted_polling_init(struct poller *poller, struct polling *polling);

#endif
