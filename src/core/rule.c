/* Ranks by two small tables: attribute -> list, (list, source) -> place. */
#include "secmaster/rule.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>

#include "secmaster/bounds.h"
#include "secmaster/hash.h"
#include "secmaster/wire.h"

#define RULE_FORMAT 1

/* Sources that are not listed rank below all that are. */
#define RANK_UNLISTED UINT32_MAX

#define KEY_NONE UINT64_MAX

struct slot {
    uint64_t key;
    uint32_t value;
};

/* Open addressing; at most half of the slots are taken. */
struct table {
    struct slot *slots;
    uint64_t multiplier;
    unsigned shift;
};

struct rule {
    struct rule_list *lists;
    uint32_t list_count;
    uint32_t *sources; /* of all lists, back to back */
    uint32_t source_count;
    struct table attributes, ranks;
};

void
rule_encode(struct out *out, const struct rule_list *lists, uint32_t list_count)
{
    unsigned char bytes[2 * VARINT_BYTES_MAX];

    assert(list_count > 0);

    out_char(out, RULE_FORMAT);
    out_bytes(out, (const char *)bytes, put_varint(bytes, list_count));
    for (uint32_t i = 0; i < list_count; i++) {
        size_t n = i == 0 ? 0 : put_varint(bytes, lists[i].attribute);

        n += put_varint(bytes + n, lists[i].source_count);
        out_bytes(out, (const char *)bytes, n);
        for (uint32_t s = 0; s < lists[i].source_count; s++)
            out_bytes(out, (const char *)bytes,
                      put_varint(bytes, lists[i].sources[s]));
    }
}

/* An odd factor that nobody knows: two keys meet in one of the slots no more
 * often than by chance (multiply and shift). */
static enum err
table_init(struct table *table, uint64_t seed, size_t count)
{
    size_t size = 2;

    table->shift = 63;
    while (size < 2 * count) {
        size *= 2;
        table->shift--;
    }
    table->multiplier = hash_pair(seed, count, 0) | 1;
    table->slots = calloc(size, sizeof *table->slots);
    if (table->slots == NULL)
        return ERR_BUSY;
    for (size_t i = 0; i < size; i++)
        table->slots[i].key = KEY_NONE;
    return OK;
}

/* The slot of a key, or the free one where it belongs. */
static struct slot *
table_slot(const struct table *table, uint64_t key)
{
    uint64_t mask = UINT64_MAX >> table->shift;
    uint64_t at = key * table->multiplier >> table->shift;

    while (table->slots[at].key != key && table->slots[at].key != KEY_NONE)
        at = (at + 1) & mask;
    return &table->slots[at];
}

/* False: it is there already. */
static bool
table_put(struct table *table, uint64_t key, uint32_t value)
{
    struct slot *slot = table_slot(table, key);

    if (slot->key == key)
        return false;
    *slot = (struct slot){ key, value };
    return true;
}

static uint32_t
table_find(const struct table *table, uint64_t key, uint32_t otherwise)
{
    const struct slot *slot = table_slot(table, key);

    return slot->key == key ? slot->value : otherwise;
}

static uint64_t
rank_key(uint32_t list, uint32_t source)
{
    return (uint64_t)list << 32 | source;
}

static uint32_t
rank_of(const void *context, uint32_t attribute, uint32_t source)
{
    const struct rule *rule = context;
    uint32_t list = table_find(&rule->attributes, attribute, 0);

    return table_find(&rule->ranks, rank_key(list, source), RANK_UNLISTED);
}

static bool
take_number(struct str *from, uint32_t least, uint32_t most, uint32_t *out)
{
    uint64_t number;

    if (!take_varint(from, &number) || number < least || number > most)
        return false;
    *out = (uint32_t)number;
    return true;
}

/* The lists as the bytes have them: sources are set when none is to come. */
static bool
take_lists(struct rule *rule, struct str *from)
{
    uint32_t *sources = rule->sources;

    for (uint32_t i = 0; i < rule->list_count; i++) {
        struct rule_list *list = &rule->lists[i];
        uint32_t left = RULE_NAMES_MAX - rule->source_count;

        list->sources = sources + rule->source_count;
        if (i > 0 && !take_number(from, 0, NAMES_MAX - 1, &list->attribute))
            return false;
        if (!take_number(from, 0, left, &list->source_count))
            return false;
        for (uint32_t s = 0; s < list->source_count; s++)
            if (!take_number(from, 0, NAMES_MAX - 1,
                             &sources[rule->source_count++]))
                return false;
    }
    return from->len == 0;
}

/* ERR_STORE: an attribute, or a source of a list, is there twice. */
static enum err
make_tables(struct rule *rule, uint64_t seed)
{
    TRY(table_init(&rule->attributes, seed, rule->list_count));
    TRY(table_init(&rule->ranks, seed, rule->source_count));
    for (uint32_t i = 0; i < rule->list_count; i++) {
        const struct rule_list *list = &rule->lists[i];

        if (i > 0 && !table_put(&rule->attributes, list->attribute, i))
            return ERR_STORE;
        for (uint32_t s = 0; s < list->source_count; s++)
            if (!table_put(&rule->ranks, rank_key(i, list->sources[s]), s))
                return ERR_STORE;
    }
    return OK;
}

static enum err
fill(struct rule *rule, struct str bytes, uint64_t seed)
{
    struct str from = bytes;
    uint32_t format;

    if (!take_number(&from, RULE_FORMAT, RULE_FORMAT, &format))
        return ERR_STORE;
    if (!take_number(&from, 1, RULE_NAMES_MAX + 1, &rule->list_count))
        return ERR_STORE;
    rule->lists = calloc(rule->list_count, sizeof *rule->lists);
    /* No id takes less than a byte. */
    rule->sources = calloc(from.len + 1, sizeof *rule->sources);
    if (rule->lists == NULL || rule->sources == NULL)
        return ERR_BUSY;
    if (!take_lists(rule, &from))
        return ERR_STORE;
    return make_tables(rule, seed);
}

enum err
rule_decode(struct str bytes, uint64_t seed, struct rule **out)
{
    struct rule *rule = calloc(1, sizeof *rule);
    enum err err;

    if (rule == NULL)
        return ERR_BUSY;
    err = fill(rule, bytes, seed);
    if (err != OK) {
        rule_free(rule);
        return err;
    }
    *out = rule;
    return OK;
}

void
rule_free(struct rule *rule)
{
    if (rule == NULL)
        return;
    free(rule->lists);
    free(rule->sources);
    free(rule->attributes.slots);
    free(rule->ranks.slots);
    free(rule);
}

const struct rule_list *
rule_lists(const struct rule *rule, uint32_t *count)
{
    *count = rule->list_count;
    return rule->lists;
}

struct precedence
rule_precedence(const struct rule *rule)
{
    if (rule->source_count == 0)
        return (struct precedence){ NULL, NULL };
    return (struct precedence){ rank_of, rule };
}
