/* The journal's bytes: keys, parts, batches, names, state (docs/storage.md). */
#ifndef STORE_JOURNAL_FORMAT_H
#define STORE_JOURNAL_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

#include "secmaster/bounds.h"
#include "secmaster/digest.h"
#include "secmaster/err.h"
#include "secmaster/out.h"
#include "secmaster/store.h"
#include "secmaster/str.h"

#define JOURNAL_FORMAT 1

#define PART_KEY_BYTES 12
#define NAME_KEY_BYTES 5
#define STATE_KEY_BYTES_MAX (1 + STATE_NAME_BYTES_MAX)
#define STATE_NAME_BYTES_MAX 256
#define CHECKSUM_BYTES 4

/*
 * LMDB puts 16 bytes before a long value: with them and the checksum a full
 * part fills whole pages. A reader takes any size up to the ceiling.
 */
#define PART_PAYLOAD_BYTES_MAX (JOURNAL_PART_BYTES_MAX - 16 - CHECKSUM_BYTES)

/* Every table's value begins with the CRC-32C of its key and its rest. */
uint32_t journal_checksum(struct str key, struct str rest);

/* Split a value into what its checksum covers; false: it does not match. */
bool journal_checked(struct str key, struct str value, struct str *rest);

void part_key_encode(unsigned char key[static PART_KEY_BYTES], uint64_t tx,
                     uint32_t part);
bool part_key_decode(struct str key, uint64_t *tx, uint32_t *part);

/* The fixed part of a batch's header. */
struct batch_head {
    struct tx_info info; /* without sources and idempotency key */
    uint32_t idempotency_bytes;
    uint32_t records, parts, displaced;
    uint64_t records_bytes;
    unsigned char previous[DIGEST_BYTES];
};

/* How many bytes of a batch its header takes, sources and key included. */
uint64_t batch_head_bytes(const struct batch_head *head);

/* Read the fixed part; NULL, or what is wrong with it (static text). */
const char *batch_head_decode(struct str bytes, struct batch_head *out);

/* A whole batch, borrowed from its bytes. */
struct batch_body {
    struct batch_head head;
    struct str sources; /* u32 each */
    struct str idempotency_key, records, displaced;
};

/* Append a batch; previous is the digest of the batch before it. */
void batch_encode(struct out *out, const struct append_batch *batch,
                  const unsigned char previous[static DIGEST_BYTES]);

/* Find the pieces of a batch; NULL, or what is wrong (static text). */
const char *batch_decode(struct str bytes, struct batch_body *out);

/* Source number i of a batch. */
uint32_t batch_source(struct str sources, uint32_t i);

/*
 * Take the next record off the front of *records; false at the end, and with
 * *fault set where the bytes are no record. The payload is borrowed.
 */
bool batch_record_next(struct str *records, uint64_t tx, struct record *out,
                       const char **fault);

/* The same of the displaced list; *last is the sequence before (0 first). */
bool batch_displaced_next(struct str *displaced, uint32_t *last,
                          struct displaced *out, const char **fault);

void name_key_encode(unsigned char key[static NAME_KEY_BYTES],
                     enum name_space space, uint32_t id);
void name_encode(struct out *out, const struct name_change *change);

/* text is borrowed from value. NULL, or what is wrong (static text). */
const char *name_decode(struct str key, struct str value,
                        struct name_change *out);

/* Returns the bytes written. */
size_t state_key_encode(unsigned char key[static STATE_KEY_BYTES_MAX],
                        enum state_space space, struct str name);
void state_encode(struct out *out, struct str key, struct str value);

#define FORMAT_KEY STR("format")
#define FORMAT_VALUE_BYTES (CHECKSUM_BYTES + 4)
void format_encode(unsigned char value[static FORMAT_VALUE_BYTES],
                   uint32_t format);
bool format_decode(struct str value, uint32_t *format);

#endif
