/* A header with nothing below it is judged here: no target takes it. */
#include "load_header.h"

#include "load_kind.h"
#include "secmaster/bars_reader.h"
#include "secmaster/facts_reader.h"

/* Ends a header that the file leaves open; a blank line behind another one
 * would be a record. */
static struct str
line_end_of(struct str header)
{
    const bool is_ended = header.len > 0 && header.data[header.len - 1] == '\n';

    return is_ended ? (struct str){ "", 0 } : STR("\n");
}

static enum err
judge_facts(const struct load_batch *sent, struct batch *batch,
            struct load_result *result)
{
    struct facts_reader *reader =
        facts_reader_new(sent->media, batch, &result->complaints);

    if (reader == NULL)
        return why_set(&result->why, ERR_BUSY, "out of memory");

    enum err err = facts_reader_feed(reader, sent->body, &result->why);

    if (err == OK)
        err = facts_reader_feed(reader, line_end_of(sent->body), &result->why);
    facts_reader_free(reader);
    return err;
}

static enum err
judge_bars(const struct load_batch *sent, struct bar_batch *bars,
           struct load_result *result)
{
    struct bars_reader *reader = bars_reader_new(
        sent->media, load_kind_owner(sent->kind), bars, &result->complaints);

    if (reader == NULL)
        return why_set(&result->why, ERR_BUSY, "out of memory");

    enum err err = bars_reader_feed(reader, sent->body, &result->why);

    if (err == OK)
        err = bars_reader_feed(reader, line_end_of(sent->body), &result->why);
    bars_reader_free(reader);
    return err;
}

enum err
load_header_judge(const struct load_batch *batch, struct load_result *result)
{
    struct batch *facts = batch_new(0);
    struct bar_batch *bars = bar_batch_new(0);
    enum err err = ERR_BUSY;

    if (facts == NULL || bars == NULL)
        (void)why_set(&result->why, ERR_BUSY, "out of memory");
    else
        err = batch->kind->is_prices ? judge_bars(batch, bars, result)
                                     : judge_facts(batch, facts, result);
    batch_free(facts);
    bar_batch_free(bars);
    return err == OK && result->complaints.total > 0 ? ERR_INVALID : err;
}
