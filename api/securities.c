/* GET /v1/securities: the row in force on a day of every security. */
#include "filters.h"
#include "knowledge.h"
#include "service.h"
#include "table.h"

static void
handle(struct request *request, struct response *response)
{
    struct reading reading;
    struct clocks clocks;

    if (!clocks_read(request, response, &clocks))
        return;
    reading = reading_all(request->service->store, clocks.known_tx);
    reading.window.from = clocks.as_of;
    reading.window.to.days = clocks.as_of.days + 1;
    if (filters_read(request, response, request_param(request, "asset_class"),
                     &reading))
        table_answer(request, response, &reading, &clocks);
}

static const char *const params[] = {
    "as_of", "known_at",   "known_tx",    "limit", "cursor",
    "where", "attributes", "asset_class", NULL,
};

const struct endpoint endpoint_securities = {
    .place = ON_WORKER,
    .gives = MEDIA_TABLES,
    .params = params,
    .handle = handle,
};
