/* Lines of fields without quotes, taken from where they stand. */
#include "csv_glance.h"

#include "secmaster/utf8.h"
#include "secmaster/value.h"

/* What is left of the text. */
struct rest {
    const char *at, *end;
};

/* What a field of a member that may be anything reads as. */
static enum token_type
scalar_type(struct str text, bool quoted)
{
    if (quoted)
        return TOKEN_STRING;
    if (text.len == 0)
        return TOKEN_NULL;
    if (str_equal(text, STR("true")))
        return TOKEN_TRUE;
    if (str_equal(text, STR("false")))
        return TOKEN_FALSE;
    return value_is_number(text) ? TOKEN_NUMBER : TOKEN_STRING;
}

struct token
csv_token(const struct row_member *member, struct str text, bool quoted)
{
    struct token token = { TOKEN_STRING, text };

    switch (member->kind) {
    case MEMBER_ID:
        token.type = TOKEN_NUMBER;
        if (member->need == MEMBER_OPTIONAL && text.len == 0)
            token.type = TOKEN_ABSENT;
        break;
    case MEMBER_NEW_ID:
        token.type = is_new_security(text) ? TOKEN_STRING : TOKEN_NUMBER;
        break;
    case MEMBER_TEXT:
        if (member->need == MEMBER_OPTIONAL && text.len == 0)
            token.type = TOKEN_ABSENT;
        break;
    case MEMBER_NUMBER:
        if (value_is_number(text))
            token.type = TOKEN_NUMBER;
        break;
    case MEMBER_BARE_NUMBER:
    case MEMBER_BARE_NUMBER_OR_NULL:
    case MEMBER_SCALAR:
        token.type = scalar_type(text, quoted);
        break;
    }
    return token;
}

/* Bytes that a bare field ends at, or that it does not have when plain. */
static bool
ends_field(char c)
{
    return c == ',' || c == '\n' || c == '\r' || c == '"' || c == '\0';
}

/* A bare field, up to what ends it. */
static bool
take_field(struct rest *rest, struct str *out)
{
    const char *at = rest->at;
    unsigned char high = 0;

    for (; at < rest->end && !ends_field(*at); at++)
        high |= (unsigned char)*at;
    *out = (struct str){ rest->at, (size_t)(at - rest->at) };
    rest->at = at;
    return high < 0x80 || utf8_span(*out) == out->len;
}

static bool
take_byte(struct rest *rest, char c)
{
    if (rest->at == rest->end || *rest->at != c)
        return false;
    rest->at++;
    return true;
}

static bool
take_line_end(struct rest *rest)
{
    (void)take_byte(rest, '\r');
    return take_byte(rest, '\n');
}

bool
csv_glance_row(const struct row_shape *shape, const size_t *columns,
               size_t column_count, struct str text, struct token *tokens,
               size_t *bytes)
{
    struct rest rest = { text.data, text.data + text.len };

    for (size_t i = 0; i < shape->member_count; i++)
        tokens[i] = (struct token){ .type = TOKEN_ABSENT };
    for (size_t i = 0; i < column_count; i++) {
        const struct row_member *member = &shape->members[columns[i]];
        struct token token;
        struct str field;

        if (i > 0 && !take_byte(&rest, ','))
            return false;
        if (!take_field(&rest, &field))
            return false;
        token = csv_token(member, field, false);
        if (token.type != TOKEN_ABSENT && !token_fits(member->kind, token))
            return false;
        tokens[columns[i]] = token;
    }
    if (!take_line_end(&rest))
        return false;
    *bytes = (size_t)(rest.at - text.data);
    return true;
}
