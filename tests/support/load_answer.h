/* An HTTP/1.1 answer, taken as its bytes come. */
#ifndef TESTS_LOAD_ANSWER_H
#define TESTS_LOAD_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOAD_HEAD_BYTES 2048

enum load_part {
    LOAD_HEAD,
    LOAD_BODY,       /* of known length */
    LOAD_CHUNK_SIZE, /* the line before a chunk */
    LOAD_CHUNK,
    LOAD_CHUNK_END, /* the empty line behind a chunk */
    LOAD_WHOLE,
    LOAD_UNREADABLE, /* head has the bytes in question */
};

struct load_answer {
    enum load_part part;
    int status;
    bool must_close; /* behind it */
    bool is_last;    /* chunk: only the empty line follows */
    uint64_t tx;     /* Secmaster-Tx; 0: none */
    uint64_t body_bytes, body_lines;
    uint64_t left; /* of the body or chunk */
    size_t head_len;
    char head[LOAD_HEAD_BYTES]; /* or the chunk's line; terminated */
};

/* The state before the first byte. */
void load_answer_begin(struct load_answer *answer);

/* Take bytes until the answer is whole or unreadable. Returns how many. */
size_t load_answer_take(struct load_answer *answer, const char *data,
                        size_t len);

#endif
