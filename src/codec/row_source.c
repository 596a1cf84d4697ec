/* Choose the reader of a body by its media type. */
#include "row_source.h"

#include <assert.h>
#include <stddef.h>

#include "csv_rows.h"
#include "json_rows.h"

bool
row_source_open(struct row_source *source, enum media media,
                struct row_sink *sink)
{
    *source = (struct row_source){ 0 };
    switch (media) {
    case MEDIA_JSON:
        source->json = json_rows_new(JSON_TEXT, sink);
        return source->json != NULL;
    case MEDIA_NDJSON:
        source->json = json_rows_new(JSON_LINES, sink);
        return source->json != NULL;
    case MEDIA_CSV:
        source->csv = csv_rows_new(sink);
        return source->csv != NULL;
    case MEDIA_TEXT:
    case MEDIA_YAML:
    case MEDIA_HTML:
    case MEDIA_NONE:
        break;
    }
    assert(false && "rows come as JSON, NDJSON or CSV");
    return false;
}

void
row_source_close(struct row_source *source)
{
    json_rows_free(source->json);
    csv_rows_free(source->csv);
}

enum err
row_source_feed(struct row_source *source, struct str piece, struct why *why)
{
    if (piece.len == 0)
        return OK;
    if (source->json != NULL)
        return json_rows_feed(source->json, piece, why);
    return csv_rows_feed(source->csv, piece, why);
}

enum err
row_source_finish(struct row_source *source, const struct row_sink *sink,
                  struct why *why)
{
    if (source->json != NULL)
        TRY(json_rows_finish(source->json, why));
    else
        TRY(csv_rows_finish(source->csv, why));
    if (sink->complaints->total > 0)
        return why_set(why, ERR_INVALID, "the body breaks rules in %llu places",
                       (unsigned long long)sink->complaints->total);
    return OK;
}
