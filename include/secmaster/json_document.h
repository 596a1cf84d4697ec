/* A whole JSON document as a tree: cJSON behind a strict gate. */
#ifndef SECMASTER_JSON_DOCUMENT_H
#define SECMASTER_JSON_DOCUMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "secmaster/err.h"
#include "secmaster/str.h"

/*
 * For configuration and small answers only: numbers become doubles, so never
 * for a fact's value. yajl checks the text first, then NUL, duplicate
 * members, depth (JSON_DEPTH_MAX) and the number of tokens are refused.
 */
struct json_document;
struct json_node; /* borrowed from its document */

#define JSON_DOCUMENT_TOKENS_MAX 200000

/* ERR_MALFORMED: outside the grammar, nested too deeply (json_gate.h), or a
 * member twice; ERR_INVALID: NUL, tokens; ERR_BUSY: memory. */
enum err json_document_parse(struct str text, struct json_document **out,
                             struct why *why);
void json_document_free(struct json_document *document);

const struct json_node *json_document_root(const struct json_document *doc);

/* NULL: no such member, or not an object. Case-sensitive. */
const struct json_node *json_member(const struct json_node *object,
                                    const char *name);

/* The first child of an array or object and its next; NULL: none. */
const struct json_node *json_first(const struct json_node *node);
const struct json_node *json_next(const struct json_node *node);

bool json_is_object(const struct json_node *node);
bool json_is_array(const struct json_node *node);

/* The name of a child of an object; borrowed from the document. */
struct str json_name(const struct json_node *member);

/* False, *out untouched: NULL; not a string; not an integer of 0 .. 2^53 - 1
 * (above it a double no longer tells one integer from the next). */
bool json_string(const struct json_node *node, const char **out);
bool json_integer(const struct json_node *node, int64_t *out);

#endif
