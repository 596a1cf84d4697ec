/* A run of records in key order, packed into a page of the index
 * (docs/storage.md). Pure: bytes in, bytes out. */
#ifndef STORE_BLOCK_H
#define STORE_BLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "secmaster/err.h"
#include "secmaster/out.h"
#include "secmaster/record.h"

/* Bytes that order as records do. All zero: before every record. */
#define BLOCK_KEY_BYTES 21
struct block_key {
    unsigned char bytes[BLOCK_KEY_BYTES];
};

/*
 * LMDB puts 16 bytes before a long value: with them a full block fills one
 * page. A record that is larger by itself has a larger block to itself.
 */
#define BLOCK_BYTES_MAX 4080
#define BLOCK_HEAD_BYTES 27

/* The fewest bytes a record takes in a block. */
#define BLOCK_RECORD_BYTES_MIN 3

struct block_key block_key_of(const struct record *record);
int block_key_compare(const struct block_key *a, const struct block_key *b);

/* "3 2024-02-29 tx 17", terminated: where a block begins, for people. */
#define BLOCK_KEY_TEXT_BYTES 64
void block_key_print(const struct block_key *key,
                     char out[static BLOCK_KEY_TEXT_BYTES]);

/*
 * A block that is being read, borrowed from its bytes. It holds the records
 * from its fence, which is its key, to the next block's fence.
 */
struct block {
    struct block_key fence, next;
    bool has_next; /* false: it is the last one */
    uint32_t left; /* records that were not taken yet */
    struct str bytes;
    struct record end; /* next, as a record */
    struct record at;  /* the record taken last; the fence at first */
    bool has_taken;
};

/* Check a block's key, checksum and head; NULL, or what is wrong (static
 * text). */
const char *block_open(struct str key, struct str value, struct block *out);

/*
 * Take the next record; false at the end, and with *fault set where the bytes
 * are no record, or not one that belongs here. The payload is borrowed.
 */
bool block_next(struct block *block, struct record *out, const char **fault);

/*
 * The same without a copy: *at, which is the block's at to begin with, becomes
 * the next record. On false it is worthless. Not to be mixed with block_next.
 */
bool block_step(struct block *block, struct record *at, const char **fault);

/* Step until *at is not before key. */
bool block_seek(struct block *block, const struct record *key,
                struct record *at, const char **fault);

/* A block that is being made. */
struct block_maker {
    struct out out; /* the value, once block_end was called */
    struct block_key fence;
    struct record before;
    uint32_t count;
};

/* The memory is kept from one block to the next. */
void block_maker_init(struct block_maker *maker);
void block_maker_fini(struct block_maker *maker);

void block_begin(struct block_maker *maker, const struct block_key *fence);

/*
 * Put a record behind the ones before it; false, and nothing put, where the
 * block would pass BLOCK_BYTES_MAX. The first one always fits.
 */
bool block_put(struct block_maker *maker, const struct record *record);

/* next NULL: this is the last block. ERR_BUSY: out of memory. */
enum err block_end(struct block_maker *maker, const struct block_key *next);

/* The bytes a record takes behind another one. */
size_t block_record_bytes(const struct record *before,
                          const struct record *record);

#endif
