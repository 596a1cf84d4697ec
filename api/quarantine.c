/* /v1/quarantine: what could not be taken as it came, and what becomes of it.
 */
#include <stdlib.h>

#include "polling.h"
#include "problem.h"
#include "service.h"

static void
put_entry(struct out *out, const struct quarantine_info *entry)
{
    out_print(out,
              "{\"id\":\"%llu\",\"vendor\":", (unsigned long long)entry->id);
    out_json(out, entry->vendor);
    out_str(out, STR(",\"dataset\":"));
    out_json(out, entry->dataset);
    if (entry->run == 0)
        out_str(out, STR(",\"run\":null"));
    else
        out_print(out, ",\"run\":\"%llu\"", (unsigned long long)entry->run);
    out_str(out, STR(",\"date\":\""));
    out_date(out, entry->date);
    out_print(out, "\",\"page\":%u,\"reasons\":[", entry->page);
    for (uint32_t i = 0; i < entry->reason_count; i++) {
        if (i > 0)
            out_char(out, ',');
        out_json(out, str_of(entry->reasons[i]));
    }
    out_print(out, "],\"state\":\"%s\"", quarantine_state_name(entry->state));
    polling_put_instant(out, "quarantined_at", entry->quarantined_at);
    out_char(out, '}');
}

/* Below which entry it goes on; 0: it does not. */
static uint64_t
put_page(const struct polling *polling, struct out *out,
         struct poller_quarantine_page *page, struct quarantine_info *entries)
{
    size_t limit = page->limit, count;

    page->limit++;
    count = polling->quarantine(polling->poller, page, entries);
    for (size_t i = 0; i < count && i < limit; i++) {
        if (i > 0)
            out_char(out, ',');
        put_entry(out, &entries[i]);
    }
    return count > limit ? entries[limit - 1].id : 0;
}

static void
list(struct request *request, struct response *response)
{
    const struct polling *polling = request->service->polling;
    struct poller_quarantine_page page = {
        .vendor = request_param(request, "vendor"),
        .dataset = request_param(request, "dataset"),
    };
    struct quarantine_info *entries;
    struct polling_page asked;
    uint64_t last = 0;

    if (!polling_page_read(request, response, &asked))
        return;
    page.before = asked.before;
    page.limit = asked.limit;
    entries = calloc((size_t)asked.limit + 1, sizeof *entries);
    if (entries == NULL) {
        problem_err(request, response, ERR_BUSY, NULL);
        return;
    }
    out_str(&response->body, STR("{\"quarantine\":["));
    if (polling != NULL)
        last = put_page(polling, &response->body, &page, entries);
    out_char(&response->body, ']');
    polling_list_end(request, response, last);
    free(entries);
}

static const char *const list_params[] = {
    "vendor", "dataset", "limit", "cursor", NULL,
};

const struct endpoint endpoint_quarantine = {
    .place = ON_WORKER,
    .gives = MEDIA_BIT(MEDIA_JSON),
    .params = list_params,
    .handle = list,
};

typedef enum err decision(struct poller *poller, uint64_t id,
                          struct quarantine_info *out, struct why *why);

static void
refuse(struct request *request, struct response *response, enum err err,
       const struct why *why)
{
    if (err == ERR_NOT_FOUND)
        problem_set(request, response, PROBLEM_NOT_FOUND,
                    "there is no such entry in quarantine");
    else if (err == ERR_CONFLICT)
        problem_set(request, response, PROBLEM_CONFLICT, "%s", why->text);
    else if (err == ERR_INVALID)
        problem_set(request, response, PROBLEM_UNRELEASABLE, "%s", why->text);
    else
        problem_err(request, response, err, why);
}

/* polling NULL: nothing was ever quarantined. */
static void
decide(struct request *request, struct response *response, decision *call)
{
    const struct polling *polling = request->service->polling;
    struct quarantine_info entry;
    struct why why = { "" };
    enum err err = ERR_NOT_FOUND;
    uint64_t id;

    if (!polling_number_read(request, response, 0, &id))
        return;
    if (polling != NULL)
        err = call(polling->poller, id, &entry, &why);
    if (err != OK) {
        refuse(request, response, err, &why);
        return;
    }
    put_entry(&response->body, &entry);
    polling_answer(request, response, 200);
}

static void
release(struct request *request, struct response *response)
{
    const struct polling *polling = request->service->polling;

    decide(request, response, polling == NULL ? NULL : polling->release);
}

static void
discard(struct request *request, struct response *response)
{
    const struct polling *polling = request->service->polling;

    decide(request, response, polling == NULL ? NULL : polling->discard);
}

static const char *const no_params[] = { NULL };

const struct endpoint endpoint_release = {
    .place = ON_WORKER,
    .gives = MEDIA_BIT(MEDIA_JSON),
    .params = no_params,
    .handle = release,
};

const struct endpoint endpoint_discard = {
    .place = ON_WORKER,
    .gives = MEDIA_BIT(MEDIA_JSON),
    .params = no_params,
    .handle = discard,
};
