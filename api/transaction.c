/* GET /v1/transactions/{tx}: what was recorded, by whom and when. */
#include <assert.h>
#include <stdlib.h>

#include "number.h"
#include "problem.h"
#include "service.h"
#include "transaction.h"
#include "validator.h"

static const char *
kind_name(enum batch_kind kind)
{
    switch (kind) {
    case BATCH_FACTS:
        return "facts";
    case BATCH_PRECEDENCE:
        return "precedence";
    case BATCH_POSITIONS:
        return "positions";
    case BATCH_PRICES:
        return "prices";
    case BATCH_TRADES:
        return "trades";
    }
    assert(false);
    return "";
}

static int
by_text(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

/* The sources' names in byte order. */
static enum err
write_sources(const struct names *names, const struct tx_info *info,
              struct arena *arena, struct out *out)
{
    struct str *texts = arena_zalloc(arena, info->source_count, sizeof *texts);

    if (texts == NULL)
        return ERR_TOO_LARGE;
    for (uint32_t i = 0; i < info->source_count; i++)
        texts[i] = names_text(names, info->sources[i]);
    qsort(texts, info->source_count, sizeof *texts, by_text);
    out_char(out, '[');
    for (uint32_t i = 0; i < info->source_count; i++) {
        if (i > 0)
            out_char(out, ',');
        out_json(out, texts[i]);
    }
    out_char(out, ']');
    return OK;
}

enum err
transaction_print(const struct store *store, const struct tx_info *info,
                  struct arena *arena, struct out *out)
{
    char recorded_at[INSTANT_TEXT_BYTES];

    instant_format(info->recorded_at, recorded_at);
    out_print(out, "{\"tx\":%llu,\"kind\":\"%s\",\"recorded_at\":\"%.*s\",",
              (unsigned long long)info->tx, kind_name(info->kind),
              INSTANT_TEXT_BYTES, recorded_at);
    out_str(out, STR("\"sources\":"));
    TRY(write_sources(store->sources, info, arena, out));
    out_print(out, ",\"facts\":%u,\"securities\":%u,\"idempotency_key\":",
              info->facts, info->securities);
    if (info->idempotency_key.len == 0)
        out_str(out, STR("null"));
    else
        out_json(out, info->idempotency_key);
    out_char(out, '}');
    return out_finish(out);
}

static void
handle(struct request *request, struct response *response)
{
    struct clocks clocks = { 0 };
    struct tx_info info;
    struct why why = { 0 };
    uint64_t tx;
    enum err err;

    assert(request->segment_count == 1);
    if (!number_read(request->segments[0], &tx)) {
        problem_set(request, response, PROBLEM_MALFORMED_PARAMETER,
                    "a transaction is a whole number, 1 or more");
        return;
    }
    err = tx == 0 ? ERR_NOT_FOUND
                  : store_transaction(request->service->store, tx,
                                      request->arena, &info, &why);
    if (err == ERR_NOT_FOUND) {
        problem_set(request, response, PROBLEM_NOT_FOUND,
                    "there is no transaction %.*s",
                    STR_ARG(request->segments[0]));
        return;
    }
    clocks.known_tx = tx;
    if (err == OK && !validator_begin(request, response, &clocks))
        return;
    if (err == OK)
        err = transaction_print(request->service->store, &info, request->arena,
                                &response->body);
    if (err != OK) {
        problem_err(request, response, err, &why);
        return;
    }
    response->status = 200;
    response->media = MEDIA_JSON;
}

const struct endpoint endpoint_transaction = {
    .place = ON_LOOP,
    .gives = MEDIA_BIT(MEDIA_JSON),
    .handle = handle,
};
