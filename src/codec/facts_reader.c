/* Facts from a body: the rules of one fact, whatever format it came in. */
#include "secmaster/facts_reader.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "row_sink.h"
#include "row_source.h"
#include "secmaster/bounds.h"
#include "secmaster/out.h"

enum {
    SECURITY_ID,
    ATTRIBUTE,
    VALUE,
    EFFECTIVE_DATE,
    SOURCE,
    OP,
    FACT_MEMBERS,
};

/* A retraction has no value, so only a CSV header must name it. */
static const struct row_member fact_members[] = {
    [SECURITY_ID] = { "security_id", MEMBER_NEW_ID, MEMBER_REQUIRED },
    [ATTRIBUTE] = { "attribute", MEMBER_TEXT, MEMBER_REQUIRED },
    [VALUE] = { "value", MEMBER_SCALAR, MEMBER_COLUMN },
    [EFFECTIVE_DATE] = { "effective_date", MEMBER_TEXT, MEMBER_REQUIRED },
    [SOURCE] = { "source", MEMBER_TEXT, MEMBER_OPTIONAL },
    [OP] = { "op", MEMBER_TEXT, MEMBER_OPTIONAL },
};

static const struct row_member top_members[] = {
    { "source", MEMBER_TEXT, MEMBER_OPTIONAL },
};

static const struct row_shape fact_shape = {
    .pointer = "/facts",
    .members = fact_members,
    .member_count = FACT_MEMBERS,
    .top = top_members,
    .top_count = sizeof top_members / sizeof top_members[0],
    .empty = "holds no fact",
};

struct facts_reader {
    struct row_sink sink;
    struct row_source source;
    struct batch *batch; /* borrowed */
    struct out escaped;  /* a string value in canonical escaping */
    char default_source[SOURCE_BYTES_MAX];
    size_t default_source_len; /* 0: none was given */
};

/* Complain about a member unless there is nothing to say. */
static void
judge(struct row_sink *sink, size_t member, const char *fault)
{
    if (fault != NULL)
        row_complain(sink, str_of(fact_members[member].name), fault);
}

/* The id, or the label of one that is to be. False: neither. */
static bool
read_id(struct row_sink *sink, const struct token *tokens, struct fact *fact,
        struct str *label)
{
    struct token token = tokens[SECURITY_ID];
    const char *fault;

    *label = (struct str){ NULL, 0 };
    if (token.type != TOKEN_STRING)
        return row_id(sink, SECURITY_ID, &fact->security_id);
    label->data = token.text.data + NEW_SECURITY.len;
    label->len = token.text.len - NEW_SECURITY.len;
    fault = label_fault(*label);
    judge(sink, SECURITY_ID, fault);
    return fault == NULL;
}

static void
read_attribute(struct facts_reader *reader, struct token token,
               struct fact *fact)
{
    if (token.type == TOKEN_FAULTY)
        return;
    fact->attribute = token.text;
    if (!batch_knows_attribute(reader->batch, token.text))
        judge(&reader->sink, ATTRIBUTE, attribute_name_fault(token.text));
}

static void
read_source(struct row_sink *sink, const struct token *tokens,
            struct fact *fact)
{
    if (tokens[SOURCE].type != TOKEN_STRING)
        return;
    fact->source = tokens[SOURCE].text;
    judge(sink, SOURCE, source_name_fault(fact->source));
}

static struct value
value_of(struct facts_reader *reader, struct token token)
{
    switch (token.type) {
    case TOKEN_FALSE:
        return VALUE_OF_FALSE;
    case TOKEN_TRUE:
        return VALUE_OF_TRUE;
    case TOKEN_NUMBER:
        return (struct value){ VALUE_NUMBER, token.text };
    case TOKEN_STRING:
        if (value_is_plain(token.text))
            return (struct value){ VALUE_STRING, token.text };
        out_reset(&reader->escaped);
        value_escape(&reader->escaped, token.text);
        return (struct value){ VALUE_STRING, out_text(&reader->escaped) };
    case TOKEN_ABSENT:
    case TOKEN_NULL:
    case TOKEN_NESTED:
    case TOKEN_FAULTY:
        break;
    }
    return VALUE_OF_NULL;
}

/* The value goes by the op: a retraction has none. */
static void
read_value(struct facts_reader *reader, const struct token *tokens,
           struct fact *fact)
{
    struct token op = tokens[OP];
    enum token_type type = tokens[VALUE].type;

    fact->value = VALUE_OF_NULL;
    if (op.type == TOKEN_FAULTY)
        return;
    if (op.type != TOKEN_ABSENT && str_equal(op.text, STR("retract"))) {
        fact->op = FACT_RETRACT;
        if (type != TOKEN_ABSENT && type != TOKEN_NULL && type != TOKEN_FAULTY)
            judge(&reader->sink, VALUE, "a retraction has no value");
        return;
    }
    if (op.type != TOKEN_ABSENT && !str_equal(op.text, STR("assert"))) {
        judge(&reader->sink, OP, "must be \"assert\" or \"retract\"");
        return;
    }
    if (type == TOKEN_ABSENT)
        judge(&reader->sink, VALUE, "is missing");
    fact->value = value_of(reader, tokens[VALUE]);
}

static enum err
fact_row(struct row_sink *sink, const struct token *tokens)
{
    struct facts_reader *reader = sink->context;
    struct fact fact = { .op = FACT_ASSERT };
    struct str label;
    bool has_id = read_id(sink, tokens, &fact, &label);
    bool has_date = row_date(sink, EFFECTIVE_DATE, &fact.effective);

    read_attribute(reader, tokens[ATTRIBUTE], &fact);
    read_source(sink, tokens, &fact);
    read_value(reader, tokens, &fact);
    TRY(out_finish(&reader->escaped));
    if (sink->row_bad)
        return OK;
    assert(has_id);
    assert(has_date);
    if (label.data != NULL)
        TRY(batch_label(reader->batch, label, &fact.security_id));
    return batch_add(reader->batch, &fact,
                     sink->pointer == NULL ? (uint32_t)sink->line : 0);
}

/* Kept until the end: it may stand behind the facts it speaks of, and a
 * source inside a fact comes before it. */
static enum err
fact_top(struct row_sink *sink, size_t i, struct str text)
{
    struct facts_reader *reader = sink->context;
    const char *fault = source_name_fault(text);

    if (fault != NULL) {
        body_complain(sink, str_of(top_members[i].name), fault);
        return OK;
    }
    memcpy(reader->default_source, text.data, text.len);
    reader->default_source_len = text.len;
    return OK;
}

struct facts_reader *
facts_reader_new(enum media media, struct batch *batch,
                 struct complaints *complaints)
{
    struct facts_reader *reader = calloc(1, sizeof *reader);

    assert(batch != NULL);
    assert(complaints != NULL);

    if (reader == NULL)
        return NULL;
    row_sink_init(&reader->sink, &fact_shape, complaints);
    reader->sink.row = fact_row;
    reader->sink.top = fact_top;
    reader->sink.context = reader;
    reader->batch = batch;
    /* At worst each byte becomes \u00xx. */
    out_init(&reader->escaped, 6 * VALUE_BYTES_MAX);
    if (!row_source_open(&reader->source, media, &reader->sink)) {
        free(reader);
        return NULL;
    }
    return reader;
}

void
facts_reader_free(struct facts_reader *reader)
{
    if (reader == NULL)
        return;
    row_source_close(&reader->source);
    row_sink_fini(&reader->sink);
    out_fini(&reader->escaped);
    free(reader);
}

enum err
facts_reader_feed(struct facts_reader *reader, struct str piece,
                  struct why *why)
{
    assert(reader != NULL);

    return row_source_feed(&reader->source, piece, why);
}

enum err
facts_reader_finish(struct facts_reader *reader, struct why *why)
{
    struct str source = { reader->default_source, reader->default_source_len };

    assert(reader != NULL);

    TRY(row_source_finish(&reader->source, &reader->sink, why));
    reader->batch->pointer_prefix = reader->sink.pointer;
    if (source.len > 0)
        TRY(batch_default_source(reader->batch, source));
    return batch_seal(reader->batch);
}
