/* What the calls about vendors, runs and quarantine have in common. */
#include "polling.h"

#include <assert.h>

#include "knowledge.h"
#include "number.h"
#include "page.h"
#include "problem.h"
#include "service.h"
#include "validator.h"

bool
polling_vendor_read(struct request *request, struct response *response,
                    struct str *out)
{
    const struct polling *polling = request->service->polling;

    assert(request->segment_count > 0);

    *out = request->segments[0];
    if (polling != NULL && polling->has_vendor(polling->poller, *out))
        return true;
    problem_set(request, response, PROBLEM_NOT_FOUND,
                "no vendor of this name is configured");
    return false;
}

bool
polling_number_read(struct request *request, struct response *response,
                    size_t segment, uint64_t *out)
{
    assert(segment < request->segment_count);

    if (number_read(request->segments[segment], out) && *out > 0)
        return true;
    problem_set(request, response, PROBLEM_MALFORMED_PARAMETER,
                "runs and entries of quarantine are numbered from 1");
    return false;
}

bool
polling_page_read(struct request *request, struct response *response,
                  struct polling_page *out)
{
    struct cursor cursor;
    bool paged, limited;

    if (cursor_read(request, &paged, &cursor) != OK) {
        problem_set(request, response, PROBLEM_INVALID_CURSOR,
                    "the cursor is damaged, or another query's");
        return false;
    }
    out->before = paged ? (uint64_t)cursor.key : 0;
    return limit_read(request, response, &limited, &out->limit);
}

void
polling_list_end(struct request *request, struct response *response,
                 uint64_t last)
{
    struct cursor next = { .key = (int64_t)last };
    struct why why = { "" };
    enum err err = page_end(request, response, last == 0 ? NULL : &next, &why);

    if (err != OK)
        problem_err(request, response, err, &why);
    else
        polling_answer(request, response, 200);
}

void
polling_answer(struct request *request, struct response *response, int status)
{
    enum err err = out_finish(&response->body);

    if (err != OK) {
        problem_err(request, response, err, NULL);
        return;
    }
    response->media = MEDIA_JSON;
    response->status = status;
    if (status == 200)
        validator_name_body(request, response);
}

void
polling_put_instant(struct out *out, const char *name, struct instant at)
{
    char text[INSTANT_TEXT_BYTES];

    if (at.us == 0) {
        out_print(out, ",\"%s\":null", name);
        return;
    }
    instant_format(at, text);
    out_print(out, ",\"%s\":\"%.*s\"", name, INSTANT_TEXT_BYTES, text);
}

void
polling_put_number(struct out *out, const char *name, uint64_t number)
{
    out_print(out, ",\"%s\":%llu", name, (unsigned long long)number);
}
