/* Encode and decode keyframes: docs/storage.md draws their bytes. */
#include "keyframe.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "secmaster/wire.h"

#include "journal_format.h"

/* Where a key's fields stand: a block's key begins with the same ones. */
enum {
    KEY_KIND = 0,
    KEY_SECURITY = 1,
    KEY_DATE = 9,
};
static_assert(KEY_DATE == SECURITY_KEY_BYTES, "on disk");
static_assert(KEYFRAME_KEY_BYTES == KEY_DATE + sizeof(uint32_t), "on disk");
static_assert(sizeof(struct keyframe_key) == KEYFRAME_KEY_BYTES, "no padding");

#define DATE_BIAS UINT32_C(0x80000000)

struct keyframe_key
keyframe_key_of(const struct record *place)
{
    struct keyframe_key key;

    key.bytes[KEY_KIND] = (unsigned char)place->kind;
    put_be64(key.bytes + KEY_SECURITY, (uint64_t)place->security_id);
    put_be32(key.bytes + KEY_DATE, (uint32_t)place->effective.days ^ DATE_BIAS);
    return key;
}

bool
security_key_decode(struct str key, struct record *out)
{
    const unsigned char *from = (const unsigned char *)key.data;

    if (key.len != SECURITY_KEY_BYTES)
        return false;
    *out = (struct record){
        .kind = (enum record_kind)from[KEY_KIND],
        .security_id = (int64_t)get_be64(from + KEY_SECURITY),
        .effective = { DATE_FIRST_DAYS },
    };
    return out->kind == RECORD_FACTS && out->security_id >= 0;
}

bool
keyframe_key_decode(struct str key, struct record *out)
{
    const struct str security = { key.data, SECURITY_KEY_BYTES };
    uint32_t days;

    if (key.len != KEYFRAME_KEY_BYTES || !security_key_decode(security, out))
        return false;
    days = get_be32((const unsigned char *)key.data + KEY_DATE);
    out->effective.days = (int32_t)(days ^ DATE_BIAS);
    return out->effective.days >= DATE_FIRST_DAYS &&
           out->effective.days <= DATE_LAST_DAYS;
}

void
keyframe_key_print(struct str key, char out[static KEYFRAME_KEY_TEXT_BYTES])
{
    char date[DATE_TEXT_BYTES];
    struct record at;

    if (!keyframe_key_decode(key, &at)) {
        (void)snprintf(out, KEYFRAME_KEY_TEXT_BYTES, "of no security");
        return;
    }
    date_format(at.effective, date);
    (void)snprintf(out, KEYFRAME_KEY_TEXT_BYTES, "%" PRId64 " %.*s",
                   at.security_id, DATE_TEXT_BYTES, date);
}

const char *
keyframe_open(struct str key, struct str value, struct keyframe *out)
{
    *out = (struct keyframe){ 0 };
    if (!keyframe_key_decode(key, &out->limit))
        return "its key is malformed";
    if (!journal_checked(key, value, &out->left))
        return "its checksum does not match";
    if (!take_varint(&out->left, &out->limit.tx))
        return "it is cut short";
    out->before = out->limit;
    out->before.effective.days = DATE_FIRST_DAYS;
    out->before.tx = 0;
    return NULL;
}

static bool
take_record(struct keyframe *keyframe, struct record *out)
{
    struct str *from = &keyframe->left;
    const struct record *before = &keyframe->before;
    int64_t apart =
        (int64_t)keyframe->limit.effective.days - before->effective.days;
    uint64_t days, tx, len;

    if (!take_varint(from, &days) || !take_varint(from, &tx) ||
        !take_varint(from, &len))
        return false;
    if (days > (uint64_t)apart || len == 0 || len > from->len)
        return false;
    *out = *before;
    out->effective.days += (int32_t)days;
    out->tx += (uint64_t)unzigzag(tx);
    out->payload = (struct str){ from->data, (size_t)len };
    from->data += len;
    from->len -= (size_t)len;
    return out->tx <= keyframe->limit.tx && record_compare(before, out) < 0;
}

bool
keyframe_next(struct keyframe *keyframe, struct record *out, const char **fault)
{
    *fault = NULL;
    if (keyframe->left.len == 0)
        return false;
    if (!take_record(keyframe, out)) {
        *fault = "a record is malformed";
        return false;
    }
    keyframe->before = *out;
    return true;
}
