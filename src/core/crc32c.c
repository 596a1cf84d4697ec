/* CRC-32C: by the processor's instructions, or eight bytes at a time. */
#include "secmaster/crc32c.h"

#include <assert.h>

#include "secmaster/wire.h"

#if defined(__x86_64__)
#include <nmmintrin.h>
#include <wmmintrin.h>
#endif

/*
 * The remainder of a byte is the exclusive or of its bits' remainders, so
 * eight constants stand for a table of 256; row k is for a byte with k bytes
 * behind it.
 */
#define BIT(i, n, remainder) (1U << (n) & (i) ? (remainder) : 0)
#define ENTRY(i, b0, b1, b2, b3, b4, b5, b6, b7)                               \
    (BIT(i, 0, b0) ^ BIT(i, 1, b1) ^ BIT(i, 2, b2) ^ BIT(i, 3, b3) ^           \
     BIT(i, 4, b4) ^ BIT(i, 5, b5) ^ BIT(i, 6, b6) ^ BIT(i, 7, b7))
#define FOUR(i, ...)                                                           \
    ENTRY(i, __VA_ARGS__), ENTRY((i) + 1, __VA_ARGS__),                        \
        ENTRY((i) + 2, __VA_ARGS__), ENTRY((i) + 3, __VA_ARGS__)
#define SIXTEEN(i, ...)                                                        \
    FOUR(i, __VA_ARGS__), FOUR((i) + 4, __VA_ARGS__),                          \
        FOUR((i) + 8, __VA_ARGS__), FOUR((i) + 12, __VA_ARGS__)
#define SIXTY_FOUR(i, ...)                                                     \
    SIXTEEN(i, __VA_ARGS__), SIXTEEN((i) + 16, __VA_ARGS__),                   \
        SIXTEEN((i) + 32, __VA_ARGS__), SIXTEEN((i) + 48, __VA_ARGS__)
#define ROW(...)                                                               \
    {                                                                          \
        SIXTY_FOUR(0, __VA_ARGS__), SIXTY_FOUR(64, __VA_ARGS__),               \
            SIXTY_FOUR(128, __VA_ARGS__), SIXTY_FOUR(192, __VA_ARGS__)         \
    }

static const uint32_t table[8][256] = {
    ROW(0xf26b8303, 0xe13b70f7, 0xc79a971f, 0x8ad958cf, 0x105ec76f, 0x20bd8ede,
        0x417b1dbc, 0x82f63b78),
    ROW(0x13a29877, 0x274530ee, 0x4e8a61dc, 0x9d14c3b8, 0x3fc5f181, 0x7f8be302,
        0xff17c604, 0xfbc3faf9),
    ROW(0xa541927e, 0x4f6f520d, 0x9edea41a, 0x38513ec5, 0x70a27d8a, 0xe144fb14,
        0xc76580d9, 0x8b277743),
    ROW(0xdd45aab8, 0xbf672381, 0x7b2231f3, 0xf64463e6, 0xe964b13d, 0xd725148b,
        0xaba65fe7, 0x52a0c93f),
    ROW(0x38116fac, 0x7022df58, 0xe045beb0, 0xc5670b91, 0x8f2261d3, 0x1ba8b557,
        0x37516aae, 0x6ea2d55c),
    ROW(0xef306b19, 0xdb8ca0c3, 0xb2f53777, 0x6006181f, 0xc00c303e, 0x85f4168d,
        0x0e045beb, 0x1c08b7d6),
    ROW(0x68032cc8, 0xd0065990, 0xa5e0c5d1, 0x4e2dfd53, 0x9c5bfaa6, 0x3d5b83bd,
        0x7ab7077a, 0xf56e0ef4),
    ROW(0x493c7d27, 0x9278fa4e, 0x211d826d, 0x423b04da, 0x847609b4, 0x0d006599,
        0x1a00cb32, 0x34019664),
};

#if defined(__x86_64__)
#define WITH_INSTRUCTIONS __attribute__((target("sse4.2,pclmul")))

/*
 * The instruction takes three cycles but one can begin in each: so three parts
 * that lie side by side are taken at once. To put the remainders together, one
 * is multiplied by x^(8n - 33) for n bytes behind it; the instruction brings
 * the product, of 64 bits, down again and supplies the 33.
 */
struct part {
    size_t bytes;
    uint32_t behind_one, behind_two;
};
#define PART_LARGE ((struct part){ 256, 0xb9e02b86, 0xdd7e3b0c })
#define PART_SMALL ((struct part){ 64, 0x9e4addf8, 0x0d3b6092 })

WITH_INSTRUCTIONS static inline uint64_t
shifted(uint64_t state, uint32_t factor)
{
    __m128i product =
        _mm_clmulepi64_si128(_mm_cvtsi64_si128((int64_t)state),
                             _mm_cvtsi64_si128((int64_t)factor), 0);

    return _mm_crc32_u64(0, (uint64_t)_mm_cvtsi128_si64(product));
}

WITH_INSTRUCTIONS static inline uint64_t
three_parts(uint64_t state, const unsigned char *from, struct part part)
{
    uint64_t second = 0, third = 0;

    for (size_t i = 0; i < part.bytes; i += 8) {
        const unsigned char *at = from + i;

        state = _mm_crc32_u64(state, get_le64(at));
        second = _mm_crc32_u64(second, get_le64(at + part.bytes));
        third = _mm_crc32_u64(third, get_le64(at + 2 * part.bytes));
    }
    return shifted(state, part.behind_two) ^ shifted(second, part.behind_one) ^
           third;
}

WITH_INSTRUCTIONS static uint32_t
crc32c_quick(uint32_t crc, const unsigned char *from, size_t len)
{
    const size_t large = 3 * PART_LARGE.bytes, small = 3 * PART_SMALL.bytes;
    uint64_t state = ~crc;

    for (; len >= large; from += large, len -= large)
        state = three_parts(state, from, PART_LARGE);
    for (; len >= small; from += small, len -= small)
        state = three_parts(state, from, PART_SMALL);
    for (; len >= 8; from += 8, len -= 8)
        state = _mm_crc32_u64(state, get_le64(from));
    for (; len > 0; from++, len--)
        state = _mm_crc32_u8((uint32_t)state, *from);
    return ~(uint32_t)state;
}

static bool
is_quick(void)
{
    return __builtin_cpu_supports("sse4.2") != 0 &&
           __builtin_cpu_supports("pclmul") != 0;
}
#else
static uint32_t
crc32c_quick(uint32_t crc, const unsigned char *from, size_t len)
{
    return crc32c_portable(crc, from, len);
}

static bool
is_quick(void)
{
    return false;
}
#endif

uint32_t
crc32c(uint32_t crc, const void *data, size_t len)
{
    assert(data != NULL || len == 0);

    if (is_quick())
        return crc32c_quick(crc, data, len);
    return crc32c_portable(crc, data, len);
}

uint32_t
crc32c_portable(uint32_t crc, const void *data, size_t len)
{
    const unsigned char *from = data;
    uint32_t state = ~crc;

    assert(data != NULL || len == 0);

    for (; len >= 8; from += 8, len -= 8) {
        uint32_t low = state ^ get_le32(from);
        uint32_t high = get_le32(from + 4);

        state = table[7][low & 0xff] ^ table[6][low >> 8 & 0xff] ^
                table[5][low >> 16 & 0xff] ^ table[4][low >> 24] ^
                table[3][high & 0xff] ^ table[2][high >> 8 & 0xff] ^
                table[1][high >> 16 & 0xff] ^ table[0][high >> 24];
    }
    for (; len > 0; from++, len--)
        state = state >> 8 ^ table[0][(state ^ *from) & 0xff];
    return ~state;
}
