/* Splits by the tickers of their days. */
#include "split_facts.h"

#include <assert.h>
#include <stdlib.h>

#include "secmaster/bearers.h"

/* A split and whose it is. */
struct placed_split {
    int64_t security_id;
    const struct listed_split *split;
};

static enum err
place(struct bearers *bearers, const struct split_ask *ask,
      const struct listed_split *split, struct placed_split *out,
      struct why *why)
{
    unsigned count;

    TRY(bearers_find(bearers, split->ticker, why));
    count = bearers_on(bearers, split->execution, &out->security_id);
    out->split = count == 1 ? split : NULL;
    if (count > 1)
        complaints_add(ask->reasons, NULL, 0,
                       "more than one security bears the ticker \"%.*s\" of a "
                       "split on its day",
                       STR_ARG(split->ticker));
    return OK;
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
run(const struct split_ask *ask, struct bearers *bearers,
    struct placed_split *placed, struct batch *into, struct why *why)
{
    const struct listing *listing = ask->listing;
    size_t count = 0;

    for (uint32_t i = 0; i < listing->split_count; i++) {
        TRY(place(bearers, ask, &listing->splits[i], &placed[count], why));
        count += placed[count].split != NULL;
    }
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
    const uint32_t count = ask->listing->split_count;
    struct placed_split *placed = calloc(count + 1U, sizeof *placed);
    struct bearers bearers;
    enum err err;

    assert(into->fact_count == 0);

    if (placed == NULL)
        return ERR_BUSY;
    err = bearers_init(&bearers, ask->view, attribute, WINDOW_ALL);
    if (err == OK)
        err = run(ask, &bearers, placed, into, why);
    *unmatched = 0;
    for (uint32_t i = 0; i < count; i++)
        *unmatched += placed[i].split == NULL;
    bearers_fini(&bearers);
    free(placed);
    return err;
}
