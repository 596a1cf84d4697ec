/* Rows are matched first, all of them, and said then: whether a ticker's old
 * bearer has lost it depends on every row. */
#include "identity.h"

#include <assert.h>
#include <stdlib.h>

#include "array.h"
#include "identity_match.h"
#include "listed_names.h"
#include "own_facts.h"
#include "secmaster/candidates.h"

/* Who loses its ticker to a row. */
struct loss {
    uint32_t row;
    int64_t security_id;
};

struct identity {
    const struct identity_ask *ask;
    struct batch *into;
    struct complaints *reasons;
    struct why *why;
    struct identity_match match;
    struct own_facts own;
    int64_t *ids; /* by row; MATCH_NONE: a new one */
    struct candidates taken;
    struct candidates active; /* those that may be */
    struct loss *losses;      /* by row, then security */
    size_t loss_count, loss_capacity;
    enum err err;
};

static enum err
init(struct identity *identity)
{
    const struct identity_ask *ask = identity->ask;

    candidates_init(&identity->taken);
    candidates_init(&identity->active);
    identity->ids = calloc(ask->listing->count + 1U, sizeof *identity->ids);
    if (identity->ids == NULL)
        return ERR_BUSY;
    return batch_default_source(identity->into, ask->source);
}

static void
fini(struct identity *identity)
{
    identity_match_fini(&identity->match);
    own_facts_fini(&identity->own);
    candidates_fini(&identity->taken);
    candidates_fini(&identity->active);
    free(identity->ids);
    free(identity->losses);
}

static enum err
match_rows(struct identity *identity)
{
    const struct listing *listing = identity->ask->listing;

    TRY(identity_match_composites(&identity->match, listing, identity->ids,
                                  identity->why));
    for (uint32_t i = 0; i < listing->count; i++) {
        if (identity->ids[i] == MATCH_NONE)
            TRY(identity_match_row(&identity->match, &listing->rows[i],
                                   &identity->ids[i], identity->reasons,
                                   identity->why));
        if (identity->ids[i] != MATCH_NONE)
            TRY(candidates_add(&identity->taken, identity->ids[i]));
    }
    return OK;
}

/* A row by what must be one row's alone. */
struct claim {
    int64_t security_id; /* MATCH_NONE: text is */
    struct str text;
    uint32_t row;
};

static int
compare_claims(const void *left, const void *right)
{
    const struct claim *a = left, *b = right;

    if (a->security_id != b->security_id)
        return a->security_id < b->security_id ? -1 : 1;
    return str_compare(a->text, b->text);
}

/* Complain where two rows claim the same. */
static void
check_claims(struct identity *identity, struct claim *claims, size_t count,
             const char *what)
{
    const struct listed *rows = identity->ask->listing->rows;

    qsort(claims, count, sizeof *claims, compare_claims);
    for (size_t i = 1; i < count; i++) {
        const struct claim *a = &claims[i - 1], *b = &claims[i];
        struct str one = rows[a->row].fields[LISTED_TICKER].text;
        struct str other = rows[b->row].fields[LISTED_TICKER].text;

        if (compare_claims(a, b) == 0)
            complaints_add(identity->reasons, NULL, 0,
                           "rows of \"%.*s\" and \"%.*s\" are of one %s",
                           STR_ARG(one), STR_ARG(other), what);
    }
}

static void
check_field(struct identity *identity, struct claim *claims,
            enum listed_field field)
{
    const struct listing *listing = identity->ask->listing;
    size_t count = 0;

    for (uint32_t i = 0; i < listing->count; i++) {
        const struct value *value = &listing->rows[i].fields[field];

        if (value->type != VALUE_NULL)
            claims[count++] = (struct claim){ MATCH_NONE, value->text, i };
    }
    check_claims(identity, claims, count, listed_attributes[field]);
}

static enum err
check_rows(struct identity *identity)
{
    const struct listing *listing = identity->ask->listing;
    struct claim *claims = calloc(listing->count + 1U, sizeof *claims);
    size_t count = 0;

    if (claims == NULL)
        return ERR_BUSY;
    check_field(identity, claims, LISTED_TICKER);
    check_field(identity, claims, LISTED_COMPOSITE_FIGI);
    for (uint32_t i = 0; i < listing->count; i++)
        if (identity->ids[i] != MATCH_NONE)
            claims[count++] = (struct claim){ identity->ids[i], STR(""), i };
    check_claims(identity, claims, count, "security");
    free(claims);
    return OK;
}

static enum err
say(struct identity *identity, int64_t security_id, enum listed_field field,
    struct value value)
{
    const struct fact fact = {
        .security_id = security_id,
        .attribute = str_of(listed_attributes[field]),
        .value = value,
        .effective = identity->ask->day,
    };

    return batch_add(identity->into, &fact, 0);
}

/* Unless the source said just this last. */
static enum err
say_news(struct identity *identity, int64_t security_id,
         enum listed_field field, struct value value)
{
    const struct own_fact *own = &identity->own.facts[field];

    if (own->is_said && value_equal(own->value, value))
        return OK;
    return say(identity, security_id, field, value);
}

static enum err
say_row(struct identity *identity, uint32_t i)
{
    const struct listed *row = &identity->ask->listing->rows[i];
    int64_t security_id = identity->ids[i];

    if (security_id == MATCH_NONE)
        TRY(batch_label(identity->into, row->fields[LISTED_TICKER].text,
                        &security_id));
    if (identity->ids[i] != MATCH_NONE)
        TRY(own_facts_read(&identity->own, security_id, identity->why));
    else
        memset(identity->own.facts, 0, sizeof identity->own.facts);
    for (unsigned field = 0; field < LISTED_FIELDS; field++) {
        const struct value value = row->fields[field];

        if (value.type != VALUE_NULL)
            TRY(say_news(identity, security_id, (enum listed_field)field,
                         value));
    }
    return OK;
}

static bool
is_listed(const struct identity *identity, int64_t security_id)
{
    const struct candidates *taken = &identity->taken;
    size_t at = candidates_find(taken, security_id);

    return at < taken->count && taken->ids[at] == security_id;
}

static enum err
add_loss(struct identity *identity, uint32_t row, int64_t security_id)
{
    struct loss *losses =
        array_reserve(identity->losses, &identity->loss_capacity,
                      identity->loss_count + 1, sizeof *losses);

    if (losses == NULL)
        return ERR_BUSY;
    identity->losses = losses;
    losses[identity->loss_count++] = (struct loss){ row, security_id };
    return OK;
}

struct tickers {
    struct identity *identity;
    const uint32_t *rows; /* by name */
};

/* Who bears a row's ticker on the day, and is in no row. */
static enum visit
note_losses(void *context, const struct bearers *bearers, size_t name)
{
    const struct tickers *tickers = context;
    struct identity *identity = tickers->identity;
    const int32_t day = identity->ask->day.days;

    for (size_t i = 0; i < bearers->span_count && identity->err == OK; i++) {
        const struct bearing *old = &bearers->spans[i];

        if (old->start.days <= day && old->end.days > day &&
            !is_listed(identity, old->security_id))
            identity->err =
                add_loss(identity, tickers->rows[name], old->security_id);
    }
    return identity->err == OK ? VISIT_NEXT : VISIT_STOP;
}

static int
compare_losses(const void *left, const void *right)
{
    const struct loss *a = left, *b = right;

    if (a->row != b->row)
        return a->row < b->row ? -1 : 1;
    return a->security_id < b->security_id ? -1
                                           : a->security_id > b->security_id;
}

static enum err
find_losses(struct identity *identity)
{
    struct listed_names listed;
    struct tickers tickers = { .identity = identity };
    enum err err =
        listed_names_init(&listed, identity->ask->listing, LISTED_TICKER);

    tickers.rows = listed.rows;
    if (err == OK)
        err = bearers_find_all(&identity->match.tickers, &listed.names,
                               note_losses, &tickers, identity->why);
    listed_names_fini(&listed);
    TRY(err);
    if (identity->loss_count > 1)
        qsort(identity->losses, identity->loss_count, sizeof *identity->losses,
              compare_losses);
    return identity->err;
}

static enum err
say_loss(struct identity *identity, const struct loss *loss)
{
    TRY(own_facts_read(&identity->own, loss->security_id, identity->why));
    return say_news(identity, loss->security_id, LISTED_TICKER, VALUE_OF_NULL);
}

/* Each row, and then who loses its ticker to it. */
static enum err
say_rows(struct identity *identity)
{
    size_t at = 0;

    TRY(find_losses(identity));
    for (uint32_t i = 0; i < identity->ask->listing->count; i++) {
        TRY(say_row(identity, i));
        for (; at < identity->loss_count && identity->losses[at].row == i; at++)
            TRY(say_loss(identity, &identity->losses[at]));
    }
    return OK;
}

static enum visit
collect(void *context, int64_t security_id)
{
    struct identity *identity = context;

    identity->err = candidates_add(&identity->active, security_id);
    return identity->err == OK ? VISIT_NEXT : VISIT_STOP;
}

static enum err
find_active(struct identity *identity)
{
    const uint32_t attribute = identity->own.attributes[LISTED_ACTIVE];
    const struct lookup_range range = LOOKUP_ALL(attribute, STR("true"));

    if (attribute == NAME_NONE)
        return OK;
    TRY(store_lookup(identity->ask->view, &range, collect, identity,
                     identity->why));
    return identity->err;
}

/* Whom the source said to be active, and lists no more. */
static enum err
say_absent(struct identity *identity)
{
    const struct own_fact *active = &identity->own.facts[LISTED_ACTIVE];

    if (!identity->ask->is_whole || identity->ask->listing->count == 0)
        return OK;
    TRY(find_active(identity));
    for (size_t i = 0; i < identity->active.count; i++) {
        const int64_t security_id = identity->active.ids[i];

        if (is_listed(identity, security_id))
            continue;
        TRY(own_facts_read(&identity->own, security_id, identity->why));
        if (active->is_said && active->value.type == VALUE_TRUE)
            TRY(say(identity, security_id, LISTED_ACTIVE, VALUE_OF_FALSE));
    }
    return OK;
}

static enum err
run(struct identity *identity)
{
    TRY(match_rows(identity));
    TRY(candidates_sort(&identity->taken));
    TRY(check_rows(identity));
    if (identity->reasons->total > 0)
        return OK;
    TRY(say_rows(identity));
    TRY(say_absent(identity));
    return identity->into->fact_count == 0 ? OK : batch_seal(identity->into);
}

enum err
identity_facts(const struct identity_ask *ask, struct batch *into,
               struct complaints *reasons, struct why *why)
{
    struct identity identity = {
        .ask = ask,
        .into = into,
        .reasons = reasons,
        .why = why,
    };
    enum err err;

    assert(into->fact_count == 0);

    own_facts_init(&identity.own, ask->view, ask->source, ask->day);
    err = identity_match_init(&identity.match, &identity.own);
    if (err == OK)
        err = init(&identity);
    if (err == OK)
        err = run(&identity);
    fini(&identity);
    return err;
}
