/* Keyed hashes for tables in memory: never on disk, never in an answer. */
#ifndef SECMASTER_HASH_H
#define SECMASTER_HASH_H

#include <stdint.h>

#include "secmaster/str.h"

/*
 * SipHash-1-3. Who does not know the seed cannot choose keys that fall on one
 * place of a table; with a seed drawn at start, no client does.
 */
uint64_t hash_str(uint64_t seed, struct str s);

/* Of two numbers: as of their 16 bytes, little-endian. */
uint64_t hash_pair(uint64_t seed, uint64_t first, uint64_t second);

#endif
