/* Texts of a batch, in the order in which a store finds them fastest. */
#ifndef PIPELINE_SOUGHT_H
#define PIPELINE_SOUGHT_H

#include <stddef.h>
#include <stdint.h>

#include "secmaster/arena.h"
#include "secmaster/err.h"
#include "secmaster/out.h"

/* One as it was given, and where. */
struct sought_name {
    uint64_t hash;
    struct str text; /* in canonical escaping, as values are */
    size_t name;
};

struct sought {
    struct sought_name *names; /* by hash, then text */
    size_t count, capacity;

    struct str *texts; /* the same, each once */
    size_t text_count, text_capacity;

    struct out escaped;
    struct arena kept; /* texts that escaping changes; others are borrowed */
};

void sought_init(struct sought *sought);
void sought_fini(struct sought *sought);

/* Take count texts, borrowed, in place of those before. ERR_BUSY: memory. */
enum err sought_take(struct sought *sought, const struct str *texts,
                     size_t count);

/* How a text of this hash comes against that of a place among texts. */
int sought_compare(const struct sought *sought, uint64_t hash, struct str text,
                   size_t place);

#endif
