/* The source of rows for a media type: one row a format. */
#ifndef CODEC_ROW_SOURCE_H
#define CODEC_ROW_SOURCE_H

#include <stdbool.h>

#include "row_sink.h"
#include "secmaster/err.h"
#include "secmaster/media.h"
#include "secmaster/str.h"

struct csv_rows;
struct json_rows;

/* One of the two is there between open and close. */
struct row_source {
    struct json_rows *json;
    struct csv_rows *csv;
};

/* False when out of memory. media is one of MEDIA_TABLES. */
bool row_source_open(struct row_source *source, enum media media,
                     struct row_sink *sink);
void row_source_close(struct row_source *source);

/* As json_rows_feed; finish says ERR_INVALID when there were complaints. */
enum err row_source_feed(struct row_source *source, struct str piece,
                         struct why *why);
enum err row_source_finish(struct row_source *source,
                           const struct row_sink *sink, struct why *why);

#endif
