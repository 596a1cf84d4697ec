/* Encode and decode blocks: deltas of keys as varints, payloads as they are. */
#include "block.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "secmaster/bounds.h"
#include "secmaster/crc32c.h"
#include "secmaster/wire.h"

/* Where things stand: on disk, of the format that index.h numbers. */
enum {
    KEY_KIND = 0,
    KEY_SECURITY = 1,
    KEY_DATE = 9,
    KEY_TX = 13,

    HEAD_CHECKSUM = 0,
    HEAD_NEXT = 4,
    HEAD_COUNT = 25,
};
static_assert(BLOCK_KEY_BYTES == KEY_TX + sizeof(uint64_t), "on disk");
static_assert(HEAD_COUNT == HEAD_NEXT + BLOCK_KEY_BYTES, "on disk");
static_assert(BLOCK_HEAD_BYTES == HEAD_COUNT + sizeof(uint16_t), "on disk");
static_assert(BLOCK_BYTES_MAX / BLOCK_RECORD_BYTES_MIN <= UINT16_MAX,
              "the count is 16 bits wide");
static_assert(sizeof(struct block_key) == BLOCK_KEY_BYTES, "no padding");

/* What is new in a record's key: the low two bits of its first byte. */
enum step {
    STEP_TX = 0,       /* security and date as before */
    STEP_DATE = 1,     /* a later date of the security */
    STEP_SECURITY = 2, /* a later security of the kind */
    STEP_KIND = 3,
};
#define STEP_MASK 3

/* The other six bits: the payload's length, where that is enough. */
#define LENGTH_SHIFT 2
#define LENGTH_MORE 63

/* The head of a record: first byte, kind, and four numbers. */
#define RECORD_HEAD_BYTES_MAX (2 + 4 * VARINT_BYTES_MAX)

static const struct block_key zero_key;

static const unsigned char *
bytes_of(struct str s)
{
    return (const unsigned char *)s.data;
}

struct block_key
block_key_of(const struct record *record)
{
    struct block_key key;

    key.bytes[KEY_KIND] = (unsigned char)record->kind;
    put_be64(key.bytes + KEY_SECURITY, (uint64_t)record->security_id);
    put_be32(key.bytes + KEY_DATE,
             (uint32_t)record->effective.days ^ UINT32_C(0x80000000));
    put_be64(key.bytes + KEY_TX, record->tx);
    return key;
}

/* The zero key becomes a record before every other. */
static struct record
record_of_key(const struct block_key *key)
{
    return (struct record){
        .kind = (enum record_kind)key->bytes[KEY_KIND],
        .security_id = (int64_t)get_be64(key->bytes + KEY_SECURITY),
        .effective = { (int32_t)(get_be32(key->bytes + KEY_DATE) ^
                                 UINT32_C(0x80000000)) },
        .tx = get_be64(key->bytes + KEY_TX),
    };
}

/* Whether a key is of a record that can be; what is read goes by it. */
static bool
is_place(const struct record *at)
{
    return record_kind_is_known(at->kind) && at->security_id >= 0 &&
           at->effective.days >= DATE_FIRST_DAYS &&
           at->effective.days <= DATE_LAST_DAYS;
}

int
block_key_compare(const struct block_key *a, const struct block_key *b)
{
    return memcmp(a->bytes, b->bytes, BLOCK_KEY_BYTES);
}

void
block_key_print(const struct block_key *key,
                char out[static BLOCK_KEY_TEXT_BYTES])
{
    const struct record at = record_of_key(key);
    char date[DATE_TEXT_BYTES];

    if (!is_place(&at)) {
        (void)snprintf(out, BLOCK_KEY_TEXT_BYTES, "the first");
        return;
    }
    date_format(at.effective, date);
    (void)snprintf(out, BLOCK_KEY_TEXT_BYTES, "%" PRId64 " %.*s tx %" PRIu64,
                   at.security_id, DATE_TEXT_BYTES, date, at.tx);
}

static uint32_t
checksum(struct str key, struct str value)
{
    return crc32c(crc32c(0, key.data, key.len), value.data + HEAD_NEXT,
                  value.len - HEAD_NEXT);
}

const char *
block_open(struct str key, struct str value, struct block *out)
{
    const unsigned char *from = bytes_of(value);

    if (key.len != BLOCK_KEY_BYTES)
        return "its key is malformed";
    if (value.len < BLOCK_HEAD_BYTES)
        return "it is cut short";
    if (get_le32(from + HEAD_CHECKSUM) != checksum(key, value))
        return "its checksum does not match";

    *out = (struct block){ .left = get_le16(from + HEAD_COUNT) };
    memcpy(out->fence.bytes, key.data, BLOCK_KEY_BYTES);
    memcpy(out->next.bytes, from + HEAD_NEXT, BLOCK_KEY_BYTES);
    out->has_next = block_key_compare(&out->next, &zero_key) != 0;
    out->at = record_of_key(&out->fence);
    out->end = record_of_key(&out->next);
    if (block_key_compare(&out->fence, &zero_key) != 0 && !is_place(&out->at))
        return "its key is malformed";
    if (out->has_next && !is_place(&out->end))
        return "the key of the block after it is malformed";
    if (out->has_next && block_key_compare(&out->fence, &out->next) >= 0)
        return "the block after it would be before it";
    if (value.len > BLOCK_BYTES_MAX && out->left != 1)
        return "it is too large";
    out->bytes.data = value.data + BLOCK_HEAD_BYTES;
    out->bytes.len = value.len - BLOCK_HEAD_BYTES;
    return NULL;
}

/* Add a step to a number, within its range. */
static inline bool
advance(int64_t *number, uint64_t step, int64_t most)
{
    if (*number > most || step > (uint64_t)(most - *number))
        return false;
    *number += (int64_t)step;
    return true;
}

static inline bool
take_number(struct str *from, int64_t least, int64_t most, int64_t *out)
{
    uint64_t step = 0;

    *out = least;
    return take_varint(from, &step) && advance(out, step, most);
}

static inline bool
take_date(struct str *from, int64_t least, struct date *out)
{
    int64_t days;

    if (!take_number(from, least, DATE_LAST_DAYS, &days))
        return false;
    out->days = (int32_t)days;
    return true;
}

static inline unsigned
take_byte(struct str *from)
{
    unsigned char byte = *bytes_of(*from);

    from->data++;
    from->len--;
    return byte;
}

static bool
take_kind(struct str *from, struct record *at)
{
    unsigned kind;

    if (from->len == 0)
        return false;
    kind = take_byte(from);
    if (!record_kind_is_known(kind) || kind <= at->kind)
        return false;
    at->kind = (enum record_kind)kind;
    return true;
}

/* What the step names anew: kind, security, date; the rest is as before. */
static inline bool
take_place(enum step step, struct str *from, struct record *at)
{
    switch (step) {
    case STEP_TX:
        return at->effective.days >= DATE_FIRST_DAYS;
    case STEP_DATE:
        return at->effective.days >= DATE_FIRST_DAYS &&
               take_date(from, (int64_t)at->effective.days + 1, &at->effective);
    case STEP_SECURITY:
        return at->security_id < SECURITY_ID_MAX &&
               take_number(from, at->security_id + 1, SECURITY_ID_MAX,
                           &at->security_id) &&
               take_date(from, DATE_FIRST_DAYS, &at->effective);
    case STEP_KIND:
        return take_kind(from, at) &&
               take_number(from, 0, SECURITY_ID_MAX, &at->security_id) &&
               take_date(from, DATE_FIRST_DAYS, &at->effective);
    }
    return false;
}

/* The first record of a block can have the very key of its fence. */
static inline bool
take_tx(enum step step, struct str *from, bool is_first, struct record *at)
{
    uint64_t code = 0;

    if (!take_varint(from, &code))
        return false;
    if (step != STEP_TX) {
        at->tx += (uint64_t)unzigzag(code);
        return true;
    }
    at->tx += code;
    return at->tx >= code && (code > 0 || is_first);
}

static inline bool
take_payload(unsigned head, struct str *from, struct record *at)
{
    uint64_t len = head >> LENGTH_SHIFT, more = 0;

    if (len == LENGTH_MORE && !take_varint(from, &more))
        return false;
    if (more > UINT32_MAX)
        return false;
    len += more;
    if ((len == 0 && at->kind != RECORD_POSITIONS) || len > from->len)
        return false;
    at->payload = (struct str){ from->data, len };
    from->data += len;
    from->len -= len;
    return true;
}

static inline bool
take_record(struct block *block, struct record *at)
{
    struct str from = block->bytes;
    unsigned head;
    enum step step;

    if (from.len == 0)
        return false;
    head = take_byte(&from);
    step = (enum step)(head & STEP_MASK);
    if (!take_place(step, &from, at) ||
        !take_tx(step, &from, !block->has_taken, at) ||
        !take_payload(head, &from, at))
        return false;
    block->bytes = from;
    return true;
}

static inline bool
take_next(struct block *block, struct record *at, const char **fault)
{
    *fault = NULL;
    if (block->left == 0) {
        if (block->bytes.len > 0)
            *fault = "it has bytes behind its last record";
        return false;
    }
    if (!take_record(block, at)) {
        *fault = "a record is malformed";
        return false;
    }
    if (block->has_next && record_compare(at, &block->end) >= 0) {
        *fault = "a record belongs into the block after it";
        return false;
    }
    block->left--;
    block->has_taken = true;
    return true;
}

bool
block_step(struct block *block, struct record *at, const char **fault)
{
    return take_next(block, at, fault);
}

bool
block_seek(struct block *block, const struct record *key, struct record *at,
           const char **fault)
{
    while (take_next(block, at, fault))
        if (record_compare(at, key) >= 0)
            return true;
    return false;
}

bool
block_next(struct block *block, struct record *out, const char **fault)
{
    if (!take_next(block, &block->at, fault))
        return false;
    *out = block->at;
    return true;
}

void
block_maker_init(struct block_maker *maker)
{
    *maker = (struct block_maker){ 0 };
    out_init(&maker->out, SIZE_MAX);
}

void
block_maker_fini(struct block_maker *maker)
{
    out_fini(&maker->out);
}

void
block_begin(struct block_maker *maker, const struct block_key *fence)
{
    static const char blank[BLOCK_HEAD_BYTES];

    out_reset(&maker->out);
    out_bytes(&maker->out, blank, sizeof blank);
    maker->fence = *fence;
    maker->before = record_of_key(fence);
    maker->count = 0;
}

/* Everything of a record but its payload; returns the bytes written. */
static size_t
encode_head(unsigned char to[static RECORD_HEAD_BYTES_MAX],
            const struct record *before, const struct record *record)
{
    size_t n = 1, len = record->payload.len;
    enum step step = STEP_TX;

    assert(len > 0 || record->kind == RECORD_POSITIONS);

    if (record->kind != before->kind) {
        step = STEP_KIND;
        to[n++] = (unsigned char)record->kind;
        n += put_varint(to + n, (uint64_t)record->security_id);
    } else if (record->security_id != before->security_id) {
        uint64_t apart = (uint64_t)(record->security_id - before->security_id);

        step = STEP_SECURITY;
        n += put_varint(to + n, apart - 1);
    } else if (record->effective.days != before->effective.days) {
        int64_t apart =
            (int64_t)record->effective.days - before->effective.days;

        step = STEP_DATE;
        n += put_varint(to + n, (uint64_t)apart - 1);
    }
    if (step == STEP_KIND || step == STEP_SECURITY)
        n += put_varint(to + n, (uint64_t)((int64_t)record->effective.days -
                                           DATE_FIRST_DAYS));
    if (step == STEP_TX)
        n += put_varint(to + n, record->tx - before->tx);
    else
        n += put_varint(to + n, zigzag((int64_t)(record->tx - before->tx)));
    if (len >= LENGTH_MORE)
        n += put_varint(to + n, len - LENGTH_MORE);
    to[0] = (unsigned char)((len < LENGTH_MORE ? len : LENGTH_MORE)
                                << LENGTH_SHIFT |
                            step);
    return n;
}

size_t
block_record_bytes(const struct record *before, const struct record *record)
{
    unsigned char head[RECORD_HEAD_BYTES_MAX];

    return encode_head(head, before, record) + record->payload.len;
}

bool
block_put(struct block_maker *maker, const struct record *record)
{
    unsigned char head[RECORD_HEAD_BYTES_MAX];
    int order = record_compare(&maker->before, record);
    size_t len;

    assert(order < 0 || (order == 0 && maker->count == 0));

    len = encode_head(head, &maker->before, record);
    if (maker->count > 0 &&
        maker->out.len + len + record->payload.len > BLOCK_BYTES_MAX)
        return false;
    out_bytes(&maker->out, (const char *)head, len);
    out_str(&maker->out, record->payload);
    maker->before = *record;
    maker->count++;
    return true;
}

enum err
block_end(struct block_maker *maker, const struct block_key *next)
{
    const struct str key = { (const char *)maker->fence.bytes,
                             BLOCK_KEY_BYTES };
    unsigned char *to = (unsigned char *)maker->out.data;

    if (out_finish(&maker->out) != OK)
        return ERR_BUSY;
    assert(next == NULL || block_key_compare(&maker->fence, next) < 0);
    assert(maker->out.len <= BLOCK_BYTES_MAX || maker->count == 1);

    if (next != NULL)
        memcpy(to + HEAD_NEXT, next->bytes, BLOCK_KEY_BYTES);
    put_le16(to + HEAD_COUNT, (uint16_t)maker->count);
    put_le32(to + HEAD_CHECKSUM, checksum(key, out_text(&maker->out)));
    return OK;
}
