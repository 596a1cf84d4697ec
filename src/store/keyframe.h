/*
 * A keyframe: the records of a security up to a date, cut down to the
 * assertions that a fold from there on can still show. Pure: bytes in, bytes
 * out.
 */
#ifndef STORE_KEYFRAME_H
#define STORE_KEYFRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "secmaster/err.h"
#include "secmaster/fact.h"
#include "secmaster/out.h"
#include "secmaster/record.h"

/* Bytes that order by kind, security and date. */
#define KEYFRAME_KEY_BYTES 13
struct keyframe_key {
    unsigned char bytes[KEYFRAME_KEY_BYTES];
};

/* The bytes of a keyframe's key, and of a block's, that are the security. */
#define SECURITY_KEY_BYTES 9

struct keyframe_key keyframe_key_of(const struct record *place);

/* Kind and security, at the first date; false: they are none. */
bool security_key_decode(struct str key, struct record *out);

/* Kind, security and date; false: it is no key. */
bool keyframe_key_decode(struct str key, struct record *out);

/* A keyframe that is being read, borrowed from its bytes. */
struct keyframe {
    struct record limit;  /* it stands for all up to this date, none of which
                             has a greater tx than this */
    struct str left;      /* records that were not taken yet */
    struct record before; /* the record taken last */
};

/* "3 2024-02-29", terminated: which keyframe, for people. */
#define KEYFRAME_KEY_TEXT_BYTES 40
void keyframe_key_print(struct str key,
                        char out[static KEYFRAME_KEY_TEXT_BYTES]);

/* Check a key, a checksum and the head; NULL, or what is wrong (static text).
 */
const char *keyframe_open(struct str key, struct str value,
                          struct keyframe *out);

/*
 * Take the next record, with what is left of its facts; false at the end, and
 * with *fault set where the bytes are no record. The payload is borrowed.
 */
bool keyframe_next(struct keyframe *keyframe, struct record *out,
                   const char **fault);

/* A fact that a keyframe may have to keep; bytes are its own in a payload. */
struct keyframe_item {
    uint32_t attribute, source;
    enum fact_op op;
    struct date date;
    uint64_t tx, order;
    struct str bytes;
};

/* Keyframes of one security that are being made, one behind the other. */
struct keyframe_maker {
    struct keyframe_item *items;
    size_t count, capacity;
    uint64_t order;      /* facts so far */
    struct record limit; /* of the records so far */
    struct out out;      /* the value, once keyframe_make was called */
};

/* The memory is kept from one security to the next, unless it is much. */
void keyframe_maker_init(struct keyframe_maker *maker);
void keyframe_maker_fini(struct keyframe_maker *maker);

void keyframe_begin(struct keyframe_maker *maker);

/*
 * The next record of the security, in key order; its payload must live until
 * keyframe_begin is called again. ERR_STORE: it is no fact set; ERR_BUSY: out
 * of memory.
 */
enum err keyframe_add(struct keyframe_maker *maker,
                      const struct record *record);

/* Begin with what a keyframe stands for; its bytes must live as long.
 * ERR_STORE: it is damaged, with *fault set; ERR_BUSY: out of memory. */
enum err keyframe_resume(struct keyframe_maker *maker, struct keyframe *from,
                         const char **fault);

/* Make the keyframe of what was added, all of its last date's records among
 * it. More can be added behind it. ERR_BUSY: out of memory. */
enum err keyframe_make(struct keyframe_maker *maker);

#endif
