/* A dictionary of names that only grows: text <-> small id. */
#ifndef SECMASTER_NAMES_H
#define SECMASTER_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "secmaster/err.h"
#include "secmaster/str.h"

/*
 * One thread adds, any number read, without locks: what names_count has
 * counted is readable and never moves until names_free. Ids are 0, 1, 2 ...
 */
struct names;

#define NAME_NONE UINT32_MAX
#define TX_NEVER UINT64_MAX

/* NULL when out of memory. A client that does not know the seed cannot make
 * the table slow (hash.h). */
struct names *names_new(uint64_t seed);
void names_free(struct names *names);

/* Add text (copied) as the id names_count() has now. ERR_BUSY: no memory;
 * ERR_TOO_LARGE: past NAMES_MAX. The text must not be there yet. */
enum err names_add(struct names *names, struct str text);

/* The id of text, or NAME_NONE. */
uint32_t names_find(const struct names *names, struct str text);
uint32_t names_count(const struct names *names);

/* Borrowed until names_free. */
struct str names_text(const struct names *names, uint32_t id);

/* The name as a JSON member: its quoted text and the colon, `"a":`. */
struct str names_member(const struct names *names, uint32_t id);

/*
 * When a name was first asserted, and first retracted, by any batch;
 * TX_NEVER before. Set by the adding thread; readers see each alone.
 */
uint64_t names_first_assertion(const struct names *names, uint32_t id);
uint64_t names_first_retraction(const struct names *names, uint32_t id);
void names_mark(struct names *names, uint32_t id, uint64_t first_assertion,
                uint64_t first_retraction);

#endif
