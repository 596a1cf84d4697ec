/* What is noted of every page: how long it is, its print, where it leads. */
#include "page_marks.h"

#include <stdio.h>

#include "secmaster/bounds.h"
#include "secmaster/url.h"
#include "secmaster/xxh64.h"

#define POINTER_BYTES_MAX 64

enum err
marks_rows(struct vendor_reading *reading, const struct tree_node *list)
{
    struct out text;
    enum err err;

    reading->rows = 0;
    for (const struct tree_node *at = list->first; at != NULL; at = at->next)
        reading->rows++;
    out_init(&text, VENDOR_PAGE_BYTES_MAX);
    json_tree_put(&text, list);
    err = out_finish(&text);
    if (err == OK)
        reading->print = hash_xxh64(out_text(&text));
    out_fini(&text);
    return err;
}

static bool
begins_with(struct str text, struct str prefix)
{
    return text.len >= prefix.len &&
           str_equal((struct str){ text.data, prefix.len }, prefix);
}

static bool
is_parameter(struct str part, struct str name)
{
    return begins_with(part, name) &&
           (part.len == name.len || part.data[name.len] == '=');
}

/* A URL without a parameter of its query. */
static void
put_without(struct out *out, struct str url, struct str name)
{
    const char *query = memchr(url.data, '?', url.len);
    const char *end = url.data + url.len;
    char before = '?';

    if (query == NULL) {
        out_str(out, url);
        return;
    }
    out_bytes(out, url.data, (size_t)(query - url.data));
    for (const char *at = query + 1; at <= end;) {
        const char *stop = memchr(at, '&', (size_t)(end - at));
        struct str part = { at, (size_t)((stop == NULL ? end : stop) - at) };

        at += part.len + 1;
        if (is_parameter(part, name))
            continue;
        out_char(out, before);
        out_str(out, part);
        before = '&';
    }
}

static void
complain(struct vendor_reading *reading, const char *member, const char *detail)
{
    char pointer[POINTER_BYTES_MAX];

    (void)snprintf(pointer, sizeof pointer, "/%s", member);
    complaints_add(reading->reasons, pointer, 0, "%s", detail);
}

static enum err
keep_next(struct vendor_reading *reading, struct str url,
          const char *key_parameter)
{
    struct out kept;
    enum err err;

    out_init(&kept, URL_BYTES_MAX + 1);
    put_without(&kept, url, str_of(key_parameter));
    err = out_finish(&kept);
    if (err == OK)
        reading->next = arena_copy(reading->arena, out_text(&kept));
    out_fini(&kept);
    if (err == OK && reading->next.data == NULL)
        return ERR_TOO_LARGE;
    return err;
}

enum err
marks_next(struct vendor_reading *reading, const struct vendor_tree *tree,
           const char *member, const char *key_parameter)
{
    const struct tree_node *node = json_tree_member(tree->root, str_of(member));

    if (node == NULL || node->type == TREE_NULL ||
        (node->type == TREE_STRING && node->text.len == 0))
        return OK;
    /* Whether it is the vendor's own server is for who asks there to say. */
    if (node->type != TREE_STRING || !url_is_absolute(node->text)) {
        complain(reading, member, "must be an absolute URL");
        return OK;
    }
    TRY(keep_next(reading, node->text, key_parameter));
    if (str_equal(reading->next, tree->answer->asked))
        complain(reading, member, "leads to the page itself");
    return OK;
}
