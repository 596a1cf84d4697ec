/* What is wrong with a body, place by place (openapi.yaml, "errors"). */
#ifndef SECMASTER_COMPLAINT_H
#define SECMASTER_COMPLAINT_H

#include <stdint.h>

#include "secmaster/arena.h"
#include "secmaster/bounds.h"

struct complaint {
    const char *pointer; /* RFC 6901, or NULL where lines name the place */
    uint64_t line;       /* from 1; 0 where a pointer names the place */
    const char *detail;
};

/* The first COMPLAINTS_LISTED_MAX are kept, all are counted. */
struct complaints {
    struct arena *arena; /* owns the texts; borrowed */
    struct complaint items[COMPLAINTS_LISTED_MAX];
    size_t listed;
    uint64_t total;
};

void complaints_init(struct complaints *complaints, struct arena *arena);

/* Add one; pointer (copied) may be NULL, line 0. */
void complaints_add(struct complaints *complaints, const char *pointer,
                    uint64_t line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* A row of a list in a body: by the list's pointer and its number there, or
 * (pointer NULL) by its line. */
struct row_place {
    const char *list;
    uint64_t number, line;
};

/* Complain about a row, or a member of it (NULL: the row itself). */
void complaints_add_row(struct complaints *complaints,
                        const struct row_place *place, const char *member,
                        const char *detail);

#endif
