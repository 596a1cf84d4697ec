/* A store with keyframes, whose merger tells how far it is. */
#ifndef STORE_WATCHED_STORE_H
#define STORE_WATCHED_STORE_H

#include "src/store/store_testing.h"
#include "tests/support/temp_dir.h"

struct watched {
    struct store_testing testing;
    _Atomic int step;
    struct temp_dir dir;
    struct store *store;
    uint64_t newest;
};

/* All of these fail the test on an error. */

/* keyframe_records 0: as the program itself has it. */
void watched_make(struct watched *watched, uint32_t keyframe_records,
                  size_t memtable_bytes);
void watched_open(struct watched *watched, size_t memtable_bytes);
void watched_drop(struct watched *watched);

/* The merger has nothing to do, since a merge. */
bool watched_is_quiet(struct watched *watched);

void watched_append(struct watched *watched, int64_t security, int32_t day);

/* Only where a memtable takes no second batch: push what is there into the
 * index by a batch about security 9, and wait for its keyframes. */
void watched_settle(struct watched *watched);

/*
 * Ten records of security 1 on days 10, 20 ... 100, by transactions 1 to 10,
 * in the index, with keyframes at days 30, 60 and 90.
 */
void watched_make_ten(struct watched *watched);

/* How many records a fold of security 1 is shown, as of a day. */
struct expected {
    const char *name;
    uint64_t known_tx;
    int32_t day;
    size_t records; /* a keyframe of one attribute is one record */
};
void expect_records(struct watched *watched, const struct expected *cases,
                    size_t count);
#define EXPECT_RECORDS(watched, cases)                                         \
    expect_records((watched), (cases), sizeof(cases) / sizeof(cases)[0])

#endif
