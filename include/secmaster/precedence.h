/* Which source wins an attribute. */
#ifndef SECMASTER_PRECEDENCE_H
#define SECMASTER_PRECEDENCE_H

#include <stdint.h>

/*
 * The rank of a source for an attribute: smaller wins, equal ranks are
 * settled by date, then by arrival. Must be pure.
 */
typedef uint32_t precedence_rank(const void *rule, uint32_t attribute,
                                 uint32_t source);

/* rank NULL: all sources are equal. */
struct precedence {
    precedence_rank *rank;
    const void *rule;
};

#endif
