/* Finds where records end, without judging what is in them. */
#include "load_split.h"

#include <assert.h>

#define BOM_BYTES 3

void
load_split_init(struct load_split *split, enum media media,
                uint64_t records_max)
{
    assert(media == MEDIA_CSV || media == MEDIA_NDJSON);
    assert(records_max > 0);

    *split = (struct load_split){
        .media = media,
        .records_max = records_max,
        .first = { 1, 0 },
        .at = { 1, 0 },
    };
    out_init(&split->body, LOAD_BODY_BYTES_MAX);
}

void
load_split_fini(struct load_split *split)
{
    out_fini(&split->body);
}

/* Keep the header for the next body, forget the records. */
static void
begin_batch(struct load_split *split)
{
    split->body.len = (size_t)split->header.byte;
    split->first = split->at;
    split->records = 0;
    split->batch_given = false;
}

/* Whether a byte of CSV ends its record. Quotes count only where a field
 * begins, as in the grammar: elsewhere they are for the reader to refuse. */
static bool
ends_csv(struct load_split *split, char c)
{
    switch (split->state) {
    case IN_QUOTED:
        if (c == '"')
            split->state = QUOTE_SEEN;
        return false;
    case QUOTE_SEEN:
    case FIELD_BEGINS:
        split->state = c == '"' ? IN_QUOTED : IN_BARE;
        break;
    case IN_BARE:
        break;
    }
    if (split->state == IN_BARE && (c == ',' || c == '\n'))
        split->state = FIELD_BEGINS;
    return c == '\n' && split->state == FIELD_BEGINS;
}

/* A record has ended on a line: whether the batch has, too. len: its body's. */
static bool
end_record(struct load_split *split, uint64_t line, size_t len)
{
    split->record_begun = false;
    if (split->media == MEDIA_CSV && split->header.line == 0) {
        split->header = (struct file_place){ line, len };
        split->first = split->at;
        return false;
    }
    split->records++;
    return split->records == split->records_max ||
           len >= LOAD_BODY_BYTES_ENOUGH;
}

/* Take one byte; whether it is the last of a batch. */
static bool
take_byte(struct load_split *split, char c, size_t len)
{
    bool is_end;

    split->at.byte++;
    if (c == '\n')
        split->at.line++;
    if (split->media == MEDIA_NDJSON) {
        /* A blank line is no record. */
        is_end = c == '\n' && split->record_begun;
        if (c != ' ' && c != '\t' && c != '\r' && c != '\n')
            split->record_begun = true;
    } else {
        split->record_begun = true;
        if (split->at.byte <= BOM_BYTES && (unsigned char)c >= 0x80)
            return false; /* the first field may be quoted behind a BOM */
        is_end = ends_csv(split, c);
    }
    return is_end && end_record(split, split->at.line - 1, len);
}

bool
load_split_take(struct load_split *split, struct str *piece)
{
    size_t taken = 0;

    if (split->batch_given)
        begin_batch(split);
    while (taken < piece->len && !split->batch_given) {
        char c = piece->data[taken++];

        split->batch_given = take_byte(split, c, split->body.len + taken);
    }
    out_bytes(&split->body, piece->data, taken);
    piece->data += taken;
    piece->len -= taken;
    return split->batch_given;
}

bool
load_split_end(struct load_split *split)
{
    if (split->batch_given)
        begin_batch(split);
    if (split->record_begun)
        (void)end_record(split, split->at.line, split->body.len);
    return split->records > 0;
}

struct file_place
load_split_place(const struct load_split *split, struct file_place in_body)
{
    if (in_body.line <= split->header.line)
        return in_body;
    return (struct file_place){
        split->first.line + in_body.line - split->header.line - 1,
        split->first.byte + in_body.byte - split->header.byte,
    };
}

uint64_t
load_split_last_line(const struct load_split *split)
{
    struct str body = out_text(&split->body);
    bool is_ended = body.len > 0 && body.data[body.len - 1] == '\n';

    return split->at.line - (is_ended ? 1 : 0);
}

uint64_t
load_split_next_line(const struct load_split *split)
{
    return split->batch_given ? split->at.line : split->first.line;
}
