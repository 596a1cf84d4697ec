/* What a body of Massive's comes to, as text to compare. */
#ifndef TESTS_VENDOR_MASSIVE_READING_H
#define TESTS_VENDOR_MASSIVE_READING_H

#include "tests/vendor/golden.h"

/* Append the bars as bars_put does, of source "vendor", or the verdict as in
 * tests/codec/reading.h. */
void massive_reading(struct out *out, struct str body);

/* The same with bars_put_ticker_place. */
void massive_ticker_place(struct out *out, struct str body);

#endif
