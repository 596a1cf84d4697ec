/* Encode and decode what the journal keeps, pair beside pair, no I/O. */
#include "journal_format.h"

#include <assert.h>
#include <string.h>

#include "secmaster/crc32c.h"
#include "secmaster/wire.h"

#include "batch_kinds.h"

/* Where the header's fields stand: on disk for ever. */
enum {
    HEAD_MAGIC = 0,
    HEAD_FORMAT = 4,
    HEAD_KIND = 6,
    HEAD_TX = 8,
    HEAD_RECORDED_AT = 16,
    HEAD_RECORDS = 24,
    HEAD_FACTS = 28,
    HEAD_SECURITIES = 32,
    HEAD_PARTS = 36,
    HEAD_RECORDS_BYTES = 40,
    HEAD_DISPLACED = 48,
    HEAD_SOURCES = 52,
    HEAD_IDEMPOTENCY_BYTES = 56,
    HEAD_RESERVED = 58,
    HEAD_PREVIOUS = 60,
    HEAD_BYTES = 92,

    NAME_FIRST_ASSERTION = 4,
    NAME_FIRST_RETRACTION = 12,
    NAME_TEXT = 20,
};
static_assert(HEAD_FORMAT == HEAD_MAGIC + sizeof(uint32_t), "on disk");
static_assert(HEAD_KIND == HEAD_FORMAT + sizeof(uint16_t), "on disk");
static_assert(HEAD_TX == HEAD_KIND + sizeof(uint16_t), "on disk");
static_assert(HEAD_RECORDED_AT == HEAD_TX + sizeof(uint64_t), "on disk");
static_assert(HEAD_RECORDS == HEAD_RECORDED_AT + sizeof(int64_t), "on disk");
static_assert(HEAD_FACTS == HEAD_RECORDS + sizeof(uint32_t), "on disk");
static_assert(HEAD_SECURITIES == HEAD_FACTS + sizeof(uint32_t), "on disk");
static_assert(HEAD_PARTS == HEAD_SECURITIES + sizeof(uint32_t), "on disk");
static_assert(HEAD_RECORDS_BYTES == HEAD_PARTS + sizeof(uint32_t), "on disk");
static_assert(HEAD_DISPLACED == HEAD_RECORDS_BYTES + sizeof(uint64_t),
              "on disk");
static_assert(HEAD_SOURCES == HEAD_DISPLACED + sizeof(uint32_t), "on disk");
static_assert(HEAD_IDEMPOTENCY_BYTES == HEAD_SOURCES + sizeof(uint32_t),
              "on disk");
static_assert(HEAD_RESERVED == HEAD_IDEMPOTENCY_BYTES + sizeof(uint16_t),
              "on disk");
static_assert(HEAD_PREVIOUS == HEAD_RESERVED + sizeof(uint16_t), "on disk");
static_assert(HEAD_BYTES == HEAD_PREVIOUS + DIGEST_BYTES, "on disk");
static_assert(DIGEST_BYTES == 32, "on disk");
static_assert(NAME_FIRST_RETRACTION == NAME_FIRST_ASSERTION + sizeof(uint64_t),
              "on disk");
static_assert(NAME_TEXT == NAME_FIRST_RETRACTION + sizeof(uint64_t), "on disk");
static_assert(HEAD_BYTES < PART_PAYLOAD_BYTES_MAX, "a head is in one part");
static_assert(STATE_KEY_BYTES_MAX <= 511, "LMDB's longest key");

/* "SMjb" as the bytes stand. */
#define MAGIC 0x626a4d53u
#define IDEMPOTENCY_BYTES_MAX 255

static const unsigned char *
bytes_of(struct str s)
{
    return (const unsigned char *)s.data;
}

uint32_t
journal_checksum(struct str key, struct str rest)
{
    return crc32c(crc32c(0, key.data, key.len), rest.data, rest.len);
}

bool
journal_checked(struct str key, struct str value, struct str *rest)
{
    if (value.len < CHECKSUM_BYTES)
        return false;
    rest->data = value.data + CHECKSUM_BYTES;
    rest->len = value.len - CHECKSUM_BYTES;
    return get_le32(bytes_of(value)) == journal_checksum(key, *rest);
}

void
part_key_encode(unsigned char key[static PART_KEY_BYTES], uint64_t tx,
                uint32_t part)
{
    put_be64(key, tx);
    put_be32(key + 8, part);
}

bool
part_key_decode(struct str key, uint64_t *tx, uint32_t *part)
{
    if (key.len != PART_KEY_BYTES)
        return false;
    *tx = get_be64(bytes_of(key));
    *part = get_be32(bytes_of(key) + 8);
    return true;
}

uint64_t
batch_head_bytes(const struct batch_head *head)
{
    return HEAD_BYTES + (uint64_t)head->info.source_count * 4 +
           head->idempotency_bytes;
}

static void
encode_sources(struct out *out, const struct tx_info *info)
{
    for (uint32_t i = 0; i < info->source_count; i++) {
        unsigned char *to = (unsigned char *)out_reserve(out, 4);

        if (to == NULL)
            return;
        put_le32(to, info->sources[i]);
        out->len += 4;
    }
}

static void
encode_record(struct out *out, const struct record *record)
{
    size_t room = 1 + 3 * VARINT_BYTES_MAX + record->payload.len;
    unsigned char *to = (unsigned char *)out_reserve(out, room);
    size_t n = 0;

    if (to == NULL)
        return;
    to[n++] = (unsigned char)record->kind;
    n += put_varint(to + n, (uint64_t)record->security_id);
    n += put_varint(to + n, zigzag(record->effective.days));
    n += put_varint(to + n, record->payload.len);
    memcpy(to + n, record->payload.data, record->payload.len);
    out->len += n + record->payload.len;
}

static void
encode_displaced(struct out *out, const struct append_batch *batch)
{
    uint32_t last = 0;

    for (uint32_t i = 0; i < batch->displaced_count; i++) {
        const struct displaced *d = &batch->displaced[i];
        unsigned char *to =
            (unsigned char *)out_reserve(out, (size_t)2 * VARINT_BYTES_MAX);

        if (to == NULL)
            return;
        size_t n = put_varint(to, d->sequence - last);
        n += put_varint(to + n, zigzag((int64_t)d->ordinal - d->sequence));
        out->len += n;
        last = d->sequence;
    }
}

static void
encode_head(unsigned char *to, const struct append_batch *batch,
            size_t records_bytes, size_t batch_bytes)
{
    const struct tx_info *info = &batch->info;
    size_t parts =
        (batch_bytes + PART_PAYLOAD_BYTES_MAX - 1) / PART_PAYLOAD_BYTES_MAX;

    put_le32(to + HEAD_MAGIC, MAGIC);
    put_le16(to + HEAD_FORMAT, JOURNAL_FORMAT);
    put_le16(to + HEAD_KIND, (uint16_t)info->kind);
    put_le64(to + HEAD_TX, info->tx);
    put_le64(to + HEAD_RECORDED_AT, (uint64_t)info->recorded_at.us);
    put_le32(to + HEAD_RECORDS, batch->record_count);
    put_le32(to + HEAD_FACTS, info->facts);
    put_le32(to + HEAD_SECURITIES, info->securities);
    put_le32(to + HEAD_PARTS, (uint32_t)parts);
    put_le64(to + HEAD_RECORDS_BYTES, records_bytes);
    put_le32(to + HEAD_DISPLACED, batch->displaced_count);
    put_le32(to + HEAD_SOURCES, info->source_count);
    put_le16(to + HEAD_IDEMPOTENCY_BYTES, (uint16_t)info->idempotency_key.len);
    put_le16(to + HEAD_RESERVED, 0);
}

void
batch_encode(struct out *out, const struct append_batch *batch,
             const unsigned char previous[static DIGEST_BYTES])
{
    static const char blank[HEAD_BYTES];
    size_t start = out->len, records_start, records_end;

    assert(batch->info.idempotency_key.len <= IDEMPOTENCY_BYTES_MAX);

    out_bytes(out, blank, HEAD_BYTES);
    encode_sources(out, &batch->info);
    out_str(out, batch->info.idempotency_key);
    records_start = out->len;
    for (uint32_t i = 0; i < batch->record_count; i++)
        encode_record(out, &batch->records[i]);
    records_end = out->len;
    encode_displaced(out, batch);
    if (out_finish(out) != OK)
        return;

    unsigned char *head = (unsigned char *)out->data + start;
    encode_head(head, batch, records_end - records_start, out->len - start);
    memcpy(head + HEAD_PREVIOUS, previous, DIGEST_BYTES);
}

const char *
batch_head_decode(struct str bytes, struct batch_head *out)
{
    const unsigned char *from = bytes_of(bytes);

    if (bytes.len < HEAD_BYTES)
        return "its header is cut short";
    if (get_le32(from + HEAD_MAGIC) != MAGIC)
        return "it is no batch";
    if (get_le16(from + HEAD_FORMAT) != JOURNAL_FORMAT)
        return "it has a format this program does not know";
    if (!batch_kind_is_known(get_le16(from + HEAD_KIND)))
        return "it is of a kind this program does not know";
    if (get_le16(from + HEAD_RESERVED) != 0)
        return "its reserved bytes are not zero";

    *out = (struct batch_head){
        .info = { .tx = get_le64(from + HEAD_TX),
                  .recorded_at = { (int64_t)get_le64(from + HEAD_RECORDED_AT) },
                  .kind = (enum batch_kind)get_le16(from + HEAD_KIND),
                  .facts = get_le32(from + HEAD_FACTS),
                  .securities = get_le32(from + HEAD_SECURITIES),
                  .source_count = get_le32(from + HEAD_SOURCES) },
        .idempotency_bytes = get_le16(from + HEAD_IDEMPOTENCY_BYTES),
        .records = get_le32(from + HEAD_RECORDS),
        .parts = get_le32(from + HEAD_PARTS),
        .displaced = get_le32(from + HEAD_DISPLACED),
        .records_bytes = get_le64(from + HEAD_RECORDS_BYTES),
    };
    memcpy(out->previous, from + HEAD_PREVIOUS, DIGEST_BYTES);
    if (out->parts == 0 || out->idempotency_bytes > IDEMPOTENCY_BYTES_MAX)
        return "its header contradicts itself";
    return NULL;
}

static struct str
take(struct str *from, size_t len)
{
    struct str taken = { from->data, len };

    assert(len <= from->len);
    from->data += len;
    from->len -= len;
    return taken;
}

const char *
batch_decode(struct str bytes, struct batch_body *out)
{
    const char *fault = batch_head_decode(bytes, &out->head);

    if (fault != NULL)
        return fault;
    if (batch_head_bytes(&out->head) > bytes.len)
        return "its header is cut short";
    if (out->head.records_bytes > bytes.len - batch_head_bytes(&out->head))
        return "its records are cut short";

    (void)take(&bytes, HEAD_BYTES);
    out->sources = take(&bytes, (size_t)out->head.info.source_count * 4);
    out->idempotency_key = take(&bytes, out->head.idempotency_bytes);
    out->records = take(&bytes, out->head.records_bytes);
    out->displaced = bytes;
    return NULL;
}

uint32_t
batch_source(struct str sources, uint32_t i)
{
    assert(i < sources.len / 4);
    return get_le32(bytes_of(sources) + (size_t)i * 4);
}

/* What take_varint leaves open: every number of a record has a range. */
static bool
take_record(struct str *from, struct record *out)
{
    uint64_t security, date, len;
    int64_t days;

    if (!take_varint(from, &security) || security > SECURITY_ID_MAX)
        return false;
    if (!take_varint(from, &date))
        return false;
    days = unzigzag(date);
    if (days < DATE_FIRST_DAYS || days > DATE_LAST_DAYS)
        return false;
    if (!take_varint(from, &len) || len > from->len || len > UINT32_MAX)
        return false;

    out->security_id = (int64_t)security;
    out->effective.days = (int32_t)days;
    out->payload = take(from, len);
    return true;
}

bool
batch_record_next(struct str *records, uint64_t tx, struct record *out,
                  const char **fault)
{
    *fault = NULL;
    if (records->len == 0)
        return false;

    unsigned char kind = *bytes_of(take(records, 1));
    if (!record_kind_is_known(kind)) {
        *fault = "a record is of a kind this program does not know";
        return false;
    }
    out->kind = (enum record_kind)kind;
    out->tx = tx;
    if (!take_record(records, out)) {
        *fault = "a record is malformed";
        return false;
    }
    return true;
}

bool
batch_displaced_next(struct str *displaced, uint32_t *last,
                     struct displaced *out, const char **fault)
{
    uint64_t step, shift;
    int64_t distance, ordinal;

    *fault = NULL;
    if (displaced->len == 0)
        return false;

    *fault = "its list of displaced facts is malformed";
    if (!take_varint(displaced, &step) || step > UINT32_MAX - *last)
        return false;
    if (!take_varint(displaced, &shift))
        return false;
    distance = unzigzag(shift);
    if (distance > UINT32_MAX || distance < -(int64_t)UINT32_MAX)
        return false;
    out->sequence = *last + (uint32_t)step;
    ordinal = out->sequence + distance;
    if (ordinal < 0 || ordinal > UINT32_MAX)
        return false;
    out->ordinal = (uint32_t)ordinal;
    *last = out->sequence;
    *fault = NULL;
    return true;
}

void
name_key_encode(unsigned char key[static NAME_KEY_BYTES], enum name_space space,
                uint32_t id)
{
    key[0] = (unsigned char)space;
    put_be32(key + 1, id);
}

/* Put the checksum of what stands behind it into a value just written. */
static void
seal(struct out *out, size_t start, struct str key)
{
    if (out_finish(out) != OK)
        return;

    struct str rest = { out->data + start + CHECKSUM_BYTES,
                        out->len - start - CHECKSUM_BYTES };
    put_le32((unsigned char *)out->data + start, journal_checksum(key, rest));
}

void
name_encode(struct out *out, const struct name_change *change)
{
    unsigned char fixed[NAME_TEXT] = { 0 }, key[NAME_KEY_BYTES];
    size_t start = out->len;

    put_le64(fixed + NAME_FIRST_ASSERTION, change->first_assertion);
    put_le64(fixed + NAME_FIRST_RETRACTION, change->first_retraction);
    out_bytes(out, (const char *)fixed, sizeof fixed);
    out_str(out, change->text);
    name_key_encode(key, change->space, change->id);
    seal(out, start, (struct str){ (const char *)key, sizeof key });
}

const char *
name_decode(struct str key, struct str value, struct name_change *out)
{
    const unsigned char *from = bytes_of(value);
    struct str rest;

    if (key.len != NAME_KEY_BYTES)
        return "a name's key is malformed";
    if (!journal_checked(key, value, &rest))
        return "a name's checksum does not match";
    if (value.len <= NAME_TEXT)
        return "a name is empty";
    if (!name_space_is_known(*bytes_of(key)))
        return "a name is in a space this program does not know";

    out->space = (enum name_space) * bytes_of(key);
    out->id = get_be32(bytes_of(key) + 1);
    out->first_assertion = get_le64(from + NAME_FIRST_ASSERTION);
    out->first_retraction = get_le64(from + NAME_FIRST_RETRACTION);
    out->text = (struct str){ value.data + NAME_TEXT, value.len - NAME_TEXT };
    return NULL;
}

size_t
state_key_encode(unsigned char key[static STATE_KEY_BYTES_MAX],
                 enum state_space space, struct str name)
{
    assert(name.len > 0);
    assert(name.len <= STATE_NAME_BYTES_MAX);

    key[0] = (unsigned char)space;
    memcpy(key + 1, name.data, name.len);
    return 1 + name.len;
}

void
state_encode(struct out *out, struct str key, struct str value)
{
    static const char blank[CHECKSUM_BYTES];
    size_t start = out->len;

    out_bytes(out, blank, sizeof blank);
    out_str(out, value);
    seal(out, start, key);
}

void
format_encode(unsigned char value[static FORMAT_VALUE_BYTES], uint32_t format)
{
    put_le32(value + CHECKSUM_BYTES, format);
    put_le32(value,
             journal_checksum(
                 FORMAT_KEY,
                 (struct str){ (const char *)value + CHECKSUM_BYTES, 4 }));
}

bool
format_decode(struct str value, uint32_t *format)
{
    struct str rest;

    if (value.len != FORMAT_VALUE_BYTES)
        return false;
    if (!journal_checked(FORMAT_KEY, value, &rest))
        return false;
    *format = get_le32(bytes_of(rest));
    return true;
}
