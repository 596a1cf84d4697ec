/* A run of inverted entries in order, packed into a page of the index
 * (docs/storage.md). Pure: bytes in, bytes out. */
#ifndef STORE_ENTRY_BLOCK_H
#define STORE_ENTRY_BLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "secmaster/str.h"

#include "block.h"
#include "entries.h"

/* A block's key, its fence, is the least entry that may be in it; its bytes
 * order as entries do. */
#define ENTRY_KEY_BYTES 16
struct entry_key {
    unsigned char bytes[ENTRY_KEY_BYTES];
};

#define ENTRY_HEAD_BYTES 20

/* The most bytes an entry takes. */
#define ENTRY_BYTES_MAX 20

struct entry_key entry_key_of(const struct entry *entry);
struct entry entry_of_key(const unsigned char key[static ENTRY_KEY_BYTES]);

/* "attribute 3 hash 0abcdef security 17", terminated: for people. */
#define ENTRY_TEXT_BYTES 80
void entry_print(const struct entry *entry, char out[static ENTRY_TEXT_BYTES]);

/*
 * A block that is being read, borrowed from its bytes. It holds the entries
 * from its fence to the next block's fence.
 */
struct entry_block {
    struct entry fence, next;
    bool has_next;       /* false: it is the last one */
    struct str bytes;    /* of the entries that were not taken yet */
    struct entry before; /* the entry taken last; the fence at first */
    bool has_taken;
};

/* Check a block's key, checksum and head; NULL, or what is wrong (static
 * text). */
const char *entry_block_open(struct str key, struct str value,
                             struct entry_block *out);

/* Take the next entry; false at the end, and with *fault set where the bytes
 * are no entry, or not one that belongs here. */
bool entry_block_next(struct entry_block *block, struct entry *out,
                      const char **fault);

/* Take entries up to the first that is not before this one, which is behind the
 * one taken last: those of other terms are passed without being read whole.
 * Else as entry_block_next. */
bool entry_block_seek(struct entry_block *block, const struct entry *entry,
                      struct entry *out, const char **fault);

/* A block that is being made. */
struct entry_block_maker {
    struct entry fence, before;
    size_t len;
    unsigned char bytes[BLOCK_BYTES_MAX];
};

void entry_block_begin(struct entry_block_maker *maker,
                       const struct entry *fence);

/* Put an entry behind the ones before it; false, and nothing put, where the
 * block has no room. The first one always fits. */
bool entry_block_put(struct entry_block_maker *maker,
                     const struct entry *entry);

/* The value, borrowed from the maker. next NULL: this is the last block. */
struct str entry_block_end(struct entry_block_maker *maker,
                           const struct entry *next);

/* The bytes an entry takes behind another one. */
size_t entry_bytes(const struct entry *before, const struct entry *entry);

#endif
