/* GET /v1/securities/{security_id}/history: its type-2 rows. */
#include "knowledge.h"
#include "number.h"
#include "service.h"
#include "table.h"

static void
handle(struct request *request, struct response *response)
{
    struct reading reading;
    struct clocks clocks;
    struct window window;
    int64_t id;

    if (!security_id_read(request, response, &id) ||
        !clocks_read(request, response, &clocks) ||
        !window_read(request, response, &window))
        return;
    reading = reading_all(request->service->store, clocks.known_tx);
    reading.first_security = reading.last_security = id;
    reading.window = window;
    reading.is_of_one = true;
    table_answer(request, response, &reading, &clocks);
}

static const char *const params[] = {
    "from", "to", "known_at", "known_tx", "limit", "cursor", NULL,
};

const struct endpoint endpoint_history = {
    .place = ON_LOOP,
    .gives = MEDIA_TABLES,
    .params = params,
    .handle = handle,
};
