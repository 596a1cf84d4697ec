/* Encode rows one after the other: what a row shares with the one before it,
 * which of one security is nearly all, is copied and not encoded again. */
#ifndef API_REPEATS_H
#define API_REPEATS_H

#include <stdint.h>

#include "secmaster/columns.h"
#include "secmaster/out.h"

/* The value of a column in the last row. */
struct repeated {
    size_t at;   /* its bytes in out */
    uint64_t tx; /* of the winning assertion; 0: there was none */
    struct date effective;
    uint32_t source;
};

/* Append what stands for a column's value. */
typedef void value_encoder(void *context, struct out *out, uint32_t column,
                           struct value value);

struct repeats {
    const struct columns *columns; /* borrowed */
    value_encoder *encode;
    void *context;             /* borrowed */
    const struct cell **cells; /* room for a row's, spread over columns */
    struct repeated *last;     /* one more: where the row ended */
    int64_t last_security;     /* -1: there was no row */
};

/* ERR_BUSY: out of memory. To be ended in any case. */
enum err repeats_init(struct repeats *repeats, const struct columns *columns,
                      value_encoder *encode, void *context);
void repeats_fini(struct repeats *repeats);

/* The last row is not in out any more. */
void repeats_reset(struct repeats *repeats);

/*
 * Append the values of a row, in the order of columns; all null where row is
 * NULL. What was appended stays as it is in out until the next row's are.
 */
void repeats_put(struct repeats *repeats, struct out *out,
                 const struct row *row);

#endif
