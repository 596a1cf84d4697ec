/* A page of trades into its batch, which is sealed behind the last row. */
#include "trades_page.h"

#include <assert.h>

#include "page_marks.h"
#include "secmaster/bounds.h"

/* Read a tree; the rows found are noted in out. */
static enum err
read_tree(trades_page_reader *reader, struct trade_form *form,
          const struct tree_node *root, struct trades_page *out)
{
    TRY(reader(form, root, out));
    if (form->complaints->total > 0)
        return ERR_INVALID;
    assert(out->rows != NULL);
    return trade_batch_seal(form->into);
}

enum err
trades_page_decode(trades_page_reader *reader, const struct vendor_page *page,
                   const struct trades_page_target *target, struct why *why)
{
    struct complaints *complaints = target->complaints;
    struct trades_page found = { .rows = NULL };
    const struct tree_node *root;
    struct trade_form form;
    struct arena arena;
    enum err err;

    assert(target->into != NULL);
    assert(complaints != NULL);

    arena_init(&arena, TRADES_TREE_BYTES_MAX);
    trade_form_init(&form, target->into, complaints);
    err = json_tree_parse(page->body, &arena, &root, why);
    if (err == ERR_INVALID)
        complaints_add(complaints, "", 0, "%s", why->text);
    else if (err == OK)
        err = read_tree(reader, &form, root, &found);
    if (err == ERR_INVALID)
        why_print(why, "the body breaks rules in %llu places",
                  (unsigned long long)complaints->total);
    trade_form_fini(&form);
    arena_fini(&arena);
    return err;
}

enum err
trades_page_read(trades_page_reader *reader, const struct vendor_tree *tree,
                 struct vendor_reading *reading)
{
    struct trades_page found = { .rows = NULL };
    struct trade_form form;
    enum err err;

    assert(reading->trades != NULL);

    trade_form_init(&form, reading->trades, reading->reasons);
    err = read_tree(reader, &form, tree->root, &found);
    trade_form_fini(&form);
    TRY(err);
    reading->updated_last = found.updated_last;
    TRY(marks_rows(reading, found.rows));
    reading->verdict = reading->rows == 0 ? VENDOR_EMPTY : VENDOR_ROWS;
    return OK;
}
