/* Ids of deliveries beside what they brought: see docs/storage.md. */
#include "webhook_ids.h"

#include <assert.h>
#include <string.h>

#include "secmaster/wire.h"
#include "service.h"

enum { ID_WHEN = 0, ID_VALUE_BYTES = 8 };

#define SECOND_US INT64_C(1000000)
#define SWEEP_US (3600 * SECOND_US)
#define KEPT_US (WEBHOOK_IDS_KEPT_DAYS * 86400 * SECOND_US)

enum err
webhook_id_put(struct arena *arena, struct str vendor, struct str id,
               struct instant now, struct state_change *out)
{
    size_t len = vendor.len + 1 + id.len;
    char *key = arena_alloc(arena, len + 1);
    unsigned char *value = arena_alloc(arena, ID_VALUE_BYTES);

    if (key == NULL || value == NULL)
        return ERR_TOO_LARGE;
    memcpy(key, vendor.data, vendor.len);
    key[vendor.len] = '\0';
    memcpy(key + vendor.len + 1, id.data, id.len);
    key[len] = '\0';
    put_le64(value + ID_WHEN, (uint64_t)now.us);
    *out = (struct state_change){
        STATE_WEBHOOKS,
        { key, len },
        { (const char *)value, ID_VALUE_BYTES },
    };
    return OK;
}

struct sweep {
    struct request *request;
    struct webhook_expired *expired;
    struct instant now;
    enum err err;
};

static enum visit
look(void *context, struct str key, struct str value)
{
    struct sweep *sweep = context;
    struct webhook_expired *expired = sweep->expired;
    int64_t when_us;

    if (value.len != ID_VALUE_BYTES) {
        sweep->err = ERR_STORE;
        return VISIT_STOP;
    }
    when_us = (int64_t)get_le64((const unsigned char *)value.data + ID_WHEN);
    if (sweep->now.us - when_us < KEPT_US)
        return VISIT_NEXT;
    if (expired->count == WEBHOOK_IDS_SWEPT_MAX)
        return VISIT_STOP;
    key = arena_copy(sweep->request->arena, key);
    if (key.data == NULL) {
        sweep->err = ERR_TOO_LARGE;
        return VISIT_STOP;
    }
    expired->removals[expired->count++] =
        (struct state_change){ .space = STATE_WEBHOOKS, .key = key };
    return VISIT_NEXT;
}

/* One request in an hour. */
static bool
is_due(struct webhook_doors *doors, struct instant now)
{
    int64_t swept_us = atomic_load(&doors->swept_us);

    return now.us - swept_us >= SWEEP_US &&
           atomic_compare_exchange_strong(&doors->swept_us, &swept_us, now.us);
}

enum err
webhook_ids_expired(struct request *request, struct webhook_expired *out,
                    struct why *why)
{
    struct service *service = request->service;
    struct sweep sweep = { request, out, service->now(), OK };

    assert(service->webhooks != NULL);

    *out = (struct webhook_expired){ 0 };
    if (!is_due(service->webhooks, sweep.now))
        return OK;
    out->removals = arena_zalloc(request->arena, WEBHOOK_IDS_SWEPT_MAX,
                                 sizeof *out->removals);
    if (out->removals == NULL)
        return ERR_TOO_LARGE;
    TRY(store_state_scan(service->store, STATE_WEBHOOKS, look, &sweep, why));
    if (sweep.err == ERR_STORE)
        return why_set(why, ERR_STORE, "the id of a webhook is damaged");
    return sweep.err;
}
