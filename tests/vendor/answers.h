/* What an answer to an ask means, as text to compare. */
#ifndef TESTS_VENDOR_ANSWERS_H
#define TESTS_VENDOR_ANSWERS_H

#include "secmaster/vendor.h"

struct answer_case {
    const char *vendor, *dataset;
    int status;
    struct str body;
};

/* The URL that was asked, of any answer here. */
#define ASKED "https://vendor.test/asked"

/*
 * Append the verdict, "rows 3 updated 17 next URL" (what is none left out) and
 * a line each: a listed security as "PAGE.ROW" and its fields as JSON, a split
 * as "PAGE.ROW TICKER DAY FROM:TO", bars and trades as
 * tests/codec/bars_reading.h and trades_reading.h have them, reasons as
 * "POINTER: DETAIL". A listing has one security before it: "before".
 */
void answer_put(struct out *out, const struct answer_case *answer);

/* The print of the rows of a body under 200. */
uint64_t answer_print(const char *vendor, const char *dataset, struct str body);

#endif
