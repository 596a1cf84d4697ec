/* Batches of bars for a store, put together from lines. */
#ifndef SUPPORT_BAR_MAKER_H
#define SUPPORT_BAR_MAKER_H

#include "secmaster/store.h"

/*
 * Append one batch. A line is a bar: security, date, then the source, then
 * open, high, low, close and as many of the other fields in their order as it
 * gives, "-" for null, with a space between them. Lines ascend by security and
 * date. Aborts where it cannot.
 */
void bars_append(struct store *store, const char *lines);

#endif
