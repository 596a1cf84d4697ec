/* A rule's body is small: it is read as a tree, its names checked as facts'. */
#include "secmaster/rule_reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "secmaster/bounds.h"
#include "secmaster/fact.h"
#include "secmaster/json_document.h"

/* "/attributes/" and a name of which each byte may take two. */
#define POINTER_BYTES_MAX (32 + 2 * ATTRIBUTE_BYTES_MAX)

static_assert(RULE_NAMES_MAX == 4096, "TOO_MANY names the limit");
#define TOO_MANY "the rule has more than 4096 names"

struct reader {
    struct arena *arena;
    struct complaints *complaints;
    struct rule_names_list *lists;
    uint32_t list_count, name_count;
    char pointer[POINTER_BYTES_MAX]; /* of the list at hand */
    bool is_too_large;               /* there are complaints enough */
};

static void
complain(struct reader *reader, const char *pointer, const char *detail)
{
    complaints_add(reader->complaints, pointer, 0, "%s", detail);
}

/* Point at an attribute's list, its name escaped as RFC 6901 has it. */
static void
point_at(struct reader *reader, struct str attribute)
{
    char *at = reader->pointer;

    at = stpcpy(at, "/attributes/");
    for (size_t i = 0; i < attribute.len; i++) {
        char c = attribute.data[i];

        if (c == '~' || c == '/') {
            *at++ = '~';
            c = c == '~' ? '0' : '1';
        }
        *at++ = c;
    }
    *at = '\0';
}

/* Of a list, or of one of its sources. */
static void
complain_at(struct reader *reader, uint32_t index, const char *detail)
{
    char pointer[POINTER_BYTES_MAX + 16];

    (void)snprintf(pointer, sizeof pointer, "%s/%u", reader->pointer, index);
    complain(reader, pointer, detail);
}

/* Count another name; false, with a word about the first, past the most. */
static bool
has_room(struct reader *reader)
{
    if (reader->name_count == RULE_NAMES_MAX && !reader->is_too_large)
        complain(reader, reader->pointer, TOO_MANY);
    reader->is_too_large |= reader->name_count++ >= RULE_NAMES_MAX;
    return !reader->is_too_large;
}

static enum err
read_source(struct reader *reader, const struct json_node *node, uint32_t index,
            struct str *out)
{
    const char *text, *fault;

    if (!json_string(node, &text)) {
        complain_at(reader, index, "must be a string");
        return OK;
    }
    fault = source_name_fault(str_of(text));
    if (fault != NULL) {
        complain_at(reader, index, fault);
        return OK;
    }
    *out = arena_copy(reader->arena, str_of(text));
    return out->data == NULL ? ERR_TOO_LARGE : OK;
}

struct listed {
    struct str name;
    uint32_t index;
};

static int
compare_listed(const void *a, const void *b)
{
    const struct listed *left = a, *right = b;
    int names = str_compare(left->name, right->name);

    if (names != 0)
        return names;
    return left->index < right->index ? -1 : left->index > right->index;
}

/* Sorted, so that a long list costs no square of it. */
static enum err
check_twice(struct reader *reader, const struct rule_names_list *list)
{
    struct listed *listed =
        arena_zalloc(reader->arena, list->source_count + 1, sizeof *listed);

    if (listed == NULL)
        return ERR_TOO_LARGE;
    for (uint32_t i = 0; i < list->source_count; i++)
        listed[i] = (struct listed){ list->sources[i], i };
    qsort(listed, list->source_count, sizeof *listed, compare_listed);
    for (uint32_t i = 1; i < list->source_count; i++)
        if (listed[i].name.data != NULL &&
            str_equal(listed[i - 1].name, listed[i].name))
            complain_at(reader, listed[i].index,
                        "the source is in this list already");
    return OK;
}

/* How many children there is room for, and one that is too many. */
static uint32_t
count_children(const struct json_node *node)
{
    uint32_t count = 0;

    node = json_first(node);
    while (node != NULL && count <= RULE_NAMES_MAX) {
        node = json_next(node);
        count++;
    }
    return count;
}

static enum err
read_list(struct reader *reader, const struct json_node *node,
          struct rule_names_list *list)
{
    struct str *sources;
    uint32_t i = 0;

    if (!json_is_array(node)) {
        complain(reader, reader->pointer, "must be an array of sources");
        return OK;
    }
    sources =
        arena_zalloc(reader->arena, count_children(node) + 1, sizeof *sources);
    if (sources == NULL)
        return ERR_TOO_LARGE;
    for (node = json_first(node); node != NULL; node = json_next(node)) {
        if (!has_room(reader))
            return OK;
        TRY(read_source(reader, node, i, &sources[i]));
        i++;
    }
    list->sources = sources;
    list->source_count = i;
    return check_twice(reader, list);
}

static enum err
read_attribute(struct reader *reader, const struct json_node *node)
{
    struct rule_names_list *list = &reader->lists[reader->list_count++];
    struct str name = json_name(node);
    const char *fault = attribute_name_fault(name);

    if (name.len > ATTRIBUTE_BYTES_MAX)
        (void)stpcpy(reader->pointer, "/attributes");
    else
        point_at(reader, name);
    if (!has_room(reader))
        return OK;
    if (fault != NULL)
        complain(reader, reader->pointer, fault);
    list->attribute = arena_copy(reader->arena, name);
    if (list->attribute.data == NULL)
        return ERR_TOO_LARGE;
    return read_list(reader, node, list);
}

static enum err
read_attributes(struct reader *reader, const struct json_node *node)
{
    if (!json_is_object(node)) {
        complain(reader, "/attributes", "must be an object of lists");
        return OK;
    }
    for (node = json_first(node); node != NULL && !reader->is_too_large;
         node = json_next(node))
        TRY(read_attribute(reader, node));
    return OK;
}

static enum err
read_members(struct reader *reader, const struct json_node *root)
{
    const struct json_node *attributes = json_member(root, "attributes");
    const struct json_node *first = json_member(root, "default");
    uint32_t lists = 1;

    if (attributes != NULL)
        lists += count_children(attributes);
    reader->lists = arena_zalloc(reader->arena, lists, sizeof *reader->lists);
    if (reader->lists == NULL)
        return ERR_TOO_LARGE;
    (void)stpcpy(reader->pointer, "/default");
    reader->list_count = 1;
    if (first != NULL)
        TRY(read_list(reader, first, &reader->lists[0]));
    if (attributes != NULL)
        TRY(read_attributes(reader, attributes));
    return OK;
}

/* The length at which an unknown name is no longer shown. */
#define NAME_SHOWN_BYTES_MAX 64

static void
check_members(struct reader *reader, const struct json_node *root)
{
    const struct json_node *node;

    for (node = json_first(root); node != NULL; node = json_next(node)) {
        struct str name = json_name(node);

        if (str_equal(name, STR("default")) ||
            str_equal(name, STR("attributes")))
            continue;
        if (name.len > NAME_SHOWN_BYTES_MAX) {
            complain(reader, "", "unknown member with a long name");
            continue;
        }
        point_at(reader, name);
        complain(reader, reader->pointer + strlen("/attributes"),
                 "unknown member");
    }
}

static enum err
read_root(struct reader *reader, const struct json_node *root)
{
    if (!json_is_object(root)) {
        complain(reader, "", "must be an object");
        return OK;
    }
    check_members(reader, root);
    return read_members(reader, root);
}

enum err
rule_read(struct str body, struct arena *arena, struct complaints *complaints,
          struct rule_names *out, struct why *why)
{
    struct reader reader = { .arena = arena, .complaints = complaints };
    struct json_document *document;
    enum err err = json_document_parse(body, &document, why);

    if (err == ERR_INVALID)
        complain(&reader, "", why->text);
    if (err != OK)
        return err;
    err = read_root(&reader, json_document_root(document));
    json_document_free(document);
    if (err == OK && complaints->total > 0)
        err = why_set(why, ERR_INVALID, "the body breaks a rule");
    *out = (struct rule_names){ reader.lists, reader.list_count };
    return err;
}
