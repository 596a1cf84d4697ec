/* Encode and decode blocks of inverted entries: deltas as varints. */
#include "entry_block.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "secmaster/bounds.h"
#include "secmaster/crc32c.h"
#include "secmaster/wire.h"

/* Where things stand: on disk, of the format that index.h numbers. */
enum {
    KEY_TERM = 0,
    KEY_SECURITY = 8,

    HEAD_CHECKSUM = 0,
    HEAD_NEXT = 4,
};
static_assert(ENTRY_KEY_BYTES == KEY_SECURITY + sizeof(uint64_t), "on disk");
static_assert(ENTRY_HEAD_BYTES == HEAD_NEXT + ENTRY_KEY_BYTES, "on disk");
static_assert(sizeof(struct entry_key) == ENTRY_KEY_BYTES, "no padding");

/* Behind every term there can be. */
#define TERM_END (UINT64_C(1) << (32 + ENTRY_HASH_BITS))
static_assert(32 + ENTRY_HASH_BITS < 64, "a step of terms has a bit to spare");

/* The low bit of an entry's first number, whose others are the step. */
#define STEP_TERM 1 /* to a later term; else to a later security of it */
#define STEP_SHIFT 1

static_assert(ENTRY_BYTES_MAX == 2 * VARINT_BYTES_MAX, "two numbers");

static const unsigned char *
bytes_of(struct str s)
{
    return (const unsigned char *)s.data;
}

struct entry_key
entry_key_of(const struct entry *entry)
{
    struct entry_key key;

    put_be64(key.bytes + KEY_TERM, entry->term);
    put_be64(key.bytes + KEY_SECURITY, (uint64_t)entry->security_id);
    return key;
}

struct entry
entry_of_key(const unsigned char key[static ENTRY_KEY_BYTES])
{
    return (struct entry){ get_be64(key + KEY_TERM),
                           (int64_t)get_be64(key + KEY_SECURITY) };
}

/* Whether it is one that can be; what is read goes by it. */
static bool
is_entry(const struct entry *entry)
{
    return entry->term < TERM_END && entry->security_id >= 0;
}

void
entry_print(const struct entry *entry, char out[static ENTRY_TEXT_BYTES])
{
    const uint64_t hashes = UINT64_C(1) << ENTRY_HASH_BITS;

    (void)snprintf(out, ENTRY_TEXT_BYTES,
                   "attribute %" PRIu64 " hash %07" PRIx64 " security %" PRId64,
                   entry->term / hashes, entry->term % hashes,
                   entry->security_id);
}

static uint32_t
checksum(struct str key, const unsigned char *value, size_t len)
{
    return crc32c(crc32c(0, key.data, key.len), value + HEAD_NEXT,
                  len - HEAD_NEXT);
}

const char *
entry_block_open(struct str key, struct str value, struct entry_block *out)
{
    static const struct entry none = { 0, 0 };
    const unsigned char *from = bytes_of(value);

    if (key.len != ENTRY_KEY_BYTES)
        return "its key is malformed";
    if (value.len < ENTRY_HEAD_BYTES)
        return "it is cut short";
    if (value.len > BLOCK_BYTES_MAX)
        return "it is too large";
    if (get_le32(from + HEAD_CHECKSUM) != checksum(key, from, value.len))
        return "its checksum does not match";

    *out = (struct entry_block){
        .fence = entry_of_key(bytes_of(key)),
        .next = entry_of_key(from + HEAD_NEXT),
        .bytes = { value.data + ENTRY_HEAD_BYTES,
                   value.len - ENTRY_HEAD_BYTES },
    };
    out->before = out->fence;
    out->has_next = entry_compare(&out->next, &none) != 0;
    if (!is_entry(&out->fence))
        return "its key is malformed";
    if (!is_entry(&out->next))
        return "the key of the block after it is malformed";
    if (out->has_next && entry_compare(&out->fence, &out->next) >= 0)
        return "the block after it would be before it";
    return NULL;
}

/* A step goes on by one or more; the first may stay where the fence is. */
static bool
take_entry(struct entry_block *block, struct entry *out)
{
    uint64_t code, step, security;

    if (!take_varint(&block->bytes, &code))
        return false;
    step = code >> STEP_SHIFT;
    *out = block->before;
    if ((code & STEP_TERM) == 0) {
        if (step > (uint64_t)(SECURITY_ID_MAX - out->security_id))
            return false;
        out->security_id += (int64_t)step;
        return step > 0 || !block->has_taken;
    }
    if (step == 0 || step > TERM_END || !take_varint(&block->bytes, &security))
        return false;
    out->term += step;
    out->security_id = (int64_t)security;
    return is_entry(out);
}

bool
entry_block_next(struct entry_block *block, struct entry *out,
                 const char **fault)
{
    *fault = NULL;
    if (block->bytes.len == 0)
        return false;
    if (!take_entry(block, out)) {
        *fault = "an entry is malformed";
        return false;
    }
    if (block->has_next && entry_compare(out, &block->next) >= 0) {
        *fault = "an entry belongs into the block after it";
        return false;
    }
    block->before = *out;
    block->has_taken = true;
    return true;
}

/* What is behind a varint; NULL: it is cut short. */
static inline const unsigned char *
pass_varint(const unsigned char *at, const unsigned char *end)
{
    while (at < end && *at >= 0x80)
        at++;
    return at < end ? at + 1 : NULL;
}

/*
 * Pass the entries of terms before one. Their securities are not looked at, so
 * that block->before lacks it: the next entry has a later term and needs none.
 * What looks wrong is left to be taken, and named, as any entry.
 */
static void
pass_terms(struct entry_block *block, uint64_t term)
{
    const unsigned char *at = bytes_of(block->bytes);
    const unsigned char *const end = at + block->bytes.len;
    uint64_t passed = block->before.term;

    while (at < end) {
        struct str rest = { (const char *)at, (size_t)(end - at) };
        const unsigned char *next;
        uint64_t code;

        if (!take_varint(&rest, &code))
            break;
        next = bytes_of(rest);
        if ((code & STEP_TERM) != 0) {
            if (code >> STEP_SHIFT == 0 || code >> STEP_SHIFT >= term - passed)
                break;
            next = pass_varint(next, end);
            if (next == NULL)
                break;
            passed += code >> STEP_SHIFT;
        }
        at = next;
        block->has_taken = true;
    }
    block->before.term = passed;
    block->bytes.len = (size_t)(end - at);
    block->bytes.data = (const char *)at;
}

bool
entry_block_seek(struct entry_block *block, const struct entry *entry,
                 struct entry *out, const char **fault)
{
    assert(!block->has_taken || entry_compare(&block->before, entry) < 0);

    if (block->before.term < entry->term)
        pass_terms(block, entry->term);
    while (entry_block_next(block, out, fault))
        if (entry_compare(out, entry) >= 0)
            return true;
    return false;
}

void
entry_block_begin(struct entry_block_maker *maker, const struct entry *fence)
{
    memset(maker->bytes, 0, ENTRY_HEAD_BYTES);
    maker->len = ENTRY_HEAD_BYTES;
    maker->fence = maker->before = *fence;
}

static size_t
encode(unsigned char to[static ENTRY_BYTES_MAX], const struct entry *before,
       const struct entry *entry)
{
    size_t n;

    if (entry->term == before->term)
        return put_varint(to,
                          (uint64_t)(entry->security_id - before->security_id)
                              << STEP_SHIFT);
    n = put_varint(to, (entry->term - before->term) << STEP_SHIFT | STEP_TERM);
    return n + put_varint(to + n, (uint64_t)entry->security_id);
}

size_t
entry_bytes(const struct entry *before, const struct entry *entry)
{
    unsigned char code[ENTRY_BYTES_MAX];

    return encode(code, before, entry);
}

bool
entry_block_put(struct entry_block_maker *maker, const struct entry *entry)
{
    unsigned char code[ENTRY_BYTES_MAX];
    int order = entry_compare(&maker->before, entry);
    size_t len;

    assert(order < 0 || (order == 0 && maker->len == ENTRY_HEAD_BYTES));

    len = encode(code, &maker->before, entry);
    if (maker->len + len > sizeof maker->bytes)
        return false;
    memcpy(maker->bytes + maker->len, code, len);
    maker->len += len;
    maker->before = *entry;
    return true;
}

struct str
entry_block_end(struct entry_block_maker *maker, const struct entry *next)
{
    const struct entry_key key = entry_key_of(&maker->fence);
    struct entry_key after;

    assert(next == NULL || entry_compare(&maker->before, next) < 0);

    if (next != NULL) {
        after = entry_key_of(next);
        memcpy(maker->bytes + HEAD_NEXT, after.bytes, sizeof after.bytes);
    }
    put_le32(maker->bytes + HEAD_CHECKSUM,
             checksum((struct str){ (const char *)key.bytes, sizeof key.bytes },
                      maker->bytes, maker->len));
    return (struct str){ (const char *)maker->bytes, maker->len };
}
