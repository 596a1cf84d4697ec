/* Positions from the bytes of a body, parsed while it arrives. */
#ifndef SECMASTER_POSITIONS_READER_H
#define SECMASTER_POSITIONS_READER_H

#include "secmaster/complaint.h"
#include "secmaster/date.h"
#include "secmaster/err.h"
#include "secmaster/media.h"
#include "secmaster/out.h"

struct position {
    int64_t security_id;
    struct date date;
    uint32_t quantity_offset, quantity_len; /* its exact text in quantities */
};

/* In the order sent, or of dates. */
struct positions {
    struct position *items; /* owned */
    size_t count, capacity;
    struct out quantities; /* number texts, back to back */
};

enum err positions_init(struct positions *positions);
void positions_fini(struct positions *positions);
/* The bytes that they hold, in use or not. */
size_t positions_held(const struct positions *positions);

struct str position_quantity(const struct positions *positions, size_t i);

/* One more; place's quantity is not read. ERR_BUSY: memory; ERR_TOO_LARGE: over
 * 4 G of quantities. */
enum err positions_add(struct positions *positions,
                       const struct position *place, struct str quantity);

/* Only the first count stay; the memory does, too. */
void positions_cut(struct positions *positions, size_t count);

/*
 * One body of positions: {"positions": [...]}, a bare array, NDJSON or CSV,
 * members security_id, quantity, date (all required). Errors as in
 * facts_reader.h; a list without positions is accepted.
 */
struct positions_reader;

struct positions_reader *positions_reader_new(enum media media,
                                              struct positions *into,
                                              struct complaints *complaints);

/* The same where each is of this date and brings none of its own: members
 * security_id and quantity. A body without a byte is ERR_INVALID in lines, too:
 * it would clear the day. */
struct positions_reader *
positions_reader_new_day(enum media media, struct date date,
                         struct positions *into, struct complaints *complaints);
void positions_reader_free(struct positions_reader *reader);
enum err positions_reader_feed(struct positions_reader *reader,
                               struct str piece, struct why *why);
enum err positions_reader_finish(struct positions_reader *reader,
                                 struct why *why);

#endif
