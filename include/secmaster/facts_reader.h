/* Facts from the bytes of a body, parsed while it arrives. */
#ifndef SECMASTER_FACTS_READER_H
#define SECMASTER_FACTS_READER_H

#include "secmaster/batch.h"
#include "secmaster/complaint.h"
#include "secmaster/err.h"
#include "secmaster/media.h"

/*
 * One body of facts in JSON (object or bare array), NDJSON or CSV.
 * Every fact that reaches the batch is valid. Rules broken are collected in
 * complaints (422); a text outside the grammar ends it (400).
 */
struct facts_reader;

/* batch and complaints are borrowed. NULL when out of memory. */
struct facts_reader *facts_reader_new(enum media media, struct batch *batch,
                                      struct complaints *complaints);
void facts_reader_free(struct facts_reader *reader);

/*
 * The next piece. ERR_MALFORMED: outside the grammar, why names line and
 * byte; ERR_TOO_LARGE, ERR_BUSY: see batch_add. After an error: no more calls
 * but free.
 */
enum err facts_reader_feed(struct facts_reader *reader, struct str piece,
                           struct why *why);

/*
 * The body is whole: seal the batch. ERR_INVALID: complaints says why (no
 * fact at all included). Otherwise as feed.
 */
enum err facts_reader_finish(struct facts_reader *reader, struct why *why);

#endif
