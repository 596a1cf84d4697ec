/* Benzinga: trades of members of Congress, and who the members were. */
#include <assert.h>

#include "adapters.h"
#include "secmaster/bounds.h"
#include "secmaster/json_tree.h"
#include "secmaster/trade_form.h"

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
read_row(struct trade_form *form, const struct tree_node *row)
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
    return trade_form_end(form);
}

static enum err
read_rows(struct trade_form *form, const struct tree_node *rows)
{
    form->number = 0;
    for (const struct tree_node *at = rows->first; at != NULL; at = at->next) {
        TRY(read_row(form, at));
        form->number++;
    }
    return OK;
}

/* {"data": [...]}; list is the pointer of its rows. */
static enum err
read_envelope(struct trade_form *form, const struct tree_node *envelope,
              const char *list)
{
    const struct tree_node *rows = json_tree_member(envelope, STR("data"));

    form->list = list;
    if (rows != NULL && rows->type == TREE_ARRAY)
        return read_rows(form, rows);
    complaints_add(form->complaints, list, 0, "%s",
                   rows == NULL ? "is missing" : "must be a list of trades");
    return OK;
}

/* A row has no data of its own. */
static bool
is_envelope(const struct tree_node *node)
{
    return node != NULL && json_tree_member(node, STR("data")) != NULL;
}

static enum err
read_root(struct trade_form *form, const struct tree_node *root)
{
    if (root->type == TREE_OBJECT)
        return read_envelope(form, root, "/data");
    if (root->type == TREE_ARRAY && is_envelope(root->first) &&
        root->first->next == NULL)
        return read_envelope(form, root->first, "/0/data");
    form->list = "";
    if (root->type == TREE_ARRAY)
        return read_rows(form, root);
    complaints_add(form->complaints, "", 0, "must be an object or a list");
    return OK;
}

static enum err
read_page(struct trade_form *form, struct str body, struct arena *arena,
          struct why *why)
{
    const struct tree_node *root;
    enum err err = json_tree_parse(body, arena, &root, why);

    if (err == ERR_INVALID)
        complaints_add(form->complaints, "", 0, "%s", why->text);
    TRY(err);
    TRY(read_root(form, root));
    if (form->complaints->total > 0)
        return why_set(why, ERR_INVALID, "the body breaks rules in %llu places",
                       (unsigned long long)form->complaints->total);
    return trade_batch_seal(form->into);
}

static enum err
decode_trades(const struct vendor_page *page, struct trade_batch *into,
              struct complaints *complaints, struct why *why)
{
    struct trade_form form;
    struct arena arena;
    enum err err;

    assert(into != NULL);
    assert(complaints != NULL);

    arena_init(&arena, VENDOR_PAGE_BYTES_MAX);
    trade_form_init(&form, into, complaints);
    err = read_page(&form, page->body, &arena, why);
    trade_form_fini(&form);
    arena_fini(&arena);
    return err;
}

const struct vendor_adapter benzinga_adapter = {
    .name = "benzinga",
    .decode_trades = decode_trades,
};
