/* Ids for securities that batches bring in. */
#ifndef PIPELINE_MINT_H
#define PIPELINE_MINT_H

#include "secmaster/batch.h"
#include "secmaster/store.h"

/* Ids, by open addressing; 0 is no id that anyone looks for. */
struct mint_ids {
    int64_t *slots;
    size_t size, count;
};

/* Ids from first up, and below end, that no record of a kind has. */
struct mint_gap {
    int64_t first, end;
};

/* Kinds of records that are of securities. */
#define MINT_KINDS 2

/*
 * An id that was given is a promise only once its commit is stored: an id that
 * was given in vain is given again.
 */
struct mint {
    struct store *store; /* borrowed */
    int64_t next;        /* all below it are given or passed over */
    int64_t stored_next; /* as the store has it */

    struct mint_gap gaps[MINT_KINDS]; /* of the store */

    /* From next up: what the commit's batches name by number, and what the
     * batch does that is being admitted. */
    struct mint_ids named, own;
    size_t records_seen; /* of the commit's, in named */
};

/* ERR_STORE: what the store has for the next id is damaged. */
enum err mint_init(struct mint *mint, struct store *store, struct why *why);
void mint_fini(struct mint *mint);

/* A batch is to be admitted: none of the ids that it names is known. */
void mint_begin(struct mint *mint);

/* The batch names an id beside those of its facts. ERR_BUSY. */
enum err mint_name(struct mint *mint, int64_t id);

/*
 * Give each label of the batch its id, passing over any that has a record, in
 * the store or among the commit's, or is named in the batch.
 * ERR_FULL: past MINTED_LAST. ERR_BUSY, ERR_STORE.
 */
enum err mint_batch(struct mint *mint, struct batch *batch,
                    const struct record *records, size_t record_count,
                    struct why *why);

/* Take back what the commit gave behind next and its count-th record. */
void mint_cut(struct mint *mint, int64_t next, size_t count);

/* The next id as the store keeps it: a key, a value and its bytes. */
#define MINT_KEY STR("security_id")
#define MINT_VALUE_BYTES 8
void mint_encode(const struct mint *mint,
                 unsigned char value[static MINT_VALUE_BYTES]);

/* The commit is over; is_stored: well. */
void mint_end(struct mint *mint, bool is_stored);

#endif
