/* GET /v1/master: the whole type-2 table. */
#include "filters.h"
#include "knowledge.h"
#include "service.h"
#include "table.h"

static void
handle(struct request *request, struct response *response)
{
    struct reading reading;
    struct clocks clocks;
    struct window window;

    if (!clocks_read(request, response, &clocks) ||
        !window_read(request, response, &window))
        return;
    reading = reading_all(request->service->store, clocks.known_tx);
    reading.window = window;
    if (filters_read(request, response, request_param(request, "asset_class"),
                     &reading))
        table_answer(request, response, &reading, &clocks);
}

static const char *const params[] = {
    "from",   "to",    "known_at",   "known_tx",    "limit",
    "cursor", "where", "attributes", "asset_class", NULL,
};

const struct endpoint endpoint_master = {
    .place = ON_WORKER,
    .gives = MEDIA_TABLES,
    .params = params,
    .handle = handle,
};
