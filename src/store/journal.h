/* The only truth: batches in order of tx, in an LMDB environment of its own. */
#ifndef STORE_JOURNAL_H
#define STORE_JOURNAL_H

#include <lmdb.h>
#include <stdbool.h>
#include <stdint.h>

#include "secmaster/digest.h"
#include "secmaster/out.h"
#include "secmaster/store.h"
#include "secmaster/store_lmdb.h"

#include "journal_format.h"

/*
 * One thread appends, any number read. What follows the tables belongs to the
 * appending thread, but for the flags.
 */
struct journal {
    MDB_env *env;
    MDB_dbi parts, names, state;
    int lock_fd;
    char *data_path;
    size_t disk_reserve_bytes;

    struct digester *digester;
    struct out bytes;              /* of the batch at hand */
    uint64_t put_bytes, put_count; /* into the transaction at hand */
    bool frees_pages;              /* it may free what it made */
    unsigned char digest[DIGEST_BYTES];
    uint64_t newest_tx;
    struct instant newest_at;

    _Atomic bool failed; /* a commit's outcome is unknown */
    _Atomic bool full;   /* the last append found no room in map or file */
};

/* Errors as store_lmdb_open's. Nothing of the content is read yet. */
enum err journal_open(const struct store_lmdb_options *options,
                      struct journal **out, struct why *why);
void journal_close(struct journal *journal);

/*
 * Go to transaction tx, or before the first by 0: its digest becomes
 * journal->digest, and journal_replay begins behind it. ERR_NOT_FOUND: no such
 * tx. ERR_STORE: it is damaged.
 */
enum err journal_seek(struct journal *journal, uint64_t tx, struct why *why);

/*
 * Show every name, then every batch behind the place in order, each checked;
 * then the journal is ready to be appended to. An error of a visitor ends it.
 * ERR_STORE: damage, named in why.
 */
struct journal_replay {
    enum err (*name)(void *context, const struct name_change *name,
                     struct why *why);
    enum err (*batch)(void *context, const struct batch_body *batch,
                      struct why *why);
    void *context;
};
enum err journal_replay(struct journal *journal,
                        const struct journal_replay *replay, struct why *why);

/* The tx of the last part, unchecked: how far a replay has to go. */
enum err journal_last_tx(struct journal *journal, uint64_t *out,
                         struct why *why);

/* Commit batches with their names and state: errors as store_append's, and
 * ERR_BUSY out of memory, ERR_TOO_LARGE past what one commit holds. */
enum err journal_append(struct journal *journal,
                        const struct append_batch *const *batches, size_t count,
                        struct why *why);

/* Commit changes of state alone: errors likewise. */
enum err journal_put_state(struct journal *journal,
                           const struct state_change *changes, size_t count,
                           struct why *why);

/* Refuse every append from now on. */
void journal_fail(struct journal *journal);

/* Any thread, each in a short snapshot of its own. */
enum err journal_transaction(struct journal *journal, uint64_t tx,
                             struct arena *arena, struct tx_info *out,
                             struct why *why);
enum err journal_batch(struct journal *journal, uint64_t tx,
                       const struct batch_room *room, struct stored_batch *out,
                       struct why *why);

/* The number that stands for a digest, and so for all up to its batch. */
uint64_t journal_history_of(const unsigned char digest[static DIGEST_BYTES]);

/* That of a tx which is not the newest: the batch behind it has its digest. */
enum err journal_history(struct journal *journal, uint64_t tx, uint64_t *out,
                         struct why *why);
enum err journal_state_get(struct journal *journal, enum state_space space,
                           struct str key, struct arena *arena, struct str *out,
                           struct why *why);

struct journal_state_visit {
    state_visitor *visitor;
    void *context;
};
enum err journal_state_scan(struct journal *journal, enum state_space space,
                            const struct journal_state_visit *visit,
                            struct why *why);

/* The disk's free space is below the reserve. */
bool journal_is_short(const struct journal *journal);

/* Make the file long enough for the transaction at hand; 0 or an errno. */
int journal_cover_pages(struct journal *journal);

/* Bytes of the data file; 0 where they cannot be asked. */
uint64_t journal_disk_bytes(const struct journal *journal);
bool journal_is_full(const struct journal *journal);

/* What an LMDB or system error code means, for people. */
const char *journal_words(int code);

/* Begin a snapshot. ERR_BUSY: no room for another reader. */
enum err journal_read_begin(struct journal *journal, MDB_txn **out,
                            struct why *why);

/*
 * Check a part's key and checksum, and set its payload. ERR_STORE: it is not
 * part of tx, or damaged.
 */
enum err journal_part_check(MDB_val key, MDB_val value, uint64_t tx,
                            uint32_t part, struct str *payload,
                            struct why *why);

#endif
