/* State by keys in order, of every store that plugs into the socket. */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/store/store_bench.h"

/* "key=value ", stopping behind stop_at. */
struct listing {
    struct out text;
    size_t count, stop_at;
};

static enum visit
list_state(void *context, struct str key, struct str value)
{
    struct listing *listing = context;

    out_print(&listing->text, "%.*s=%.*s ", STR_ARG(key), STR_ARG(value));
    return ++listing->count == listing->stop_at ? VISIT_STOP : VISIT_NEXT;
}

static void
expect_listing(struct bench *bench, enum state_space space, size_t stop_at,
               const char *expected)
{
    struct listing listing = { .stop_at = stop_at };

    out_init(&listing.text, SIZE_MAX);
    cr_expect_eq(
        store_state_scan(bench->store, space, list_state, &listing, NULL), OK);
    cr_expect(str_equal(out_text(&listing.text), str_of(expected)),
              "space %d, stopped at %zu: %.*s", (int)space, stop_at,
              STR_ARG(out_text(&listing.text)));
    out_fini(&listing.text);
}

Test(store_state, shows_the_state_of_a_space_in_order)
{
    for (size_t s = 0; s < STORES; s++) {
        struct batch_maker maker;
        struct bench bench;

        stores[s].make(&bench);
        expect_listing(&bench, STATE_WATERMARKS, 0, "");
        maker_init(&maker, 1, 0);
        maker_state(&maker, STATE_WATERMARKS, "b", "2");
        maker_state(&maker, STATE_WATERMARKS, "ba", "");
        maker_state(&maker, STATE_WATERMARKS, "a\xff", "1");
        maker_state(&maker, STATE_WATERMARKS, "\x01", "0");
        maker_state(&maker, STATE_WATERMARKS, "gone", "3");
        maker_state(&maker, STATE_WATERMARKS, "gone", NULL);
        maker_state(&maker, STATE_WEBHOOKS, "\xff", "before");
        maker_state(&maker, STATE_PRECEDENCE, "\x01", "behind");
        must_append(&bench, &maker);
        maker_fini(&maker);
        for (int round = 0; round < 2; round++) {
            expect_listing(&bench, STATE_WATERMARKS, 0,
                           "\x01=0 a\xff=1 b=2 ba= ");
            expect_listing(&bench, STATE_WATERMARKS, 2, "\x01=0 a\xff=1 ");
            expect_listing(&bench, STATE_PRECEDENCE, 0, "\x01=behind ");
            expect_listing(&bench, STATE_MINT, 0, "");
            stores[s].reopen(&bench);
        }
        stores[s].drop(&bench);
    }
}

static void
append_rule(struct bench *bench, uint64_t tx, const char *attribute)
{
    struct batch_maker maker;
    uint32_t id = names_count(bench->store->attributes);

    maker_init(&maker, tx, (int64_t)tx * 1000);
    maker.batch.info.kind = BATCH_PRECEDENCE;
    maker_name(&maker, NAMES_ATTRIBUTES, id, attribute);
    maker.names[0].first_assertion = TX_NEVER;
    maker_state(&maker, STATE_PRECEDENCE, attribute, "rule");
    must_append(bench, &maker);
    maker_fini(&maker);
}

static void
expect_kind(struct bench *bench, uint64_t tx, enum batch_kind kind)
{
    struct tx_info info;
    struct arena arena;

    arena_init(&arena, 1UL << 16);
    cr_assert_eq(store_transaction(bench->store, tx, &arena, &info, NULL), OK);
    cr_expect_eq(info.kind, kind, "tx %d", (int)tx);
    cr_expect_eq(info.facts, kind == BATCH_FACTS, "tx %d", (int)tx);
    cr_expect_eq(info.source_count, 0);
    cr_expect_eq(info.recorded_at.us, (int64_t)tx * 1000);
    arena_fini(&arena);
}

Test(store_state, batches_need_no_records)
{
    for (size_t s = 0; s < STORES; s++) {
        struct bench bench;

        stores[s].make(&bench);
        APPEND_FACTS(&bench, 1, { 1, 10 });
        append_rule(&bench, 2, "name");
        append_rule(&bench, 3, "sector");
        APPEND_FACTS(&bench, 4, { 1, 11 });
        append_rule(&bench, 5, "country");
        for (int round = 0; round < 2; round++) {
            cr_expect_eq(store_newest(bench.store), 5, "%s", stores[s].name);
            expect_scan(&bench, 3, SCAN_ALL(RECORD_FACTS), "1@10#1 ",
                        stores[s].name);
            expect_scan(&bench, 5, SCAN_ALL(RECORD_FACTS), "1@10#1 1@11#4 ",
                        stores[s].name);
            expect_kind(&bench, 1, BATCH_FACTS);
            expect_kind(&bench, 2, BATCH_PRECEDENCE);
            expect_kind(&bench, 4, BATCH_FACTS);
            expect_kind(&bench, 5, BATCH_PRECEDENCE);
            expect_listing(&bench, STATE_PRECEDENCE, 0,
                           "country=rule name=rule sector=rule ");
            cr_expect_eq(names_find(bench.store->attributes, STR("sector")), 2);
            cr_expect_eq(names_first_assertion(bench.store->attributes, 2),
                         TX_NEVER);
            stores[s].reopen(&bench);
        }
        stores[s].drop(&bench);
    }
}

/* "key=value key-": put and remove; the listing that follows, by space. */
static const struct {
    const char *changes, *webhooks, *runs;
} alone[] = {
    { "R1=a", "", "1=a " },         { "R1=b R2=c", "", "1=b 2=c " },
    { "Wx=1 R1-", "x=1 ", "2=c " }, { "R2- R2=d", "x=1 ", "2=d " },
    { "Wx=2 Wx-", "", "2=d " },     { "Wgone-", "", "2=d " },
    { "R3= R2-", "", "3= " },
};

static enum err
put_alone(struct bench *bench, const char *text)
{
    struct state_change changes[4];
    size_t count = 0;

    while (*text != '\0') {
        const size_t len = strcspn(text, " "), key = strcspn(text, "=-");
        struct state_change *change = &changes[count++];

        *change = (struct state_change){
            .space = text[0] == 'R' ? STATE_RUNS : STATE_WEBHOOKS,
            .key = { text + 1, key - 1 },
        };
        if (text[key] == '=')
            change->value = (struct str){ text + key + 1, len - key - 1 };
        text += len + (text[len] == ' ');
    }
    return store_put_state(bench->store, changes, count, NULL);
}

/* From before the first transaction on. */
Test(store_state, is_put_without_a_batch)
{
    for (size_t s = 0; s < STORES; s++) {
        struct bench bench;
        uint64_t tx = 0, first = 0, history;

        stores[s].make(&bench);
        for (size_t i = 0; i < sizeof alone / sizeof alone[0]; i++) {
            cr_expect_eq(put_alone(&bench, alone[i].changes), OK, "%s: %s",
                         stores[s].name, alone[i].changes);
            expect_listing(&bench, STATE_WEBHOOKS, 0, alone[i].webhooks);
            expect_listing(&bench, STATE_RUNS, 0, alone[i].runs);
            stores[s].reopen(&bench);
            expect_listing(&bench, STATE_WEBHOOKS, 0, alone[i].webhooks);
            expect_listing(&bench, STATE_RUNS, 0, alone[i].runs);
            cr_expect_eq(store_newest(bench.store), tx, "%s: %s",
                         stores[s].name, alone[i].changes);
            if (tx > 0) {
                cr_assert_eq(store_history(bench.store, 1, &history, NULL), OK);
                cr_expect(tx == 1 || history == first, "%s: %s", stores[s].name,
                          alone[i].changes);
                first = history;
            }
            if (i % 2 == 0)
                APPEND_FACTS(&bench, ++tx, { 1, (int)i });
        }
        expect_scan(&bench, tx, SCAN_ALL(RECORD_FACTS),
                    "1@0#1 1@2#2 1@4#3 1@6#4 ", stores[s].name);
        stores[s].drop(&bench);
    }
}
