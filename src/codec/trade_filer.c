/* A member of Congress out of a row: filer_info's words, else the row's. */
#include "trade_filer.h"

#include <assert.h>

#define DAY_SECONDS INT64_C(86400)

bool
trade_filer_is_second(int64_t second)
{
    return second >= DATE_FIRST_DAYS * DAY_SECONDS &&
           second < (DATE_LAST_DAYS + 1) * DAY_SECONDS;
}

struct date
trade_filer_day(int64_t second)
{
    int64_t days = second / DAY_SECONDS;

    assert(trade_filer_is_second(second));

    if (second % DAY_SECONDS < 0)
        days--;
    return (struct date){ (int32_t)days };
}

int64_t
trade_filer_second(const struct trade *trade)
{
    if (trade->updated != 0)
        return trade->updated;
    if (trade->report_date.days != TRADE_NO_DATE.days)
        return trade->report_date.days * DAY_SECONDS;
    return trade->transaction_date.days * DAY_SECONDS;
}

/* A member of filer_info, NULL where it is no such thing. */
static const struct tree_node *
told(const struct trade_form *form, const char *name)
{
    if (form->filer_info == NULL)
        return NULL;
    return json_tree_member(form->filer_info, str_of(name));
}

static bool
is_scalar(const struct tree_node *node)
{
    return node != NULL && node->type != TREE_NULL &&
           node->type != TREE_ARRAY && node->type != TREE_OBJECT;
}

/* The row's own field where filer_info has none. */
static void
put_field(struct out *out, const struct trade_form *form, const char *name,
          enum trade_field field)
{
    const struct tree_node *node = told(form, trade_members[field].name);

    out_print(out, "\"%s\":", name);
    if (is_scalar(node))
        json_tree_put(out, node);
    else
        value_json(out, form->trade.fields[field]);
    out_char(out, ',');
}

static void
put_told(struct out *out, const struct trade_form *form, const char *name)
{
    const struct tree_node *node = told(form, name);

    out_print(out, "\"%s\":", name);
    if (is_scalar(node))
        json_tree_put(out, node);
    else
        out_str(out, STR("null"));
}

/* A list as an object whose members know of no subcommittees; each once. */
static void
put_list(struct out *out, const struct tree_node *list)
{
    const char *between = "";

    out_char(out, '{');
    for (const struct tree_node *at = list->first; at != NULL; at = at->next) {
        const struct tree_node *before = list->first;

        while (!str_equal(before->text, at->text))
            before = before->next;
        if (before != at)
            continue;
        out_str(out, str_of(between));
        between = ",";
        out_json(out, at->text);
        out_str(out, STR(":[]"));
    }
    out_char(out, '}');
}

static void
put_committees(struct out *out, const struct trade_form *form)
{
    const struct tree_node *node = told(form, "committees");

    out_str(out, STR("\"committees\":"));
    if (node != NULL && node->type == TREE_OBJECT)
        json_tree_put(out, node);
    else if (form->committees != NULL)
        put_list(out, form->committees);
    else
        out_str(out, STR("{}"));
}

static void
put_positions(struct out *out, const struct trade_form *form)
{
    const struct tree_node *node = told(form, "leadership_positions");

    out_str(out, STR("\"leadership_positions\":"));
    if (node != NULL && node->type == TREE_ARRAY)
        json_tree_put(out, node);
    else
        out_str(out, STR("[]"));
}

void
trade_filer_put(struct out *out, const struct trade_form *form)
{
    put_field(out, form, "name", TRADE_MEMBER_NAME);
    put_field(out, form, "chamber", TRADE_CHAMBER);
    put_field(out, form, "party", TRADE_PARTY);
    put_field(out, form, "state", TRADE_STATE);
    put_field(out, form, "district", TRADE_DISTRICT);
    put_told(out, form, "status");
    out_char(out, ',');
    put_committees(out, form);
    out_char(out, ',');
    put_positions(out, form);
    out_char(out, ',');
    put_told(out, form, "website");
}
