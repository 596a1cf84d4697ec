/* A rule of precedence: lists of sources, best first. */
#ifndef SECMASTER_RULE_H
#define SECMASTER_RULE_H

#include <stdint.h>

#include "secmaster/err.h"
#include "secmaster/out.h"
#include "secmaster/precedence.h"
#include "secmaster/str.h"

/*
 * As told. The first list is the default one, its attribute has data NULL; an
 * attribute with a list of its own is ranked by that instead. Each attribute
 * once, each source once in a list, RULE_NAMES_MAX of them in all.
 */
struct rule_names_list {
    struct str attribute;
    const struct str *sources; /* best first */
    uint32_t source_count;
};
struct rule_names {
    const struct rule_names_list *lists;
    uint32_t list_count; /* at least 1 */
};

/* As kept, by dictionary ids; the default list's attribute says nothing. */
struct rule_list {
    uint32_t attribute;
    const uint32_t *sources;
    uint32_t source_count;
};

/* Never changed once it is made; any thread reads it. */
struct rule;

/*
 * A rule's bytes on disk (docs/storage.md):
 *
 *   format   1 byte   1
 *   lists    varint   how many, the default one among them
 *   then of each list:
 *   attribute  varint   dictionary id; not of the first
 *   sources    varint   how many
 *   source     varint   dictionary id, of each
 */
void rule_encode(struct out *out, const struct rule_list *lists,
                 uint32_t list_count);

/*
 * The rule of these bytes; rule_free frees it. A client that does not know the
 * seed cannot make it slow. ERR_STORE: they are no rule's. ERR_BUSY: memory.
 */
enum err rule_decode(struct str bytes, uint64_t seed, struct rule **out);
void rule_free(struct rule *rule);

/* Borrowed from the rule; the first is the default one. */
const struct rule_list *rule_lists(const struct rule *rule, uint32_t *count);

/* Rank NULL where it lists no source, and all are equal. Borrows the rule. */
struct precedence rule_precedence(const struct rule *rule);

#endif
