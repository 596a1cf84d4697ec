/* What a client asks to be fetched is small: it is read as a tree. */
#include "secmaster/run_asked.h"

#include "config_reader.h"

static const char *const members[] = { "dataset", "from", "to", NULL };

static enum err
read_dataset(struct config_reader *reader, const struct json_node *root,
             struct run_asked *out)
{
    const struct json_node *node = json_member(root, "dataset");
    const char *text;

    if (node == NULL) {
        config_complain(reader, "dataset", "is missing");
        return OK;
    }
    if (!json_string(node, &text)) {
        config_complain(reader, "dataset", "must be a string");
        return OK;
    }
    out->dataset = arena_copy(reader->arena, str_of(text));
    return out->dataset.data == NULL ? ERR_TOO_LARGE : OK;
}

/* Whether there is one; what is none is complained of. */
static bool
read_day(struct config_reader *reader, const struct json_node *root,
         const char *name, struct date *out)
{
    const struct json_node *node = json_member(root, name);
    const char *text;

    if (node == NULL)
        return false;
    if (json_string(node, &text) && date_parse(str_of(text), out) == OK)
        return true;
    config_complain(reader, name, "must be a day that exists, as YYYY-MM-DD");
    return false;
}

static enum err
read_root(struct config_reader *reader, const struct json_node *root,
          struct run_asked *out)
{
    if (!json_is_object(root)) {
        config_complain(reader, NULL, "must be an object");
        return OK;
    }
    config_check_members(reader, root, members);
    out->has_from = read_day(reader, root, "from", &out->from);
    out->has_to = read_day(reader, root, "to", &out->to);
    return read_dataset(reader, root, out);
}

enum err
run_asked_read(struct str text, struct arena *arena,
               struct complaints *complaints, struct run_asked *out,
               struct why *why)
{
    struct config_reader reader = { .arena = arena, .complaints = complaints };
    struct json_document *document;
    enum err err = json_document_parse(text, &document, why);

    *out = (struct run_asked){ 0 };
    if (err == ERR_INVALID)
        config_complain(&reader, NULL, "%s", why->text);
    if (err != OK)
        return err;
    err = read_root(&reader, json_document_root(document), out);
    json_document_free(document);
    if (err == OK && complaints->total > 0)
        err = why_set(why, ERR_INVALID, "the body breaks a rule");
    return err;
}
