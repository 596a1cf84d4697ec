/* SipHash-1-3 (Aumasson, Bernstein): a round a word, three at the end. */
#include "secmaster/hash.h"

#include <string.h>

#include "secmaster/wire.h"

#define WORD_BYTES 8

struct sip {
    uint64_t v0, v1, v2, v3;
};

static uint64_t
rotate(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

static void
sip_round(struct sip *sip)
{
    sip->v0 += sip->v1;
    sip->v2 += sip->v3;
    sip->v1 = rotate(sip->v1, 13) ^ sip->v0;
    sip->v3 = rotate(sip->v3, 16) ^ sip->v2;
    sip->v0 = rotate(sip->v0, 32);
    sip->v2 += sip->v1;
    sip->v0 += sip->v3;
    sip->v1 = rotate(sip->v1, 17) ^ sip->v2;
    sip->v3 = rotate(sip->v3, 21) ^ sip->v0;
    sip->v2 = rotate(sip->v2, 32);
}

/* The 128-bit key is the seed and its halves swapped. */
static struct sip
sip_begin(uint64_t seed)
{
    uint64_t swapped = rotate(seed, 32);

    return (struct sip){ seed ^ 0x736f6d6570736575U,
                         swapped ^ 0x646f72616e646f6dU,
                         seed ^ 0x6c7967656e657261U,
                         swapped ^ 0x7465646279746573U };
}

static void
sip_word(struct sip *sip, uint64_t word)
{
    sip->v3 ^= word;
    sip_round(sip);
    sip->v0 ^= word;
}

static uint64_t
sip_end(struct sip *sip, uint64_t last_word)
{
    sip_word(sip, last_word);
    sip->v2 ^= 0xff;
    sip_round(sip);
    sip_round(sip);
    sip_round(sip);
    return sip->v0 ^ sip->v1 ^ sip->v2 ^ sip->v3;
}

uint64_t
hash_str(uint64_t seed, struct str s)
{
    struct sip sip = sip_begin(seed);
    unsigned char tail[WORD_BYTES] = { 0 };
    size_t whole = s.len / WORD_BYTES * WORD_BYTES;

    for (size_t i = 0; i < whole; i += WORD_BYTES)
        sip_word(&sip, get_le64((const unsigned char *)s.data + i));
    if (s.len > whole)
        memcpy(tail, s.data + whole, s.len - whole);
    tail[WORD_BYTES - 1] = (unsigned char)s.len;
    return sip_end(&sip, get_le64(tail));
}

uint64_t
hash_pair(uint64_t seed, uint64_t first, uint64_t second)
{
    struct sip sip = sip_begin(seed);

    sip_word(&sip, first);
    sip_word(&sip, second);
    return sip_end(&sip, (uint64_t)(2 * WORD_BYTES) << 56);
}
