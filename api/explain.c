/* GET /v1/securities/{security_id}/explain: where each value comes from. */
#include <assert.h>
#include <stdlib.h>

#include "filters.h"
#include "knowledge.h"
#include "number.h"
#include "problem.h"
#include "recorded.h"
#include "secmaster/columns.h"
#include "service.h"
#include "trail.h"

/* The live assertions of a security by a day, attribute by attribute. */
struct explanation {
    struct trail trail;
    struct audit audit; /* ranked */
    struct precedence precedence;
    struct columns columns; /* the attributes to print */
    struct recorded recorded;
    struct out *out;
};

static const char *
reason_name(enum audit_reason reason)
{
    switch (reason) {
    case AUDIT_PRECEDENCE:
        return "precedence";
    case AUDIT_LATER_DATE:
        return "later_date";
    case AUDIT_LATER_TX:
        return "later_tx";
    }
    assert(false);
    return "";
}

/* The members of an assertion; the brace stays open. */
static enum err
put_assertion(struct explanation *e, const struct audit_fact *fact,
              struct why *why)
{
    char moment[INSTANT_TEXT_BYTES];
    struct out *out = e->out;
    struct instant at;

    TRY(recorded_at(&e->recorded, fact->tx, &at, why));
    instant_format(at, moment);
    out_str(out, STR("{\"value\":"));
    value_json(out, fact->value);
    out_str(out, STR(",\"effective_date\":\""));
    out_date(out, fact->effective);
    out_str(out, STR("\",\"source\":"));
    out_json(out, names_text(e->trail.store->sources, fact->source));
    out_print(out, ",\"tx\":%llu,\"recorded_at\":\"%.*s\"",
              (unsigned long long)fact->tx, INSTANT_TEXT_BYTES, moment);
    return out_finish(out);
}

/* The assertions of an attribute, which the strongest of them begins. */
static const struct audit_fact *
find_attribute(const struct audit *audit, uint32_t attribute)
{
    size_t low = 0, high = audit->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (audit->facts[middle].attribute < attribute)
            low = middle + 1;
        else
            high = middle;
    }
    return &audit->facts[low];
}

static enum err
put_attribute(struct explanation *e, uint32_t attribute, struct why *why)
{
    const struct audit_fact *winner = find_attribute(&e->audit, attribute);
    const struct audit_fact *end = e->audit.facts + e->audit.count;

    out_str(e->out, names_member(e->trail.store->attributes, attribute));
    TRY(put_assertion(e, winner, why));
    out_str(e->out, STR(",\"beat\":["));
    for (const struct audit_fact *fact = winner + 1;
         fact < end && fact->attribute == attribute; fact++) {
        if (fact > winner + 1)
            out_char(e->out, ',');
        TRY(put_assertion(e, fact, why));
        out_print(e->out, ",\"reason\":\"%s\"}",
                  reason_name(audit_reason(winner, fact, &e->precedence)));
    }
    out_str(e->out, STR("]}"));
    return OK;
}

static enum err
put_all(struct explanation *e, struct why *why)
{
    out_print(e->out, "{\"security_id\":%lld,\"as_of\":\"",
              (long long)e->trail.security_id);
    out_date(e->out, e->trail.last);
    out_str(e->out, STR("\",\"attributes\":{"));
    for (uint32_t i = 0; i < e->columns.count; i++) {
        if (i > 0)
            out_char(e->out, ',');
        TRY(put_attribute(e, e->columns.attributes[i], why));
    }
    out_str(e->out, STR("}}"));
    return out_finish(e->out);
}

static enum err
read_all(struct explanation *e, uint32_t attribute, struct why *why)
{
    struct audit *audit = &e->audit;

    TRY(trail_read(&e->trail, SIZE_MAX, UINT64_MAX, audit, why));
    audit_keep_live(audit);
    audit_rank(audit, &e->precedence);
    for (size_t i = 0; i < audit->count; i++) {
        if (attribute == NAME_NONE || audit->facts[i].attribute == attribute)
            TRY(columns_add(&e->columns, audit->facts[i].attribute));
    }
    return columns_sort(&e->columns, e->trail.store->attributes);
}

static void
explain(struct request *request, struct response *response,
        const struct reading *reading, uint32_t attribute)
{
    struct explanation e = {
        .trail = { .store = reading->store,
                   .known_tx = reading->known_tx,
                   .security_id = reading->first_security,
                   .attribute = NAME_NONE,
                   .next = { DATE_FIRST_DAYS },
                   .last = reading->window.from },
        .precedence = reading_precedence(reading),
        .out = &response->body,
    };
    struct why why = { 0 };
    bool is_known;
    enum err err;

    audit_init(&e.audit, AUDIT_BYTES_MAX);
    columns_init(&e.columns);
    recorded_init(&e.recorded, reading->store);
    err = read_all(&e, attribute, &why);
    is_known = e.trail.is_known;
    if (err == OK && !is_known) /* by that day: it may be known of later ones */
        err = reading_knows(reading, e.trail.security_id, &is_known, &why);
    if (err == OK && is_known)
        err = put_all(&e, &why);
    if (err != OK) {
        problem_err(request, response, err, &why);
    } else if (!is_known) {
        problem_set(request, response, PROBLEM_NOT_FOUND,
                    "security %lld is unknown", (long long)e.trail.security_id);
    } else {
        response->status = 200;
        response->media = MEDIA_JSON;
    }
    audit_fini(&e.audit);
    columns_fini(&e.columns);
    recorded_fini(&e.recorded);
}

static void
handle(struct request *request, struct response *response)
{
    struct str name = request_param(request, "attribute");
    uint32_t attribute = NAME_NONE;
    struct reading reading;
    struct clocks clocks;
    int64_t id;

    if (!security_id_read(request, response, &id) ||
        !clocks_read(request, response, &clocks))
        return;
    reading = reading_all(request->service->store, clocks.known_tx);
    reading.first_security = reading.last_security = id;
    reading.window.from = clocks.as_of;
    reading.window.to.days = clocks.as_of.days + 1;
    if (name.data != NULL &&
        !attribute_find(request, response, &reading, name, &attribute))
        return;
    explain(request, response, &reading, attribute);
}

static const char *const params[] = {
    "as_of", "attribute", "known_at", "known_tx", NULL,
};

const struct endpoint endpoint_explain = {
    .place = ON_WORKER,
    .gives = MEDIA_BIT(MEDIA_JSON),
    .params = params,
    .handle = handle,
};
