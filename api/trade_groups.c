/* Count trades by what they have in common. */
#include "trade_groups.h"

#include <assert.h>
#include <stdlib.h>

#include "seeks.h"
#include "tickers.h"

/* Trades whose security is known, and the sectors of those. */
struct sectors {
    struct trade_groups *groups;
    const struct trade_choice *choice;
    uint32_t attributes[2]; /* the first that says anything counts */
    struct lookup_key *keys;
    size_t *places; /* by key, in the book's order */
    size_t count;
    const struct seek *seeks; /* of the keys, by security and day */
    size_t next, end;         /* of the security at hand */
    enum err err;
};

static void
add_amount(struct amount_sum *sum, bool is_there, struct decimal amount)
{
    if (!is_there)
        return;
    decimal_sum_add(&sum->sum, amount);
    if (sum->scale < amount.scale)
        sum->scale = amount.scale;
}

/* An entry counts once in a group, however often it is put there. */
static void
count_entry(struct trade_group *group, const struct trade_choice *choice,
            size_t place)
{
    size_t at = trade_book_at(choice->book, place);
    const struct amount amount =
        trade_book_amount(choice->book, &choice->book->entries[at]);

    if (group->last == place + 1)
        return;
    group->last = place + 1;
    group->trades++;
    add_amount(&group->low, amount.has_low, amount.low);
    add_amount(&group->high, amount.has_high, amount.high);
    if (amount.kind == AMOUNT_OPEN)
        group->open_ended++;
}

static enum err
add_group(struct trade_groups *groups)
{
    if (groups->count == groups->capacity) {
        size_t capacity = groups->capacity == 0 ? 64 : 2 * groups->capacity;
        struct trade_group *items =
            realloc(groups->items, capacity * sizeof *items);

        if (items == NULL)
            return ERR_BUSY;
        groups->items = items;
        groups->capacity = capacity;
    }
    groups->items[groups->count++] = (struct trade_group){
        .key = VALUE_OF_NULL,
    };
    return OK;
}

/* The group of what scratch has as JSON. */
static enum err
find_group(struct trade_groups *groups, size_t *out)
{
    struct str json = out_text(&groups->scratch);
    uint32_t id;

    TRY(out_finish(&groups->scratch));
    id = names_find(groups->keys, json);
    if (id == NAME_NONE) {
        id = names_count(groups->keys);
        TRY(names_add(groups->keys, json));
        TRY(add_group(groups));
    }
    /* The first one is of those without a value. */
    *out = (size_t)id + 1;
    groups->items[*out].key = value_of_json(names_text(groups->keys, id));
    return OK;
}

static enum err
count_value(struct trade_groups *groups, const struct trade_choice *choice,
            size_t place, struct value value)
{
    size_t group = 0;

    if (value.type != VALUE_NULL) {
        out_reset(&groups->scratch);
        value_json(&groups->scratch, value);
        TRY(find_group(groups, &group));
    }
    count_entry(&groups->items[group], choice, place);
    return OK;
}

static enum err
count_committees(struct trade_groups *groups, const struct trade_choice *choice,
                 size_t place, uint32_t text)
{
    struct str list = { NULL, 0 }, name;
    bool is_of_any = false;

    if (text != NAME_NONE)
        list = names_text(choice->book->texts, text);
    while (trade_book_committee(&list, &name)) {
        is_of_any = true;
        TRY(count_value(groups, choice, place,
                        (struct value){ VALUE_STRING, name }));
    }
    return is_of_any ? OK : count_value(groups, choice, place, VALUE_OF_NULL);
}

static enum err
count_month(struct trade_groups *groups, const struct trade_choice *choice,
            size_t place, struct date date)
{
    char day[DATE_TEXT_BYTES];

    date_format(date, day);
    return count_value(groups, choice, place,
                       (struct value){ VALUE_STRING, { day, 7 } });
}

static enum err
count_security(struct trade_groups *groups, const struct trade_choice *choice,
               size_t place, int64_t security_id)
{
    size_t group;

    if (security_id == NO_SECURITY)
        return count_value(groups, choice, place, VALUE_OF_NULL);
    out_reset(&groups->scratch);
    out_int(&groups->scratch, security_id);
    TRY(find_group(groups, &group));
    groups->items[group].number = security_id;
    count_entry(&groups->items[group], choice, place);
    return OK;
}

/* Of what needs no more than the book. */
static enum err
count_place(struct trade_groups *groups, const struct trade_choice *choice,
            size_t place)
{
    const struct trade_book *book = choice->book;
    size_t at = trade_book_at(book, place);
    const struct trade_entry *entry = &book->entries[at];
    const uint32_t *texts = entry->texts;

    switch (groups->by) {
    case BY_MEMBER:
        return count_value(groups, choice, place,
                           trade_book_value(book, texts[BOOK_MEMBER]));
    case BY_PARTY:
        return count_value(groups, choice, place,
                           trade_book_value(book, texts[BOOK_PARTY]));
    case BY_STATE:
        return count_value(groups, choice, place,
                           trade_book_value(book, texts[BOOK_STATE]));
    case BY_COMMITTEE:
        return count_committees(groups, choice, place, texts[BOOK_COMMITTEES]);
    case BY_MONTH:
        return count_month(groups, choice, place, entry->date);
    case BY_SECURITY:
    case BY_SECTOR:
        break;
    }
    assert(false);
    return OK;
}

static struct value
cell_of(const struct row *row, uint32_t attribute)
{
    for (size_t i = 0; i < row->cell_count; i++)
        if (row->cells[i].attribute == attribute)
            return row->cells[i].value;
    return VALUE_OF_NULL;
}

/* Days come in order, as rows do. */
static enum visit
visit_row(void *context, const struct row *row)
{
    struct sectors *sectors = context;
    struct value sector = cell_of(row, sectors->attributes[0]);

    if (sector.type == VALUE_NULL)
        sector = cell_of(row, sectors->attributes[1]);
    for (; sectors->next < sectors->end; sectors->next++) {
        const struct seek *seek = &sectors->seeks[sectors->next];

        if (seek->date.days >= row->end.days)
            return VISIT_NEXT;
        sectors->err = count_value(sectors->groups, sectors->choice,
                                   sectors->places[seek->index], sector);
        if (sectors->err != OK)
            return VISIT_STOP;
    }
    return VISIT_STOP;
}

/* Fold the security of the next seek, until its last one is settled. */
static enum err
fold_one(struct sectors *sectors, struct view *view, struct timeline *timeline,
         struct why *why)
{
    const struct seek *items = sectors->seeks;
    int64_t security_id = items[sectors->next].security_id;
    const struct scan_fold fold = { .first = items[sectors->next].date };
    struct scan_range range = SCAN_SECURITY(RECORD_FACTS, security_id);

    range.fold = &fold;
    sectors->end = sectors->next;
    while (sectors->end < sectors->count &&
           items[sectors->end].security_id == security_id)
        sectors->end++;
    TRY(store_scan(view, &range, timeline_record, timeline, why));
    TRY(timeline_finish(timeline));
    /* Who bears a ticker has a row. */
    if (sectors->err == OK && sectors->next < sectors->end)
        return why_set(why, ERR_STORE, "security %lld has no row",
                       (long long)security_id);
    return sectors->err;
}

static enum err
fold_all(struct sectors *sectors, struct view *view, struct why *why)
{
    const struct rulebook *rules = view->store->rules;
    struct timeline *timeline = timeline_new(
        view->store->seed, WINDOW_ALL,
        rulebook_precedence(rules, view->known_tx), visit_row, sectors);
    enum err err = OK;

    if (timeline == NULL)
        return ERR_BUSY;
    while (err == OK && sectors->next < sectors->count)
        err = fold_one(sectors, view, timeline, why);
    timeline_free(timeline);
    return err;
}

static enum err
count_sectors(struct sectors *sectors, struct view *view, struct why *why)
{
    struct seeks seeks = { .count = 0 };
    enum err err = seeks_of_keys(&seeks, sectors->keys, sectors->count);

    sectors->seeks = seeks.items;
    if (err == OK)
        err = fold_all(sectors, view, why);
    seeks_fini(&seeks);
    return err;
}

static enum err
add_seek(struct sectors *sectors, size_t place, struct date day,
         int64_t security_id)
{
    if (security_id == NO_SECURITY)
        return count_value(sectors->groups, sectors->choice, place,
                           VALUE_OF_NULL);
    sectors->keys[sectors->count] = (struct lookup_key){
        .security_id = security_id,
        .as_of = day,
        .is_dated = true,
    };
    sectors->places[sectors->count++] = place;
    return OK;
}

static enum err
count_securities(struct sectors *sectors, struct trade_choice *choice,
                 struct tickers *tickers, struct why *why)
{
    struct trade_groups *groups = sectors->groups;

    for (size_t i = choice->from; i < choice->to; i++) {
        size_t at = trade_book_at(choice->book, i);
        const struct trade_entry *entry = &choice->book->entries[at];
        int64_t security_id;

        if (!trade_choice_has(choice, i))
            continue;
        TRY(tickers_resolve(tickers, i, &security_id, why));
        if (groups->by == BY_SECURITY)
            TRY(count_security(groups, choice, i, security_id));
        else
            TRY(add_seek(sectors, i, entry->date, security_id));
    }
    return groups->by == BY_SECURITY
               ? OK
               : count_sectors(sectors, &tickers->view, why);
}

/* By the trades' securities, or by what those are. */
static enum err
make_by_security(struct trade_groups *groups, struct trade_choice *choice,
                 struct store *store, struct why *why)
{
    size_t most = choice->to - choice->from + 1;
    struct sectors sectors = {
        .groups = groups,
        .choice = choice,
        .attributes = { names_find(store->attributes, STR("gics_sector")),
                        names_find(store->attributes, STR("sector")) },
        .keys = calloc(most, sizeof *sectors.keys),
        .places = calloc(most, sizeof *sectors.places),
    };
    struct tickers tickers;
    enum err err = ERR_BUSY;

    if (sectors.keys != NULL && sectors.places != NULL)
        err = tickers_begin(&tickers, choice, store, why);
    if (err == OK) {
        err = count_securities(&sectors, choice, &tickers, why);
        tickers_end(&tickers);
    }
    free(sectors.keys);
    free(sectors.places);
    return err;
}

static int
by_key(const void *a, const void *b)
{
    const struct trade_group *left = a, *right = b;
    bool is_null = left->key.type == VALUE_NULL;
    int order;

    if (is_null || right->key.type == VALUE_NULL)
        return is_null - (right->key.type == VALUE_NULL);
    if (left->number != right->number)
        return left->number < right->number ? -1 : 1;
    order = str_compare(left->key.text, right->key.text);
    return order != 0 ? order : (int)left->key.type - (int)right->key.type;
}

static void
put_in_order(struct trade_groups *groups)
{
    /* The group without a value, where nothing is in it. */
    if (groups->items[0].trades == 0)
        groups->items[0] = groups->items[--groups->count];
    if (groups->count > 0)
        qsort(groups->items, groups->count, sizeof *groups->items, by_key);
}

enum err
trade_groups_make(struct trade_groups *groups, enum trade_grouping by,
                  struct trade_choice *choice, struct store *store,
                  struct why *why)
{
    *groups = (struct trade_groups){ .by = by };
    out_init(&groups->scratch, SIZE_MAX);
    groups->keys = names_new(store->seed);
    if (groups->keys == NULL)
        return ERR_BUSY;
    TRY(add_group(groups));
    if (by == BY_SECURITY || by == BY_SECTOR) {
        TRY(make_by_security(groups, choice, store, why));
    } else {
        for (size_t i = choice->from; i < choice->to; i++)
            if (trade_choice_has(choice, i))
                TRY(count_place(groups, choice, i));
    }
    put_in_order(groups);
    return OK;
}

void
trade_groups_fini(struct trade_groups *groups)
{
    names_free(groups->keys);
    free(groups->items);
    out_fini(&groups->scratch);
}
