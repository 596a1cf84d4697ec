/* Stores with most of their batches in the index. */
#ifndef STORE_INDEX_BENCH_H
#define STORE_INDEX_BENCH_H

#include "secmaster/store_lmdb.h"
#include "src/store/store_testing.h"
#include "tests/store/store_bench.h"

/* Of a store that index_make makes: some batches fill its memtables. */
enum { INDEX_BATCHES = 12, INDEX_BATCH = 60, INDEX_MEMTABLE_BYTES = 60000 };

/* What the store that was opened last had to say. */
extern char noticed[512];
void note_notice(const char *words);

/* memtable_bytes 0: memory for all, so that nothing is merged while one looks;
 * testing may be NULL. */
struct store *index_store_open(const char *dir, size_t memtable_bytes,
                               const struct store_testing *testing);

/* A batch that tx and seed decide. */
enum err index_try_append(struct store *store, uint64_t tx, unsigned seed,
                          struct why *why);
void index_append(struct store *store, uint64_t tx, unsigned seed);

/* A closed store of INDEX_BATCHES. */
void index_make(const struct temp_dir *dir, unsigned seed);

/* All that batches 1 to newest say, at several moments. */
void index_expect(struct store *store, unsigned seed, uint64_t newest,
                  const char *row);

uint64_t index_merged_tx(struct store *store);
void index_remove(const char *dir);

#endif
