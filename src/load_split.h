/* A file of facts cut into bodies of whole records. */
#ifndef MAIN_LOAD_SPLIT_H
#define MAIN_LOAD_SPLIT_H

#include <stdbool.h>
#include <stdint.h>

#include "secmaster/media.h"
#include "secmaster/out.h"

/* A batch ends early behind the record that reaches the first; a record that
 * goes beyond the second cannot be one. */
#define LOAD_BODY_BYTES_ENOUGH (16UL << 20)
#define LOAD_BODY_BYTES_MAX (32UL << 20)

enum split_state {
    FIELD_BEGINS,
    IN_BARE,
    IN_QUOTED,
    QUOTE_SEEN, /* in a quoted field: its end, or half of a quote */
};

/* Where a body's first record stands in the file; lines from 1. */
struct file_place {
    uint64_t line, byte;
};

/*
 * For CSV each body begins with the file's header. body, records and first
 * are of the batch that is being filled or, after true, is whole.
 */
struct load_split {
    enum media media; /* MEDIA_CSV or MEDIA_NDJSON */
    uint64_t records_max;
    struct out body;
    uint64_t records;
    struct file_place first;

    struct file_place header; /* its lines and bytes, once it is whole */
    struct file_place at;     /* the byte that is next */
    enum split_state state;
    bool record_begun, batch_given;
};

void load_split_init(struct load_split *split, enum media media,
                     uint64_t records_max);
void load_split_fini(struct load_split *split);

/*
 * Take bytes off the front of *piece until a batch is whole (true) or none
 * are left (false). out_finish(&split->body) says whether they fit.
 */
bool load_split_take(struct load_split *split, struct str *piece);

/* The file has ended: whether a last batch is there. */
bool load_split_end(struct load_split *split);

/* From a place in the body, both from 1, to the place in the file. */
struct file_place load_split_place(const struct load_split *split,
                                   struct file_place in_body);

/* The last line of the batch that is whole. */
uint64_t load_split_last_line(const struct load_split *split);

/* The first line that no whole batch has. */
uint64_t load_split_next_line(const struct load_split *split);

#endif
