/* A whole JSON document as a tree in which numbers keep their own text. */
#ifndef SECMASTER_JSON_TREE_H
#define SECMASTER_JSON_TREE_H

#include <stddef.h>
#include <stdint.h>

#include "secmaster/arena.h"
#include "secmaster/err.h"
#include "secmaster/out.h"
#include "secmaster/str.h"

enum tree_type {
    TREE_NULL,
    TREE_FALSE,
    TREE_TRUE,
    TREE_NUMBER,
    TREE_STRING,
    TREE_ARRAY,
    TREE_OBJECT,
};

struct tree_node {
    enum tree_type type;
    struct str name; /* of a member of an object: raw UTF-8, unescaped */
    struct str text; /* a number's own; a string's: raw UTF-8, unescaped */
    const struct tree_node *first; /* child of an array or object, or NULL */
    const struct tree_node *next;  /* child of the same parent, or NULL */
};

/*
 * Nodes live in arena; their texts there or in text, which must stay as long.
 * ERR_MALFORMED: outside RFC 8259's grammar, nested over JSON_DEPTH_MAX, or a
 * member twice; ERR_INVALID: a string or name holds U+0000; ERR_TOO_LARGE: past
 * the arena's budget, of which a node takes 64 bytes; ERR_BUSY: memory.
 */
enum err json_tree_parse(struct str text, struct arena *arena,
                         const struct tree_node **out, struct why *why);

/* The same of a line of a longer text, of which places in why are then. */
struct tree_place {
    uint64_t bytes; /* before the line */
    uint64_t line;  /* its number, from 1 */
};
enum err json_tree_parse_line(struct str text, const struct tree_place *place,
                              struct arena *arena, const struct tree_node **out,
                              struct why *why);

/* NULL: no such member, or not an object. Case-sensitive. */
const struct tree_node *json_tree_member(const struct tree_node *object,
                                         struct str name);

/* Append a node, without its name, as compact JSON. */
void json_tree_put(struct out *out, const struct tree_node *node);

#endif
