/* What a body of Benzinga's comes to, as text to compare. */
#ifndef TESTS_VENDOR_BENZINGA_READING_H
#define TESTS_VENDOR_BENZINGA_READING_H

#include "tests/vendor/golden.h"

/* Append its trades as tests/codec/trades_reading.h puts them, or its verdict
 * as tests/codec/reading.h has them. */
vendor_reading benzinga_reading;

#endif
