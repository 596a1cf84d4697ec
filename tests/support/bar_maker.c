/* Batches of bars for a store, put together from lines. */
#include "tests/support/bar_maker.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "secmaster/bar.h"
#include "tests/support/batch_maker.h"

/* Behind the noon of tests that have facts too. */
#define RECORDED_US INT64_C(1718452800000000)

/* The batch, and the month at hand. */
struct making {
    struct batch_maker maker;
    struct store *store;
    struct bar month[BARS_OF_MONTH_MAX];
    size_t count; /* of them */
    int64_t security_id;
    struct date first;
};

/* The next word of a line, which ends with a line feed. */
static struct str
next_word(const char **at)
{
    struct str word = { *at, strcspn(*at, " \n") };

    *at += word.len;
    *at += **at == ' ';
    return word;
}

static uint32_t
source_id(struct making *making, struct str name)
{
    struct names *sources = making->store->sources;
    uint32_t id = names_find(sources, name);
    struct str copied = arena_copy(&making->maker.arena, name);

    if (id != NAME_NONE)
        return id;
    id = names_count(sources);
    for (uint32_t i = 0; i < making->maker.batch.name_count; i++, id++) {
        if (str_equal(making->maker.names[i].text, name))
            return id;
    }
    maker_name(&making->maker, NAMES_SOURCES, id, copied.data);
    return id;
}

static void
end_month(struct making *making)
{
    struct batch_maker *maker = &making->maker;
    struct out payload;

    if (making->count == 0)
        return;
    out_init(&payload, SIZE_MAX);
    barset_put(&payload, making->month, making->count);
    maker_record(maker, making->security_id, making->first.days,
                 out_text(&payload));
    maker->records[maker->batch.record_count - 1].kind = RECORD_BARS;
    out_fini(&payload);
    making->count = 0;
}

static void
take_bar(struct making *making, const char **at)
{
    struct str id = next_word(at), date = next_word(at);
    struct bar bar = { 0 };
    int64_t security_id = strtoll(id.data, NULL, 10);
    enum err err = date_parse(date, &bar.date);

    assert(err == OK);
    bar.source = source_id(making, next_word(at));
    for (unsigned i = 0; i < BAR_FIELDS && **at != '\n'; i++) {
        struct str text = next_word(at);
        struct decimal value;

        if (str_equal(text, STR("-")))
            continue;
        err = decimal_parse(text, &value, NULL);
        assert(err == OK);
        bar_set(&bar, i, value);
    }
    assert(**at == '\n');
    (*at)++;
    if (security_id != making->security_id ||
        bar_month(bar.date).days != making->first.days)
        end_month(making);
    making->security_id = security_id;
    making->first = bar_month(bar.date);
    assert(making->count < BARS_OF_MONTH_MAX);
    making->month[making->count++] = bar;
}

void
bars_append(struct store *store, const char *lines)
{
    uint64_t tx = store_newest(store) + 1;
    struct making making = { .store = store, .security_id = -1 };
    enum err err;

    maker_init(&making.maker, tx, RECORDED_US + (int64_t)tx * 1000000);
    while (*lines != '\0')
        take_bar(&making, &lines);
    end_month(&making);
    making.maker.batch.info.kind = BATCH_PRICES;
    making.maker.batch.info.facts = making.maker.batch.info.securities = 0;
    err = maker_append(store, &making.maker, NULL);
    assert(err == OK);
    maker_fini(&making.maker);
}
