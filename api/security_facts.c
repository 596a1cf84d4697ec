/*
 * GET /v1/securities/{security_id}/facts: the audit trail. Whole days of facts
 * are read at a time, as only the rest of a day says what became of its facts;
 * a page or a chunk may end anywhere in one.
 */
#include <assert.h>
#include <stdlib.h>

#include "filters.h"
#include "knowledge.h"
#include "number.h"
#include "page.h"
#include "problem.h"
#include "recorded.h"
#include "secmaster/log.h"
#include "service.h"
#include "told_fact.h"
#include "trail.h"

/* Facts read at a time: about as many as fill a chunk. */
#define FACTS_READ 512

/* Parts of the journal read for one chunk of a stream, each up to 1 MiB. */
#define JOURNAL_READS_MAX 32

enum wanted { WANTED_LIVE, WANTED_ALL };

struct listing {
    struct stream stream; /* first: streams are cast back */
    struct trail trail;
    struct audit audit;
    struct recorded recorded;
    enum wanted wanted;
    enum media media;
    size_t at; /* the first fact of audit that was not passed */
};

static void
listing_free(struct listing *listing)
{
    audit_fini(&listing->audit);
    recorded_fini(&listing->recorded);
    free(listing);
}

static struct listing *
listing_new(const struct trail *trail, enum media media, enum wanted wanted)
{
    struct listing *listing = calloc(1, sizeof *listing);

    if (listing == NULL)
        return NULL;
    listing->trail = *trail;
    listing->media = media;
    listing->wanted = wanted;
    audit_init(&listing->audit, SIZE_MAX);
    recorded_init(&listing->recorded, trail->store);
    return listing;
}

static bool
is_wanted(const struct listing *listing, const struct audit_fact *fact)
{
    return listing->wanted == WANTED_ALL ||
           (fact->state == AUDIT_LIVE && fact->op == FACT_ASSERT);
}

/* Go to the next fact that is wanted; NULL: there is none. */
static enum err
next_fact(struct listing *listing, const struct audit_fact **out,
          struct why *why)
{
    struct audit *audit = &listing->audit;

    *out = NULL;
    while (true) {
        for (; listing->at < audit->count; listing->at++) {
            if (!is_wanted(listing, &audit->facts[listing->at]))
                continue;
            *out = &audit->facts[listing->at];
            return OK;
        }
        if (listing->trail.at_end)
            return OK;
        audit_reset(audit);
        listing->at = 0;
        TRY(trail_read(&listing->trail, FACTS_READ, audit, why));
    }
}

static const char *
state_name(enum audit_state state)
{
    switch (state) {
    case AUDIT_LIVE:
        return "live";
    case AUDIT_SUPERSEDED:
        return "superseded";
    case AUDIT_RETRACTED:
        return "retracted";
    }
    assert(false);
    return "";
}

static enum err
put_fact(struct listing *listing, const struct audit_fact *fact,
         struct out *out, struct why *why)
{
    struct told_fact told = {
        .tx = fact->tx,
        .security_id = listing->trail.security_id,
        .attribute = fact->attribute,
        .source = fact->source,
        .value = fact->value,
        .effective = fact->effective,
        .op = fact->op,
    };

    TRY(recorded_at(&listing->recorded, fact->tx, &told.recorded_at, why));
    told_fact_print(out, listing->trail.store, &told);
    out_print(out, ",\"state\":\"%s\",\"ended_by\":", state_name(fact->state));
    if (fact->ended_by == 0)
        out_str(out, STR("null}"));
    else
        out_print(out, "%llu}", (unsigned long long)fact->ended_by);
    return out_finish(out);
}

static enum err
fill(struct stream *stream, struct out *out, bool *done)
{
    struct listing *listing = (struct listing *)stream;
    uint64_t reads = listing->recorded.reads;
    size_t bytes_max = out->len + STREAM_CHUNK_BYTES;
    const struct audit_fact *fact;
    struct why why = { 0 };
    enum err err = next_fact(listing, &fact, &why);

    while (err == OK && fact != NULL && out->len < bytes_max &&
           listing->recorded.reads - reads < JOURNAL_READS_MAX) {
        err = put_fact(listing, fact, out, &why);
        out_char(out, '\n');
        listing->at++;
        if (err == OK)
            err = next_fact(listing, &fact, &why);
    }
    if (err != OK)
        log_event(LOG_ERROR, "stream-cut", "%s", why.text);
    *done = err == OK && fact == NULL;
    return err;
}

static void
free_stream(struct stream *stream)
{
    listing_free((struct listing *)stream);
}

/* How many facts of the next one's day stand before it. */
static size_t
passed_that_day(const struct listing *listing)
{
    const struct audit_fact *facts = listing->audit.facts;
    size_t from = listing->at;

    while (from > 0 &&
           facts[from - 1].effective.days == facts[listing->at].effective.days)
        from--;
    return listing->at - from;
}

static enum err
write_page(struct request *request, struct response *response,
           struct listing *listing, uint32_t limit, struct why *why)
{
    struct out *out = &response->body;
    const struct audit_fact *fact;
    struct cursor next;

    if (listing->media == MEDIA_JSON)
        out_str(out, STR("{\"facts\":["));
    TRY(next_fact(listing, &fact, why));
    for (uint32_t i = 0; i < limit && fact != NULL; i++) {
        if (listing->media == MEDIA_JSON && i > 0)
            out_char(out, ',');
        TRY(put_fact(listing, fact, out, why));
        if (listing->media == MEDIA_NDJSON)
            out_char(out, '\n');
        listing->at++;
        TRY(next_fact(listing, &fact, why));
    }
    if (listing->media == MEDIA_JSON)
        out_char(out, ']');
    if (fact == NULL)
        return page_end(request, response, NULL, why);
    next = (struct cursor){
        .known_tx = listing->trail.known_tx,
        .as_of = fact->effective, /* nobody asked about a day */
        .key = (int64_t)passed_that_day(listing),
        .start = fact->effective,
    };
    return page_end(request, response, &next, why);
}

/* False: the response is set. */
static bool
wanted_read(struct request *request, struct response *response,
            enum wanted *out)
{
    struct str superseded = request_param(request, "superseded");

    *out = WANTED_LIVE;
    if (superseded.data == NULL || str_equal(superseded, STR("false")))
        return true;
    *out = WANTED_ALL;
    if (str_equal(superseded, STR("true")))
        return true;
    problem_set(request, response, PROBLEM_MALFORMED_PARAMETER,
                "superseded is true or false");
    return false;
}

/* The facts that are asked for, from the beginning. False: the response is
 * set. */
static bool
trail_asked(struct request *request, struct response *response,
            struct trail *out)
{
    struct str attribute = request_param(request, "attribute");
    struct store *store = request->service->store;
    struct clocks clocks;
    struct reading reading;

    *out = (struct trail){ .store = store,
                           .attribute = NAME_NONE,
                           .next = { DATE_FIRST_DAYS },
                           .last = { DATE_LAST_DAYS } };
    if (!security_id_read(request, response, &out->security_id) ||
        !clocks_read(request, response, &clocks))
        return false;
    out->known_tx = clocks.known_tx;
    reading = reading_all(store, clocks.known_tx);
    return attribute.data == NULL || attribute_find(request, response, &reading,
                                                    attribute, &out->attribute);
}

/* Read what the first page or chunk begins with. */
static enum err
begin(struct listing *listing, const struct cursor *cursor, struct why *why)
{
    struct audit *audit = &listing->audit;

    listing->trail.next = cursor->start;
    TRY(trail_read(&listing->trail, FACTS_READ, audit, why));
    listing->at = (uint64_t)cursor->key < audit->count ? (size_t)cursor->key
                                                       : audit->count;
    return OK;
}

static enum err
answer(struct request *request, struct response *response,
       struct listing *listing, struct why *why)
{
    struct cursor cursor = { .start = listing->trail.next };
    bool limited, paged;
    uint32_t limit;
    enum err err;

    if (!limit_read(request, response, &limited, &limit))
        return OK;
    err = cursor_read(request, &paged, &cursor);
    assert(err == OK); /* clocks_read has refused any other */
    TRY(begin(listing, &cursor, why));
    if (!listing->trail.is_known) {
        problem_set(request, response, PROBLEM_NOT_FOUND,
                    "security %lld is unknown",
                    (long long)listing->trail.security_id);
        return OK;
    }
    response->status = 200;
    response->media = request->media;
    if (request->media == MEDIA_NDJSON && !limited) {
        listing->stream = (struct stream){ .fill = fill, .free = free_stream };
        response->stream = &listing->stream;
        return OK;
    }
    return write_page(request, response, listing, limit, why);
}

static void
handle(struct request *request, struct response *response)
{
    struct listing *listing;
    struct why why = { 0 };
    enum wanted wanted;
    struct trail trail;
    enum err err;

    if (!trail_asked(request, response, &trail) ||
        !wanted_read(request, response, &wanted))
        return;
    listing = listing_new(&trail, request->media, wanted);
    err = listing == NULL ? ERR_BUSY : answer(request, response, listing, &why);
    if (listing != NULL && response->stream == NULL)
        listing_free(listing);
    if (err != OK)
        problem_err(request, response, err, &why);
}

static const char *const params[] = {
    "attribute", "superseded", "known_at", "known_tx", "limit", "cursor", NULL,
};

const struct endpoint endpoint_security_facts = {
    .place = ON_WORKER,
    .gives = MEDIA_BIT(MEDIA_JSON) | MEDIA_BIT(MEDIA_NDJSON),
    .params = params,
    .handle = handle,
};
