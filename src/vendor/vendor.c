/* The table of adapters, and what all answers have in common. */
#include "secmaster/vendor.h"

#include <assert.h>

#include "adapters.h"
#include "ask.h"
#include "secmaster/bounds.h"
#include "secmaster/trade_batch.h"

static const struct vendor_adapter *const adapters[] = {
    &benzinga_adapter,
    &massive_adapter,
    &senate_stock_watcher_adapter,
};
#define ADAPTERS (sizeof adapters / sizeof adapters[0])

const struct vendor_adapter *
vendor_find(struct str name)
{
    for (size_t i = 0; i < ADAPTERS; i++) {
        if (str_equal(str_of(adapters[i]->name), name))
            return adapters[i];
    }
    return NULL;
}

const struct vendor_dataset *
vendor_dataset(const struct vendor_adapter *vendor, struct str name)
{
    for (uint32_t i = 0; i < vendor->dataset_count; i++) {
        if (str_equal(str_of(vendor->datasets[i].shape.name), name))
            return &vendor->datasets[i];
    }
    return NULL;
}

static enum err
put_shape(const struct vendor_adapter *vendor, struct arena *arena,
          struct adapter_shape *out)
{
    struct dataset_shape *datasets =
        arena_zalloc(arena, vendor->dataset_count, sizeof *datasets);

    if (datasets == NULL)
        return ERR_TOO_LARGE;
    for (uint32_t i = 0; i < vendor->dataset_count; i++)
        datasets[i] = vendor->datasets[i].shape;
    *out = (struct adapter_shape){
        .name = vendor->name,
        .datasets = datasets,
        .dataset_count = vendor->dataset_count,
        .needs_key = vendor->key != KEY_NONE,
        .has_path = vendor->has_path,
    };
    return OK;
}

enum err
vendor_shapes(struct arena *arena, struct adapter_shapes *out)
{
    struct adapter_shape *items = arena_zalloc(arena, ADAPTERS, sizeof *items);

    if (items == NULL)
        return ERR_TOO_LARGE;
    for (size_t i = 0; i < ADAPTERS; i++)
        TRY(put_shape(adapters[i], arena, &items[i]));
    *out = (struct adapter_shapes){ items, ADAPTERS };
    return OK;
}

/* Whether a text is one of a few words, in any case. */
static bool
is_word(struct str text, const char *word)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];

        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        if (c != word[i])
            return false;
    }
    return word[text.len] == '\0';
}

bool
vendor_can_ask(struct str ticker)
{
    bool has_sign = false;

    if (ticker.len == 0 || ticker.len > TICKER_BYTES_MAX)
        return false;
    for (size_t i = 0; i < ticker.len; i++) {
        const char c = ticker.data[i];

        if (c <= ' ' || c > '~')
            return false;
        has_sign |= (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                    (c >= 'a' && c <= 'z');
    }
    return has_sign && !is_word(ticker, "n/a") && !is_word(ticker, "none");
}

void
vendor_ask_put(const struct vendor_dataset *dataset,
               const struct vendor_ask *ask, struct out *url)
{
    assert(url->len == 0);

    if (ask->next.data != NULL) {
        out_str(url, ask->next);
        return;
    }
    out_str(url, ask->base_url);
    dataset->ask(ask, url);
}

void
vendor_key_put(const struct vendor_adapter *vendor, struct str key,
               struct out *url)
{
    if (vendor->key == KEY_QUERY)
        ask_param(url, vendor->key_parameter, key);
}

static void
reset(struct vendor_reading *reading)
{
    reading->verdict = VENDOR_FAILED;
    reading->rows = 0;
    reading->next = (struct str){ NULL, 0 };
    reading->updated_last = 0;
    reading->print = 0;
}

/* What a status alone says; ROWS: the body has the word. */
static enum vendor_verdict
verdict_of(int status)
{
    if (status == 200)
        return VENDOR_ROWS;
    if (status == 404)
        return VENDOR_EMPTY;
    if (status == 401 || status == 403)
        return VENDOR_REFUSED;
    return VENDOR_FAILED;
}

/* A page that is not one has no rows: those it had so far are taken back. */
static void
give_up(struct vendor_reading *reading)
{
    reading->verdict = VENDOR_UNDECODABLE;
    reading->next = (struct str){ NULL, 0 };
    if (reading->listing != NULL)
        listing_drop_page(reading->listing, reading->listing->page);
}

/* A body that is no tree, or too large a one. */
static void
complain_of_body(const struct vendor_answer *answer,
                 struct vendor_reading *reading, enum err err,
                 const struct why *why)
{
    const bool is_named = answer->content_type.len > 0;
    const char *what =
        err == ERR_TOO_LARGE ? "the page is larger than one may be" : why->text;

    complaints_add(reading->reasons, NULL, 0, "%s%s%.*s%s", what,
                   is_named ? " (sent as " : "", STR_ARG(answer->content_type),
                   is_named ? ")" : "");
}

static enum err
read_rows(const struct vendor_dataset *dataset, const struct vendor_tree *tree,
          struct vendor_reading *reading)
{
    const struct complaints *reasons = reading->reasons;
    enum err err = dataset->decode(tree, reading);

    if (err == ERR_TOO_LARGE)
        complain_of_body(tree->answer, reading, err, NULL);
    else if (err != OK && err != ERR_INVALID)
        return err;
    if (err != OK || reasons->total > 0)
        give_up(reading);
    assert(err != ERR_INVALID || reasons->total > 0);
    return OK;
}

static enum err
read_body(const struct vendor_adapter *vendor,
          const struct vendor_dataset *dataset, struct vendor_tree *tree,
          struct vendor_reading *reading)
{
    const bool has_word = tree->answer->status == 200;
    struct why why = { "" };
    enum err err =
        json_tree_parse(tree->answer->body, tree->arena, &tree->root, &why);

    if (err == ERR_BUSY)
        return err;
    if (has_word && err == OK)
        return read_rows(dataset, tree, reading);
    if (has_word) {
        complain_of_body(tree->answer, reading, err, &why);
        give_up(reading);
    } else if (err == OK && vendor->is_nothing != NULL &&
               vendor->is_nothing(tree->root)) {
        reading->verdict = VENDOR_EMPTY;
    }
    return OK;
}

enum err
vendor_read(const struct vendor_adapter *vendor,
            const struct vendor_dataset *dataset,
            const struct vendor_answer *answer, struct vendor_reading *reading)
{
    const enum vendor_verdict verdict = verdict_of(answer->status);
    struct vendor_tree tree = { .answer = answer };
    struct arena arena;
    enum err err;

    assert(reading->reasons->total == 0);

    reset(reading);
    if (verdict != VENDOR_ROWS && verdict != VENDOR_EMPTY) {
        reading->verdict = verdict;
        return OK;
    }
    arena_init(&arena, VENDOR_PAGE_BYTES_MAX);
    tree.arena = &arena;
    err = read_body(vendor, dataset, &tree, reading);
    arena_fini(&arena);
    return err;
}
