/* Bodies fed in pieces, and what came of them as text to compare. */
#include "tests/codec/reading.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "secmaster/arena.h"
#include "secmaster/batch.h"
#include "secmaster/complaint.h"
#include "secmaster/facts_reader.h"
#include "secmaster/positions_reader.h"

static size_t
piece_len(cut *state, size_t left)
{
    size_t len;

    if (*state == CUT_NONE)
        return left;
    if (*state == CUT_BYTES)
        return 1;
    /* Knuth's: any generator will do, but it must be the same everywhere. */
    *state = *state * 1664525 + 1013904223;
    if (*state <= CUT_BYTES)
        *state = 2;
    len = 1 + (*state >> 16) % ((*state >> 28) % 4 == 0 ? 200 : 12);
    return len < left ? len : left;
}

enum err
feed_cut(feed *to, void *reader, struct str body, cut how, struct why *why)
{
    enum err err = OK;

    while (body.len > 0 && err == OK) {
        size_t len = piece_len(&how, body.len);
        /* Exactly as large, so that a byte too many is seen. */
        char *copy = malloc(len);

        assert(copy != NULL);
        memcpy(copy, body.data, len);
        err = to(reader, (struct str){ copy, len }, why);
        free(copy);
        body.data += len;
        body.len -= len;
    }
    return err;
}

static void
put_complaints(struct out *out, const struct complaints *complaints)
{
    out_print(out, "invalid %llu\n", (unsigned long long)complaints->total);
    for (size_t i = 0; i < complaints->listed; i++) {
        const struct complaint *item = &complaints->items[i];

        if (item->pointer != NULL)
            out_print(out, "%s: %s\n", item->pointer, item->detail);
        else
            out_print(out, "line %llu: %s\n", (unsigned long long)item->line,
                      item->detail);
    }
}

bool
put_verdict(struct out *out, enum err err, const struct why *why,
            const struct complaints *complaints)
{
    if (err == OK)
        return true;
    if (err == ERR_INVALID)
        put_complaints(out, complaints);
    else if (err == ERR_MALFORMED)
        out_print(out, "malformed: %s\n", why->text);
    else
        out_print(out, "error %d\n", (int)err);
    return false;
}

static void
put_fact(struct out *out, const struct batch *batch,
         const struct batch_fact *fact)
{
    struct value value = batch_value(batch, fact);

    if (value.text.len == 0)
        value.text = STR("");
    if (fact->security_id < 0)
        out_print(out, "new:%.*s",
                  STR_ARG(batch->labels.items[-1 - fact->security_id]));
    else
        out_int(out, fact->security_id);
    out_char(out, ' ');
    out_str(out, batch->attributes.items[fact->attribute]);
    out_char(out, ' ');
    value_json(out, value);
    out_char(out, ' ');
    out_date(out, fact->effective);
    out_char(out, ' ');
    out_str(out, batch->sources.items[fact->source]);
    out_str(out, fact->op == FACT_RETRACT ? STR(" retract") : STR(" assert"));
    if (fact->line > 0)
        out_print(out, " @%u", fact->line);
    out_char(out, '\n');
}

static enum err
feed_facts(void *reader, struct str piece, struct why *why)
{
    return facts_reader_feed(reader, piece, why);
}

static enum err
feed_positions(void *reader, struct str piece, struct why *why)
{
    return positions_reader_feed(reader, piece, why);
}

void
facts_reading(struct out *out, enum media media, struct str body, cut how)
{
    struct arena arena;
    struct complaints complaints;
    struct batch *batch = batch_new(0);
    struct facts_reader *reader;
    struct why why = { 0 };
    enum err err;

    assert(batch != NULL);
    arena_init(&arena, REQUEST_ARENA_BYTES_MAX);
    complaints_init(&complaints, &arena);
    reader = facts_reader_new(media, batch, &complaints);
    assert(reader != NULL);
    err = feed_cut(feed_facts, reader, body, how, &why);
    if (err == OK)
        err = facts_reader_finish(reader, &why);
    if (put_verdict(out, err, &why, &complaints)) {
        assert(batch->record_count > 0);
        if (batch->pointer_prefix != NULL && *batch->pointer_prefix != '\0')
            out_print(out, "%s\n", batch->pointer_prefix);
        for (uint32_t i = 0; i < batch->fact_count; i++)
            put_fact(out, batch, &batch->facts[i]);
    }
    facts_reader_free(reader);
    batch_free(batch);
    arena_fini(&arena);
}

void
positions_reading(struct out *out, enum media media, struct str body, cut how)
{
    struct arena arena;
    struct complaints complaints;
    struct positions positions;
    struct positions_reader *reader;
    struct why why = { 0 };
    enum err err = positions_init(&positions);

    assert(err == OK);
    arena_init(&arena, REQUEST_ARENA_BYTES_MAX);
    complaints_init(&complaints, &arena);
    reader = positions_reader_new(media, &positions, &complaints);
    assert(reader != NULL);
    err = feed_cut(feed_positions, reader, body, how, &why);
    if (err == OK)
        err = positions_reader_finish(reader, &why);
    if (put_verdict(out, err, &why, &complaints)) {
        for (size_t i = 0; i < positions.count; i++) {
            out_int(out, positions.items[i].security_id);
            out_char(out, ' ');
            out_str(out, position_quantity(&positions, i));
            out_char(out, ' ');
            out_date(out, positions.items[i].date);
            out_char(out, '\n');
        }
    }
    positions_reader_free(reader);
    positions_fini(&positions);
    arena_fini(&arena);
}
