/* Massive's prices: daily bars of one ticker or of a whole market. */
#include <assert.h>
#include <stdio.h>

#include "massive.h"
#include "page_marks.h"
#include "secmaster/bars_reader.h"
#include "secmaster/bounds.h"

#define MS_PER_DAY INT64_C(86400000)

/* The members that are a bar's fields; NULL: it is never told. */
struct spelling {
    const char *names[BAR_FIELDS];
};

static const struct spelling open_close = {
    .names = { [BAR_OPEN] = "open",
               [BAR_HIGH] = "high",
               [BAR_LOW] = "low",
               [BAR_CLOSE] = "close",
               [BAR_VOLUME] = "volume",
               [BAR_PRE_MARKET] = "preMarket",
               [BAR_AFTER_HOURS] = "afterHours" },
};

static const struct spelling aggregate = {
    .names = { [BAR_OPEN] = "o",
               [BAR_HIGH] = "h",
               [BAR_LOW] = "l",
               [BAR_CLOSE] = "c",
               [BAR_VOLUME] = "v" },
};

/* A body on its way into a batch. */
struct reading {
    struct bar_batch *into;
    struct complaints *complaints;
    const struct spelling *spelling;
    const struct tree_node *root;
    struct str above;  /* the ticker of all bars; data NULL: each has its own */
    bool passes_zeros; /* all prices zero: what the vendor says where there is
                          no bar; else it is a fault */

    /* The bar at hand. */
    const struct tree_node *node;
    bool is_listed;  /* in /results, as number i; else it is the root */
    uint64_t number; /* from 0 */
};

/* Complain about a member of the bar at hand, or (NULL) the bar itself. */
static void
complain(struct reading *reading, const char *member, const char *detail)
{
    const struct row_place place = { "/results", reading->number, 0 };
    char pointer[32];

    if (reading->is_listed) {
        complaints_add_row(reading->complaints, &place, member, detail);
        return;
    }
    assert(member != NULL);
    (void)snprintf(pointer, sizeof pointer, "/%s", member);
    complaints_add(reading->complaints, pointer, 0, "%s", detail);
}

/* A member of the bar at hand; NULL: it is not there, which is said. */
static const struct tree_node *
needed(struct reading *reading, const char *name)
{
    const struct tree_node *node =
        json_tree_member(reading->node, str_of(name));

    if (node == NULL)
        complain(reading, name, "is missing");
    return node;
}

/* A string; or nothing, which is said. */
static struct str
needed_text(struct reading *reading, const char *name)
{
    const struct tree_node *node = needed(reading, name);

    if (node == NULL)
        return (struct str){ NULL, 0 };
    if (node->type == TREE_STRING)
        return node->text;
    complain(reading, name, "must be a string");
    return (struct str){ NULL, 0 };
}

/* Prices it must have; of the rest the vendor leaves out what it lacks. */
static void
read_field(struct reading *reading, enum bar_field field, struct bar *bar)
{
    const char *name = reading->spelling->names[field];
    bool is_required = (BAR_REQUIRED & BAR_BIT(field)) != 0;
    const struct tree_node *node;
    struct decimal value;
    struct why why;

    if (name == NULL)
        return;
    node = is_required ? needed(reading, name)
                       : json_tree_member(reading->node, str_of(name));
    if (node == NULL || (node->type == TREE_NULL && !is_required))
        return;
    if (node->type != TREE_NUMBER)
        complain(reading, name, "must be a number");
    else if (decimal_parse(node->text, &value, &why) != OK)
        complain(reading, name, why.text);
    else
        bar_set(bar, field, value);
}

static bool
is_zeros(const struct bar *bar)
{
    if ((bar->present & BAR_REQUIRED) != BAR_REQUIRED)
        return false;
    return bar->mantissas[BAR_OPEN] == 0 && bar->mantissas[BAR_HIGH] == 0 &&
           bar->mantissas[BAR_LOW] == 0 && bar->mantissas[BAR_CLOSE] == 0;
}

static void
read_fields(struct reading *reading, struct bar *bar)
{
    enum bar_field field;
    const char *fault;

    for (unsigned i = 0; i < BAR_FIELDS; i++)
        read_field(reading, (enum bar_field)i, bar);
    if ((bar->present & BAR_REQUIRED) != BAR_REQUIRED)
        return;
    if (reading->passes_zeros && is_zeros(bar))
        return;
    fault = bar_fault(bar, &field);
    if (fault != NULL)
        complain(reading, reading->spelling->names[field], fault);
}

/* The UTC day of milliseconds since 1970: a session begins and ends on it. */
static void
read_time(struct reading *reading, struct bar *bar)
{
    const struct tree_node *node = needed(reading, "t");
    struct decimal ms = { .scale = 1 };

    if (node == NULL)
        return;
    if (node->type != TREE_NUMBER ||
        decimal_parse(node->text, &ms, NULL) != OK || ms.scale > 0 ||
        ms.mantissa / MS_PER_DAY > DATE_LAST_DAYS) {
        complain(reading, "t",
                 "must be milliseconds since 1970, up to the year 9999");
        return;
    }
    bar->date.days = (int32_t)(ms.mantissa / MS_PER_DAY);
}

static void
read_date(struct reading *reading, struct bar *bar)
{
    struct str text = needed_text(reading, "from");

    if (text.data != NULL && date_parse(text, &bar->date) != OK)
        complain(reading, "from", "must be a date as YYYY-MM-DD");
}

/* Judge a ticker that was named by a member. */
static struct str
judged(struct reading *reading, const char *member, struct str ticker)
{
    const char *fault = ticker.data == NULL ? NULL : ticker_fault(ticker);

    if (fault != NULL)
        complain(reading, member, fault);
    return ticker;
}

/* A market's bars name their tickers; a range of one names it once, above. */
static struct str
read_ticker(struct reading *reading)
{
    if (reading->above.data != NULL)
        return reading->above;
    return judged(reading, "T", needed_text(reading, "T"));
}

static enum err
keep(struct reading *reading, struct str ticker, struct bar_row *row)
{
    /* Nothing of a page with a fault is stored: its other bars are only read
     * for what is wrong with them. */
    if (reading->complaints->total > 0)
        return OK;
    if (reading->passes_zeros && is_zeros(&row->bar))
        return OK;
    TRY(bar_batch_ticker(reading->into, ticker, &row->security_id));
    return bar_batch_add(reading->into, row);
}

static enum err
read_open_close(struct reading *reading)
{
    struct bar_row row = { .line = 0 };
    struct str ticker;

    reading->node = reading->root;
    reading->spelling = &open_close;
    ticker = judged(reading, "symbol", needed_text(reading, "symbol"));
    read_date(reading, &row.bar);
    read_fields(reading, &row.bar);
    reading->into->pointer_prefix = "";
    reading->into->ticker_pointer = "/symbol";
    return keep(reading, ticker, &row);
}

static enum err
read_aggregate(struct reading *reading, const struct tree_node *node)
{
    struct bar_row row = { .line = 0 };
    struct str ticker;

    reading->node = node;
    if (node->type != TREE_OBJECT) {
        complain(reading, NULL, "must be an object");
        return OK;
    }
    ticker = read_ticker(reading);
    read_time(reading, &row.bar);
    read_fields(reading, &row.bar);
    return keep(reading, ticker, &row);
}

/* Who names the tickers: the bars, or a member above them, which is judged
 * once. False: that is none. */
static bool
find_tickers(struct reading *reading)
{
    const struct tree_node *above =
        json_tree_member(reading->root, STR("ticker"));
    const char *fault;

    reading->into->ticker_member = "T";
    if (above == NULL)
        return true;
    fault = above->type == TREE_STRING ? ticker_fault(above->text)
                                       : "must be a string";
    if (fault != NULL)
        complaints_add(reading->complaints, "/ticker", 0, "%s", fault);
    reading->into->ticker_pointer = "/ticker";
    reading->above = above->text;
    return fault == NULL;
}

static enum err
read_aggregates(struct reading *reading, const struct tree_node *results)
{
    if (results == NULL || results->type == TREE_NULL ||
        (results->type == TREE_ARRAY && results->first == NULL)) {
        complaints_add(reading->complaints, "/results", 0, "no bars");
        return OK;
    }
    if (results->type != TREE_ARRAY) {
        complaints_add(reading->complaints, "/results", 0, "must be an array");
        return OK;
    }
    if (!find_tickers(reading))
        return OK;
    reading->spelling = &aggregate;
    reading->is_listed = true;
    reading->into->pointer_prefix = "/results";
    for (const struct tree_node *at = results->first; at != NULL;
         at = at->next) {
        TRY(read_aggregate(reading, at));
        reading->number++;
    }
    return OK;
}

/* An answer that says that it is none is refused whatever else it holds: some
 * have a zero for each price. False: it is one. */
static bool
has_refused(struct reading *reading)
{
    const struct tree_node *status =
        json_tree_member(reading->root, STR("status"));

    if (status == NULL)
        return false;
    if (status->type == TREE_STRING &&
        (str_equal(status->text, STR("OK")) ||
         str_equal(status->text, STR("DELAYED"))))
        return false;
    complaints_add(reading->complaints, "/status", 0,
                   "must be OK or DELAYED: the vendor has no bars for this "
                   "request");
    return true;
}

static enum err
read_root(struct reading *reading)
{
    const struct tree_node *root = reading->root;
    const struct tree_node *results = json_tree_member(root, STR("results"));

    if (root->type != TREE_OBJECT) {
        complaints_add(reading->complaints, "", 0, "must be an object");
        return OK;
    }
    if (has_refused(reading))
        return OK;
    /* Where a market was closed, the list may be left out. */
    if (results != NULL || json_tree_member(root, STR("resultsCount")) != NULL)
        return read_aggregates(reading, results);
    return read_open_close(reading);
}

static enum err
read_page(const struct vendor_page *page, struct arena *arena,
          struct reading *reading, struct why *why)
{
    TRY(json_tree_parse(page->body, arena, &reading->root, why));
    TRY(read_root(reading));
    if (reading->complaints->total > 0)
        return why_set(why, ERR_INVALID, "the body breaks rules in %llu places",
                       (unsigned long long)reading->complaints->total);
    return bar_batch_default_source(reading->into, page->source);
}

enum err
massive_decode_bars(const struct vendor_page *page, struct bar_batch *into,
                    struct complaints *complaints, struct why *why)
{
    struct reading reading = { .into = into, .complaints = complaints };
    struct arena arena;
    enum err err;

    assert(into != NULL);
    assert(complaints != NULL);
    assert(page->source.len > 0);

    arena_init(&arena, VENDOR_PAGE_BYTES_MAX);
    err = read_page(page, &arena, &reading, why);
    arena_fini(&arena);
    return err;
}

/* A market that was closed: no list, or nothing in it. */
static bool
is_closed(const struct tree_node *root)
{
    const struct tree_node *results = json_tree_member(root, STR("results"));

    if (results == NULL)
        return json_tree_member(root, STR("resultsCount")) != NULL;
    return results->type == TREE_NULL ||
           (results->type == TREE_ARRAY && results->first == NULL);
}

enum err
massive_read_prices(const struct vendor_tree *tree, struct vendor_reading *out)
{
    const struct tree_node *results =
        json_tree_member(tree->root, STR("results"));
    struct reading reading = {
        .into = out->bars,
        .complaints = out->reasons,
        .root = tree->root,
        .passes_zeros = true,
    };

    assert(out->bars != NULL);
    assert(tree->answer->source.len > 0);

    out->verdict = VENDOR_EMPTY;
    if (massive_is_nothing(tree->root) || is_closed(tree->root))
        return OK;
    out->rows = 1;
    if (results != NULL && results->type == TREE_ARRAY)
        TRY(marks_rows(out, results));
    TRY(read_root(&reading));
    if (out->reasons->total > 0)
        return ERR_INVALID;
    if (out->bars->count > 0)
        out->verdict = VENDOR_ROWS;
    return bar_batch_default_source(out->bars, tree->answer->source);
}
