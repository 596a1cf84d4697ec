/* cJSON behind yajl: a text that yajl and we accept becomes a tree. */
#include "secmaster/json_document.h"

#include <assert.h>
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "json_place.h"
#include "row_sink.h"
#include "secmaster/bounds.h"
#include "secmaster/json_gate.h"
#include "secmaster/out.h"

static_assert(sizeof(size_t) == 8, "CVE-2026-16554 is of 32 bits");

/* Below 2^53 a double holds every integer, and no other reads as one. */
#define INTEGER_MAX 9007199254740991.0

/* A document and its nodes are cJSON's own; the names keep cJSON inside. */
struct json_document {
    cJSON *root;
};

/* A name in the text of the check. */
struct name {
    size_t offset, len;
};

/* What yajl's events find out about a text. */
struct check {
    size_t tokens;
    struct out text;    /* of the names below */
    struct name *names; /* of the objects that are open */
    size_t name_count, name_capacity;
    size_t depth;
    size_t first[JSON_DEPTH_MAX + 1]; /* open container -> its first name */
    enum err err;                     /* of the event that stopped yajl */
    struct why why;
};

enum { STOP = 0, GO_ON = 1 };

static int
count_token(struct check *check)
{
    if (++check->tokens <= JSON_DOCUMENT_TOKENS_MAX)
        return GO_ON;
    check->err = why_set(&check->why, ERR_INVALID, "over %d values and names",
                         JSON_DOCUMENT_TOKENS_MAX);
    return STOP;
}

static int
on_null(void *context)
{
    return count_token(context);
}

static int
on_boolean(void *context, int truth)
{
    (void)truth;
    return count_token(context);
}

static int
on_number(void *context, const char *text, size_t len)
{
    (void)text;
    (void)len;
    return count_token(context);
}

static int
on_string(void *context, const unsigned char *text, size_t len)
{
    struct check *check = context;

    if (len > 0 && memchr(text, '\0', len) != NULL) {
        check->err = why_set(&check->why, ERR_INVALID, "a string holds U+0000");
        return STOP;
    }
    return count_token(check);
}

static int
on_key(void *context, const unsigned char *text, size_t len)
{
    struct check *check = context;

    if (on_string(check, text, len) == STOP)
        return STOP;
    if (check->name_count == check->name_capacity) {
        size_t capacity = 2 * check->name_capacity + 16;
        struct name *names =
            reallocarray(check->names, capacity, sizeof *names);

        if (names == NULL) {
            check->err = ERR_BUSY;
            return STOP;
        }
        check->names = names;
        check->name_capacity = capacity;
    }
    check->names[check->name_count++] = (struct name){ check->text.len, len };
    out_bytes(&check->text, (const char *)text, len);
    check->err = out_finish(&check->text);
    return check->err == OK ? GO_ON : STOP;
}

static struct str
name_text(const struct check *check, struct name name)
{
    if (name.len == 0)
        return STR("");
    return (struct str){ check->text.data + name.offset, name.len };
}

static int
name_order(const void *a, const void *b, void *context)
{
    const struct name *left = a, *right = b;

    return str_compare(name_text(context, *left), name_text(context, *right));
}

static int
on_start(void *context)
{
    struct check *check = context;

    /* The gate let no deeper nesting through. */
    assert(check->depth < JSON_DEPTH_MAX);
    check->first[check->depth++] = check->name_count;
    return count_token(check);
}

/* Sorted, so that a hostile object of many names costs no square of them. */
static int
on_end(void *context)
{
    struct check *check = context;
    size_t first, count;
    struct name *names;

    assert(check->depth > 0);
    first = check->first[--check->depth];
    count = check->name_count - first;
    if (count == 0)
        return GO_ON;
    names = check->names + first;
    qsort_r(names, count, sizeof *names, name_order, check);
    for (size_t i = 1; i < count; i++) {
        struct str name = name_text(check, names[i]);

        if (!str_equal(name_text(check, names[i - 1]), name))
            continue;
        name = name_clip(name);
        check->err = why_set(&check->why, ERR_MALFORMED,
                             "duplicate member \"%.*s\"", STR_ARG(name));
        return STOP;
    }
    check->name_count = first;
    return GO_ON;
}

static const yajl_callbacks events = {
    .yajl_null = on_null,
    .yajl_boolean = on_boolean,
    .yajl_number = on_number,
    .yajl_string = on_string,
    .yajl_start_map = on_start,
    .yajl_map_key = on_key,
    .yajl_end_map = on_end,
    .yajl_start_array = on_start,
    .yajl_end_array = on_end,
};

/* Run yajl over the whole text. */
static enum err
check_text(struct check *check, yajl_handle yajl, struct str text,
           struct why *why)
{
    struct json_place place = { 0, 1 };
    yajl_status status =
        yajl_parse(yajl, (const unsigned char *)text.data, text.len);

    if (status == yajl_status_ok) {
        status = yajl_complete_parse(yajl);
        if (status == yajl_status_error)
            return why_set(why, ERR_MALFORMED, "the text ends too early");
    }
    if (status == yajl_status_error)
        return json_place_fault(place, yajl, text, NULL, why);
    if (status == yajl_status_client_canceled)
        return why_set(why, check->err, "%s", check->why.text);
    return OK;
}

static enum err
check_strictly(struct str text, struct why *why)
{
    struct json_gate gate;
    struct check check = { 0 };
    yajl_handle yajl;
    enum err err;

    json_gate_init(&gate);
    TRY(json_gate_feed(&gate, text, why));
    TRY(json_gate_finish(&gate, why));

    out_init(&check.text, BODY_BYTES_CEILING);
    yajl = yajl_alloc(&events, NULL, &check);
    err = yajl == NULL ? ERR_BUSY : check_text(&check, yajl, text, why);
    if (yajl != NULL)
        yajl_free(yajl);
    out_fini(&check.text);
    free(check.names);
    return err;
}

enum err
json_document_parse(struct str text, struct json_document **out,
                    struct why *why)
{
    struct json_document *document;

    assert(out != NULL);

    if (text.len == 0)
        return why_set(why, ERR_MALFORMED, "the text is empty");
    TRY(check_strictly(text, why));
    document = malloc(sizeof *document);
    if (document == NULL)
        return ERR_BUSY;
    document->root = cJSON_ParseWithLength(text.data, text.len);
    if (document->root == NULL) {
        free(document);
        return ERR_BUSY; /* the grammar was checked: it was memory */
    }
    *out = document;
    return OK;
}

void
json_document_free(struct json_document *document)
{
    if (document == NULL)
        return;
    cJSON_Delete(document->root);
    free(document);
}

static const cJSON *
tree(const struct json_node *node)
{
    return (const cJSON *)node;
}

const struct json_node *
json_document_root(const struct json_document *doc)
{
    assert(doc != NULL);

    return (const struct json_node *)doc->root;
}

const struct json_node *
json_member(const struct json_node *object, const char *name)
{
    if (!cJSON_IsObject(tree(object)))
        return NULL;
    return (const struct json_node *)cJSON_GetObjectItemCaseSensitive(
        tree(object), name);
}

const struct json_node *
json_first(const struct json_node *node)
{
    return (const struct json_node *)tree(node)->child;
}

const struct json_node *
json_next(const struct json_node *node)
{
    return (const struct json_node *)tree(node)->next;
}

bool
json_is_object(const struct json_node *node)
{
    return cJSON_IsObject(tree(node));
}

bool
json_is_array(const struct json_node *node)
{
    return cJSON_IsArray(tree(node));
}

struct str
json_name(const struct json_node *member)
{
    assert(tree(member)->string != NULL);

    return str_of(tree(member)->string);
}

bool
json_string(const struct json_node *node, const char **out)
{
    if (!cJSON_IsString(tree(node)))
        return false;
    *out = tree(node)->valuestring;
    return true;
}

bool
json_integer(const struct json_node *node, int64_t *out)
{
    double number;

    if (!cJSON_IsNumber(tree(node)))
        return false;
    number = tree(node)->valuedouble;
    if (!(number >= 0) || number > INTEGER_MAX ||
        number != (double)(int64_t)number)
        return false;
    *out = (int64_t)number;
    return true;
}
