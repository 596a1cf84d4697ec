/* Keys that vendors repeat in what they answer. */
#ifndef PIPELINE_KEY_MASK_H
#define PIPELINE_KEY_MASK_H

#include <stddef.h>

#include "secmaster/str.h"

/* A shorter one may be a word of the data. */
#define KEY_MASKED_BYTES_MIN 16

/*
 * Put as many asterisks in the place of each time that the key stands in
 * text[0..len): as it is, or with characters escaped as %XX or by a backslash.
 * A key of fewer than KEY_MASKED_BYTES_MIN bytes, or none, changes nothing.
 */
void key_mask(struct str key, char *text, size_t len);

#endif
