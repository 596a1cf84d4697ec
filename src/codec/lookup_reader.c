/* A lookup's body by yajl's events: ids or keys, a day, attributes. */
#include "secmaster/lookup_reader.h"

#include <assert.h>
#include <string.h>

#include "json_place.h"
#include "json_values.h"
#include "members_seen.h"
#include "row_sink.h"
#include "secmaster/bounds.h"
#include "secmaster/json_gate.h"

enum { SECURITY_ID, AS_OF, KEY_MEMBERS };

static const struct row_member key_members[] = {
    [SECURITY_ID] = { "security_id", MEMBER_ID, MEMBER_REQUIRED },
    [AS_OF] = { "as_of", MEMBER_TEXT, MEMBER_OPTIONAL },
};

static const struct row_shape key_shape = {
    .pointer = "/keys",
    .members = key_members,
    .member_count = KEY_MEMBERS,
};

/* Where the next event stands. */
enum level { AT_ROOT, IN_TOP, IN_IDS, IN_KEYS, IN_KEY, IN_NAMES };

/* The members of the body, and which level the list of one is. */
enum { TOP_IDS, TOP_KEYS, TOP_NAMES, TOP_AS_OF, TOP_MEMBERS };
#define MEMBER_UNKNOWN SIZE_MAX

static const struct {
    const char *name, *pointer;
    enum level level;
} tops[TOP_MEMBERS] = {
    [TOP_IDS] = { "security_ids", "/security_ids", IN_IDS },
    [TOP_KEYS] = { "keys", "/keys", IN_KEYS },
    [TOP_NAMES] = { "attributes", "/attributes", IN_NAMES },
    [TOP_AS_OF] = { "as_of", "/as_of", AT_ROOT },
};

#define LISTS_FIRST 64

struct reader {
    struct json_values values; /* the context of yajl's events */
    struct row_sink sink;      /* gathers a key; knows how to complain */
    struct arena *arena;
    struct lookup *into;
    size_t key_capacity, name_capacity;
    enum level level;
    size_t member; /* whose value comes next */
    struct members_seen top, key;
    bool top_has[TOP_MEMBERS], is_object;
    struct why *why;
};

/* Make room for one more item; what was outgrown stays in the arena. */
static enum err
reserve(struct reader *reader, void **items, size_t item_bytes, size_t count,
        size_t *capacity)
{
    size_t larger = *capacity == 0 ? LISTS_FIRST : 2 * *capacity;
    void *bigger;

    if (count < *capacity)
        return OK;
    bigger = arena_zalloc(reader->arena, larger, item_bytes);
    if (bigger == NULL)
        return ERR_TOO_LARGE;
    if (count > 0)
        memcpy(bigger, *items, count * item_bytes);
    *items = bigger;
    *capacity = larger;
    return OK;
}

static enum err
add_key(struct reader *reader, struct lookup_key key)
{
    struct lookup *into = reader->into;
    void *keys = into->keys;

    TRY(reserve(reader, &keys, sizeof key, into->key_count,
                &reader->key_capacity));
    into->keys = keys;
    into->keys[into->key_count++] = key;
    return OK;
}

static enum err
add_name(struct reader *reader, struct str name)
{
    struct lookup *into = reader->into;
    void *names = into->attributes;

    TRY(reserve(reader, &names, sizeof name, into->attribute_count,
                &reader->name_capacity));
    into->attributes = names;
    name = arena_copy(reader->arena, name);
    if (name.data == NULL)
        return ERR_TOO_LARGE;
    into->attributes[into->attribute_count++] = name;
    return OK;
}

/* Count another key; false, with a word about the first, past the most. */
static bool
has_room(struct reader *reader)
{
    if (reader->sink.rows < LOOKUP_KEYS_MAX)
        return true;
    static_assert(LOOKUP_KEYS_MAX == 10000, "the words name the limit");
    if (reader->sink.rows == LOOKUP_KEYS_MAX)
        body_complain(&reader->sink, str_of(reader->sink.pointer + 1),
                      "has more than 10000 entries");
    reader->sink.rows++;
    return false;
}

static enum err
take_id(struct reader *reader, struct token token)
{
    struct lookup_key key = { 0 };

    if (!has_room(reader))
        return OK;
    row_sink_begin(&reader->sink);
    if (token.type == TOKEN_NUMBER && id_read(token.text, &key.security_id))
        return add_key(reader, key);
    row_complain(&reader->sink, (struct str){ 0 }, FAULT_ID);
    return OK;
}

static enum err
take_key(struct row_sink *sink, const struct token *tokens)
{
    struct lookup_key key = { 0 };
    bool has_id = row_id(sink, SECURITY_ID, &key.security_id);

    key.is_dated = tokens[AS_OF].type != TOKEN_ABSENT;
    if (key.is_dated && !row_date(sink, AS_OF, &key.as_of))
        has_id = false;
    if (sink->row_bad)
        return OK;
    assert(has_id);
    return add_key(sink->context, key);
}

static enum err
take_name(struct reader *reader, struct token token)
{
    row_sink_begin(&reader->sink);
    if (token.type == TOKEN_STRING)
        return add_name(reader, token.text);
    row_complain(&reader->sink, (struct str){ 0 }, "must be a string");
    return OK;
}

static void
take_as_of(struct reader *reader, struct token token)
{
    struct lookup *into = reader->into;

    into->is_dated = true;
    if (token.type != TOKEN_STRING ||
        date_parse(token.text, &into->as_of) != OK)
        body_complain(&reader->sink, STR("as_of"), FAULT_DATE);
}

static void
take_member(struct reader *reader, struct token token)
{
    if (reader->member == TOP_AS_OF)
        take_as_of(reader, token);
    else if (reader->member != MEMBER_UNKNOWN)
        body_complain(&reader->sink, str_of(tops[reader->member].name),
                      "must be an array");
}

/* A value that is no container, or a container nobody wants. */
static enum err
take(void *context, struct token token)
{
    struct reader *reader = context;
    struct row_sink *sink = &reader->sink;

    switch (reader->level) {
    case AT_ROOT:
        body_complain(sink, (struct str){ 0 }, "must be an object");
        return OK;
    case IN_TOP:
        take_member(reader, token);
        return OK;
    case IN_IDS:
        return take_id(reader, token);
    case IN_KEYS:
        if (has_room(reader)) {
            row_sink_begin(sink);
            row_complain(sink, (struct str){ 0 }, "must be an object");
        }
        return OK;
    case IN_KEY:
        if (reader->member == MEMBER_UNKNOWN)
            return OK;
        return row_sink_member(sink, reader->member, token);
    case IN_NAMES:
        return take_name(reader, token);
    }
    assert(false && "a value stands on one of the levels");
    return ERR_INTERNAL;
}

static enum err
begin_map(void *context, bool *is_wanted)
{
    struct reader *reader = context;

    *is_wanted = true;
    if (reader->level == AT_ROOT) {
        reader->is_object = true;
        reader->level = IN_TOP;
        return OK;
    }
    *is_wanted = reader->level == IN_KEYS && has_room(reader);
    if (!*is_wanted)
        return OK;
    reader->level = IN_KEY;
    members_seen_reset(&reader->key);
    row_sink_begin(&reader->sink);
    return OK;
}

static enum err
begin_array(void *context, bool *is_wanted)
{
    struct reader *reader = context;

    *is_wanted = reader->level == IN_TOP && reader->member != MEMBER_UNKNOWN &&
                 reader->member != TOP_AS_OF;
    if (!*is_wanted)
        return OK;
    if (reader->member == TOP_NAMES)
        reader->into->is_projected = true;
    reader->level = tops[reader->member].level;
    reader->sink.pointer = tops[reader->member].pointer;
    reader->sink.rows = 0;
    return OK;
}

static enum err
key_key(struct reader *reader, struct str name)
{
    size_t i = member_find(key_members, KEY_MEMBERS, name);
    bool is_known = i < KEY_MEMBERS;

    if (is_known ? members_seen_known(&reader->key, i)
                 : members_seen_unknown(&reader->key, name))
        return json_values_duplicate(&reader->values, name);
    reader->member = is_known ? i : MEMBER_UNKNOWN;
    if (!is_known)
        row_complain(&reader->sink, name, "unknown member");
    return OK;
}

static enum err
top_key(struct reader *reader, struct str name)
{
    size_t i = 0;

    while (i < TOP_MEMBERS && !str_equal(str_of(tops[i].name), name))
        i++;
    if (i < TOP_MEMBERS ? members_seen_known(&reader->top, i)
                        : members_seen_unknown(&reader->top, name))
        return json_values_duplicate(&reader->values, name);
    reader->member = i < TOP_MEMBERS ? i : MEMBER_UNKNOWN;
    if (i < TOP_MEMBERS)
        reader->top_has[i] = true;
    else
        body_complain(&reader->sink, name, "unknown member");
    return OK;
}

static enum err
key(void *context, struct str name)
{
    struct reader *reader = context;

    assert(reader->level == IN_TOP || reader->level == IN_KEY);
    return reader->level == IN_KEY ? key_key(reader, name)
                                   : top_key(reader, name);
}

static enum err
end(void *context)
{
    struct reader *reader = context;

    switch (reader->level) {
    case IN_KEY:
        reader->level = IN_KEYS;
        return row_sink_end(&reader->sink);
    case IN_IDS:
    case IN_KEYS:
    case IN_NAMES:
        reader->level = IN_TOP;
        return OK;
    case IN_TOP:
        reader->level = AT_ROOT;
        return OK;
    case AT_ROOT:
        break;
    }
    assert(false && "yajl ends only what it began");
    return ERR_INTERNAL;
}

static const struct json_hooks hooks = {
    .take = take,
    .begin_map = begin_map,
    .begin_array = begin_array,
    .key = key,
    .end = end,
};

static enum err
verdict(const struct reader *reader, yajl_status status, yajl_handle yajl,
        struct json_place place, struct str piece)
{
    const char *fault =
        status == yajl_status_error ? NULL : reader->values.fault;

    if (status == yajl_status_ok)
        return OK;
    if (fault != NULL && reader->values.err != ERR_MALFORMED)
        return reader->values.err;
    return json_place_fault(place, yajl, piece, fault, reader->why);
}

static enum err
parse(struct reader *reader, yajl_handle yajl, struct str body,
      const struct json_gate *gate)
{
    struct json_place end = { body.len, gate->line };
    yajl_status status =
        yajl_parse(yajl, (const unsigned char *)body.data, body.len);

    TRY(verdict(reader, status, yajl, (struct json_place){ 0, 1 }, body));
    return verdict(reader, yajl_complete_parse(yajl), yajl, end, STR(" "));
}

/* One of the two lists, no more and no less. */
static void
check_lists(struct reader *reader)
{
    if (!reader->is_object)
        return;
    if (reader->top_has[TOP_IDS] && reader->top_has[TOP_KEYS])
        body_complain(&reader->sink, STR("keys"),
                      "stands beside security_ids: give one of them");
    if (!reader->top_has[TOP_IDS] && !reader->top_has[TOP_KEYS])
        body_complain(&reader->sink, STR("security_ids"),
                      "is missing, as is keys: give one of them");
}

enum err
lookup_read(struct str body, struct arena *arena, struct complaints *complaints,
            struct lookup *out, struct why *why)
{
    struct reader reader = { .values = { .hooks = &hooks, .context = &reader },
                             .arena = arena,
                             .into = out,
                             .why = why };
    struct json_gate gate;
    yajl_handle yajl;
    enum err err;

    *out = (struct lookup){ 0 };
    if (body.len == 0)
        return why_set(why, ERR_MALFORMED, "the body is empty");
    json_gate_init(&gate);
    TRY(json_gate_feed(&gate, body, why));
    TRY(json_gate_finish(&gate, why));

    yajl = yajl_alloc(&json_values_callbacks, NULL, &reader.values);
    if (yajl == NULL)
        return ERR_BUSY;
    row_sink_init(&reader.sink, &key_shape, complaints);
    reader.sink.row = take_key;
    reader.sink.context = &reader;
    err = parse(&reader, yajl, body, &gate);
    if (err == OK)
        check_lists(&reader);
    row_sink_fini(&reader.sink);
    yajl_free(yajl);
    if (err == OK && complaints->total > 0)
        return why_set(why, ERR_INVALID, "the body breaks a rule");
    return err;
}
