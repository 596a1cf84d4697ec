/* A reader for one shape: it goes forward, and gives up at what it does not
 * expect. */
#include "json_glance.h"

#include <assert.h>
#include <string.h>

#include "secmaster/utf8.h"
#include "secmaster/value.h"

/* A byte in each of eight places. */
#define EIGHT(byte) ((byte)*0x0101010101010101ULL)

/* What is left of the text. */
struct rest {
    const char *at, *end;
};

void
json_glance_init(struct json_glance *glance, enum json_layout layout,
                 const struct row_shape *shape)
{
    *glance = (struct json_glance){ .layout = layout, .shape = shape };
    for (size_t i = 0; i < shape->member_count; i++) {
        glance->names[i] = str_of(shape->members[i].name);
        glance->order[i] = (uint8_t)i;
        if (shape->members[i].need == MEMBER_REQUIRED)
            glance->required |= UINT32_C(1) << i;
    }
}

static bool
take_byte(struct rest *rest, char c)
{
    if (rest->at == rest->end || *rest->at != c)
        return false;
    rest->at++;
    return true;
}

static void
skip_blanks(struct rest *rest)
{
    while (rest->at < rest->end && *rest->at == ' ')
        rest->at++;
}

/* Skip white space; the lines that begin in it. */
static uint64_t
skip_space(struct rest *rest)
{
    uint64_t lines = 0;

    for (; rest->at < rest->end; rest->at++) {
        if (*rest->at == '\n')
            lines++;
        else if (*rest->at != ' ' && *rest->at != '\r' && *rest->at != '\t')
            break;
    }
    return lines;
}

/* A comma; or, between lines, at least one line's end. */
static bool
take_separator(enum json_layout layout, struct rest *rest, uint64_t *lines)
{
    *lines = skip_space(rest);
    if (layout == JSON_LINES)
        return *lines > 0;
    if (!take_byte(rest, ','))
        return false;
    *lines += skip_space(rest);
    return true;
}

/* A top bit for each of eight bytes that ends a run of a string: quotes,
 * backslashes, control characters. Bytes above the first may be wrong. */
static uint64_t
string_marks(uint64_t eight)
{
    uint64_t quote = eight ^ EIGHT('"'), backslash = eight ^ EIGHT('\\');
    uint64_t found = (eight - EIGHT(0x20)) & ~eight;

    found |= (quote - EIGHT(1)) & ~quote;
    found |= (backslash - EIGHT(1)) & ~backslash;
    return found & EIGHT(0x80);
}

static bool
ends_run(char c)
{
    return (unsigned char)c < 0x20 || c == '"' || c == '\\';
}

/* A string without escapes; what is between the quotes. */
static bool
take_string(struct rest *rest, struct str *out)
{
    uint64_t eight, high = 0;
    const char *at;

    if (!take_byte(rest, '"'))
        return false;
    for (at = rest->at; rest->end - at >= 8; at += 8) {
        memcpy(&eight, at, sizeof eight);
        if (string_marks(eight) != 0)
            break;
        high |= eight;
    }
    for (; at < rest->end && !ends_run(*at); at++)
        high |= (unsigned char)*at;
    *out = (struct str){ rest->at, (size_t)(at - rest->at) };
    rest->at = at;
    if (!take_byte(rest, '"'))
        return false;
    return (high & EIGHT(0x80)) == 0 || utf8_span(*out) == out->len;
}

static bool
take_number(struct rest *rest, struct str *out)
{
    const char *at = rest->at;

    while (at < rest->end && *at != ',' && *at != '}' && *at != ' ')
        at++;
    *out = (struct str){ rest->at, (size_t)(at - rest->at) };
    rest->at = at;
    return value_is_number(*out);
}

static bool
take_word(struct rest *rest, struct str word)
{
    if ((size_t)(rest->end - rest->at) < word.len ||
        memcmp(rest->at, word.data, word.len) != 0)
        return false;
    rest->at += word.len;
    return true;
}

static bool
take_value(struct rest *rest, struct token *out)
{
    *out = (struct token){ .type = TOKEN_NUMBER };
    if (rest->at == rest->end)
        return false;
    switch (*rest->at) {
    case '"':
        out->type = TOKEN_STRING;
        return take_string(rest, &out->text);
    case 'n':
        out->type = TOKEN_NULL;
        return take_word(rest, STR("null"));
    case 't':
        out->type = TOKEN_TRUE;
        return take_word(rest, STR("true"));
    case 'f':
        out->type = TOKEN_FALSE;
        return take_word(rest, STR("false"));
    }
    return take_number(rest, &out->text);
}

/* The name that is expected, in quotes. */
static bool
take_expected(struct rest *rest, struct str name)
{
    size_t left = (size_t)(rest->end - rest->at);

    if (left < name.len + 2 || rest->at[0] != '"' ||
        rest->at[name.len + 1] != '"' ||
        memcmp(rest->at + 1, name.data, name.len) != 0)
        return false;
    rest->at += name.len + 2;
    return true;
}

/* The name of member number place of the row, and the colon behind it. */
static bool
take_name(struct json_glance *glance, struct rest *rest, size_t place,
          size_t *member)
{
    const struct row_shape *shape = glance->shape;
    struct str name;

    *member = glance->order[place];
    if (!take_expected(rest, glance->names[*member])) {
        if (!take_string(rest, &name))
            return false;
        *member = member_find(shape->members, shape->member_count, name);
        if (*member == shape->member_count)
            return false;
        glance->order[place] = (uint8_t)*member;
    }
    skip_blanks(rest);
    if (!take_byte(rest, ':'))
        return false;
    skip_blanks(rest);
    return true;
}

/* One more member of the row. False also where it is a second one. */
static bool
take_member(struct json_glance *glance, struct rest *rest, size_t place,
            struct token *tokens)
{
    struct token token;
    size_t i;

    if (place == glance->shape->member_count)
        return false;
    if (!take_name(glance, rest, place, &i) || !take_value(rest, &token))
        return false;
    if (tokens[i].type != TOKEN_ABSENT ||
        !token_fits(glance->shape->members[i].kind, token))
        return false;
    tokens[i] = token;
    skip_blanks(rest);
    return true;
}

static bool
has_required(const struct json_glance *glance, const struct token *tokens)
{
    for (size_t i = 0; i < glance->shape->member_count; i++) {
        if (tokens[i].type == TOKEN_ABSENT && (glance->required >> i & 1) != 0)
            return false;
    }
    return true;
}

bool
json_glance_row(struct json_glance *glance, struct str text,
                struct token *tokens, struct glance *out)
{
    struct rest rest = { text.data, text.data + text.len };
    size_t place = 0;

    if (text.len == 0)
        return false;
    if (!take_separator(glance->layout, &rest, &out->lines) ||
        !take_byte(&rest, '{'))
        return false;
    for (size_t i = 0; i < glance->shape->member_count; i++)
        tokens[i] = (struct token){ .type = TOKEN_ABSENT };
    do {
        skip_blanks(&rest);
        if (!take_member(glance, &rest, place++, tokens))
            return false;
    } while (take_byte(&rest, ','));
    if (!take_byte(&rest, '}') || !has_required(glance, tokens))
        return false;
    out->bytes = (size_t)(rest.at - text.data);
    return true;
}
