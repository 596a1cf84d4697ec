/* GET /v1/vendors: who is asked for facts, and how that goes. */
#include "polling.h"
#include "service.h"

static void
put_vendor(struct out *out, const struct poller_vendor *vendor)
{
    out_str(out, STR("{\"vendor\":"));
    out_json(out, vendor->name);
    out_str(out, STR(",\"adapter\":"));
    out_json(out, vendor->adapter);
    out_print(out, ",\"state\":\"%s\"",
              poller_vendor_state_name(vendor->state));
    if (vendor->last_run == 0)
        out_str(out, STR(",\"last_run\":null"));
    else
        out_print(out, ",\"last_run\":\"%llu\"",
                  (unsigned long long)vendor->last_run);
    polling_put_instant(out, "next_run_at", vendor->next_run_at);
    out_str(out, STR(",\"watermark\":"));
    if (vendor->watermark[0] == '\0')
        out_str(out, STR("null"));
    else
        out_json(out, str_of(vendor->watermark));
    polling_put_number(out, "tokens_left", vendor->tokens_left);
    polling_put_number(out, "consecutive_failures",
                       vendor->consecutive_failures);
    out_print(out, ",\"breaker\":\"%s\"}", vendor->breaker);
}

static void
handle(struct request *request, struct response *response)
{
    const struct polling *polling = request->service->polling;
    struct out *out = &response->body;
    struct poller_vendor vendors[VENDORS_MAX];
    size_t count = 0;

    if (polling != NULL)
        count = polling->vendors(polling->poller, vendors);
    out_str(out, STR("{\"vendors\":["));
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            out_char(out, ',');
        put_vendor(out, &vendors[i]);
    }
    out_str(out, STR("]}"));
    polling_answer(request, response, 200);
}

static const char *const params[] = { NULL };

const struct endpoint endpoint_vendors = {
    .place = ON_LOOP,
    .gives = MEDIA_BIT(MEDIA_JSON),
    .params = params,
    .handle = handle,
};
