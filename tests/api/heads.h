/* Heads as libmicrohttpd 0.9.75 leaves them in its buffer, folds, bare line
 * feeds and NULs included. */
#ifndef TESTS_API_HEADS_H
#define TESTS_API_HEADS_H

#include "api/gate.h"

#define HEAD_TEST_BYTES 32768
#define HEAD_TEST_HEADERS 512

struct parsed_head {
    struct gate_head head;
    char buffer[HEAD_TEST_BYTES];
    char target[HEAD_TEST_BYTES];
    char folded[HEAD_TEST_BYTES];
    struct pair headers[HEAD_TEST_HEADERS];
};

/* text must hold a request line and an empty line. */
void head_parse(struct parsed_head *parsed, const char *text, size_t len);

#endif
