/* Rows from CSV (RFC 4180) with a header that names the members. */
#ifndef CODEC_CSV_ROWS_H
#define CODEC_CSV_ROWS_H

#include "row_sink.h"
#include "secmaster/err.h"
#include "secmaster/str.h"

struct csv_rows;

/* sink is borrowed. NULL when out of memory. */
struct csv_rows *csv_rows_new(struct row_sink *sink);
void csv_rows_free(struct csv_rows *rows);

/* As json_rows_feed and json_rows_finish. */
enum err csv_rows_feed(struct csv_rows *rows, struct str piece,
                       struct why *why);
enum err csv_rows_finish(struct csv_rows *rows, struct why *why);

#endif
