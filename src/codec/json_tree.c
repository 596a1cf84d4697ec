/* yajl's events as nodes in an arena, each text as it stood. */
#include "secmaster/json_tree.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <yajl/yajl_parse.h>

#include "json_place.h"
#include "row_sink.h"
#include "secmaster/bounds.h"
#include "secmaster/json_gate.h"

static_assert(sizeof(struct tree_node) <= 64, "json_tree.h says so");

/* Up to so many members each is compared with each; more are sorted, so that
 * a hostile object of many names costs no square of them. */
#define COMPARED_MEMBERS_MAX 16

/* A container that is open. */
struct opened {
    struct tree_node *node;
    struct tree_node *last; /* child */
    size_t children;
};

struct growth {
    struct str text; /* that is parsed */
    struct json_place place;
    struct arena *arena;
    struct str name; /* of the member whose value comes next */
    struct tree_node *root;
    struct opened opened[JSON_DEPTH_MAX];
    size_t depth;

    /* Of the event that stops yajl. */
    enum err err;
    char fault[160];
};

enum { STOP = 0, GO_ON = 1 };

static int
stop(struct growth *growth, enum err err)
{
    growth->err = err;
    return STOP;
}

static bool
is_inside(struct str text, const char *at)
{
    uintptr_t begin = (uintptr_t)text.data;

    return (uintptr_t)at >= begin && (uintptr_t)at < begin + text.len;
}

/* Keep what yajl shows: it unescapes in a buffer of its own, the rest it shows
 * where it stands. */
static int
keep(struct growth *growth, const unsigned char *data, size_t len,
     struct str *out)
{
    *out = (struct str){ (const char *)data, len };
    if (len == 0)
        *out = STR("");
    else if (!is_inside(growth->text, out->data))
        *out = arena_copy(growth->arena, *out);
    return out->data == NULL ? stop(growth, ERR_TOO_LARGE) : GO_ON;
}

static int
keep_string(struct growth *growth, const unsigned char *data, size_t len,
            struct str *out)
{
    if (len > 0 && memchr(data, '\0', len) != NULL) {
        (void)snprintf(growth->fault, sizeof growth->fault,
                       "a string holds U+0000");
        return stop(growth, ERR_INVALID);
    }
    return keep(growth, data, len, out);
}

/* Hang a node in. NULL: past the budget, and yajl is to stop. */
static struct tree_node *
add(struct growth *growth, enum tree_type type, struct str text)
{
    struct tree_node *node = arena_alloc(growth->arena, sizeof *node);
    struct opened *parent;

    if (node == NULL) {
        growth->err = ERR_TOO_LARGE;
        return NULL;
    }
    *node =
        (struct tree_node){ .type = type, .name = growth->name, .text = text };
    growth->name = (struct str){ NULL, 0 };
    if (growth->depth == 0) {
        growth->root = node;
        return node;
    }
    parent = &growth->opened[growth->depth - 1];
    if (parent->last == NULL)
        parent->node->first = node;
    else
        parent->last->next = node;
    parent->last = node;
    parent->children++;
    return node;
}

static int
add_plain(struct growth *growth, enum tree_type type)
{
    return add(growth, type, (struct str){ NULL, 0 }) == NULL ? STOP : GO_ON;
}

static int
on_null(void *context)
{
    return add_plain(context, TREE_NULL);
}

static int
on_boolean(void *context, int truth)
{
    return add_plain(context, truth ? TREE_TRUE : TREE_FALSE);
}

static int
on_number(void *context, const char *data, size_t len)
{
    struct str text;

    if (keep(context, (const unsigned char *)data, len, &text) == STOP)
        return STOP;
    return add(context, TREE_NUMBER, text) == NULL ? STOP : GO_ON;
}

static int
on_string(void *context, const unsigned char *data, size_t len)
{
    struct str text;

    if (keep_string(context, data, len, &text) == STOP)
        return STOP;
    return add(context, TREE_STRING, text) == NULL ? STOP : GO_ON;
}

static int
on_key(void *context, const unsigned char *data, size_t len)
{
    struct growth *growth = context;

    return keep_string(growth, data, len, &growth->name);
}

static int
open_node(struct growth *growth, enum tree_type type)
{
    struct tree_node *node = add(growth, type, (struct str){ NULL, 0 });

    if (node == NULL)
        return STOP;
    /* The gate let no deeper nesting through. */
    assert(growth->depth < JSON_DEPTH_MAX);
    growth->opened[growth->depth++] = (struct opened){ .node = node };
    return GO_ON;
}

static int
on_start_object(void *context)
{
    return open_node(context, TREE_OBJECT);
}

static int
on_start_array(void *context)
{
    return open_node(context, TREE_ARRAY);
}

static int
on_end_array(void *context)
{
    struct growth *growth = context;

    assert(growth->depth > 0);
    growth->depth--;
    return GO_ON;
}

/* A member that has the name of one before it, or NULL. */
static const struct tree_node *
twin_by_pairs(const struct tree_node *first)
{
    for (const struct tree_node *b = first; b != NULL; b = b->next) {
        for (const struct tree_node *a = first; a != b; a = a->next) {
            if (str_equal(a->name, b->name))
                return b;
        }
    }
    return NULL;
}

static int
name_order(const void *a, const void *b)
{
    const struct tree_node *const *left = a, *const *right = b;

    return str_compare((*left)->name, (*right)->name);
}

static enum err
twin_by_order(const struct opened *object, const struct tree_node **out)
{
    const struct tree_node **members =
        reallocarray(NULL, object->children, sizeof *members);
    size_t n = 0;

    if (members == NULL)
        return ERR_BUSY;
    for (const struct tree_node *at = object->node->first; at != NULL;
         at = at->next)
        members[n++] = at;
    qsort(members, n, sizeof *members, name_order);
    for (size_t i = 1; i < n && *out == NULL; i++) {
        if (str_equal(members[i - 1]->name, members[i]->name))
            *out = members[i];
    }
    free(members);
    return OK;
}

static int
on_end_object(void *context)
{
    struct growth *growth = context;
    const struct opened *object;
    const struct tree_node *twin = NULL;
    struct str shown;

    assert(growth->depth > 0);
    object = &growth->opened[--growth->depth];
    if (object->children <= COMPARED_MEMBERS_MAX)
        twin = twin_by_pairs(object->node->first);
    else
        growth->err = twin_by_order(object, &twin);
    if (growth->err != OK)
        return STOP;
    if (twin == NULL)
        return GO_ON;
    shown = name_clip(twin->name);
    (void)snprintf(growth->fault, sizeof growth->fault,
                   "duplicate member \"%.*s\"", STR_ARG(shown));
    return stop(growth, ERR_MALFORMED);
}

static const yajl_callbacks events = {
    .yajl_null = on_null,
    .yajl_boolean = on_boolean,
    .yajl_number = on_number,
    .yajl_string = on_string,
    .yajl_start_map = on_start_object,
    .yajl_map_key = on_key,
    .yajl_end_map = on_end_object,
    .yajl_start_array = on_start_array,
    .yajl_end_array = on_end_array,
};

/* What an event that stopped yajl has to say. */
static enum err
stopped(const struct growth *growth, yajl_handle yajl, struct why *why)
{
    switch (growth->err) {
    case ERR_MALFORMED:
        return json_place_fault(growth->place, yajl, growth->text,
                                growth->fault, why);
    case ERR_TOO_LARGE:
        return why_set(why, ERR_TOO_LARGE, "too many values and names");
    case ERR_INVALID:
        (void)json_place_fault(growth->place, yajl, growth->text, growth->fault,
                               why);
        return ERR_INVALID;
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
    return growth->err;
}

/* yajl says so of a blank that it adds, not of the text. */
static enum err
cut_short(const struct growth *growth, struct why *why)
{
    uint64_t line = growth->place.line;

    for (size_t i = 0; i < growth->text.len; i++)
        line += growth->text.data[i] == '\n';
    return why_set(
        why, ERR_MALFORMED, "line %llu, byte %llu: the text ends too early",
        (unsigned long long)line,
        (unsigned long long)(growth->place.bytes + growth->text.len));
}

static enum err
grow(struct growth *growth, yajl_handle yajl, struct why *why)
{
    struct str text = growth->text;
    yajl_status status =
        yajl_parse(yajl, (const unsigned char *)text.data, text.len);

    if (status == yajl_status_ok) {
        status = yajl_complete_parse(yajl);
        if (status == yajl_status_error)
            return cut_short(growth, why);
    }
    if (status == yajl_status_error)
        return json_place_fault(growth->place, yajl, text, NULL, why);
    if (status == yajl_status_client_canceled)
        return stopped(growth, yajl, why);
    assert(growth->root != NULL);
    assert(growth->depth == 0);
    return OK;
}

enum err
json_tree_parse(struct str text, struct arena *arena,
                const struct tree_node **out, struct why *why)
{
    const struct tree_place place = { 0, 1 };

    return json_tree_parse_line(text, &place, arena, out, why);
}

enum err
json_tree_parse_line(struct str text, const struct tree_place *place,
                     struct arena *arena, const struct tree_node **out,
                     struct why *why)
{
    struct growth growth = {
        .text = text,
        .place = { place->bytes, place->line },
        .arena = arena,
    };
    struct json_gate gate;
    yajl_handle yajl;
    enum err err;

    assert(arena != NULL);
    assert(out != NULL);

    if (text.len == 0)
        return why_set(why, ERR_MALFORMED, "the text is empty");
    json_gate_init(&gate);
    gate.bytes = place->bytes;
    gate.line = place->line;
    TRY(json_gate_feed(&gate, text, why));
    TRY(json_gate_finish(&gate, why));
    yajl = yajl_alloc(&events, NULL, &growth);
    if (yajl == NULL)
        return ERR_BUSY;
    err = grow(&growth, yajl, why);
    yajl_free(yajl);
    if (err == OK)
        *out = growth.root;
    return err;
}

const struct tree_node *
json_tree_member(const struct tree_node *object, struct str name)
{
    assert(object != NULL);

    if (object->type != TREE_OBJECT)
        return NULL;
    for (const struct tree_node *at = object->first; at != NULL;
         at = at->next) {
        if (str_equal(at->name, name))
            return at;
    }
    return NULL;
}

static void
put_children(struct out *out, const struct tree_node *node)
{
    const char *between = "";

    for (const struct tree_node *at = node->first; at != NULL; at = at->next) {
        out_str(out, str_of(between));
        between = ",";
        if (node->type == TREE_OBJECT) {
            out_json(out, at->name);
            out_char(out, ':');
        }
        json_tree_put(out, at);
    }
}

void
json_tree_put(struct out *out, const struct tree_node *node)
{
    switch (node->type) {
    case TREE_NULL:
        out_str(out, STR("null"));
        return;
    case TREE_FALSE:
        out_str(out, STR("false"));
        return;
    case TREE_TRUE:
        out_str(out, STR("true"));
        return;
    case TREE_NUMBER:
        out_str(out, node->text);
        return;
    case TREE_STRING:
        out_json(out, node->text);
        return;
    case TREE_ARRAY:
        out_char(out, '[');
        put_children(out, node);
        out_char(out, ']');
        return;
    case TREE_OBJECT:
        out_char(out, '{');
        put_children(out, node);
        out_char(out, '}');
        return;
    }
    assert(false && "a node is of one of the types");
}
