/* Benzinga: trades of members of Congress, and who the members were. */
#include "ask.h"
#include "trades_page.h"

#define PATH STR("/api/v1/gov/usa/congress/trades")
#define PAGE_ROWS 1000 /* the most it gives */

/*
 * Where each field is told: by a member of the row, or of an object in it.
 * The first that says anything counts; what no row here names is not kept,
 * but filer_info, which is kept whole.
 */
static const struct {
    enum trade_field field;
    const char *object, *member, *name; /* object NULL: the row */
} fields[] = {
    { TRADE_ID, NULL, "id", "id" },
    { TRADE_REPORT_ID, NULL, "report_id", "report_id" },
    { TRADE_MEMBER_ID, "filer_info", "member_id", "filer_info/member_id" },
    { TRADE_MEMBER_NAME, "filer_info", "member_name",
      "filer_info/member_name" },
    { TRADE_MEMBER_NAME, "filer_info", "display_name",
      "filer_info/display_name" },
    { TRADE_CHAMBER, NULL, "chamber", "chamber" },
    { TRADE_CHAMBER, "filer_info", "chamber", "filer_info/chamber" },
    { TRADE_PARTY, "filer_info", "party", "filer_info/party" },
    { TRADE_STATE, "filer_info", "state", "filer_info/state" },
    { TRADE_DISTRICT, "filer_info", "district", "filer_info/district" },
    { TRADE_TYPE_TEXT, NULL, "transaction_type", "transaction_type" },
    { TRADE_OWNERSHIP, NULL, "ownership", "ownership" },
    { TRADE_AMOUNT, NULL, "amount", "amount" },
    { TRADE_TICKER, "security", "ticker", "security/ticker" },
    { TRADE_SECURITY_NAME, "security", "name", "security/name" },
    { TRADE_SECURITY_TYPE, "security", "type", "security/type" },
    { TRADE_DESCRIPTION, NULL, "description", "description" },
    { TRADE_DISCLOSURE_URL, NULL, "disclosure_url", "disclosure_url" },
};

static bool
is_null(const struct tree_node *node)
{
    return node == NULL || node->type == TREE_NULL;
}

static void
read_fields(struct trade_form *form, const struct tree_node *row)
{
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        const struct tree_node *object = row;

        if (fields[i].object != NULL)
            object = json_tree_member(row, str_of(fields[i].object));
        if (object == NULL ||
            form->trade.fields[fields[i].field].type != VALUE_NULL)
            continue;
        trade_form_field(form, fields[i].field,
                         json_tree_member(object, str_of(fields[i].member)),
                         fields[i].name);
    }
}

static enum err
read_row(struct trade_form *form, const struct tree_node *row,
         int64_t *updated_last)
{
    struct trade *trade = &form->trade;
    const struct tree_node *security, *filer_info;

    trade_form_begin(form);
    if (row->type != TREE_OBJECT) {
        trade_form_complain(form, (struct str){ NULL, 0 }, "must be an object");
        return OK;
    }
    security = json_tree_member(row, STR("security"));
    filer_info = json_tree_member(row, STR("filer_info"));
    if (!is_null(security) && security->type != TREE_OBJECT)
        trade_form_complain(form, STR("security"),
                            "must be an object, or null");
    trade_form_transaction_id(form,
                              json_tree_member(row, STR("transaction_id")));
    trade_form_date(form, json_tree_member(row, STR("transaction_date")),
                    "transaction_date", &trade->transaction_date);
    trade_form_date(form, json_tree_member(row, STR("notification_date")),
                    "notification_date", &trade->notification_date);
    trade_form_date(form, json_tree_member(row, STR("report_date")),
                    "report_date", &trade->report_date);
    trade_form_amendment(form, json_tree_member(row, STR("amendment_number")));
    trade_form_updated(form, json_tree_member(row, STR("updated")));
    trade_form_filer_info(form, filer_info);
    trade_form_committees_of(form, filer_info);
    read_fields(form, row);
    if (trade->updated > *updated_last)
        *updated_last = trade->updated;
    return trade_form_end(form);
}

/* {"data": [...]}; list is the pointer of its rows. NULL: it has none, which
 * is said. */
static const struct tree_node *
find_in_envelope(struct trade_form *form, const struct tree_node *envelope,
                 const char *list)
{
    const struct tree_node *rows = json_tree_member(envelope, STR("data"));

    form->list = list;
    if (rows != NULL && rows->type == TREE_ARRAY)
        return rows;
    complaints_add(form->complaints, list, 0, "%s",
                   rows == NULL ? "is missing" : "must be a list of trades");
    return NULL;
}

/* A row has no data of its own. */
static bool
is_envelope(const struct tree_node *node)
{
    return node != NULL && json_tree_member(node, STR("data")) != NULL;
}

static const struct tree_node *
find_rows(struct trade_form *form, const struct tree_node *root)
{
    if (root->type == TREE_OBJECT)
        return find_in_envelope(form, root, "/data");
    if (root->type == TREE_ARRAY && is_envelope(root->first) &&
        root->first->next == NULL)
        return find_in_envelope(form, root->first, "/0/data");
    form->list = "";
    if (root->type == TREE_ARRAY)
        return root;
    complaints_add(form->complaints, "", 0, "must be an object or a list");
    return NULL;
}

static enum err
read_rows(struct trade_form *form, const struct tree_node *root,
          struct trades_page *out)
{
    out->rows = find_rows(form, root);
    if (out->rows == NULL)
        return OK;
    for (const struct tree_node *at = out->rows->first; at != NULL;
         at = at->next) {
        TRY(read_row(form, at, &out->updated_last));
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
    ask_int_param(url, "pagesize", PAGE_ROWS);
    ask_int_param(url, "page", ask->page);
    if (ask->from.days != VENDOR_NO_DAY.days) {
        ask_day_param(url, "date_from", ask->from);
        ask_day_param(url, "date_to", ask->to);
    }
    if (ask->updated_since > 0)
        ask_int_param(url, "updated_since", ask->updated_since);
}

/* Somewhere in the body, whose shape was seen to vary. */
static bool
is_nothing(const struct tree_node *node)
{
    if (node->type == TREE_STRING)
        return str_equal(node->text, STR("no_data_found"));
    for (const struct tree_node *at = node->first; at != NULL; at = at->next)
        if (is_nothing(at))
            return true;
    return false;
}

static struct str
text_of(const struct tree_node *node)
{
    if (node == NULL ||
        (node->type != TREE_STRING && node->type != TREE_NUMBER))
        return (struct str){ NULL, 0 };
    return node->text;
}

/* {"id", "api_version", "kind", "data": {"action", "id", "timestamp",
 * "content"}}: a page's data is a list. */
static bool
unwrap(const struct tree_node *root, struct vendor_push *out)
{
    const struct tree_node *data = json_tree_member(root, STR("data"));
    const struct tree_node *content = NULL;
    struct str action;

    if (data != NULL && data->type == TREE_OBJECT)
        content = json_tree_member(data, STR("content"));
    if (content == NULL)
        return false;
    action = text_of(json_tree_member(data, STR("action")));
    *out =
        (struct vendor_push){ .id = text_of(json_tree_member(root, STR("id"))),
                              .content = content };
    if (str_equal(action, STR("Removed")))
        out->refusal = "the vendor has removed it";
    else if (!str_equal(action, STR("Created")) &&
             !str_equal(action, STR("Updated")))
        out->refusal = "its action is none of Created, Updated and Removed";
    return true;
}

static const struct vendor_dataset datasets[] = {
    {
        .shape = { .name = "trades", .has_lookback = true },
        .brings = BRINGS_TRADES,
        .days = DAYS_RANGE,
        .has_since = true,
        .paging = PAGING_NUMBER,
        .ask = ask_trades,
        .decode = read_trades,
    },
};

const struct vendor_adapter benzinga_adapter = {
    .name = "benzinga",
    .decode_trades = decode_trades,
    .unwrap = unwrap,
    .key = KEY_QUERY,
    .key_parameter = "token",
    .has_path = true,
    .is_nothing = is_nothing,
    .datasets = datasets,
    .dataset_count = sizeof datasets / sizeof datasets[0],
};
