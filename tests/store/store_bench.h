/* Every store there is, made and dropped for a contract test. */
#ifndef STORE_BENCH_H
#define STORE_BENCH_H

#include "secmaster/out.h"
#include "secmaster/store.h"
#include "tests/support/batch_maker.h"
#include "tests/support/temp_dir.h"

struct bench {
    struct store *store;
    struct temp_dir dir;
    bool is_merging; /* LMDB's: with tiny memtables */
};

/* A row a store; a new one is held to the contract by a row more. */
struct bench_kind {
    const char *name;
    void (*make)(struct bench *bench);
    void (*reopen)(struct bench *bench); /* where it can be */
    void (*drop)(struct bench *bench);
};
#define STORES 3
extern const struct bench_kind stores[STORES];

/* All of these fail the test on an error. */

void must_append(struct bench *bench, const struct batch_maker *maker);
void begin(struct bench *bench, uint64_t known_tx, struct view *view);

/* Of the first store alone: end it, build its index anew, begin it again. */
void must_reindex(struct bench *bench);

/* Of the first store alone: end it and begin it again, well or badly; on an
 * error bench->store is NULL. */
enum err start_again(struct bench *bench, struct why *why);

/* A batch of one-fact records given as security and day, in pairs. */
void append_facts(struct bench *bench, uint64_t tx, const int (*facts)[2],
                  size_t count);
#define APPEND_FACTS(bench, tx, ...)                                           \
    append_facts((bench), (tx), (const int[][2]){ __VA_ARGS__ },               \
                 sizeof((const int[][2]){ __VA_ARGS__ }) / sizeof(int[2]))

/* Records as "security@day#tx ", and what to ask for behind the n-th. */
struct seen {
    struct out text; /* terminated */
    size_t count, special_at;
    enum visit special;
    bool with_payloads; /* "=checksum" behind each */
};
void scan(struct view *view, const struct scan_range *range, struct seen *seen);

/* What a scan of its own view at known_tx sees; row names the case. */
void expect_scan(struct bench *bench, uint64_t known_tx,
                 struct scan_range range, const char *expected,
                 const char *row);

/* The same scans of two stores at known_tx see the same, payloads and all:
 * everything, and some ranges at random with skips and stops; and lookups of
 * each show what the other has. */
void expect_same(struct store *a, struct store *b, uint64_t known_tx,
                 const char *row);

/* A batch of records at random: a third of them with long payloads, so that
 * blocks have few; attribute 0 has some of a few values in each. */
void maker_random(struct batch_maker *maker, uint64_t tx, int count);

#define RANDOM_VALUES 10
#define RANDOM_VALUE_BYTES 16
void random_value(char to[static RANDOM_VALUE_BYTES], int number);

struct scan_range between(int64_t first, int32_t first_day, int64_t last,
                          int32_t last_day);

#endif
