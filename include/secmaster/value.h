/* A JSON scalar, kept as its exact text. */
#ifndef SECMASTER_VALUE_H
#define SECMASTER_VALUE_H

#include <stdbool.h>

#include "secmaster/out.h"
#include "secmaster/str.h"

/* The numbers are on disk (docs/storage.md): never renumber. */
enum value_type {
    VALUE_NULL = 0,
    VALUE_FALSE = 1,
    VALUE_TRUE = 2,
    VALUE_NUMBER = 3,
    VALUE_STRING = 4,
};

/*
 * text is the JSON text of the scalar; for a string, what stands between the
 * quotes in canonical escaping, so that equal strings have equal bytes:
 * \" \\ \b \t \n \f \r, other controls below U+0020 as \u00xx (lower case),
 * everything else as itself. A number keeps the digits it was sent with.
 */
struct value {
    enum value_type type;
    struct str text;
};

#define VALUE_OF_NULL ((struct value){ VALUE_NULL, STR("null") })
#define VALUE_OF_FALSE ((struct value){ VALUE_FALSE, STR("false") })
#define VALUE_OF_TRUE ((struct value){ VALUE_TRUE, STR("true") })

/* The value that a type alone decides (null, false, true). */
struct value value_of_type(enum value_type type);

/* The value whose JSON text, as value_json has it, this is; borrowed from it.
 */
struct value value_of_json(struct str json);

bool value_equal(struct value a, struct value b);

/*
 * Whether a value is what a client means by a text: a string of exactly these
 * characters, or a number, true or false that is written so. escaped: the text
 * in canonical escaping. null is no text.
 */
bool value_is_text(struct value value, struct str text, struct str escaped);

/* Whether text is one number by RFC 8259's grammar. */
bool value_is_number(struct str text);

/* Whether canonical escaping leaves a text as it is. */
bool value_is_plain(struct str text);

/* Append UTF-8 text in canonical escaping, without quotes. */
void value_escape(struct out *out, struct str text);

/* Append the UTF-8 text that canonical escaping stands for. */
void value_unescape(struct out *out, struct str escaped);

/* Append the JSON text of a value, quotes included. */
static inline void
value_json(struct out *out, struct value value)
{
    if (value.type != VALUE_STRING) {
        out_str(out, value.text);
        return;
    }
    char *to = out_reserve(out, value.text.len + 2);
    if (to == NULL)
        return;
    to[0] = '"';
    if (value.text.len > 0)
        memcpy(to + 1, value.text.data, value.text.len);
    to[value.text.len + 1] = '"';
    out->len += value.text.len + 2;
}

#endif
