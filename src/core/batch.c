/* Collect the facts of one request and group them into records. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "secmaster/batch.h"
#include "secmaster/bounds.h"
#include "secmaster/hash.h"

#define DEFAULT_SOURCE STR("default")
#define FACTS_FIRST 64
#define TABLE_FIRST 64
#define POINTER_BYTES_MAX 64

/* Text offsets are 32 bits wide; bodies are bounded below that. */
static_assert(BODY_BYTES_CEILING <= UINT32_MAX / 2, "offsets fit");

static enum err
names_grow(struct batch_names *names, uint64_t seed)
{
    uint32_t size =
        names->table_size == 0 ? TABLE_FIRST : names->table_size * 2;
    uint32_t *table = calloc(size, sizeof *table);
    struct str *items = realloc(names->items, size * sizeof *items);

    if (items != NULL) {
        names->items = items;
        names->capacity = size;
    }
    if (table == NULL || items == NULL) {
        free(table);
        return ERR_BUSY;
    }
    for (uint32_t i = names->reserved; i < names->count; i++) {
        uint32_t at = (uint32_t)hash_str(seed, items[i]) & (size - 1);

        while (table[at] != 0)
            at = (at + 1) & (size - 1);
        table[at] = i + 1;
    }
    free(names->table);
    names->table = table;
    names->table_size = size;
    return OK;
}

/* Where a name is noted when it is met; another one may push it out. */
static uint32_t
recent_place(struct str name)
{
    unsigned first = (unsigned char)name.data[0];
    unsigned last = (unsigned char)name.data[name.len - 1];

    return (uint32_t)(first + 3 * last + 7 * name.len) % BATCH_RECENT;
}

/* The index of a name met not long ago, or BATCH_END: few names make most of
 * a batch, and hashing them so that no client can foresee it takes time. */
static uint32_t
names_recent(const struct batch_names *names, struct str name)
{
    uint32_t item;

    if (name.len == 0)
        return BATCH_END;
    item = names->recent[recent_place(name)];
    if (item == 0 || !str_equal(names->items[item - 1], name))
        return BATCH_END;
    return item - 1;
}

/* The index of name, added when it is new. */
static enum err
names_find_or_add(struct batch_names *names, uint64_t seed, struct str name,
                  uint32_t *out)
{
    uint32_t at;
    char *copy;

    if (names->count * 2 >= names->table_size)
        TRY(names_grow(names, seed));
    at = (uint32_t)hash_str(seed, name) & (names->table_size - 1);
    while (names->table[at] != 0) {
        *out = names->table[at] - 1;
        if (str_equal(names->items[*out], name))
            return OK;
        at = (at + 1) & (names->table_size - 1);
    }
    copy = malloc(name.len);
    if (copy == NULL)
        return ERR_BUSY;
    memcpy(copy, name.data, name.len);
    *out = names->count++;
    names->items[*out] = (struct str){ copy, name.len };
    names->table[at] = *out + 1;
    return OK;
}

static enum err
names_intern(struct batch_names *names, uint64_t seed, struct str name,
             uint32_t *out)
{
    *out = names_recent(names, name);
    if (*out != BATCH_END)
        return OK;
    TRY(names_find_or_add(names, seed, name, out));
    if (name.len > 0)
        names->recent[recent_place(name)] = *out + 1;
    return OK;
}

static void
names_drop(struct batch_names *names)
{
    for (uint32_t i = 0; i < names->count; i++)
        free((void *)names->items[i].data);
    free(names->items);
    free(names->table);
}

enum err
batch_default_source(struct batch *batch, struct str source)
{
    char *copy = malloc(source.len);

    if (copy == NULL)
        return ERR_BUSY;
    memcpy(copy, source.data, source.len);
    if (batch->sources.count > 0)
        free((void *)batch->sources.items[0].data);
    batch->sources.items[0] = (struct str){ copy, source.len };
    return OK;
}

struct batch *
batch_new(uint64_t seed)
{
    struct batch *batch = calloc(1, sizeof *batch);

    if (batch == NULL)
        return NULL;
    batch->seed = seed;
    out_init(&batch->text, BODY_BYTES_CEILING);
    if (names_grow(&batch->sources, seed) != OK ||
        batch_default_source(batch, DEFAULT_SOURCE) != OK) {
        batch_free(batch);
        return NULL;
    }
    /* Never found by its text: a fact may name "default" of its own. */
    batch->sources.count = batch->sources.reserved = 1;
    return batch;
}

void
batch_free(struct batch *batch)
{
    if (batch == NULL)
        return;
    names_drop(&batch->attributes);
    names_drop(&batch->sources);
    names_drop(&batch->labels);
    out_fini(&batch->text);
    free(batch->facts);
    free(batch->records);
    free(batch->minted);
    free(batch);
}

bool
batch_knows_attribute(const struct batch *batch, struct str name)
{
    return names_recent(&batch->attributes, name) != BATCH_END;
}

enum err
batch_label(struct batch *batch, struct str label, int64_t *out)
{
    uint32_t index;

    assert(batch->records == NULL);
    assert(label_fault(label) == NULL);
    TRY(names_intern(&batch->labels, batch->seed, label, &index));
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
    TRY(names_intern(&batch->attributes, batch->seed, fact->attribute,
                     &attribute));
    if (fact->source.data != NULL)
        TRY(names_intern(&batch->sources, batch->seed, fact->source, &source));

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
    char pointer[POINTER_BYTES_MAX];

    if (batch->pointer_prefix == NULL) {
        complaints_add(complaints, NULL, batch->facts[i].line, "%s%s%s",
                       member == NULL ? "" : member, member == NULL ? "" : ": ",
                       detail);
        return;
    }
    snprintf(pointer, sizeof pointer, "%s/%u%s%s", batch->pointer_prefix, i,
             member == NULL ? "" : "/", member == NULL ? "" : member);
    complaints_add(complaints, pointer, 0, "%s", detail);
}
