/* XXH64: four lanes of eight bytes, then the rest, then an avalanche. */
#include "secmaster/xxh64.h"

#include "secmaster/wire.h"

#define PRIME_1 0x9e3779b185ebca87U
#define PRIME_2 0xc2b2ae3d27d4eb4fU
#define PRIME_3 0x165667b19e3779f9U
#define PRIME_4 0x85ebca77c2b2ae63U
#define PRIME_5 0x27d4eb2f165667c5U

#define LANE_BYTES 8
#define STRIPE_BYTES (4 * LANE_BYTES)

static uint64_t
rotate(uint64_t v, unsigned bits)
{
    return v << bits | v >> (64 - bits);
}

static uint64_t
mix_lane(uint64_t state, uint64_t lane)
{
    return rotate(state + lane * PRIME_2, 31) * PRIME_1;
}

static uint64_t
merge_lane(uint64_t hash, uint64_t state)
{
    return (hash ^ mix_lane(0, state)) * PRIME_1 + PRIME_4;
}

/* All whole stripes, of which there is at least one. */
static uint64_t
hash_stripes(const unsigned char *from, size_t count)
{
    uint64_t a = PRIME_1 + PRIME_2, b = PRIME_2, c = 0, d = 0 - PRIME_1, hash;

    for (size_t i = 0; i < count; i++, from += STRIPE_BYTES) {
        a = mix_lane(a, get_le64(from));
        b = mix_lane(b, get_le64(from + LANE_BYTES));
        c = mix_lane(c, get_le64(from + 2 * LANE_BYTES));
        d = mix_lane(d, get_le64(from + 3 * LANE_BYTES));
    }
    hash = rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18);
    hash = merge_lane(hash, a);
    hash = merge_lane(hash, b);
    hash = merge_lane(hash, c);
    return merge_lane(hash, d);
}

/* What no stripe took: fewer than STRIPE_BYTES. */
static uint64_t
hash_rest(uint64_t hash, const unsigned char *from, size_t len)
{
    for (; len >= LANE_BYTES; from += LANE_BYTES, len -= LANE_BYTES) {
        hash ^= mix_lane(0, get_le64(from));
        hash = rotate(hash, 27) * PRIME_1 + PRIME_4;
    }
    if (len >= 4) {
        hash ^= get_le32(from) * PRIME_1;
        hash = rotate(hash, 23) * PRIME_2 + PRIME_3;
        from += 4;
        len -= 4;
    }
    for (; len > 0; from++, len--) {
        hash ^= *from * PRIME_5;
        hash = rotate(hash, 11) * PRIME_1;
    }
    return hash;
}

static uint64_t
avalanche(uint64_t hash)
{
    hash ^= hash >> 33;
    hash *= PRIME_2;
    hash ^= hash >> 29;
    hash *= PRIME_3;
    return hash ^ hash >> 32;
}

uint64_t
hash_xxh64(struct str text)
{
    const unsigned char *from = (const unsigned char *)text.data;
    size_t stripes = text.len / STRIPE_BYTES, taken = stripes * STRIPE_BYTES;
    uint64_t hash = stripes == 0 ? PRIME_5 : hash_stripes(from, stripes);

    if (text.len == 0)
        return avalanche(hash);
    return avalanche(
        hash_rest(hash + text.len, from + taken, text.len - taken));
}
