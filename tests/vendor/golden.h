/* Vendors' bodies in files, and beside each what it comes to. */
#ifndef TESTS_VENDOR_GOLDEN_H
#define TESTS_VENDOR_GOLDEN_H

#include "secmaster/out.h"
#include "secmaster/str.h"

/* Append what a body comes to, as text. */
typedef void vendor_reading(struct out *out, struct str body);

/* Expect DIR/NAME.json to come to DIR/NAME.txt, which GOLDEN_UPDATE in the
 * environment writes anew. */
void expect_golden(vendor_reading *read, const char *dir, const char *name);

#endif
