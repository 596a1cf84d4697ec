/* Days of a vendor's listings over a store, written in a line. */
#ifndef TESTS_PIPELINE_LISTING_STEPS_H
#define TESTS_PIPELINE_LISTING_STEPS_H

#include "secmaster/out.h"

/*
 * Steps separated by "|", each stored before the next, on days since 1970:
 *   "L5 ROW ROW"      the whole listing of day 5
 *   "P5 ROW ROW"      a part of it
 *   "F5#1@src t=A"    facts of a source about security 1; "m0": the first that
 *                     was minted; null, true, false or a text
 *   "R5#1@src t"      retractions of such
 * A row is "TICKER,c1,fF": its ticker and, behind a letter each, its other
 * fields; it is active, unless with ",-" not, or with ",?" not told.
 *
 * Letters: t ticker, n name, a active, c cik, f composite_figi, s
 * share_class_figi, x primary_exchange, y type.
 *
 * Appends what each listing says: "A{t=A,c=1}" of a new security, "m0{a=false}"
 * of one that is known; or a reason a line behind "!".
 */
void listing_steps_run(const char *steps, struct out *out);

#endif
