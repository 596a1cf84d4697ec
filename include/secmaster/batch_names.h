/* The names that a batch uses: text to a small index, each text once. */
#ifndef SECMASTER_BATCH_NAMES_H
#define SECMASTER_BATCH_NAMES_H

#include <stdint.h>

#include "secmaster/err.h"
#include "secmaster/str.h"

#define BATCH_END UINT32_MAX          /* no index */
#define DEFAULT_SOURCE STR("default") /* of rows that name none */

/* Names found without hashing. */
#define BATCH_RECENT 64

struct batch_names {
    struct str *items; /* copies owned by the batch */
    uint32_t count, capacity;
    uint32_t *table;   /* open addressing, index + 1 */
    uint32_t reserved; /* items below it are not in the table */
    uint32_t table_size;
    uint32_t recent[BATCH_RECENT]; /* index + 1 */
};

/* All zero to begin with. */
void batch_names_fini(struct batch_names *names);

/*
 * Begin with a default, the name with index 0. It is never found by its text,
 * lest a row that names it change when the default does. ERR_BUSY: memory.
 */
enum err batch_names_init_default(struct batch_names *names, uint64_t seed,
                                  struct str name);
enum err batch_names_set_default(struct batch_names *names, struct str name);

/* The index of a name, copied when it is new. ERR_BUSY: memory. */
enum err batch_names_intern(struct batch_names *names, uint64_t seed,
                            struct str name, uint32_t *out);

/* The index of a name met not long ago, or BATCH_END: few names make most of
 * a batch, and hashing them so that no client can foresee it takes time. */
uint32_t batch_names_recent(const struct batch_names *names, struct str name);

#endif
