/* POST /v1/securities/lookup: the rows of many securities at once. */
#include <stdio.h>

#include "filters.h"
#include "knowledge.h"
#include "looked_up.h"
#include "problem.h"
#include "service.h"

/* Lives in the request's arena, the body on the heap. */
struct asked {
    struct out body;
    struct complaints complaints;
    struct lookup lookup;
};

static void
begin(struct request *request, struct response *response)
{
    struct asked *asked = arena_zalloc(request->arena, 1, sizeof *asked);

    if (asked == NULL) {
        problem_err(request, response, ERR_TOO_LARGE, NULL);
        return;
    }
    out_init(&asked->body, BODY_BYTES_CEILING);
    complaints_init(&asked->complaints, request->arena);
    request->state = asked;
}

static void
body(struct request *request, struct response *response, struct str piece)
{
    struct asked *asked = request->state;
    enum err err;

    out_str(&asked->body, piece);
    err = out_finish(&asked->body);
    if (err != OK)
        problem_err(request, response, err, NULL);
}

/* False: the response is set. */
static bool
body_read(struct request *request, struct response *response)
{
    struct asked *asked = request->state;
    struct why why = { 0 };
    enum err err = lookup_read(out_text(&asked->body), request->arena,
                               &asked->complaints, &asked->lookup, &why);

    if (err != OK)
        problem_body(request, response, err, &asked->complaints, &why);
    return err == OK;
}

/* Every key has a day: its own, or the body's, or the address's, or today. */
static bool
days_read(struct request *request, struct response *response, struct date as_of)
{
    struct asked *asked = request->state;
    struct lookup *lookup = &asked->lookup;

    if (lookup->is_dated && request_param(request, "as_of").data != NULL) {
        problem_set(request, response, PROBLEM_MALFORMED_PARAMETER,
                    "as_of stands both in the address and in the body");
        return false;
    }
    if (lookup->is_dated)
        as_of = lookup->as_of;
    for (size_t i = 0; i < lookup->key_count; i++) {
        if (!lookup->keys[i].is_dated)
            lookup->keys[i].as_of = as_of;
        lookup->keys[i].is_dated = true;
    }
    return true;
}

static void
complain(struct asked *asked, size_t i, const char *detail)
{
    char pointer[40];

    (void)snprintf(pointer, sizeof pointer, "/attributes/%zu", i);
    complaints_add(&asked->complaints, pointer, 0, "%s", detail);
}

static void
complain_unknown(struct asked *asked, size_t i, uint64_t known_tx)
{
    struct str name = asked->lookup.attributes[i];
    char detail[ATTRIBUTE_BYTES_MAX + 100];

    if (name.len > ATTRIBUTE_BYTES_MAX)
        name.len = ATTRIBUTE_BYTES_MAX; /* no attribute's name is longer */
    (void)snprintf(detail, sizeof detail,
                   "by transaction %llu nobody has asserted the attribute "
                   "\"%.*s\"",
                   (unsigned long long)known_tx, STR_ARG(name));
    complain(asked, i, detail);
}

/* The attributes' ids, in the request's arena. False: the response is set. */
static bool
projection_read(struct request *request, struct response *response,
                const struct reading *reading, struct projection *out)
{
    struct asked *asked = request->state;
    const struct lookup *lookup = &asked->lookup;
    struct columns seen;
    uint32_t *attributes = arena_zalloc(
        request->arena, lookup->attribute_count + 1, sizeof *attributes);
    enum err err = attributes == NULL ? ERR_TOO_LARGE : OK;

    columns_init(&seen);
    for (size_t i = 0; i < lookup->attribute_count && err == OK; i++) {
        struct str name = lookup->attributes[i];

        if (is_fixed_column(name)) {
            complain(asked, i, "is in every row: attributes leaves it out");
        } else if (!attribute_is_known(reading, name, &attributes[i])) {
            complain_unknown(asked, i, reading->known_tx);
        } else if (columns_has(&seen, attributes[i])) {
            complain(asked, i, "stands twice");
        } else {
            err = columns_add(&seen, attributes[i]);
        }
    }
    columns_fini(&seen);
    *out = (struct projection){ attributes, lookup->attribute_count };
    if (err != OK)
        problem_err(request, response, err, NULL);
    else if (asked->complaints.total > 0)
        problem_list(request, response, PROBLEM_INVALID_BODY,
                     &asked->complaints);
    return err == OK && asked->complaints.total == 0;
}

static void
handle(struct request *request, struct response *response)
{
    struct asked *asked = request->state;
    struct wanted_rows wanted;
    struct why why = { 0 };
    struct reading reading;
    struct clocks clocks;
    enum err err;

    if (!clocks_read(request, response, &clocks) ||
        !body_read(request, response) ||
        !days_read(request, response, clocks.as_of))
        return;
    reading = reading_all(request->service->store, clocks.known_tx);
    wanted = (struct wanted_rows){
        .keys = asked->lookup.keys,
        .key_count = asked->lookup.key_count,
        .is_projected = asked->lookup.is_projected,
    };
    if (!projection_read(request, response, &reading, &wanted.projection))
        return;
    err = looked_up_print(&reading, &wanted, request->media, &response->body,
                          &why);
    if (err != OK) {
        problem_err(request, response, err, &why);
        return;
    }
    response->status = 200;
    response->media = request->media;
}

static void
drop(struct request *request)
{
    struct asked *asked = request->state;

    out_fini(&asked->body);
}

static const char *const params[] = { "as_of", "known_at", "known_tx", NULL };

const struct endpoint endpoint_lookup = {
    .place = ON_WORKER,
    .gives = MEDIA_TABLES,
    .bodies = MEDIA_BIT(MEDIA_JSON),
    .params = params,
    .begin = begin,
    .body = body,
    .handle = handle,
    .drop = drop,
};
