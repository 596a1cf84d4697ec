/* A trade out of a tree's nodes: what a field may be, and what is wrong. */
#include "secmaster/trade_form.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "row_sink.h"
#include "secmaster/bounds.h"
#include "trade_filer.h"

#define POINTER_BYTES_MAX 256
#define INTEGER_BYTES_MAX 20 /* of an int64_t */

#define FAULT_FIELD "must be a text, a number or null"
#define FAULT_LONG "must be of at most 65536 bytes"
#define FAULT_TRANSACTION "must be a text of 1 to 255 bytes, or a number"
#define FAULT_AMENDMENT "must be an integer from 0 to 4294967295"
#define FAULT_UPDATED                                                          \
    "must be seconds since 1970 of a day from 0001-01-01 to 9999-12-31"
#define FAULT_COMMITTEES "must be a list of at most 256 texts, or null"
#define FAULT_FILER_INFO "must be an object, or null"

void
trade_form_init(struct trade_form *form, struct trade_batch *into,
                struct complaints *complaints)
{
    *form = (struct trade_form){ .into = into, .complaints = complaints };
    arena_init(&form->texts, VENDOR_PAGE_BYTES_MAX);
    out_init(&form->scratch, VENDOR_PAGE_BYTES_MAX);
}

void
trade_form_fini(struct trade_form *form)
{
    arena_fini(&form->texts);
    out_fini(&form->scratch);
}

void
trade_form_begin(struct trade_form *form)
{
    arena_reset(&form->texts);
    form->trade = (struct trade){
        .transaction_date = TRADE_NO_DATE,
        .notification_date = TRADE_NO_DATE,
        .report_date = TRADE_NO_DATE,
    };
    for (size_t i = 0; i < TRADE_FIELDS; i++)
        form->trade.fields[i] = VALUE_OF_NULL;
    form->filer_info = NULL;
    form->committees = NULL;
    form->is_bad = false;
}

/* path: of a member below the row, as in a pointer; NULL: the row itself. */
static void
complain(struct trade_form *form, const char *path, const char *detail)
{
    char pointer[POINTER_BYTES_MAX];

    form->is_bad = true;
    if (form->list == NULL) {
        complaints_add(form->complaints, NULL, form->line, "%s%s%s",
                       path == NULL ? "" : path, path == NULL ? "" : ": ",
                       detail);
        return;
    }
    (void)snprintf(pointer, sizeof pointer, "%s/%" PRIu64 "%s%s", form->list,
                   form->number, path == NULL ? "" : "/",
                   path == NULL ? "" : path);
    complaints_add(form->complaints, pointer, 0, "%s", detail);
}

/* A stranger's name as the last part of a pointer, escaped by RFC 6901, or as
 * it is where lines count. */
static void
path_of(const struct trade_form *form, struct str member,
        char out[static POINTER_BYTES_MAX])
{
    struct str name = name_clip(member);
    size_t len = 0;

    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];

        assert(len + 3 < POINTER_BYTES_MAX);
        if (form->list != NULL && (c == '~' || c == '/')) {
            out[len++] = '~';
            c = c == '~' ? '0' : '1';
        }
        out[len++] = c;
    }
    out[len] = '\0';
}

void
trade_form_complain(struct trade_form *form, struct str member,
                    const char *detail)
{
    char path[POINTER_BYTES_MAX];

    if (member.data != NULL)
        path_of(form, member, path);
    complain(form, member.data == NULL ? NULL : path, detail);
}

void
trade_form_complain_beside(struct trade_form *form, struct str member,
                           const char *detail)
{
    char path[POINTER_BYTES_MAX] = "/";
    char name[POINTER_BYTES_MAX];

    path_of(form, member, name);
    (void)snprintf(path + 1, sizeof path - 1, "%.*s", POINTER_BYTES_MAX - 2,
                   name);
    complaints_add(form->complaints, path, 0, "%s", detail);
}

static bool
is_given(const struct tree_node *node)
{
    return node != NULL && node->type != TREE_NULL;
}

static bool
is_text(const struct tree_node *node)
{
    return node->type == TREE_STRING || node->type == TREE_NUMBER;
}

/* What is in scratch, until the row ends. */
static struct str
keep(struct trade_form *form)
{
    struct str kept = { NULL, 0 };

    if (form->err == OK)
        form->err = out_finish(&form->scratch);
    if (form->err == OK)
        kept = arena_copy(&form->texts, out_text(&form->scratch));
    if (form->err == OK && kept.data == NULL)
        form->err = ERR_TOO_LARGE;
    return kept;
}

void
trade_form_transaction_id(struct trade_form *form, const struct tree_node *node)
{
    if (node == NULL)
        complain(form, "transaction_id", "is missing");
    else if (!is_text(node) || node->text.len == 0 ||
             node->text.len > TRADE_NAME_BYTES_MAX)
        complain(form, "transaction_id", FAULT_TRANSACTION);
    else
        form->trade.transaction_id = node->text;
}

void
trade_form_date(struct trade_form *form, const struct tree_node *node,
                const char *name, struct date *out)
{
    bool is_required = out == &form->trade.transaction_date;

    if (node == NULL && is_required)
        complain(form, name, "is missing");
    if (!is_required &&
        (!is_given(node) || (node->type == TREE_STRING && node->text.len == 0)))
        return;
    if (node != NULL &&
        (node->type != TREE_STRING || date_parse(node->text, out) != OK))
        complain(form, name, FAULT_DATE);
}

static bool
integer_read(const struct tree_node *node, int64_t *out)
{
    char text[INTEGER_BYTES_MAX + 1];
    const char *first = text;
    char *end;

    if (!is_text(node) || node->text.len == 0 ||
        node->text.len > INTEGER_BYTES_MAX)
        return false;
    memcpy(text, node->text.data, node->text.len);
    text[node->text.len] = '\0';
    if (*first == '-')
        first++;
    if (*first < '0' || *first > '9')
        return false;
    errno = 0;
    *out = strtoll(text, &end, 10);
    return *end == '\0' && errno == 0;
}

void
trade_form_amendment(struct trade_form *form, const struct tree_node *node)
{
    int64_t number;

    if (!is_given(node))
        return;
    if (integer_read(node, &number) && number >= 0 && number <= UINT32_MAX)
        form->trade.amendment_number = (uint32_t)number;
    else
        complain(form, "amendment_number", FAULT_AMENDMENT);
}

static bool
second_read(const struct tree_node *node, int64_t *out)
{
    return integer_read(node, out) && trade_filer_is_second(*out);
}

void
trade_form_updated(struct trade_form *form, const struct tree_node *node)
{
    if (is_given(node) && !second_read(node, &form->trade.updated))
        complain(form, "updated", FAULT_UPDATED);
}

static bool
is_id(enum trade_field field)
{
    return field == TRADE_ID || field == TRADE_REPORT_ID ||
           field == TRADE_MEMBER_ID;
}

/* Most texts are as their canonical escaping, and stay where they are. */
static struct str
escaped(struct trade_form *form, struct str text)
{
    if (value_is_plain(text))
        return text;
    out_reset(&form->scratch);
    value_escape(&form->scratch, text);
    return keep(form);
}

void
trade_form_field(struct trade_form *form, enum trade_field field,
                 const struct tree_node *node, const char *name)
{
    struct value *out = &form->trade.fields[field];

    assert(trade_members[field].text == TRADE_SCALAR);

    if (!is_given(node))
        return;
    if (!is_text(node)) {
        complain(form, name, FAULT_FIELD);
        return;
    }
    if (node->text.len > VALUE_BYTES_MAX) {
        complain(form, name, FAULT_LONG);
        return;
    }
    if (node->type == TREE_NUMBER && !is_id(field))
        *out = (struct value){ VALUE_NUMBER, node->text };
    else
        *out = (struct value){ VALUE_STRING, escaped(form, node->text) };
}

/* A field that is JSON. */
static void
keep_node(struct trade_form *form, enum trade_field field,
          const struct tree_node *node)
{
    assert(trade_members[field].text == TRADE_JSON);

    out_reset(&form->scratch);
    json_tree_put(&form->scratch, node);
    if (form->scratch.len > VALUE_BYTES_MAX)
        complain(form, trade_members[field].name, FAULT_LONG);
    else
        form->trade.fields[field] = (struct value){ VALUE_STRING, keep(form) };
}

static bool
is_list_of_names(const struct tree_node *node)
{
    size_t count = 0;

    if (node->type != TREE_ARRAY)
        return false;
    for (const struct tree_node *at = node->first; at != NULL; at = at->next)
        if (at->type != TREE_STRING || ++count > TRADE_COMMITTEES_MAX)
            return false;
    return true;
}

void
trade_form_committees(struct trade_form *form, const struct tree_node *node)
{
    if (!is_given(node))
        return;
    if (!is_list_of_names(node)) {
        complain(form, "committees", FAULT_COMMITTEES);
        return;
    }
    form->committees = node;
    keep_node(form, TRADE_COMMITTEES, node);
}

/* The names of an object's members, as a list. */
static void
keep_names(struct trade_form *form, const struct tree_node *object)
{
    out_reset(&form->scratch);
    out_char(&form->scratch, '[');
    for (const struct tree_node *at = object->first; at != NULL;
         at = at->next) {
        if (at != object->first)
            out_char(&form->scratch, ',');
        out_json(&form->scratch, at->name);
    }
    out_char(&form->scratch, ']');
    form->trade.fields[TRADE_COMMITTEES] =
        (struct value){ VALUE_STRING, keep(form) };
}

void
trade_form_committees_of(struct trade_form *form,
                         const struct tree_node *filer_info)
{
    const struct tree_node *node;

    if (!is_given(filer_info))
        return;
    node = json_tree_member(filer_info, STR("committees"));
    if (node == NULL)
        return;
    if (node->type == TREE_OBJECT)
        keep_names(form, node);
    else if (is_list_of_names(node))
        trade_form_committees(form, node);
}

void
trade_form_filer_info(struct trade_form *form, const struct tree_node *node)
{
    if (!is_given(node))
        return;
    if (node->type != TREE_OBJECT) {
        complain(form, "filer_info", FAULT_FILER_INFO);
        return;
    }
    form->filer_info = node;
    keep_node(form, TRADE_FILER_INFO, node);
}

/* When what the row says of its filer was so. False: it was complained of. */
static bool
filer_second(struct trade_form *form, int64_t *out)
{
    const struct trade *trade = &form->trade;
    const struct tree_node *node = NULL;

    if (form->filer_info != NULL)
        node = json_tree_member(form->filer_info, STR("updated"));
    if (is_given(node)) {
        if (second_read(node, out))
            return true;
        complain(form, "filer_info/updated", FAULT_UPDATED);
        return false;
    }
    *out = trade_filer_second(trade);
    return true;
}

enum err
trade_form_end(struct trade_form *form)
{
    struct value member_id = form->trade.fields[TRADE_MEMBER_ID];
    struct trade_filer filer = { 0 };
    bool has_filer = member_id.type == VALUE_STRING && member_id.text.len > 0;

    if (has_filer && !filer_second(form, &filer.version.updated))
        return form->err;
    if (has_filer && !form->is_bad) {
        out_reset(&form->scratch);
        value_unescape(&form->scratch, member_id.text);
        filer.member_id = keep(form);
        if (filer.member_id.len > TRADE_NAME_BYTES_MAX)
            complain(form, "member_id", "must be of at most 255 bytes");
        filer.day = trade_filer_day(filer.version.updated);
        out_reset(&form->scratch);
        trade_filer_put(&form->scratch, form);
        filer.version.text = keep(form);
    }
    if (form->is_bad || form->err != OK)
        return form->err;
    return trade_batch_add(form->into, &form->trade, has_filer ? &filer : NULL);
}
