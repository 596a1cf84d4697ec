/* Massive's reference data: securities by ticker, and splits. */
#include <assert.h>

#include "massive.h"
#include "page_marks.h"
#include "secmaster/bars_reader.h"
#include "secmaster/bounds.h"
#include "secmaster/decimal.h"

#define FIGI_LEN 12

/* A list on its way into a listing. */
struct listing_reading {
    struct vendor_reading *reading;
    struct out scratch;
    struct arena *arena;

    /* The row at hand. */
    const struct tree_node *node;
    uint32_t number; /* from 0 */
    bool is_bad;
};

/* A function of one row. */
typedef enum err read_row(struct listing_reading *list);

/* Complain about a member of the row at hand, or (NULL) the row itself. */
static void
complain(struct listing_reading *list, const char *member, const char *detail)
{
    const struct row_place place = { "/results", list->number, 0 };

    list->is_bad = true;
    complaints_add_row(list->reading->reasons, &place, member, detail);
}

/* NULL: it is not there, or null, or empty: not told. */
static const struct tree_node *
told(const struct listing_reading *list, const char *name)
{
    const struct tree_node *node = json_tree_member(list->node, str_of(name));

    if (node == NULL || node->type == TREE_NULL ||
        (node->type == TREE_STRING && node->text.len == 0))
        return NULL;
    return node;
}

/* A text; or nothing, which is said where the row must have it. */
static struct str
text_of(struct listing_reading *list, const char *name)
{
    const struct tree_node *node = told(list, name);

    if (node == NULL)
        return (struct str){ NULL, 0 };
    if (node->type == TREE_STRING && node->text.len <= VALUE_BYTES_MAX)
        return node->text;
    complain(list, name, "must be a text of at most 65536 bytes, or null");
    return (struct str){ NULL, 0 };
}

/* Who is listed by what is no ticker of ours cannot be told from others. */
static struct str
ticker_of(struct listing_reading *list)
{
    struct str ticker = text_of(list, "ticker");
    const char *fault;

    if (ticker.data == NULL) {
        if (told(list, "ticker") == NULL)
            complain(list, "ticker", "is missing");
        return ticker;
    }
    fault = ticker_fault(ticker);
    if (fault != NULL)
        complain(list, "ticker", fault);
    return ticker;
}

/* Securities are matched by it: what is none must not match another one. */
static bool
is_figi(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        const char c = text.data[i];

        if ((c < 'A' || c > 'Z') && (c < '0' || c > '9'))
            return false;
    }
    return text.len == FIGI_LEN;
}

static struct value
flag_of(struct listing_reading *list, const char *name)
{
    const struct tree_node *node = told(list, name);

    if (node == NULL)
        return VALUE_OF_NULL;
    if (node->type != TREE_TRUE && node->type != TREE_FALSE)
        complain(list, name, "must be true, false or null");
    return node->type == TREE_TRUE ? VALUE_OF_TRUE : VALUE_OF_FALSE;
}

static enum err
value_of(struct listing_reading *list, struct str text, struct value *out)
{
    *out = VALUE_OF_NULL;
    if (text.data == NULL)
        return OK;
    *out = (struct value){ VALUE_STRING, text };
    if (value_is_plain(text))
        return OK;
    out_reset(&list->scratch);
    value_escape(&list->scratch, text);
    TRY(out_finish(&list->scratch));
    out->text = arena_copy(list->arena, out_text(&list->scratch));
    return out->text.data == NULL ? ERR_TOO_LARGE : OK;
}

static enum err
read_field(struct listing_reading *list, enum listed_field field,
           struct value *out)
{
    const char *name = listed_attributes[field];
    struct str text;

    if (field == LISTED_ACTIVE) {
        *out = flag_of(list, name);
        return OK;
    }
    text = field == LISTED_TICKER ? ticker_of(list) : text_of(list, name);
    if ((field == LISTED_COMPOSITE_FIGI || field == LISTED_SHARE_CLASS_FIGI) &&
        text.data != NULL && !is_figi(text))
        complain(list, name, "must be 12 letters and digits, or null");
    return value_of(list, text, out);
}

/* The members are called as our attributes are. */
static enum err
read_listed(struct listing_reading *list)
{
    struct listed row = { .place = { .row = list->number } };

    for (unsigned i = 0; i < LISTED_FIELDS; i++)
        TRY(read_field(list, (enum listed_field)i, &row.fields[i]));
    return list->is_bad ? OK : listing_add(list->reading->listing, &row);
}

/* So many shares: the digits as they were sent. */
static struct str
shares_of(struct listing_reading *list, const char *name)
{
    const struct tree_node *node = told(list, name);
    struct decimal shares = { .mantissa = 0 };
    struct why why;

    if (node == NULL)
        complain(list, name, "is missing");
    else if (node->type != TREE_NUMBER)
        complain(list, name, "must be a number");
    else if (decimal_parse(node->text, &shares, &why) != OK)
        complain(list, name, why.text);
    else if (shares.mantissa == 0)
        complain(list, name, "must not be zero");
    else
        return node->text;
    return (struct str){ NULL, 0 };
}

static enum err
read_split(struct listing_reading *list)
{
    const struct tree_node *day = told(list, "execution_date");
    struct listed_split split = { .place = { .row = list->number } };

    split.ticker = ticker_of(list);
    if (day == NULL || day->type != TREE_STRING ||
        date_parse(day->text, &split.execution) != OK)
        complain(list, "execution_date", "must be a date as YYYY-MM-DD");
    split.from = shares_of(list, "split_from");
    split.to = shares_of(list, "split_to");
    return list->is_bad ? OK
                        : listing_add_split(list->reading->listing, &split);
}

static enum err
read_rows(struct listing_reading *list, const struct tree_node *results,
          read_row *read)
{
    for (list->node = results->first; list->node != NULL;
         list->node = list->node->next, list->number++) {
        list->is_bad = false;
        if (list->node->type == TREE_OBJECT)
            TRY(read(list));
        else
            complain(list, NULL, "must be an object");
    }
    return OK;
}

static bool
is_ok(const struct tree_node *root)
{
    const struct tree_node *status = json_tree_member(root, STR("status"));

    return status == NULL ||
           (status->type == TREE_STRING && str_equal(status->text, STR("OK")));
}

/* NULL: it has none, of which complaints have the reason. */
static const struct tree_node *
find_results(const struct tree_node *root, struct complaints *reasons)
{
    const struct tree_node *results = json_tree_member(root, STR("results"));

    if (root->type != TREE_OBJECT)
        complaints_add(reasons, "", 0, "must be an object");
    else if (!is_ok(root))
        complaints_add(reasons, "/status", 0, "must be OK");
    else if (results == NULL)
        complaints_add(reasons, "/results", 0, "is missing");
    else if (results->type != TREE_ARRAY)
        complaints_add(reasons, "/results", 0, "must be a list");
    else
        return results;
    return NULL;
}

static enum err
read_page(const struct vendor_tree *tree, struct vendor_reading *reading,
          read_row *read)
{
    const struct tree_node *results =
        find_results(tree->root, reading->reasons);
    struct listing_reading list = { .reading = reading, .arena = tree->arena };
    enum err err;

    assert(reading->listing != NULL);

    if (results == NULL)
        return ERR_INVALID;
    TRY(marks_rows(reading, results));
    TRY(marks_next(reading, tree, "next_url", MASSIVE_KEY_PARAMETER));
    out_init(&list.scratch, VENDOR_PAGE_BYTES_MAX);
    err = read_rows(&list, results, read);
    out_fini(&list.scratch);
    reading->verdict = reading->rows == 0 && reading->next.data == NULL
                           ? VENDOR_EMPTY
                           : VENDOR_ROWS;
    return err;
}

enum err
massive_read_tickers(const struct vendor_tree *tree,
                     struct vendor_reading *reading)
{
    return read_page(tree, reading, read_listed);
}

enum err
massive_read_splits(const struct vendor_tree *tree,
                    struct vendor_reading *reading)
{
    return read_page(tree, reading, read_split);
}
