/* Whose tickers were traded, as far as a moment knows. */
#include <criterion/criterion.h>

#include "secmaster/bounds.h"
#include "src/pipeline/traded.h"
#include "tests/pipeline/history.h"
#include "tests/pipeline/writing.h"
#include "tests/support/batch_maker.h"
#include "tests/support/store_memory.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ARENA_BYTES (1UL << 20)

/* Batches as history.h has them, and the tickers in the order of the answer. */
static const struct {
    const char *name, *batches;
    uint64_t known_tx;
    const char *tickers;
} cases[] = {
    { "no trades", "", KNOWN_NEWEST, "" },
    { "no trades beside facts and bars", "+ticker=A|#1/4=5", KNOWN_NEWEST, "" },
    { "one", "t/4.0=x%A", KNOWN_NEWEST, "A " },
    { "in order of their bytes", "t/4.0=x%B u/4.0=x%a v/4.0=x%A w/4.0=x%AB",
      KNOWN_NEWEST, "A AB B a " },
    { "each once", "t/4.0=x%A u/5.0=x%A|v/4.0=x%A w/4.0=x%B", KNOWN_NEWEST,
      "A B " },
    { "on any day", "t/-700000.0=x%A u/2900000.0=x%B", KNOWN_NEWEST, "A B " },

    { "known later", "t/4.0=x%A|u/1.0=x%B", 1, "A " },
    { "known by now", "t/4.0=x%A|u/1.0=x%B", 2, "A B " },
    { "before anything was known", "t/4.0=x%A", 0, "" },

    { "of a version that no longer stands", "t/4.0=x%A|t/4.1=x%B", KNOWN_NEWEST,
      "A B " },
    { "of versions of one batch", "t/4.0=x%B t/4.1=x%A", KNOWN_NEWEST, "A B " },
    { "moved to another day", "t/4.0=x%A|t/5.1=x%A", KNOWN_NEWEST, "A " },

    { "not sent", "t/4.0=x u/4.0=x%A", KNOWN_NEWEST, "A " },
    { "empty", "t/4.0=x% u/4.0=x%A", KNOWN_NEWEST, "A " },
    { "what people write for none",
      "t/4.0=x%-- u/4.0=x%N/A v/4.0=x%n/a w/4.0=x%None x/4.0=x%NONE y/4.0=x%.",
      KNOWN_NEWEST, "" },
    { "what nobody can be asked for",
      "t/4.0=x%A\\nB u/4.0=x%\xc3\xa9 v/4.0=x%A\\u0001", KNOWN_NEWEST, "" },
    { "almost none", "t/4.0=x%NA u/4.0=x%NONEX v/4.0=x%-A", KNOWN_NEWEST,
      "-A NA NONEX " },
    { "unescaped", "t/4.0=x%A\\\"", KNOWN_NEWEST, "A\" " },
    { "digits", "t/4.0=x%7203", KNOWN_NEWEST, "7203 " },

    { "borne by nobody", "+ticker=B|t/4.0=x%A", KNOWN_NEWEST, "A " },
    { "classes apart", "t/4.0=x%BRK.B u/4.0=x%BRK.A v/4.0=x%BRK.B",
      KNOWN_NEWEST, "BRK.A BRK.B " },
    { "spellings apart", "t/4.0=x%BRK/B u/4.0=x%BRK-B v/4.0=x%BRK.B",
      KNOWN_NEWEST, "BRK-B BRK.B BRK/B " },
    { "small letters apart", "t/4.0=x%KIMpL u/4.0=x%KIMPL", KNOWN_NEWEST,
      "KIMPL KIMpL " },
    { "both names of one that was renamed",
      "+ticker=FB#1/4 +ticker=META#1/9|t/4.0=x%META u/12.0=x%FB", KNOWN_NEWEST,
      "FB META " },
};

static enum err
find(uint64_t known_tx, struct arena *arena, struct tickers *out,
     struct why *why)
{
    struct view view;
    enum err err;

    cr_assert_eq(store_view_begin(writing.store, known_tx, &view, NULL), OK);
    err = traded_tickers(&view, arena, out, why);
    store_view_end(&view);
    return err;
}

Test(traded, tickers_of_all_that_is_known)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct tickers tickers;
        struct arena arena;
        struct out got;

        writing_start(store_memory_new());
        history_write(cases[i].batches);
        arena_init(&arena, ARENA_BYTES);
        out_init(&got, ARENA_BYTES);
        cr_assert_eq(find(cases[i].known_tx, &arena, &tickers, NULL), OK, "%s",
                     cases[i].name);
        for (uint32_t t = 0; t < tickers.count; t++)
            out_print(&got, "%.*s ", STR_ARG(tickers.items[t]));
        cr_expect(str_equal(out_text(&got), str_of(cases[i].tickers)),
                  "%s: %.*s, not %s", cases[i].name, STR_ARG(out_text(&got)),
                  cases[i].tickers);
        writing_stop();
        out_fini(&got);
        arena_fini(&arena);
    }
}

/* A trade of each ticker T0, T1 ... */
static void
trade_tickers(int from, int count)
{
    struct out batch;

    out_init(&batch, SIZE_MAX);
    for (int i = from; i < from + count; i++)
        out_print(&batch, "%st%d/4.0=x%%T%d", i == from ? "" : " ", i, i);
    out_char(&batch, '\0');
    history_write(batch.data);
    out_fini(&batch);
}

Test(traded, no_more_than_a_universe_has)
{
    static const struct {
        int more;
        enum err err;
        uint32_t count;
        const char *why;
    } steps[] = {
        { UNIVERSE_TICKERS_MAX, OK, UNIVERSE_TICKERS_MAX, "" },
        { 1, ERR_TOO_LARGE, 0, "more than 10000 tickers were traded" },
    };
    int traded = 0;

    writing_start(store_memory_new());
    for (size_t i = 0; i < COUNT(steps); i++) {
        struct tickers tickers = { NULL, 0 };
        struct why why = { "" };
        struct arena arena;

        trade_tickers(traded, steps[i].more);
        traded += steps[i].more;
        arena_init(&arena, ARENA_BYTES);
        cr_expect_eq(find(KNOWN_NEWEST, &arena, &tickers, &why), steps[i].err,
                     "%d", traded);
        cr_expect_eq(tickers.count, steps[i].count, "%d: %u", traded,
                     tickers.count);
        cr_expect_str_eq(why.text, steps[i].why, "%d: %s", traded, why.text);
        arena_fini(&arena);
    }
    writing_stop();
}

Test(traded, an_arena_without_room_is_an_error)
{
    static const struct {
        size_t bytes;
        enum err err;
    } rows[] = {
        { ARENA_BYTES, OK },
        { 1700, ERR_TOO_LARGE }, /* for a list, not for its texts */
        { 64, ERR_TOO_LARGE },
        { 0, ERR_TOO_LARGE },
    };

    writing_start(store_memory_new());
    trade_tickers(0, 100);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct tickers tickers;
        struct arena arena;

        arena_init(&arena, rows[i].bytes);
        cr_expect_eq(find(KNOWN_NEWEST, &arena, &tickers, NULL), rows[i].err,
                     "%zu bytes", rows[i].bytes);
        arena_fini(&arena);
    }
    writing_stop();
}

Test(traded, a_damaged_trade_is_told_of)
{
    struct batch_maker maker;
    struct tickers tickers;
    struct why why = { "" };
    struct arena arena;

    writing_start(store_memory_new());
    trade_tickers(0, 1);
    maker_init(&maker, 2, 0);
    maker_record(&maker, 0, 4, STR("\xff"));
    maker.records[0].kind = RECORD_TRADES;
    maker.batch.info.kind = BATCH_TRADES;
    cr_assert_eq(maker_append(writing.store, &maker, NULL), OK);
    maker_fini(&maker);
    arena_init(&arena, ARENA_BYTES);
    cr_expect_eq(find(1, &arena, &tickers, &why), OK);
    cr_expect_eq(find(2, &arena, &tickers, &why), ERR_STORE);
    cr_expect_str_eq(why.text, "trades cannot be read for their tickers");
    arena_fini(&arena);
    writing_stop();
}
