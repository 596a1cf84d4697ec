/* What a load client is told to do. */
#ifndef TESTS_LOAD_OPTIONS_H
#define TESTS_LOAD_OPTIONS_H

#include <stdint.h>

struct load_options {
    const char *mode, *path, *accept /* may be NULL */, *body, *type, *bodies;
    const char *sign; /* a secret; may be NULL */
    uint64_t port, clients, seconds, requests, lines, seed;
};

/* Read the command line, whose words are borrowed. A fault in it ends the
 * process with status 2. */
void load_options_read(int argc, char **argv, struct load_options *out);

#endif
