/*
 * Texts with places that differ from request to request:
 * {n} counts, {r:LO-HI} is a random number of LO .. HI, {day:LO-HI} a random
 * day of the years LO .. HI. Other braces stand for themselves.
 */
#ifndef TESTS_LOAD_TEXT_H
#define TESTS_LOAD_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* The next random number; state is any number but 0. */
uint64_t load_random(uint64_t *state);

/*
 * Print text into to[0..size), terminated, with its places filled; n is what
 * {n} counts. Returns its length; aborts when there is no room.
 */
size_t load_text_fill(const char *text, uint64_t n, uint64_t *random, char *to,
                      size_t size);

#endif
