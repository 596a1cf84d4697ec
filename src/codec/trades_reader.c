/* The shape of a trade that we answer, read back. */
#include "secmaster/trades_reader.h"

#include <assert.h>
#include <string.h>

#include "secmaster/bounds.h"
#include "secmaster/trade_form.h"

/* What a row may have beside trade_members. */
static const char *const other_members[] = {
    "transaction_id",
    "transaction_date",
    "notification_date",
    "report_date",
    "amendment_number",
    "updated",
    /* Derived when it is answered: passed over. */
    "amount_low",
    "amount_high",
    "amount_kind",
    "transaction_type",
    "days_to_disclose",
    "late",
    "security_id",
    "security",
    "close",
};

static bool
is_member(struct str name)
{
    for (size_t i = 0; i < TRADE_FIELDS; i++)
        if (str_equal(name, str_of(trade_members[i].name)))
            return true;
    for (size_t i = 0; i < sizeof other_members / sizeof other_members[0]; i++)
        if (str_equal(name, str_of(other_members[i])))
            return true;
    return false;
}

static void
read_fields(struct trade_form *form, const struct tree_node *row)
{
    for (size_t i = 0; i < TRADE_FIELDS; i++) {
        const char *name = trade_members[i].name;
        const struct tree_node *node = json_tree_member(row, str_of(name));

        if (i == TRADE_COMMITTEES)
            trade_form_committees(form, node);
        else if (i == TRADE_FILER_INFO)
            trade_form_filer_info(form, node);
        else
            trade_form_field(form, (enum trade_field)i, node, name);
    }
}

static enum err
read_row(struct trade_form *form, const struct tree_node *row)
{
    struct trade *trade = &form->trade;

    trade_form_begin(form);
    if (row->type != TREE_OBJECT) {
        trade_form_complain(form, (struct str){ NULL, 0 }, "must be an object");
        return OK;
    }
    for (const struct tree_node *at = row->first; at != NULL; at = at->next)
        if (!is_member(at->name))
            trade_form_complain(form, at->name, "unknown member");
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
    read_fields(form, row);
    return trade_form_end(form);
}

/* The list in a document, and its pointer; NULL: it was complained of. */
static const struct tree_node *
find_list(struct trade_form *form, const struct tree_node *root)
{
    const struct tree_node *list = root;

    form->list = "";
    if (root->type == TREE_OBJECT) {
        form->list = "/trades";
        list = json_tree_member(root, STR("trades"));
        for (const struct tree_node *at = root->first; at != NULL;
             at = at->next)
            if (at != list)
                trade_form_complain_beside(form, at->name, "unknown member");
    }
    if (list != NULL && list->type == TREE_ARRAY)
        return list;
    complaints_add(form->complaints, form->list, 0, "%s",
                   list == NULL ? "is missing" : "must be a list of trades");
    return NULL;
}

static enum err
read_document(struct trade_form *form, struct str body, struct arena *arena,
              struct why *why)
{
    const struct tree_node *root, *list;

    TRY(json_tree_parse(body, arena, &root, why));
    list = find_list(form, root);
    if (list == NULL)
        return OK;
    for (const struct tree_node *row = list->first; row != NULL;
         row = row->next) {
        TRY(read_row(form, row));
        form->number++;
    }
    return OK;
}

static bool
is_blank(struct str line)
{
    for (size_t i = 0; i < line.len; i++)
        if (memchr(" \t\r", line.data[i], 3) == NULL)
            return false;
    return true;
}

static enum err
read_line(struct trade_form *form, struct str line,
          const struct tree_place *place, struct arena *arena, struct why *why)
{
    const struct tree_node *row;
    enum err err;

    if (is_blank(line))
        return OK;
    form->line = place->line;
    form->number++;
    err = json_tree_parse_line(line, place, arena, &row, why);
    if (err == ERR_INVALID) {
        complaints_add(form->complaints, NULL, place->line, "%s", why->text);
        err = OK;
    } else if (err == OK) {
        err = read_row(form, row);
    }
    arena_reset(arena);
    return err;
}

static enum err
read_lines(struct trade_form *form, struct str body, struct arena *arena,
           struct why *why)
{
    struct tree_place place = { 0, 1 };

    while (place.bytes < body.len) {
        struct str line = { body.data + place.bytes, body.len - place.bytes };
        const char *newline = memchr(line.data, '\n', line.len);

        if (newline != NULL)
            line.len = (size_t)(newline - line.data);
        TRY(read_line(form, line, &place, arena, why));
        place.bytes += line.len + 1;
        place.line++;
    }
    return OK;
}

static enum err
read_body(struct trade_form *form, struct str body, enum media media,
          struct arena *arena, struct why *why)
{
    enum err err;

    if (media == MEDIA_NDJSON) {
        TRY(read_lines(form, body, arena, why));
    } else {
        err = read_document(form, body, arena, why);
        if (err == ERR_INVALID)
            complaints_add(form->complaints, "", 0, "%s", why->text);
        TRY(err);
    }
    if (form->complaints->total == 0 && form->number == 0)
        complaints_add(form->complaints, form->list, form->list == NULL,
                       "there are no trades");
    if (form->complaints->total > 0)
        return why_set(why, ERR_INVALID, "the body breaks rules in %llu places",
                       (unsigned long long)form->complaints->total);
    return trade_batch_seal(form->into);
}

enum err
trades_read(struct str body, enum media media, struct trade_batch *into,
            struct complaints *complaints, struct why *why)
{
    struct trade_form form;
    struct arena arena;
    enum err err;

    assert(media == MEDIA_JSON || media == MEDIA_NDJSON);

    arena_init(&arena, TRADES_TREE_BYTES_MAX);
    trade_form_init(&form, into, complaints);
    err = read_body(&form, body, media, &arena, why);
    trade_form_fini(&form);
    arena_fini(&arena);
    return err;
}
