/* Moments of knowledge time: UTC with microseconds. */
#ifndef SECMASTER_INSTANT_H
#define SECMASTER_INSTANT_H

#include <stdint.h>

#include "secmaster/date.h"
#include "secmaster/err.h"
#include "secmaster/str.h"

struct instant {
    int64_t us; /* since 1970-01-01T00:00:00Z */
};

#define INSTANT_TEXT_BYTES 27

/*
 * Read RFC 3339 "YYYY-MM-DDTHH:MM:SS[.ffffff]Z": 'Z' only, 0 to 6 digits of
 * fraction, no leap second. ERR_INVALID: anything else.
 */
enum err instant_parse(struct str text, struct instant *out);

/* Write "2026-11-20T20:00:00.000001Z"; no terminator. */
void instant_format(struct instant at, char out[static INSTANT_TEXT_BYTES]);

/* The UTC day of a moment. */
struct date instant_date(struct instant at);

#endif
