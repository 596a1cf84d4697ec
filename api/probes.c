/* What watches the service from outside: /livez, /readyz, /metrics. */
#include "metrics.h"
#include "service.h"

static void
handle_livez(struct request *request, struct response *response)
{
    (void)request;
    response->status = 200;
    response->media = MEDIA_TEXT;
    response->fixed = STR("ok\n");
}

const struct endpoint endpoint_livez = {
    .place = ON_LOOP,
    .gives = MEDIA_BIT(MEDIA_TEXT),
    .handle = handle_livez,
};

struct check {
    const char *name, *fault;
    bool failed;
};

/* One line a check, or in brief the faults alone. */
static void
write_checks(struct out *out, const struct check *checks, size_t count,
             bool verbose)
{
    for (size_t i = 0; i < count; i++) {
        if (verbose)
            out_print(out, "%s: %s\n", checks[i].name,
                      checks[i].failed ? checks[i].fault : "ok");
        else if (checks[i].failed)
            out_print(out, "%s\n", checks[i].fault);
    }
}

static void
handle_readyz(struct request *request, struct response *response)
{
    struct service *service = request->service;
    bool verbose = request_param(request, "verbose").data != NULL;
    struct store_health health;

    store_health(service->store, &health);
    struct check checks[] = {
        { "store", "the store has failed", health.failed },
        { "space", "the disk or the store is full", health.full },
        { "serving", "draining", atomic_load(&service->draining) },
    };
    size_t count = sizeof checks / sizeof checks[0];

    response->status = 200;
    for (size_t i = 0; i < count; i++) {
        if (checks[i].failed)
            response->status = 503;
    }
    response->media = MEDIA_TEXT;
    write_checks(&response->body, checks, count, verbose);
    if (response->status == 200)
        out_str(&response->body, STR("ok\n"));
}

static const char *const readyz_params[] = { "verbose", NULL };

const struct endpoint endpoint_readyz = {
    .place = ON_LOOP,
    .gives = MEDIA_BIT(MEDIA_TEXT),
    .params = readyz_params,
    .handle = handle_readyz,
};

static void
handle_metrics(struct request *request, struct response *response)
{
    metrics_print(request->service->metrics, request->service, &response->body);
    response->status = 200;
    response->media = MEDIA_TEXT;
    response->content_type = "text/plain; version=0.0.4";
}

const struct endpoint endpoint_metrics = {
    .place = ON_LOOP,
    .gives = MEDIA_BIT(MEDIA_TEXT),
    .handle = handle_metrics,
};
