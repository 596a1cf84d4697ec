/* State by keys in order, of every store that plugs into the socket. */
#include <criterion/criterion.h>

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
