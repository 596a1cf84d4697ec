/* How far a load has come, for a person who watches it. */
#ifndef MAIN_LOAD_PROGRESS_H
#define MAIN_LOAD_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct load_progress {
    bool watched;          /* standard error is a terminal */
    long long bytes_total; /* -1: not known */
    int64_t began_us, drawn_us;
};

void load_progress_begin(struct load_progress *progress, long long bytes_total);

/* Draw the line anew, some times a second. */
void load_progress_draw(struct load_progress *progress, uint64_t bytes,
                        uint64_t facts);

/* Take the line away, so that something else can be said. */
void load_progress_clear(const struct load_progress *progress);

/*
 * The line into text: "[####----]  45 %  1.2 of 2.7 MB  812345 rows/s
 * 3 s left"; what cannot be known is left out.
 */
void load_progress_text(const struct load_progress *progress, uint64_t bytes,
                        uint64_t facts, int64_t elapsed_us, char *text,
                        int size);

#endif
