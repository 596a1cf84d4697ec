/* Bodies fed in pieces, and what came of them as text to compare. */
#ifndef TESTS_CODEC_READING_H
#define TESTS_CODEC_READING_H

#include <stdbool.h>
#include <stdint.h>

#include "secmaster/complaint.h"
#include "secmaster/err.h"
#include "secmaster/media.h"
#include "secmaster/out.h"
#include "secmaster/str.h"

/* How a body is cut: 0 not at all, 1 into bytes, else at random by seed. */
typedef uint32_t cut;
#define CUT_NONE 0
#define CUT_BYTES 1

/*
 * Append what a body of facts comes to:
 *   a line a fact   "ID ATTRIBUTE JSON DATE SOURCE assert|retract[ @LINE]"
 *   or              "invalid COUNT" and a line a complaint,
 *                   "POINTER|line N: DETAIL"
 *   or              "malformed: WHY"
 */
void facts_reading(struct out *out, enum media media, struct str body, cut how);

/* The same of positions: "ID QUANTITY DATE". */
void positions_reading(struct out *out, enum media media, struct str body,
                       cut how);

/* Feed body to one of a reader's functions, cut into pieces of their own. */
typedef enum err feed(void *reader, struct str piece, struct why *why);
enum err feed_cut(feed *to, void *reader, struct str body, cut how,
                  struct why *why);

/* Append the last two of those for what is not OK; true when it is, and there
 * is more to say. */
bool put_verdict(struct out *out, enum err err, const struct why *why,
                 const struct complaints *complaints);

/* A body and what it must come to, however it is cut. */
struct reading_case {
    const char *name;
    struct str body;
    const char *reading;
};

typedef void reading(struct out *out, enum media media, struct str body,
                     cut how);

/* Expect each case to read so, whole, in bytes and cut at random. */
void expect_readings(reading *read, enum media media,
                     const struct reading_case *cases, size_t count);

#define BODY(literal)                                                          \
    {                                                                          \
        literal, sizeof(literal) - 1                                           \
    }

#endif
