/* Read batches back, then tell their facts in order of arrival. */
#include "feed.h"

#include <assert.h>
#include <stdlib.h>

#include "arrival.h"
#include "secmaster/bounds.h"
#include "secmaster/log.h"
#include "told_fact.h"

#define BATCHES_FIRST 8

struct fed {
    struct stored_batch batch;
    struct arrival arrival;
};

struct feed {
    struct stream stream; /* first: streams are cast back */
    struct store *store;
    struct feed_page page;
    uint64_t newest, next_tx;
    struct fed *batches; /* those with facts */
    size_t count, capacity;
    size_t bytes;
    uint64_t facts;
    bool is_whole;

    size_t at; /* of the batch that is being told */
    bool is_begun, is_first_told;
};

struct feed *
feed_new(struct store *store, const struct feed_page *page)
{
    struct feed *feed = calloc(1, sizeof *feed);

    if (feed == NULL)
        return NULL;
    feed->store = store;
    feed->page = *page;
    feed->newest = store_newest(store);
    feed->next_tx =
        page->after_tx < feed->newest ? page->after_tx + 1 : feed->newest + 1;
    return feed;
}

static void
fed_fini(struct fed *fed)
{
    arrival_fini(&fed->arrival);
    stored_batch_fini(&fed->batch);
}

void
feed_free(struct feed *feed)
{
    if (feed == NULL)
        return;
    for (size_t i = 0; i < feed->count; i++)
        fed_fini(&feed->batches[i]);
    free(feed->batches);
    free(feed);
}

/* A place for another batch, which is not counted yet. */
static struct fed *
new_fed(struct feed *feed)
{
    size_t capacity = feed->capacity == 0 ? BATCHES_FIRST : 2 * feed->capacity;
    struct fed *batches;

    if (feed->count == feed->capacity) {
        batches = realloc(feed->batches, capacity * sizeof *batches);
        if (batches == NULL)
            return NULL;
        feed->batches = batches;
        feed->capacity = capacity;
    }
    feed->batches[feed->count] = (struct fed){ 0 };
    return &feed->batches[feed->count];
}

/* What the page has room for: a first transaction of any size. */
static struct batch_room
page_room(const struct feed *feed)
{
    if (feed->count == 0)
        return BATCH_ANY_SIZE;
    return (struct batch_room){
        feed->bytes < FEED_BYTES_MAX ? FEED_BYTES_MAX - feed->bytes : 0,
        (uint32_t)(feed->page.limit - feed->facts),
    };
}

static enum err
keep(struct feed *feed, struct fed *fed, struct why *why)
{
    enum err err;

    if (fed->batch.record_count == 0) {
        fed_fini(fed);
        return OK;
    }
    err = arrival_begin(&fed->arrival, &fed->batch);
    if (err == ERR_STORE)
        (void)why_set(why, err, "tx %llu cannot be put in order",
                      (unsigned long long)feed->next_tx);
    if (err != OK) {
        fed_fini(fed);
        return err;
    }
    feed->bytes += fed->batch.bytes + arrival_bytes(&fed->arrival, &fed->batch);
    feed->facts += fed->batch.info.facts;
    feed->count++;
    return OK;
}

/* Read the next transaction, or find that the page ends before it, or that it
 * is too large for this turn. */
static enum err
read_next(struct feed *feed, size_t bytes_left, bool *is_later, struct why *why)
{
    struct batch_room in_page = page_room(feed), room = in_page;
    struct fed *fed = new_fed(feed);
    enum err err;

    if (fed == NULL)
        return ERR_BUSY;
    if (room.bytes > bytes_left)
        room.bytes = bytes_left;
    err = store_batch(feed->store, feed->next_tx, &room, &fed->batch, why);
    if (err == ERR_TOO_LARGE) {
        why->text[0] = '\0';
        feed->is_whole = fed->batch.bytes > in_page.bytes ||
                         fed->batch.info.facts > in_page.facts;
        *is_later = !feed->is_whole;
        return OK;
    }
    TRY(err);
    TRY(keep(feed, fed, why));
    feed->next_tx++;
    return OK;
}

static bool
is_at_end(const struct feed *feed)
{
    return feed->next_tx > feed->newest || feed->facts >= feed->page.limit ||
           (feed->page.after_tx < feed->newest &&
            feed->next_tx - feed->page.after_tx > FEED_TRANSACTIONS_MAX);
}

enum err
feed_read(struct feed *feed, const struct feed_turn *turn, bool *done,
          struct why *why)
{
    size_t bytes = feed->bytes;
    bool is_later = false;

    feed->is_whole = is_at_end(feed);
    for (uint32_t i = 0; !feed->is_whole && !is_later; i++) {
        size_t read = feed->bytes - bytes;

        if (i == turn->transactions || read >= turn->bytes)
            break;
        TRY(read_next(feed, turn->bytes - read, &is_later, why));
        feed->is_whole = feed->is_whole || is_at_end(feed);
    }
    *done = feed->is_whole;
    return OK;
}

uint64_t
feed_newest(const struct feed *feed)
{
    return feed->newest;
}

uint64_t
feed_last_tx(const struct feed *feed)
{
    return feed->next_tx - 1;
}

size_t
feed_bytes(const struct feed *feed)
{
    return feed->bytes + feed->capacity * sizeof *feed->batches;
}

/* Names of a batch that no start has checked. */
static bool
has_names(const struct store *store, const struct factset_item *item)
{
    return item->attribute < names_count(store->attributes) &&
           item->source < names_count(store->sources);
}

static enum err
tell(struct feed *feed, const struct tx_info *info, const struct record *record,
     const struct factset_item *item, struct out *out)
{
    const struct told_fact fact = {
        .tx = info->tx,
        .recorded_at = info->recorded_at,
        .security_id = record->security_id,
        .attribute = item->attribute,
        .source = item->source,
        .value = item->value,
        .effective = record->effective,
        .op = item->op,
    };

    if (!has_names(feed->store, item))
        return ERR_STORE;
    if (feed->page.media == MEDIA_JSON && feed->is_first_told)
        out_char(out, ',');
    feed->is_first_told = true;
    told_fact_print(out, feed->store, &fact);
    out_char(out, '}');
    if (feed->page.media == MEDIA_NDJSON)
        out_char(out, '\n');
    return OK;
}

/* The rest of a batch, or as much as fits; *done: it is told. */
static enum err
tell_batch(struct feed *feed, struct fed *fed, size_t bytes_max,
           struct out *out, bool *done)
{
    const struct stored_batch *batch = &fed->batch;
    const struct record *record;
    struct factset_item item;
    enum err err = OK;

    *done = false;
    while (out->len < bytes_max && out->err == OK) {
        if (!arrival_next(&fed->arrival, batch, &record, &item, &err)) {
            *done = true;
            return err;
        }
        TRY(tell(feed, &batch->info, record, &item, out));
    }
    return out_finish(out);
}

static enum err
print(struct feed *feed, struct out *out, size_t bytes_max, bool *done,
      struct why *why)
{
    bool is_json = feed->page.media == MEDIA_JSON, is_told;

    assert(feed->is_whole);

    if (is_json && !feed->is_begun)
        out_str(out, STR("{\"changes\":["));
    feed->is_begun = true;
    *done = false;
    for (; feed->at < feed->count; feed->at++) {
        struct fed *fed = &feed->batches[feed->at];
        enum err err = tell_batch(feed, fed, bytes_max, out, &is_told);

        if (err == ERR_STORE)
            return why_set(why, err, "tx %llu is damaged",
                           (unsigned long long)fed->batch.info.tx);
        TRY(err);
        if (!is_told)
            return OK;
        fed_fini(fed);
    }
    if (is_json)
        out_print(out, "],\"last_tx\":%llu}",
                  (unsigned long long)feed_last_tx(feed));
    *done = true;
    return out_finish(out);
}

enum err
feed_print(struct feed *feed, struct out *out, struct why *why)
{
    bool done;

    return print(feed, out, SIZE_MAX, &done, why);
}

static enum err
fill(struct stream *stream, struct out *out, bool *done)
{
    struct feed *feed = (struct feed *)stream;
    struct why why = { "" };
    enum err err = print(feed, out, out->len + STREAM_CHUNK_BYTES, done, &why);

    if (err != OK)
        log_event(LOG_ERROR, "stream-cut", "%s", why.text);
    return err;
}

static void
free_stream(struct stream *stream)
{
    feed_free((struct feed *)stream);
}

struct stream *
feed_stream(struct feed *feed)
{
    feed->stream = (struct stream){
        .fill = fill,
        .free = free_stream,
        .bytes_held = feed_bytes(feed),
    };
    return &feed->stream;
}
