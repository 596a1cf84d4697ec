/* A delivery's body tells by itself whose shape it has. */
#include "webhook_body.h"

#include <assert.h>

#include "facts.h"
#include "secmaster/facts_reader.h"
#include "secmaster/json_tree.h"

/* A row between brackets is a page. */
#define PAGE_BYTES_MAX VENDOR_PAGE_BYTES_MAX

enum err
webhook_why_complaint(const struct complaints *complaints, struct why *why)
{
    const struct complaint *first = &complaints->items[0];

    if (complaints->listed == 0)
        return why_set(why, ERR_INVALID, "a rule is broken");
    if (first->line != 0)
        return why_set(why, ERR_INVALID, "line %llu: %s",
                       (unsigned long long)first->line, first->detail);
    if (first->pointer == NULL || first->pointer[0] == '\0')
        return why_set(why, ERR_INVALID, "%s", first->detail);
    return why_set(why, ERR_INVALID, "%s: %s", first->pointer, first->detail);
}

/* Whatever the bytes are to blame for is one error, with its reason. */
static enum err
settle(const struct webhook_body *body, enum err err, struct why *why)
{
    switch (err) {
    case ERR_INVALID:
        return body->complaints->total > 0
                   ? webhook_why_complaint(body->complaints, why)
                   : err;
    case ERR_MALFORMED:
        return ERR_INVALID;
    case ERR_TOO_LARGE:
        return why_set(why, ERR_INVALID, "it is larger than a page may be");
    case OK:
    case ERR_NOT_FOUND:
    case ERR_CONFLICT:
    case ERR_BUSY:
    case ERR_FULL:
    case ERR_UPSTREAM:
    case ERR_STORE:
    case ERR_INTERNAL:
        break;
    }
    return err;
}

/* As POST /v1/facts takes them; who says no source means the vendor. */
static enum err
read_facts(const struct webhook_body *body, struct webhook_parts *out,
           struct why *why)
{
    struct facts_reader *reader;
    enum err err;

    out->facts = batch_new(body->seed);
    if (out->facts == NULL)
        return ERR_BUSY;
    TRY(batch_default_source(out->facts, body->door->vendor));
    reader = facts_reader_new(body->media, out->facts, body->complaints);
    if (reader == NULL)
        return ERR_BUSY;
    err = facts_reader_feed(reader, body->text, why);
    if (err == OK)
        err = facts_reader_finish(reader, why);
    facts_reader_free(reader);
    return err;
}

static enum err
read_page(const struct webhook_body *body, struct str text,
          struct webhook_parts *out, struct why *why)
{
    const struct vendor_adapter *adapter = body->door->adapter;
    const struct vendor_page page = { text, body->door->vendor };

    if (adapter->decode_trades != NULL) {
        out->trades = trade_batch_new(body->seed);
        if (out->trades == NULL)
            return ERR_BUSY;
        return adapter->decode_trades(&page, out->trades, body->complaints,
                                      why);
    }
    if (adapter->decode_bars != NULL) {
        out->bars = bar_batch_new(body->seed);
        if (out->bars == NULL)
            return ERR_BUSY;
        return adapter->decode_bars(&page, out->bars, body->complaints, why);
    }
    return why_set(why, ERR_INVALID, "nothing is known of what it pushes");
}

static enum err
read_push(const struct webhook_body *body, const struct vendor_push *push,
          struct webhook_parts *out, struct why *why)
{
    const bool is_list = push->content->type == TREE_ARRAY;
    struct out page;
    enum err err;

    if (push->id.data != NULL) {
        out->id = arena_copy(body->arena, push->id);
        if (out->id.data == NULL)
            return ERR_TOO_LARGE;
    }
    if (push->refusal != NULL)
        return why_set(why, ERR_INVALID, "%s", push->refusal);
    out_init(&page, PAGE_BYTES_MAX);
    if (!is_list)
        out_char(&page, '[');
    json_tree_put(&page, push->content);
    if (!is_list)
        out_char(&page, ']');
    err = out_finish(&page);
    if (err == OK)
        err = read_page(body, out_text(&page), out, why);
    out_fini(&page);
    return err;
}

/* {"facts": ..}, or a list whose first item is one. */
static bool
is_facts(const struct tree_node *root)
{
    const struct tree_node *first = root->first;

    if (root->type == TREE_OBJECT)
        return json_tree_member(root, STR("facts")) != NULL;
    return root->type == TREE_ARRAY && first != NULL &&
           json_tree_member(first, STR("security_id")) != NULL &&
           json_tree_member(first, STR("attribute")) != NULL;
}

static enum err
read_tree(const struct webhook_body *body, const struct tree_node *root,
          struct webhook_parts *out, struct why *why)
{
    const struct vendor_adapter *adapter = body->door->adapter;
    struct vendor_push push;

    if (is_facts(root))
        return read_facts(body, out, why);
    if (adapter->unwrap != NULL && adapter->unwrap(root, &push))
        return read_push(body, &push, out, why);
    return read_page(body, body->text, out, why);
}

enum err
webhook_body_read(const struct webhook_body *body, struct webhook_parts *out,
                  struct why *why)
{
    const struct tree_node *root;
    struct arena arena;
    enum err err;

    assert(body->complaints->total == 0);

    *out = (struct webhook_parts){ 0 };
    if (body->media == MEDIA_NONE)
        return why_set(why, ERR_INVALID,
                       "its Content-Type is not one that is read here");
    if (body->media != MEDIA_JSON)
        return settle(body, read_facts(body, out, why), why);
    arena_init(&arena, VENDOR_PAGE_BYTES_MAX);
    err = json_tree_parse(body->text, &arena, &root, why);
    if (err == OK)
        err = read_tree(body, root, out, why);
    arena_fini(&arena);
    return settle(body, err, why);
}

void
webhook_parts_fini(struct webhook_parts *parts)
{
    batch_free(parts->facts);
    bar_batch_free(parts->bars);
    trade_batch_free(parts->trades);
}

size_t
webhook_parts_bytes(const struct webhook_parts *parts)
{
    size_t bytes = 0;

    if (parts->facts != NULL)
        bytes += facts_bytes(parts->facts);
    if (parts->bars != NULL)
        bytes += parts->bars->capacity * sizeof parts->bars->rows[0];
    if (parts->trades != NULL)
        bytes += trade_batch_bytes(parts->trades);
    return bytes;
}
