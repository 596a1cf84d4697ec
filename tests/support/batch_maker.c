/* Batches for a store, put together by hand. */
#include "tests/support/batch_maker.h"

#include <assert.h>
#include <string.h>

#include "secmaster/factset.h"
#include "secmaster/positionset.h"

void
maker_init(struct batch_maker *maker, uint64_t tx, int64_t recorded_us)
{
    *maker = (struct batch_maker){ 0 };
    arena_init(&maker->arena, 256UL << 20);
    maker->records =
        arena_zalloc(&maker->arena, MAKER_ITEMS_MAX, sizeof *maker->records);
    maker->names =
        arena_zalloc(&maker->arena, MAKER_ITEMS_MAX, sizeof *maker->names);
    maker->state =
        arena_zalloc(&maker->arena, MAKER_ITEMS_MAX, sizeof *maker->state);
    assert(maker->records != NULL);
    assert(maker->names != NULL);
    assert(maker->state != NULL);
    maker->batch.records = maker->records;
    maker->batch.names = maker->names;
    maker->batch.state = maker->state;
    maker->batch.info.tx = tx;
    maker->batch.info.kind = BATCH_FACTS;
    maker->batch.info.recorded_at.us = recorded_us;
}

void
maker_fini(struct batch_maker *maker)
{
    arena_fini(&maker->arena);
}

struct str
maker_payload(struct arena *arena, const char *number)
{
    const struct factset_item item = {
        .op = FACT_ASSERT,
        .value = { VALUE_NUMBER, str_of(number) },
    };
    struct out out;
    struct str payload;

    out_init(&out, SIZE_MAX);
    factset_put(&out, &item);
    assert(out_finish(&out) == OK);
    payload = arena_copy(arena, out_text(&out));
    assert(payload.data != NULL);
    out_fini(&out);
    return payload;
}

void
maker_record(struct batch_maker *maker, int64_t security, int32_t days,
             struct str payload)
{
    uint32_t at = maker->batch.record_count;

    assert(at < MAKER_ITEMS_MAX);
    maker->records[at] = (struct record){
        .kind = RECORD_FACTS,
        .security_id = security,
        .effective = { days },
        .tx = maker->batch.info.tx,
        .payload = arena_copy(&maker->arena, payload),
    };
    assert(maker->records[at].payload.data != NULL);
    maker->batch.record_count = at + 1;
    maker->batch.info.facts = at + 1;
    maker->batch.info.securities = at + 1;
}

static struct str
positions_payload(struct arena *arena, const char *quantity)
{
    struct str payload;
    struct out out;

    out_init(&out, SIZE_MAX);
    positionset_put(&out, &(struct positionset_item){ 1, str_of(quantity) });
    assert(out_finish(&out) == OK);
    payload = arena_copy(arena, out_text(&out));
    out_fini(&out);
    return payload;
}

void
maker_positions(struct batch_maker *maker, int64_t portfolio, int32_t days,
                const char *quantity)
{
    struct str payload = STR("");

    if (quantity != NULL)
        payload = positions_payload(&maker->arena, quantity);
    maker_record(maker, portfolio, days, payload);
    maker->records[maker->batch.record_count - 1].kind = RECORD_POSITIONS;
    maker->batch.info.kind = BATCH_POSITIONS;
    maker->batch.info.facts = 0;
    maker->batch.info.securities = 0;
}

void
maker_fact(struct batch_maker *maker, int64_t security, int32_t days,
           const char *number)
{
    maker_record(maker, security, days, maker_payload(&maker->arena, number));
}

void
maker_name(struct batch_maker *maker, enum name_space space, uint32_t id,
           const char *text)
{
    assert(maker->batch.name_count < MAKER_ITEMS_MAX);
    maker->names[maker->batch.name_count++] = (struct name_change){
        .space = space,
        .id = id,
        .text = arena_copy(&maker->arena, str_of(text)),
        .first_assertion = maker->batch.info.tx,
        .first_retraction = TX_NEVER,
    };
}

void
maker_first_names(struct batch_maker *maker)
{
    maker_name(maker, NAMES_ATTRIBUTES, 0, "price");
    maker_name(maker, NAMES_SOURCES, 0, "default");
}

void
maker_state(struct batch_maker *maker, enum state_space space, const char *key,
            const char *value)
{
    struct state_change *change = &maker->state[maker->batch.state_count++];

    assert(maker->batch.state_count <= MAKER_ITEMS_MAX);
    *change = (struct state_change){
        .space = space,
        .key = arena_copy(&maker->arena, str_of(key)),
    };
    if (value != NULL)
        change->value = arena_copy(&maker->arena, str_of(value));
}

enum err
maker_append(struct store *store, const struct batch_maker *maker,
             struct why *why)
{
    const struct append_batch *batch = &maker->batch;

    return store_append(store, &batch, 1, why);
}
