/* Splits by the tickers of their days. */
#include "split_facts.h"

#include <assert.h>
#include <stdlib.h>

#include "secmaster/bearers.h"

/* A split and whose it is. */
struct placed_split {
    int64_t security_id;
    const struct listed_split *split;
    unsigned bearing; /* as bearers_on counts */
};

struct placing {
    const struct listing *listing;
    struct placed_split *placed; /* by split */
};

static enum visit
place(void *context, const struct bearers *bearers, size_t i)
{
    const struct placing *placing = context;
    struct placed_split *placed = &placing->placed[i];

    placed->split = &placing->listing->splits[i];
    placed->bearing =
        bearers_on(bearers, placed->split->execution, &placed->security_id);
    return VISIT_NEXT;
}

static enum err
place_all(const struct split_ask *ask, struct bearers *bearers,
          struct placed_split *placed, struct why *why)
{
    const struct listing *listing = ask->listing;
    struct placing placing = { listing, placed };
    struct str *tickers = calloc(listing->split_count + 1U, sizeof *tickers);
    const struct bearers_names names = { tickers, listing->split_count };
    enum err err;

    if (tickers == NULL)
        return ERR_BUSY;
    for (uint32_t i = 0; i < listing->split_count; i++)
        tickers[i] = listing->splits[i].ticker;
    err = bearers_find_all(bearers, &names, place, &placing, why);
    free(tickers);
    return err;
}

/* Keep those that are somebody's, in their order; how many they are. */
static uint32_t
keep_borne(const struct split_ask *ask, struct placed_split *placed)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < ask->listing->split_count; i++) {
        if (placed[i].bearing > 1)
            complaints_add(ask->reasons, NULL, 0,
                           "more than one security bears the ticker \"%.*s\" "
                           "of a split on its day",
                           STR_ARG(placed[i].split->ticker));
        if (placed[i].bearing == 1)
            placed[kept++] = placed[i];
    }
    return kept;
}

static int
compare_placed(const void *left, const void *right)
{
    const struct placed_split *a = left, *b = right;

    if (a->security_id != b->security_id)
        return a->security_id < b->security_id ? -1 : 1;
    return a->split->execution.days < b->split->execution.days
               ? -1
               : a->split->execution.days > b->split->execution.days;
}

static enum err
say(struct batch *into, const struct placed_split *placed)
{
    struct fact fact = {
        .security_id = placed->security_id,
        .attribute = STR("split_from"),
        .value = { VALUE_NUMBER, placed->split->from },
        .effective = placed->split->execution,
    };

    TRY(batch_add(into, &fact, 0));
    fact.attribute = STR("split_to");
    fact.value.text = placed->split->to;
    return batch_add(into, &fact, 0);
}

static bool
is_same(const struct placed_split *a, const struct placed_split *b)
{
    return str_equal(a->split->from, b->split->from) &&
           str_equal(a->split->to, b->split->to);
}

static enum err
say_all(struct placed_split *placed, size_t count, const struct split_ask *ask,
        struct batch *into)
{
    qsort(placed, count, sizeof *placed, compare_placed);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || compare_placed(&placed[i - 1], &placed[i]) != 0)
            TRY(say(into, &placed[i]));
        else if (!is_same(&placed[i - 1], &placed[i]))
            complaints_add(ask->reasons, NULL, 0,
                           "two splits of \"%.*s\" differ on one day",
                           STR_ARG(placed[i].split->ticker));
    }
    return OK;
}

static enum err
run(const struct split_ask *ask, struct placed_split *placed,
    struct batch *into, uint32_t *unmatched)
{
    uint32_t count = keep_borne(ask, placed);

    *unmatched = ask->listing->split_count - count;
    TRY(batch_default_source(into, ask->source));
    TRY(say_all(placed, count, ask, into));
    return into->fact_count == 0 ? OK : batch_seal(into);
}

enum err
split_facts(const struct split_ask *ask, struct batch *into,
            uint32_t *unmatched, struct why *why)
{
    const uint32_t attribute =
        names_find(ask->view->store->attributes, STR("ticker"));
    struct placed_split *placed =
        calloc(ask->listing->split_count + 1U, sizeof *placed);
    struct bearers bearers;
    enum err err;

    assert(into->fact_count == 0);

    *unmatched = 0;
    if (placed == NULL)
        return ERR_BUSY;
    err = bearers_init(&bearers, ask->view, attribute, WINDOW_ALL);
    if (err == OK)
        err = place_all(ask, &bearers, placed, why);
    if (err == OK)
        err = run(ask, placed, into, unmatched);
    bearers_fini(&bearers);
    free(placed);
    return err;
}
