/* Gather rows and check their shape, the same for every format. */
#include "row_sink.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "secmaster/bounds.h"
#include "secmaster/fact.h"

#define NAME_SHOWN_BYTES_MAX 64

/* "/facts", an index and a name of which each byte may take two. */
#define POINTER_BYTES_MAX (64 + 2 * NAME_SHOWN_BYTES_MAX)

static_assert(VALUE_BYTES_MAX == 65536, "LONG_TEXT names the limit");
#define LONG_TEXT "is longer than 65536 bytes"

void
row_sink_init(struct row_sink *sink, const struct row_shape *shape,
              struct complaints *complaints)
{
    assert(sink != NULL);
    assert(shape != NULL);
    assert(shape->member_count <= ROW_MEMBERS_MAX);
    assert(complaints != NULL);

    *sink = (struct row_sink){
        .shape = shape,
        .complaints = complaints,
        .line = 1,
    };
    /* member_fault keeps each text below VALUE_BYTES_MAX. */
    out_init(&sink->text, (size_t)ROW_MEMBERS_MAX * VALUE_BYTES_MAX);
}

void
row_sink_fini(struct row_sink *sink)
{
    out_fini(&sink->text);
}

struct str
name_clip(struct str name)
{
    size_t len = NAME_SHOWN_BYTES_MAX;

    if (name.len <= len)
        return name;
    assert(name.data != NULL);
    while (len > 0 && ((unsigned char)name.data[len] & 0xc0) == 0x80)
        len--;
    return (struct str){ name.data, len };
}

/* Append "/name", escaped as RFC 6901 has it. */
static void
pointer_add(char *pointer, struct str name)
{
    char *at = pointer + strlen(pointer);

    *at++ = '/';
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];

        if (c == '~' || c == '/')
            *at++ = '~';
        *at++ = (char)(c == '~' ? '0' : c == '/' ? '1' : c);
    }
    *at = '\0';
}

/* Whether a pointer can say the name: it has an end, and we show it whole. */
static bool
is_shown(struct str name)
{
    return name.len <= NAME_SHOWN_BYTES_MAX &&
           memchr(name.data, '\0', name.len) == NULL;
}

/* Past the list only the count is kept, and a body may hold millions: they
 * must cost next to nothing. */
static bool
is_only_counted(struct row_sink *sink)
{
    if (sink->complaints->listed < COMPLAINTS_LISTED_MAX)
        return false;
    complaints_add(sink->complaints, NULL, 0, "%s", "");
    return true;
}

/* pointer is what the member is in; NULL: the line names the place. */
static void
complain(struct row_sink *sink, char *pointer, struct str member,
         const char *detail)
{
    bool named = member.data != NULL;
    const char *colon = named ? ": " : "";

    if (pointer == NULL) {
        complaints_add(sink->complaints, NULL, sink->line, "%.*s%s%s",
                       STR_ARG(name_clip(member)), colon, detail);
        return;
    }
    if (named && is_shown(member)) {
        pointer_add(pointer, member);
        named = false;
    }
    if (!named) {
        complaints_add(sink->complaints, pointer, 0, "%s", detail);
        return;
    }
    complaints_add(sink->complaints, pointer, 0, "%.*s: %s",
                   STR_ARG(name_clip(member)), detail);
}

void
row_complain(struct row_sink *sink, struct str member, const char *detail)
{
    char pointer[POINTER_BYTES_MAX];

    sink->row_bad = true;
    if (is_only_counted(sink))
        return;
    if (sink->pointer == NULL) {
        complain(sink, NULL, member, detail);
        return;
    }
    (void)snprintf(pointer, sizeof pointer, "%s/%llu", sink->pointer,
                   (unsigned long long)(sink->rows - 1));
    complain(sink, pointer, member, detail);
}

void
body_complain(struct row_sink *sink, struct str member, const char *detail)
{
    char pointer[POINTER_BYTES_MAX] = "";

    if (is_only_counted(sink))
        return;
    complain(sink, pointer, member, detail);
}

size_t
member_find(const struct row_member *members, size_t count, struct str text)
{
    for (size_t i = 0; i < count; i++) {
        if (str_equal(str_of(members[i].name), text))
            return i;
    }
    return count;
}

bool
is_new_security(struct str text)
{
    const struct str start = NEW_SECURITY;

    return text.len >= start.len &&
           memcmp(text.data, start.data, start.len) == 0;
}

static bool
is_kind(enum member_kind kind, struct token token)
{
    switch (kind) {
    case MEMBER_NEW_ID:
        if (token.type == TOKEN_STRING)
            return is_new_security(token.text);
        return token.type == TOKEN_NUMBER;
    case MEMBER_ID:
    case MEMBER_NUMBER:
    case MEMBER_BARE_NUMBER:
        return token.type == TOKEN_NUMBER;
    case MEMBER_BARE_NUMBER_OR_NULL:
        return token.type == TOKEN_NUMBER || token.type == TOKEN_NULL;
    case MEMBER_TEXT:
        return token.type == TOKEN_STRING;
    case MEMBER_SCALAR:
        return token.type != TOKEN_NESTED;
    }
    assert(false && "a member is of one of the kinds");
    return false;
}

static const char *
kind_text(enum member_kind kind)
{
    switch (kind) {
    case MEMBER_ID:
    case MEMBER_NEW_ID:
        return FAULT_ID;
    case MEMBER_NUMBER:
        return "must be a number";
    case MEMBER_BARE_NUMBER:
        return "must be a number (in CSV without quotes)";
    case MEMBER_BARE_NUMBER_OR_NULL:
        return "must be a number or null (in CSV a number without quotes, or "
               "nothing)";
    case MEMBER_TEXT:
        return "must be a string";
    case MEMBER_SCALAR:
        return "must be a string, a number, true, false or null";
    }
    assert(false && "a member is of one of the kinds");
    return "";
}

bool
token_fits(enum member_kind kind, struct token token)
{
    return is_kind(kind, token) && token.text.len <= VALUE_BYTES_MAX;
}

/* NULL, or what a member of this kind is told about its token. */
static const char *
member_fault(enum member_kind kind, struct token token)
{
    if (!is_kind(kind, token))
        return kind_text(kind);
    if (token.text.len > VALUE_BYTES_MAX)
        return LONG_TEXT;
    if (token.type == TOKEN_STRING && token.text.len > 0 &&
        memchr(token.text.data, '\0', token.text.len) != NULL)
        return "holds U+0000";
    return NULL;
}

void
row_sink_begin(struct row_sink *sink)
{
    sink->rows++;
    sink->row_bad = false;
    out_reset(&sink->text);
    for (size_t i = 0; i < sink->shape->member_count; i++)
        sink->tokens[i].type = TOKEN_ABSENT;
}

enum err
row_sink_member(struct row_sink *sink, size_t i, struct token token)
{
    const struct row_member *member = &sink->shape->members[i];
    const char *fault = member_fault(member->kind, token);

    assert(i < sink->shape->member_count);
    assert(sink->tokens[i].type == TOKEN_ABSENT);

    sink->tokens[i] = token;
    if (fault != NULL) {
        sink->tokens[i] = (struct token){ .type = TOKEN_FAULTY };
        row_complain(sink, str_of(member->name), fault);
        return OK;
    }
    sink->offsets[i] = sink->text.len;
    out_str(&sink->text, token.text);
    return out_finish(&sink->text);
}

enum err
row_sink_end(struct row_sink *sink)
{
    for (size_t i = 0; i < sink->shape->member_count; i++) {
        const struct row_member *member = &sink->shape->members[i];

        if (sink->tokens[i].type == TOKEN_ABSENT &&
            member->need == MEMBER_REQUIRED) {
            sink->tokens[i].type = TOKEN_FAULTY;
            row_complain(sink, str_of(member->name), "is missing");
        }
        /* The buffer moves while it grows: only now the texts stand still. */
        sink->tokens[i].text.data = sink->tokens[i].text.len > 0
                                        ? sink->text.data + sink->offsets[i]
                                        : "";
    }
    /* A bad row is read all the same: whoever mends it wants to know all. */
    return sink->row(sink, sink->tokens);
}

enum err
row_sink_whole(struct row_sink *sink)
{
    sink->rows++;
    sink->row_bad = false;
    return sink->row(sink, sink->tokens);
}

enum err
row_sink_top(struct row_sink *sink, size_t i, struct token token)
{
    const struct row_member *member = &sink->shape->top[i];
    const char *fault = member_fault(member->kind, token);

    assert(i < sink->shape->top_count);

    if (fault == NULL)
        return sink->top(sink, i, token.text);
    body_complain(sink, str_of(member->name), fault);
    return OK;
}

void
row_sink_list_end(struct row_sink *sink)
{
    if (sink->rows > 0 || sink->shape->empty == NULL)
        return;
    if (sink->pointer == NULL)
        complaints_add(sink->complaints, NULL, sink->line, "%s",
                       sink->shape->empty);
    else
        complaints_add(sink->complaints, sink->pointer, 0, "%s",
                       sink->shape->empty);
}

bool
id_read(struct str text, int64_t *out)
{
    uint64_t id = 0;
    bool ok = text.len > 0 && (text.len == 1 || text.data[0] != '0');

    /* 19 digits cannot overflow 64 bits. */
    ok = ok && text.len <= 19;
    for (size_t at = 0; ok && at < text.len; at++) {
        ok = text.data[at] >= '0' && text.data[at] <= '9';
        id = 10 * id + (uint64_t)(text.data[at] - '0');
    }
    if (!ok || id > SECURITY_ID_MAX)
        return false;
    *out = (int64_t)id;
    return true;
}

bool
row_id(struct row_sink *sink, size_t i, int64_t *out)
{
    if (sink->tokens[i].type == TOKEN_FAULTY)
        return false;
    if (id_read(sink->tokens[i].text, out))
        return true;
    row_complain(sink, str_of(sink->shape->members[i].name), FAULT_ID);
    return false;
}

bool
row_date(struct row_sink *sink, size_t i, struct date *out)
{
    if (sink->tokens[i].type == TOKEN_FAULTY)
        return false;
    if (date_parse(sink->tokens[i].text, out) == OK)
        return true;
    row_complain(sink, str_of(sink->shape->members[i].name), FAULT_DATE);
    return false;
}
