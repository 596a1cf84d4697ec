/* Senate Stock Watcher: all trades of senators, in one public file. */
#include <inttypes.h>

#include "secmaster/xxh64.h"
#include "trades_page.h"

#define PATH STR("/aggregate/all_transactions.json")

/* Where each field is told. */
static const struct {
    enum trade_field field;
    const char *name;
} fields[] = {
    { TRADE_MEMBER_NAME, "senator" },
    { TRADE_TYPE_TEXT, "type" },
    { TRADE_OWNERSHIP, "owner" },
    { TRADE_AMOUNT, "amount" },
    { TRADE_TICKER, "ticker" },
    { TRADE_SECURITY_NAME, "asset_description" },
    { TRADE_SECURITY_TYPE, "asset_type" },
    { TRADE_DESCRIPTION, "comment" },
    { TRADE_DISCLOSURE_URL, "ptr_link" },
};

/* MM/DD/YYYY turned into YYYY-MM-DD; what is none stays, to be refused. */
static enum err
read_date(struct trade_form *form, const struct tree_node *row,
          const char *name, struct date *out)
{
    const struct tree_node *node = json_tree_member(row, str_of(name));
    struct tree_node turned = { .type = TREE_STRING };

    if (node == NULL || node->type != TREE_STRING || node->text.len != 10 ||
        node->text.data[2] != '/' || node->text.data[5] != '/') {
        trade_form_date(form, node, name, out);
        return OK;
    }
    turned.text =
        arena_print(&form->texts, "%.4s-%.2s-%.2s", node->text.data + 6,
                    node->text.data, node->text.data + 3);
    if (turned.text.data == NULL)
        return ERR_TOO_LARGE;
    trade_form_date(form, &turned, name, out);
    return OK;
}

/*
 * Rows have no id of their own: it is made of what tells them apart, in an
 * order that must never change, or every trade would come again. A row that is
 * there twice is one trade; one whose text was mended is another one. Two
 * hashes, of the text and behind a digit, as one of 64 bits is too short.
 */
static enum err
read_transaction_id(struct trade_form *form, const struct tree_node *row)
{
    static const char *const parts[] = {
        "senator", "transaction_date",  "ptr_link",   "owner",  "ticker",
        "type",    "asset_description", "asset_type", "amount", "comment",
    };
    struct tree_node id = { .type = TREE_STRING };
    struct str text;

    out_reset(&form->scratch);
    out_char(&form->scratch, '2');
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const struct tree_node *part = json_tree_member(row, str_of(parts[i]));

        if (part != NULL)
            json_tree_put(&form->scratch, part);
        out_char(&form->scratch, '\n');
    }
    TRY(out_finish(&form->scratch));
    text = out_text(&form->scratch);
    id.text =
        arena_print(&form->texts, "ssw-%016" PRIx64 "%016" PRIx64,
                    hash_xxh64((struct str){ text.data + 1, text.len - 1 }),
                    hash_xxh64(text));
    if (id.text.data == NULL)
        return ERR_TOO_LARGE;
    trade_form_transaction_id(form, &id);
    return OK;
}

static enum err
read_row(struct trade_form *form, const struct tree_node *row)
{
    static const struct tree_node senate = { .type = TREE_STRING,
                                             .text = { "Senate", 6 } };
    struct trade *trade = &form->trade;

    trade_form_begin(form);
    if (row->type != TREE_OBJECT) {
        trade_form_complain(form, (struct str){ NULL, 0 }, "must be an object");
        return OK;
    }
    TRY(read_transaction_id(form, row));
    TRY(read_date(form, row, "transaction_date", &trade->transaction_date));
    TRY(read_date(form, row, "disclosure_date", &trade->report_date));
    trade_form_field(form, TRADE_CHAMBER, &senate, "chamber");
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        trade_form_field(form, fields[i].field,
                         json_tree_member(row, str_of(fields[i].name)),
                         fields[i].name);
    return trade_form_end(form);
}

static enum err
read_rows(struct trade_form *form, const struct tree_node *root,
          struct trades_page *out)
{
    form->list = "";
    if (root->type != TREE_ARRAY) {
        complaints_add(form->complaints, "", 0, "must be a list of trades");
        return OK;
    }
    out->rows = root;
    for (const struct tree_node *at = root->first; at != NULL; at = at->next) {
        TRY(read_row(form, at));
        form->number++;
    }
    return OK;
}

static enum err
decode_trades(const struct vendor_page *page, struct trade_batch *into,
              struct complaints *complaints, struct why *why)
{
    return trades_page_decode(
        read_rows, page, &(struct trades_page_target){ into, complaints }, why);
}

static enum err
read_trades(const struct vendor_tree *tree, struct vendor_reading *reading)
{
    return trades_page_read(read_rows, tree, reading);
}

static void
ask_trades(const struct vendor_ask *ask, struct out *url)
{
    out_str(url, ask->path.data == NULL ? PATH : ask->path);
}

static const struct vendor_dataset datasets[] = {
    {
        .shape = { .name = "trades" },
        .brings = BRINGS_TRADES,
        .days = DAYS_ALL,
        .paging = PAGING_NONE,
        .ask = ask_trades,
        .decode = read_trades,
    },
};

const struct vendor_adapter senate_stock_watcher_adapter = {
    .name = "senate-stock-watcher",
    .decode_trades = decode_trades,
    .key = KEY_NONE,
    .has_path = true,
    .datasets = datasets,
    .dataset_count = sizeof datasets / sizeof datasets[0],
};
