/* Text that stands in many rows, as what is in front of a value: copied as so
 * many bytes, whatever its length. */
#ifndef SECMASTER_CELL_TEXT_H
#define SECMASTER_CELL_TEXT_H

#include <stdint.h>
#include <string.h>

#include "secmaster/str.h"

#define CELL_TEXT_BYTES 24
struct cell_text {
    char bytes[CELL_TEXT_BYTES];
    uint8_t len;
};

/* text has up to CELL_TEXT_BYTES. */
struct cell_text cell_text_of(struct str text);

/* CELL_TEXT_BYTES are there; returns the end of what counts. */
static inline char *
cell_text_put(char *to, const struct cell_text *text)
{
    memcpy(to, text->bytes, sizeof text->bytes);
    return to + text->len;
}

#endif
