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

/* In the order sent. */
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

/*
 * One body of positions: {"positions": [...]}, a bare array, NDJSON or CSV,
 * members security_id, quantity, date (all required). Errors as in
 * facts_reader.h; a list without positions is accepted.
 */
struct positions_reader;

struct positions_reader *positions_reader_new(enum media media,
                                              struct positions *into,
                                              struct complaints *complaints);
void positions_reader_free(struct positions_reader *reader);
enum err positions_reader_feed(struct positions_reader *reader,
                               struct str piece, struct why *why);
enum err positions_reader_finish(struct positions_reader *reader,
                                 struct why *why);

#endif
