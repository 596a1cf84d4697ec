/* GET /v1/attributes: the catalogue of attributes. */
#include <assert.h>

#include "catalogue.h"
#include "knowledge.h"
#include "page.h"
#include "problem.h"
#include "service.h"

/* In byte order of what they are called. */
static const struct {
    unsigned types;
    const char *name;
} type_names[] = {
    { 1U << VALUE_FALSE | 1U << VALUE_TRUE, "boolean" },
    { 1U << VALUE_NULL, "null" },
    { 1U << VALUE_NUMBER, "number" },
    { 1U << VALUE_STRING, "string" },
};

static void
put_types(struct out *out, unsigned types)
{
    bool first = true;

    out_char(out, '[');
    for (size_t i = 0; i < sizeof type_names / sizeof type_names[0]; i++) {
        if ((types & type_names[i].types) == 0)
            continue;
        out_print(out, "%s\"%s\"", first ? "" : ",", type_names[i].name);
        first = false;
    }
    out_char(out, ']');
}

static void
put_entry(struct out *out, const struct names *attributes,
          const struct catalogue_entry *entry)
{
    out_str(out, STR("{\"name\":"));
    out_json(out, names_text(attributes, entry->attribute));
    out_str(out, STR(",\"types\":"));
    put_types(out, entry->types);
    out_print(out, ",\"assertions\":%llu,\"securities\":%llu",
              (unsigned long long)entry->assertions,
              (unsigned long long)entry->securities);
    out_str(out, STR(",\"first_effective_date\":\""));
    out_date(out, entry->first);
    out_str(out, STR("\",\"last_effective_date\":\""));
    out_date(out, entry->last);
    out_print(out, "\",\"first_tx\":%llu}",
              (unsigned long long)entry->first_tx);
}

/* The place of the first entry behind a name. */
static size_t
find_behind(const struct catalogue *catalogue, const struct names *attributes,
            struct str name)
{
    size_t low = 0, high = catalogue->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        uint32_t attribute = catalogue->entries[middle].attribute;

        if (str_compare(names_text(attributes, attribute), name) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Entries behind the cursor's name, if there is a cursor. */
struct page {
    bool paged;
    struct cursor cursor;
    uint32_t limit;
};

static enum err
write_page(struct request *request, struct response *response,
           const struct catalogue *catalogue, const struct page *page,
           struct why *why)
{
    const struct names *attributes = request->service->store->attributes;
    struct out *out = &response->body;
    struct cursor next = { .known_tx = catalogue->known_tx };
    size_t from = 0, end = catalogue->count;

    if (page->paged)
        from = find_behind(catalogue, attributes,
                           names_text(attributes, (uint32_t)page->cursor.key));
    if (page->limit < end - from)
        end = from + page->limit;
    out_str(out, STR("{\"attributes\":["));
    for (size_t i = from; i < end; i++) {
        if (i > from)
            out_char(out, ',');
        put_entry(out, attributes, &catalogue->entries[i]);
    }
    out_char(out, ']');
    response->status = 200;
    response->media = MEDIA_JSON;
    if (end == catalogue->count)
        return page_end(request, response, NULL, why);
    next.key = catalogue->entries[end - 1].attribute;
    return page_end(request, response, &next, why);
}

/* False: the response is set. */
static bool
page_read(struct request *request, struct response *response, struct page *out)
{
    const struct names *attributes = request->service->store->attributes;
    bool limited;
    enum err err;

    if (!limit_read(request, response, &limited, &out->limit))
        return false;
    err = cursor_read(request, &out->paged, &out->cursor);
    assert(err == OK); /* clocks_read has refused any other */
    if (!out->paged || out->cursor.key < names_count(attributes))
        return true;
    problem_set(request, response, PROBLEM_INVALID_CURSOR,
                "the cursor is damaged, or another query's");
    return false;
}

static void
handle(struct request *request, struct response *response)
{
    struct service *service = request->service;
    struct catalogue *catalogue;
    struct why why = { 0 };
    struct clocks clocks;
    struct page page;
    enum err err;

    if (!clocks_read(request, response, &clocks) ||
        !page_read(request, response, &page))
        return;
    err = catalogues_begin(service->catalogues, service->store, clocks.known_tx,
                           &service->draining, &catalogue, &why);
    if (err == OK) {
        err = write_page(request, response, catalogue, &page, &why);
        catalogues_end(service->catalogues, catalogue);
    }
    if (err != OK)
        problem_err(request, response, err, &why);
}

static const char *const params[] = {
    "known_at", "known_tx", "limit", "cursor", NULL,
};

const struct endpoint endpoint_attributes = {
    .place = ON_WORKER,
    .gives = MEDIA_BIT(MEDIA_JSON),
    .params = params,
    .handle = handle,
};
