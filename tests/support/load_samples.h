/* Microseconds that things took, and their percentiles. */
#ifndef TESTS_LOAD_SAMPLES_H
#define TESTS_LOAD_SAMPLES_H

#include <stddef.h>
#include <stdint.h>

/* Zeroed: empty. The caller frees us. */
struct load_samples {
    uint32_t *us;
    size_t count, capacity;
};

/* Out of memory ends the process. */
void load_samples_note(struct load_samples *samples, int64_t us);

void load_samples_sort(struct load_samples *samples);

/* The sample at so many thousandths of sorted ones; 0: there is none. */
unsigned load_samples_at(const struct load_samples *samples, size_t permille);

#endif
