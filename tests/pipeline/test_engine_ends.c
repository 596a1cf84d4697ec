/* What the end of a run means for those after it, and for its like. */
#include <criterion/criterion.h>
#include <string.h>

#include "secmaster/bearers.h"
#include "src/pipeline/engine_inside.h"
#include "src/pipeline/identity.h"
#include "tests/pipeline/market.h"
#include "tests/pipeline/polling.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define MASSIVE(name, datasets)                                                \
    "{\"name\":\"" name "\",\"adapter\":\"massive\","                          \
    "\"base_url\":\"https://api.massive.com\",\"key_env\":\"POLYGON\","        \
    "\"requests_per_minute\":60,\"datasets\":{" datasets "}}"
#define BENZINGA(datasets)                                                     \
    "{\"name\":\"benzinga\",\"adapter\":\"benzinga\","                         \
    "\"base_url\":\"https://api.benzinga.com\",\"key_env\":\"BENZINGA\","      \
    "\"requests_per_minute\":10,\"datasets\":{" datasets "}}"
#define LISTING "\"tickers\":{\"at\":\"07:01\"}"

/* A listing, then trades, then bars. */
static const char chain[] = "{\"vendors\":[" MASSIVE(
    "polygon", LISTING ",\"open-close\":{\"after\":\"trades\",\"universe\":["
                       "\"AAA\"]}") "," BENZINGA("\"trades\":{\"after\":"
                                                 "\"tickers\"}") "]}";

static void
begin(const char *config)
{
    polling_start(config, "2024-12-17T07:00:00Z");
    polling.serve = market_serve;
}

/* Runs of a dataset, the newest in *newest. */
static size_t
count_runs(const char *vendor, const char *dataset, struct run_info *newest)
{
    const struct poller_run_page page = { str_of(vendor), 0, 16 };
    struct run_info runs[16];
    size_t count = 0;

    for (size_t i = board_runs(polling.board, &page, runs); i-- > 0;) {
        if (!str_equal(runs[i].dataset, str_of(dataset)))
            continue;
        *newest = runs[i];
        count++;
    }
    return count;
}

/* A turn that is called off before it has begun says nothing of its dataset:
 * the run before it does. */
Test(engine_ends, a_turn_that_was_called_off_speaks_for_nobody)
{
    static const struct {
        const char *row;
        bool is_cancelled, is_restarted;
        size_t runs; /* of trades */
    } rows[] = {
        { "the turn is taken", false, false, 2 },
        { "it is called off", true, false, 2 },
        { "it is called off before a restart", true, true, 2 },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct run_info run = { 0 };
        struct why why = { "" };

        begin(chain);
        market_trades = 26;
        cr_assert_eq(polling_request("benzinga", "trades", "", ""), OK);
        polling_run_until(75);
        cr_assert_eq(count_runs("benzinga", "trades", &run), 2, "%s",
                     rows[i].row);
        cr_assert_eq(run.state, RUN_QUEUED, "%s", rows[i].row);
        if (rows[i].is_cancelled)
            cr_expect_eq(
                engine_cancel(polling.engine, STR("benzinga"), run.id, &why),
                OK, "%s: %s", rows[i].row, why.text);
        cr_expect_eq(count_runs("polygon", "open-close", &run), 0, "%s",
                     rows[i].row);
        if (rows[i].is_restarted)
            polling_restart();
        polling_run_until(300);
        market_trades = 3;
        cr_expect_eq(count_runs("benzinga", "trades", &run), rows[i].runs, "%s",
                     rows[i].row);
        cr_expect_gt(count_runs("polygon", "open-close", &run), 0, "%s",
                     rows[i].row);
        cr_expect(run.state == RUN_SUCCEEDED || run.state == RUN_UNCHANGED,
                  "%s: %s, %s", rows[i].row, run_state_name(run.state),
                  run.error);
        polling_stop();
    }
}

/* A run that waits for a listing is its dataset's turn behind that. */
Test(engine_ends, who_waits_already_gets_no_second_turn)
{
    static const struct {
        const char *row, *from, *to;
        size_t runs;
    } rows[] = {
        { "what is new", "", "", 1 },
        { "some days", "2024-12-02", "2024-12-03", 2 },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct run_info run = { 0 };

        begin(chain);
        market_listed = 20;
        polling_run_until(62);
        cr_assert_eq(polling_run_info(1).state, RUN_RUNNING);
        cr_assert_eq(
            polling_request("benzinga", "trades", rows[i].from, rows[i].to),
            OK);
        polling_run_until(300);
        market_listed = 3;
        cr_expect_eq(polling_run_info(1).state, RUN_SUCCEEDED, "%s",
                     rows[i].row);
        cr_expect_eq(count_runs("benzinga", "trades", &run), rows[i].runs,
                     "%s: %zu", rows[i].row,
                     count_runs("benzinga", "trades", &run));
        cr_expect(run_state_is_end(run.state), "%s: %s", rows[i].row,
                  run_state_name(run.state));
        cr_expect_eq(count_runs("polygon", "open-close", &run), 1, "%s",
                     rows[i].row);
        polling_stop();
    }
}

/* The next listing is held against the one that was published last, though
 * newer ones were not; a restart knows as much. */
Test(engine_ends, a_released_listing_is_what_the_next_one_is_held_against)
{
    static const char *const days[] = { "2024-12-10", "2024-12-11",
                                        "2024-12-12", "2024-12-13" };

    for (int is_restarted = 0; is_restarted < 2; is_restarted++) {
        struct why why = { "" };

        begin("{\"vendors\":[" MASSIVE("polygon", LISTING) "]}");
        for (int run = 0; run < 4; run++) {
            market_listed = run == 0 ? 3 : 2;
            if (run == 3)
                cr_expect_eq(polling_release(1, &why), OK, "%s", why.text);
            if (run == 3 && is_restarted)
                polling_restart();
            cr_assert_eq(
                polling_request("polygon", "tickers", days[run], days[run]),
                OK);
            polling_run_until(10 * (run + 1));
        }
        market_listed = 3;
        cr_expect_eq(polling_run_info(2).state, RUN_SUCCEEDED, "%d",
                     is_restarted);
        cr_expect_eq(polling_run_info(3).state, RUN_QUARANTINED, "%d",
                     is_restarted);
        cr_expect_eq(polling_run_info(4).state, RUN_UNCHANGED, "%d: %s",
                     is_restarted, run_state_name(polling_run_info(4).state));
        polling_stop();
    }
}

/* How many bear a ticker today. */
static unsigned
count_bearers(struct str ticker)
{
    struct window today = { instant_date(polling.start), { 0 } };
    struct bearers bearers;
    struct view view;
    struct why why;
    int64_t id;
    unsigned count;

    today.to.days = today.from.days + 1;
    cr_assert_eq(store_view_begin(polling.store, KNOWN_NEWEST, &view, &why),
                 OK);
    cr_assert_eq(
        bearers_init(&bearers, &view,
                     names_find(polling.store->attributes, STR("ticker")),
                     today),
        OK);
    cr_assert_eq(bearers_find(&bearers, ticker, &why), OK, "%s", why.text);
    count = bearers_on(&bearers, today.from, &id);
    bearers_fini(&bearers);
    store_view_end(&view);
    return count;
}

/* Memory ends at this judgement of a listing, or there is a reason against it,
 * counted from 1; 0: at none. */
static unsigned busy_at, odd_at, judgements;

enum err __real_identity_facts(const struct identity_ask *ask,
                               struct batch *into, struct complaints *reasons,
                               struct why *why);
enum err __wrap_identity_facts(const struct identity_ask *ask,
                               struct batch *into, struct complaints *reasons,
                               struct why *why);

enum err
__wrap_identity_facts(const struct identity_ask *ask, struct batch *into,
                      struct complaints *reasons, struct why *why)
{
    if (++judgements == busy_at)
        return ERR_BUSY;
    if (judgements == odd_at)
        complaints_add(reasons, NULL, 0, "two rows are one security");
    return __real_identity_facts(ask, into, reasons, why);
}

/* Two vendors list the same companies, the second some steps behind. */
static void
list_side_by_side(unsigned steps)
{
    judgements = 0;
    begin("{\"vendors\":[" MASSIVE("polygon", LISTING) "," MASSIVE(
        "massive", LISTING) "]}");
    market_listed = 2; /* a page: what is a step apart stays so */
    cr_assert_eq(polling_request("massive", "tickers", "", ""), OK);
    for (unsigned step = 0; step < steps; step++)
        (void)engine_turn(polling.engine);
    cr_assert_eq(polling_request("polygon", "tickers", "", ""), OK);
    polling_run_until(30);
    market_listed = 3;
}

/* Who is new to both is one, and each says all that it lists, though memory is
 * short amid it. */
Test(engine_ends, listings_side_by_side_are_of_the_same_securities)
{
    for (unsigned row = 0; row < 8 * 4; row++) {
        const unsigned steps = row / 4;

        busy_at = row % 4;
        list_side_by_side(steps);
        cr_expect_eq(polling_run_info(1).state, RUN_SUCCEEDED,
                     "%u steps, busy at %u", steps, busy_at);
        cr_expect_eq(polling_run_info(2).state, RUN_SUCCEEDED,
                     "%u steps, busy at %u", steps, busy_at);
        cr_expect_eq(count_bearers(STR("AAA")), 1, "%u steps, busy at %u",
                     steps, busy_at);
        cr_expect_eq(count_bearers(STR("BBB")), 1, "%u steps, busy at %u",
                     steps, busy_at);
        polling_stop();
    }
}

/* What was good when it was read may be refused by then, and waits. */
Test(engine_ends, a_listing_is_refused_by_what_came_before_it)
{
    struct quarantine_info entry = { 0 };
    struct why why = { "" };

    odd_at = 3;
    list_side_by_side(1);
    cr_expect_eq(judgements, 3);
    cr_expect_eq(polling_run_info(1).state, RUN_SUCCEEDED);
    cr_expect_eq(polling_run_info(2).state, RUN_QUARANTINED, "%s",
                 run_state_name(polling_run_info(2).state));
    cr_assert_eq(board_entry(polling.board, 1, &entry), OK);
    cr_expect(entry.run == 2 && entry.reason_count == 1, "run %lu, %u reasons",
              entry.run, entry.reason_count);
    cr_expect_str_eq(entry.reasons[0], "two rows are one security");
    cr_expect_eq(polling_release(1, &why), OK, "%s", why.text);
    cr_expect_eq(polling_run_info(2).state, RUN_SUCCEEDED);
    cr_expect_eq(count_bearers(STR("AAA")), 1);
    polling_stop();
}
