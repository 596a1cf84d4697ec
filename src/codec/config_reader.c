/* What the parts of a configuration have in common: places, strings, numbers.
 */
#include "config_reader.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "secmaster/bounds.h"

/* Names go to the disk in paths too, where a dot first means something else. */
const char *
config_name_fault(struct str text)
{
    static_assert(VENDOR_NAME_BYTES_MAX == 64, "the fault names the limit");

    if (text.len > 0 && text.data[0] == '.')
        return "must not begin with a dot";
    if (text.len == 0 || text.len > VENDOR_NAME_BYTES_MAX)
        return "must be 1 to 64 of A-Z, a-z, 0-9, '.', '_' and '-'";
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
            !(c >= '0' && c <= '9') && c != '.' && c != '_' && c != '-')
            return "must be 1 to 64 of A-Z, a-z, 0-9, '.', '_' and '-'";
    }
    return NULL;
}

static void
place_add(struct config_reader *reader, char c)
{
    assert(reader->place_len < sizeof reader->place - 1);
    reader->place[reader->place_len++] = c;
    reader->place[reader->place_len] = '\0';
}

size_t
config_enter(struct config_reader *reader, struct str name)
{
    size_t place_len = reader->place_len;

    assert(name.len <= CONFIG_NAME_BYTES_MAX);

    place_add(reader, '/');
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];

        if (c == '~' || c == '/') {
            place_add(reader, '~');
            c = c == '~' ? '0' : '1';
        }
        place_add(reader, c);
    }
    return place_len;
}

size_t
config_enter_item(struct config_reader *reader, uint32_t index)
{
    char text[16];

    (void)snprintf(text, sizeof text, "%u", index);
    return config_enter(reader, str_of(text));
}

void
config_leave(struct config_reader *reader, size_t place_len)
{
    assert(place_len <= reader->place_len);
    reader->place_len = place_len;
    reader->place[place_len] = '\0';
}

void
config_complain(struct config_reader *reader, const char *member,
                const char *format, ...)
{
    size_t place_len = reader->place_len;
    struct why words;
    va_list args;

    va_start(args, format);
    (void)vsnprintf(words.text, sizeof words.text, format, args);
    va_end(args);
    if (member != NULL)
        place_len = config_enter(reader, str_of(member));
    complaints_add(reader->complaints, reader->place, 0, "%s", words.text);
    config_leave(reader, place_len);
}

static bool
is_among(struct str name, const char *const *names)
{
    for (; *names != NULL; names++)
        if (str_equal(name, str_of(*names)))
            return true;
    return false;
}

void
config_check_members(struct config_reader *reader,
                     const struct json_node *object, const char *const *names)
{
    const struct json_node *node;

    for (node = json_first(object); node != NULL; node = json_next(node)) {
        struct str name = json_name(node);
        size_t place_len;

        if (is_among(name, names))
            continue;
        if (name.len > CONFIG_NAME_BYTES_MAX) {
            config_complain(reader, NULL, "unknown member with a long name");
            continue;
        }
        place_len = config_enter(reader, name);
        config_complain(reader, NULL, "unknown member");
        config_leave(reader, place_len);
    }
}

enum err
config_read_text(struct config_reader *reader, const struct json_node *object,
                 const struct config_text *text, void *into)
{
    const struct json_node *node = json_member(object, text->name);
    struct str *out = (struct str *)((char *)into + text->offset);
    const char *value, *fault;

    if (node == NULL) {
        if (text->is_required)
            config_complain(reader, NULL, "\"%s\" is missing", text->name);
        return OK;
    }
    if (!json_string(node, &value)) {
        config_complain(reader, text->name, "must be a string");
        return OK;
    }
    fault = text->fault(str_of(value));
    if (fault != NULL) {
        config_complain(reader, text->name, "%s", fault);
        return OK;
    }
    *out = arena_copy(reader->arena, str_of(value));
    return out->data == NULL ? ERR_TOO_LARGE : OK;
}

void
config_read_number(struct config_reader *reader, const struct json_node *object,
                   const struct config_number *number, void *into)
{
    const struct json_node *node = json_member(object, number->name);
    uint32_t *out = (uint32_t *)(void *)((char *)into + number->offset);
    int64_t value;

    *out = number->otherwise;
    if (node == NULL)
        return;
    if (!json_integer(node, &value) || value < number->least ||
        value > number->most) {
        config_complain(reader, number->name,
                        "must be an integer from %u to %u", number->least,
                        number->most);
        return;
    }
    *out = (uint32_t)value;
}

uint32_t
config_count(const struct json_node *node, uint32_t most)
{
    uint32_t count = 0;

    for (node = json_first(node); node != NULL && count <= most;
         node = json_next(node))
        count++;
    return count;
}
