/* A row by itself. */
#ifndef API_LONE_ROW_H
#define API_LONE_ROW_H

#include "secmaster/err.h"
#include "secmaster/media.h"
#include "secmaster/names.h"
#include "secmaster/out.h"
#include "secmaster/timeline.h"

/*
 * Print it as an object, as a line, or as a table of one: its columns are its
 * own cells. ERR_BUSY: out of memory.
 */
enum err lone_row_print(const struct row *row, const struct names *attributes,
                        enum media media, struct out *out);

#endif
