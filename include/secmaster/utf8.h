/* UTF-8 by RFC 3629: no overlong forms, no surrogates, up to U+10FFFF. */
#ifndef SECMASTER_UTF8_H
#define SECMASTER_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "secmaster/str.h"

/* The offset of the first byte that is not UTF-8, or text.len. */
size_t utf8_span(struct str text);

/* Whether text holds U+0000 to U+001F or U+007F. */
bool utf8_has_control(struct str text);

/*
 * The same check over a text that arrives in pieces. Start with state 0;
 * false as soon as a byte cannot continue. The text may end at state 0 only.
 */
bool utf8_step(uint32_t *state, unsigned char byte);

/* Copy what fits of a text of strangers: never half a character, and for each
 * byte that is not UTF-8 a question mark. size counts the NUL. */
void utf8_copy(char *to, size_t size, const char *text);

#endif
