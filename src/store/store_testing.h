/* For tests: stop the merger between any two of its steps, make limits small.
 */
#ifndef STORE_STORE_TESTING_H
#define STORE_STORE_TESTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Before what its name says; MERGE_DONE behind it all. */
enum merge_step {
    MERGE_TRANSACTION, /* of the index, one of several */
    MERGE_PUBLICATION, /* of a version without the memtable */
    MERGE_FREEING,
    MERGE_KEYFRAMES, /* a transaction of them, one of several; also at start */
    MERGE_DONE,
};

/* Outlives the store. step is called on the merger's thread. */
struct store_testing {
    void (*step)(void *context, enum merge_step step);
    void *context;
    size_t transaction_bytes; /* 0: MERGE_TRANSACTION_BYTES */
    unsigned wait_ms;         /* 0: MEMTABLE_WAIT_MS */
    /* Records from one keyframe to the next, worth it or not; 0:
     * KEYFRAME_RECORDS, where it is. */
    uint32_t keyframe_records;
    bool has_no_keyframes; /* none is made or used */
};

#endif
