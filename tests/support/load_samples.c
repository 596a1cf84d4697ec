/* Latencies are kept one by one: percentiles of a histogram would round. */
#include "load_samples.h"

#include <stdio.h>
#include <stdlib.h>

static int
compare_us(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

    return (left > right) - (left < right);
}

void
load_samples_note(struct load_samples *samples, int64_t us)
{
    if (samples->count == samples->capacity) {
        samples->capacity =
            samples->capacity == 0 ? 4096 : samples->capacity * 2;
        samples->us =
            reallocarray(samples->us, samples->capacity, sizeof *samples->us);
        if (samples->us == NULL) {
            perror("load_client: samples");
            exit(2);
        }
    }
    samples->us[samples->count++] = us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

void
load_samples_sort(struct load_samples *samples)
{
    if (samples->count > 0)
        qsort(samples->us, samples->count, sizeof *samples->us, compare_us);
}

unsigned
load_samples_at(const struct load_samples *samples, size_t permille)
{
    return samples->count == 0
               ? 0
               : samples->us[(samples->count - 1) * permille / 1000];
}
