/* GET /v1/members and /v1/members/{member_id}: members of Congress as they were
 * on a day. */
#include <assert.h>
#include <stdlib.h>

#include "knowledge.h"
#include "page.h"
#include "problem.h"
#include "secmaster/bounds.h"
#include "secmaster/log.h"
#include "secmaster/member.h"
#include "service.h"

/* Members looked for in one turn of a stream, at most. */
#define CHUNK_MEMBERS_MAX 1024

/* Looking for the version in force. */
struct finding {
    struct out text; /* what it says */
    struct date day;
    int64_t updated;
    uint64_t records; /* that were read for any */
    bool is_found, is_damaged;
};

struct listing {
    struct stream stream; /* first: streams are cast back */
    struct store *store;
    struct clocks clocks;
    uint32_t *ids; /* by member_id; owned */
    size_t count, at;
    struct finding finding;
};

/* Days ascend, and of a day arrivals do; updated is of its day. */
static enum visit
note_version(void *context, const struct record *record)
{
    struct finding *finding = context;
    struct member_version version;

    finding->records++;
    finding->is_damaged = !member_read(record->payload, &version);
    if (finding->is_damaged)
        return VISIT_STOP;
    if (finding->is_found && version.updated < finding->updated)
        return VISIT_NEXT;
    finding->is_found = true;
    finding->day = record->effective;
    finding->updated = version.updated;
    out_reset(&finding->text);
    out_str(&finding->text, version.text);
    return VISIT_NEXT;
}

/* The version of a member that is in force, if there is one. */
static enum err
find_version(struct store *store, const struct clocks *clocks, uint32_t member,
             struct finding *finding, struct why *why)
{
    struct scan_range range = SCAN_SECURITY(RECORD_MEMBERS, member);
    struct view view;
    enum err err;

    finding->is_found = finding->is_damaged = false;
    range.last_date = clocks->as_of;
    TRY(store_view_begin(store, clocks->known_tx, &view, why));
    err = store_scan(&view, &range, note_version, finding, why);
    store_view_end(&view);
    TRY(err);
    if (finding->is_damaged)
        return why_set(why, ERR_STORE, "a record of a member is malformed");
    return out_finish(&finding->text);
}

static void
put_member(struct out *out, struct str member_id, const struct finding *finding)
{
    out_str(out, STR("{\"member_id\":"));
    out_json(out, member_id);
    out_str(out, STR(",\"effective_start_date\":\""));
    out_date(out, finding->day);
    out_str(out, STR("\","));
    out_str(out, out_text(&finding->text));
    out_char(out, '}');
}

static void
listing_free(struct listing *listing)
{
    out_fini(&listing->finding.text);
    free(listing->ids);
    free(listing);
}

static int
by_name(const void *a, const void *b, void *context)
{
    const uint32_t *left = a, *right = b;

    return str_compare(names_text(context, *left), names_text(context, *right));
}

/* Of all members that are known; NULL: out of memory. */
static struct listing *
listing_new(struct store *store, const struct clocks *clocks)
{
    struct listing *listing = calloc(1, sizeof *listing);
    uint32_t all = names_count(store->members);

    if (listing == NULL)
        return NULL;
    listing->store = store;
    listing->clocks = *clocks;
    out_init(&listing->finding.text, SIZE_MAX);
    listing->ids = calloc((size_t)all + 1, sizeof *listing->ids);
    if (listing->ids == NULL) {
        listing_free(listing);
        return NULL;
    }
    for (uint32_t id = 0; id < all; id++)
        if (names_first_assertion(store->members, id) <= clocks->known_tx)
            listing->ids[listing->count++] = id;
    qsort_r(listing->ids, listing->count, sizeof *listing->ids, by_name,
            store->members);
    return listing;
}

/* Go on to the next member with a version in force, of so many. */
static enum err
next_member(struct listing *listing, size_t looks, bool *is_found,
            struct why *why)
{
    *is_found = false;
    for (; looks > 0 && listing->at < listing->count; looks--) {
        TRY(find_version(listing->store, &listing->clocks,
                         listing->ids[listing->at], &listing->finding, why));
        *is_found = listing->finding.is_found;
        if (*is_found)
            return OK;
        listing->at++;
    }
    return OK;
}

static void
put_next(struct listing *listing, struct out *out)
{
    struct names *names = listing->store->members;

    put_member(out, names_text(names, listing->ids[listing->at++]),
               &listing->finding);
}

static enum err
put_chunk(struct listing *listing, struct out *out, struct why *why)
{
    uint64_t records_max = listing->finding.records + STREAM_RECORDS_MAX;
    size_t bytes_max = out->len + STREAM_CHUNK_BYTES;
    bool is_found;

    for (size_t looks = CHUNK_MEMBERS_MAX;
         looks > 0 && out->len < bytes_max &&
         listing->finding.records < records_max;
         looks--) {
        TRY(next_member(listing, 1, &is_found, why));
        if (!is_found)
            continue;
        put_next(listing, out);
        out_char(out, '\n');
    }
    return out_finish(out);
}

static enum err
fill(struct stream *stream, struct out *out, bool *done)
{
    struct listing *listing = (struct listing *)stream;
    struct why why = { 0 };
    enum err err = put_chunk(listing, out, &why);

    if (err != OK)
        log_event(LOG_ERROR, "stream-cut", "%s", why.text);
    *done = listing->at == listing->count;
    return err;
}

static void
free_stream(struct stream *stream)
{
    listing_free((struct listing *)stream);
}

static enum err
write_page(struct request *request, struct response *response,
           struct listing *listing, uint32_t limit, struct why *why)
{
    bool is_json = request->media == MEDIA_JSON, is_found;
    struct out *out = &response->body;
    struct cursor next;

    if (is_json)
        out_str(out, STR("{\"members\":["));
    TRY(next_member(listing, SIZE_MAX, &is_found, why));
    for (uint32_t i = 0; i < limit && is_found; i++) {
        if (is_json && i > 0)
            out_char(out, ',');
        put_next(listing, out);
        if (!is_json)
            out_char(out, '\n');
        TRY(out_finish(out));
        TRY(next_member(listing, SIZE_MAX, &is_found, why));
    }
    if (is_json)
        out_char(out, ']');
    if (!is_found)
        return page_end(request, response, NULL, why);
    next = (struct cursor){
        .known_tx = listing->clocks.known_tx,
        .as_of = listing->clocks.as_of,
        .key = listing->ids[listing->at],
    };
    return page_end(request, response, &next, why);
}

/* Go on with the cursor's member. False: there is no such one. */
static bool
resume(struct listing *listing, const struct cursor *cursor)
{
    while (listing->at < listing->count &&
           listing->ids[listing->at] != cursor->key)
        listing->at++;
    return listing->at < listing->count;
}

/* The page, or the stream, which then has the listing. */
static void
answer(struct request *request, struct response *response,
       struct listing *listing)
{
    struct why why = { 0 };
    struct cursor cursor;
    bool is_limited, is_paged;
    uint32_t limit;
    enum err err = cursor_read(request, &is_paged, &cursor);

    assert(err == OK); /* clocks_read has refused any other */
    if (!limit_read(request, response, &is_limited, &limit))
        return;
    if (is_paged && !resume(listing, &cursor)) {
        problem_set(request, response, PROBLEM_INVALID_CURSOR,
                    "the cursor is damaged, or another query's");
        return;
    }
    response->status = 200;
    response->media = request->media;
    if (request->media != MEDIA_JSON && !is_limited) {
        listing->stream = (struct stream){
            .fill = fill,
            .free = free_stream,
            .bytes_held = listing->count * sizeof *listing->ids,
        };
        response->stream = &listing->stream;
        return;
    }
    err = write_page(request, response, listing, limit, &why);
    if (err == ERR_TOO_LARGE && why.text[0] == '\0')
        err = why_set(&why, err, "the page is too large: ask for fewer rows");
    if (err != OK)
        problem_err(request, response, err, &why);
}

static void
handle_list(struct request *request, struct response *response)
{
    struct listing *listing;
    struct clocks clocks;

    if (!clocks_read(request, response, &clocks))
        return;
    listing = listing_new(request->service->store, &clocks);
    if (listing == NULL) {
        problem_err(request, response, ERR_BUSY, NULL);
        return;
    }
    answer(request, response, listing);
    if (response->stream == NULL)
        listing_free(listing);
}

/* There is no version in force; say why. */
static void
answer_nothing(struct request *request, struct response *response,
               uint64_t known_tx, uint32_t id)
{
    const struct names *names = request->service->store->members;

    if (id == NAME_NONE || names_first_assertion(names, id) > known_tx)
        problem_set(request, response, PROBLEM_NOT_FOUND,
                    "the member is unknown");
    else
        problem_set(request, response, PROBLEM_NOT_FOUND,
                    "of that day nothing is known of the member yet");
}

static void
handle_one(struct request *request, struct response *response)
{
    struct store *store = request->service->store;
    struct finding finding = { .is_found = false };
    struct why why = { 0 };
    struct clocks clocks;
    uint32_t id;
    enum err err = OK;

    assert(request->segment_count == 1);
    if (request->segments[0].len > TRADE_NAME_BYTES_MAX) {
        problem_set(request, response, PROBLEM_MALFORMED_PARAMETER,
                    "a member_id is of 1 to %d bytes", TRADE_NAME_BYTES_MAX);
        return;
    }
    if (!clocks_read(request, response, &clocks))
        return;
    out_init(&finding.text, SIZE_MAX);
    id = names_find(store->members, request->segments[0]);
    if (id != NAME_NONE)
        err = find_version(store, &clocks, id, &finding, &why);
    if (err != OK) {
        problem_err(request, response, err, &why);
    } else if (!finding.is_found) {
        answer_nothing(request, response, clocks.known_tx, id);
    } else {
        put_member(&response->body, request->segments[0], &finding);
        response->status = 200;
        response->media = MEDIA_JSON;
    }
    out_fini(&finding.text);
}

static const char *const list_params[] = {
    "as_of", "known_at", "known_tx", "limit", "cursor", NULL,
};

const struct endpoint endpoint_members = {
    .place = ON_WORKER,
    .gives = MEDIA_BIT(MEDIA_JSON) | MEDIA_BIT(MEDIA_NDJSON),
    .params = list_params,
    .handle = handle_list,
};

static const char *const one_params[] = { "as_of", "known_at", "known_tx",
                                          NULL };

/* All versions up to the day are read, and there may be one a day. */
const struct endpoint endpoint_member = {
    .place = ON_WORKER,
    .gives = MEDIA_BIT(MEDIA_JSON),
    .params = one_params,
    .handle = handle_one,
};
