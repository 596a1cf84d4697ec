/* A hash of bytes that may be kept on disk. */
#ifndef SECMASTER_XXH64_H
#define SECMASTER_XXH64_H

#include <stdint.h>

#include "secmaster/str.h"

/*
 * XXH64 with seed 0, as in the xxHash specification (Yann Collet,
 * doc/xxhash_spec.md, version 0.1.1): the same on every machine and in every
 * version. Made for speed, not against forgers: who wants two texts of one
 * hash can make them, so equal hashes never stand for equal texts.
 */
uint64_t hash_xxh64(struct str text);

#endif
