/* What the benchmark's attributes are called and what values they take. */
#ifndef BENCH_VALUES_H
#define BENCH_VALUES_H

#include "dataset.h"

/* Spread the bits of a number over all 64. */
uint64_t values_mix(uint64_t number);

/* Set the value of fact->attribute, drawn by 64 random bits. */
void values_draw(uint64_t random, struct dataset_fact *fact);

#endif
