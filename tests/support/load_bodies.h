/* Bodies of requests out of a file: so many of its lines each. */
#ifndef TESTS_LOAD_BODIES_H
#define TESTS_LOAD_BODIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct load_piece {
    const char *data;
    size_t len;
};

struct load_bodies {
    const char *data;
    size_t len, at;
    uint64_t lines;           /* of a body; 0: all that there are */
    struct load_piece header; /* goes before each body; may be empty */
};

/* Map a file; where has_header, its first line goes before each body. False:
 * errno says why. Nothing to close: it ends with the process. */
bool load_bodies_open(struct load_bodies *bodies, const char *path,
                      uint64_t lines, bool has_header);

/* The next body, without the header; false: there is none. */
bool load_bodies_next(struct load_bodies *bodies, struct load_piece *out);

#endif
