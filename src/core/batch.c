/* Collect the facts of one request and group them into records. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "secmaster/batch.h"
#include "secmaster/bounds.h"
#include "secmaster/hash.h"

#define FACTS_FIRST 64
#define TABLE_FIRST 64

/* Text offsets are 32 bits wide; bodies are bounded below that. */
static_assert(BODY_BYTES_CEILING <= UINT32_MAX / 2, "offsets fit");

enum err
batch_default_source(struct batch *batch, struct str source)
{
    return batch_names_set_default(&batch->sources, source);
}

struct batch *
batch_new(uint64_t seed)
{
    struct batch *batch = calloc(1, sizeof *batch);

    if (batch == NULL)
        return NULL;
    batch->seed = seed;
    out_init(&batch->text, BODY_BYTES_CEILING);
    if (batch_names_init_default(&batch->sources, seed, DEFAULT_SOURCE) == OK)
        return batch;
    batch_free(batch);
    return NULL;
}

void
batch_free(struct batch *batch)
{
    if (batch == NULL)
        return;
    batch_names_fini(&batch->attributes);
    batch_names_fini(&batch->sources);
    batch_names_fini(&batch->labels);
    out_fini(&batch->text);
    free(batch->facts);
    free(batch->records);
    free(batch->minted);
    free(batch);
}

bool
batch_knows_attribute(const struct batch *batch, struct str name)
{
    return batch_names_recent(&batch->attributes, name) != BATCH_END;
}

enum err
batch_label(struct batch *batch, struct str label, int64_t *out)
{
    uint32_t index;

    assert(batch->records == NULL);
    assert(label.len > 0);
    TRY(batch_names_intern(&batch->labels, batch->seed, label, &index));
    *out = -1 - (int64_t)index;
    return OK;
}

int64_t
batch_security(const struct batch *batch, int64_t security_id)
{
    if (security_id >= 0)
        return security_id;
    assert(-1 - security_id < batch->labels.count);
    return batch->minted[-1 - security_id];
}

static enum err
room_for_fact(struct batch *batch)
{
    uint32_t capacity =
        batch->fact_count == 0 ? FACTS_FIRST : batch->fact_capacity * 2;
    struct batch_fact *facts;

    if (batch->fact_count < batch->fact_capacity)
        return OK;
    if (batch->fact_count >= UINT32_MAX / 4)
        return ERR_TOO_LARGE;
    facts = realloc(batch->facts, capacity * sizeof *facts);
    if (facts == NULL)
        return ERR_BUSY;
    batch->facts = facts;
    batch->fact_capacity = capacity;
    return OK;
}

enum err
batch_add(struct batch *batch, const struct fact *fact, uint32_t line)
{
    struct batch_fact *added;
    uint32_t source = 0, attribute;

    assert(batch->records == NULL);
    assert(fact->security_id >= -(int64_t)batch->labels.count);
    assert(fact->op == FACT_ASSERT || fact->value.type == VALUE_NULL);
    TRY(room_for_fact(batch));
    TRY(batch_names_intern(&batch->attributes, batch->seed, fact->attribute,
                           &attribute));
    if (fact->source.data != NULL)
        TRY(batch_names_intern(&batch->sources, batch->seed, fact->source,
                               &source));

    added = &batch->facts[batch->fact_count];
    *added = (struct batch_fact){
        .security_id = fact->security_id,
        .effective = fact->effective,
        .attribute = attribute,
        .source = source,
        .text_offset = (uint32_t)batch->text.len,
        .line = line,
        .next = BATCH_END,
        .type = fact->value.type,
        .op = fact->op,
    };
    if (fact->value.type == VALUE_NUMBER || fact->value.type == VALUE_STRING) {
        added->text_len = (uint32_t)fact->value.text.len;
        out_str(&batch->text, fact->value.text);
    }
    TRY(out_finish(&batch->text));
    batch->fact_count++;
    batch->retraction_count += fact->op == FACT_RETRACT;
    return OK;
}

/*
 * What batch_seal works with: a table of records by key, one of securities.
 * Sized for all facts at once, so that no rehashing is needed.
 */
struct sealing {
    struct batch *batch;
    uint32_t *records, *securities; /* index + 1; securities: a record's */
    uint32_t mask;
};

static bool
same_record(const struct batch_record *record, const struct batch_fact *fact)
{
    return record->security_id == fact->security_id &&
           record->effective.days == fact->effective.days;
}

static void
count_security(struct sealing *s, uint32_t record)
{
    const struct batch_record *records = s->batch->records;
    uint64_t security = (uint64_t)records[record].security_id;
    uint32_t at = (uint32_t)hash_pair(s->batch->seed, security, 0) & s->mask;

    while (s->securities[at] != 0) {
        if (records[s->securities[at] - 1].security_id ==
            records[record].security_id)
            return;
        at = (at + 1) & s->mask;
    }
    s->securities[at] = record + 1;
    s->batch->security_count++;
}

/* The record of a fact, made when it is new. */
static uint32_t
record_of(struct sealing *s, const struct batch_fact *fact)
{
    struct batch *batch = s->batch;
    uint64_t hash = hash_pair(batch->seed, (uint64_t)fact->security_id,
                              (uint64_t)fact->effective.days);
    uint32_t at = (uint32_t)hash & s->mask;
    uint32_t record;

    while (s->records[at] != 0) {
        record = s->records[at] - 1;
        if (same_record(&batch->records[record], fact))
            return record;
        at = (at + 1) & s->mask;
    }
    record = batch->record_count++;
    batch->records[record] = (struct batch_record){
        .security_id = fact->security_id,
        .effective = fact->effective,
        .first = BATCH_END,
        .last = BATCH_END,
    };
    s->records[at] = record + 1;
    count_security(s, record);
    return record;
}

static void
group(struct sealing *s)
{
    struct batch *batch = s->batch;
    uint32_t current = BATCH_END;

    for (uint32_t i = 0; i < batch->fact_count; i++) {
        struct batch_fact *fact = &batch->facts[i];
        struct batch_record *record;

        /* Facts about one security on one date mostly come together. */
        if (current == BATCH_END ||
            !same_record(&batch->records[current], fact))
            current = record_of(s, fact);
        record = &batch->records[current];
        if (record->first == BATCH_END)
            record->first = i;
        else
            batch->facts[record->last].next = i;
        record->last = i;
    }
}

enum err
batch_seal(struct batch *batch)
{
    struct sealing s = { .batch = batch };
    uint32_t size = TABLE_FIRST;
    enum err err = ERR_BUSY;

    assert(batch->records == NULL);
    assert(batch->fact_count > 0);
    while (size < batch->fact_count * 2)
        size *= 2;
    s.mask = size - 1;
    s.records = calloc(size, sizeof *s.records);
    s.securities = calloc(size, sizeof *s.securities);
    batch->records = calloc(batch->fact_count, sizeof *batch->records);
    batch->minted = calloc((size_t)batch->labels.count + 1, sizeof(int64_t));
    if (s.records != NULL && s.securities != NULL && batch->records != NULL &&
        batch->minted != NULL) {
        group(&s);
        err = OK;
    }
    free(s.records);
    free(s.securities);
    return err;
}

static enum err
copy_fact(const struct batch *batch, const struct batch_fact *fact,
          struct batch *copy)
{
    struct fact added = {
        .security_id = fact->security_id,
        .attribute = batch->attributes.items[fact->attribute],
        .value = batch_value(batch, fact),
        .effective = fact->effective,
        .op = fact->op,
    };

    if (fact->source != 0)
        added.source = batch->sources.items[fact->source];
    return batch_add(copy, &added, fact->line);
}

static enum err
copy_without(const struct batch *batch, const bool *skipped, struct batch *copy)
{
    int64_t id;

    copy->pointer_prefix = batch->pointer_prefix;
    TRY(batch_default_source(copy, batch->sources.items[0]));
    for (uint32_t i = 0; i < batch->labels.count; i++)
        TRY(batch_label(copy, batch->labels.items[i], &id));
    for (uint32_t i = 0; i < batch->fact_count; i++)
        if (!skipped[i])
            TRY(copy_fact(batch, &batch->facts[i], copy));
    return batch_seal(copy);
}

enum err
batch_without(const struct batch *batch, const bool *skipped,
              struct batch **out)
{
    struct batch *copy = batch_new(batch->seed);
    enum err err;

    if (copy == NULL)
        return ERR_BUSY;
    err = copy_without(batch, skipped, copy);
    if (err != OK) {
        batch_free(copy);
        return err;
    }
    *out = copy;
    return OK;
}

struct value
batch_value(const struct batch *batch, const struct batch_fact *fact)
{
    struct value value = { fact->type, { "", fact->text_len } };

    if (fact->type != VALUE_NUMBER && fact->type != VALUE_STRING)
        return value_of_type(fact->type);
    if (fact->text_len > 0)
        value.text.data = batch->text.data + fact->text_offset;
    return value;
}

void
batch_complain(const struct batch *batch, struct complaints *complaints,
               uint32_t i, const char *member, const char *detail)
{
    const struct row_place place = { batch->pointer_prefix, i,
                                     batch->facts[i].line };

    complaints_add_row(complaints, &place, member, detail);
}
