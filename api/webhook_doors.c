/* Secrets as they are configured, and who knows them. */
#include "webhook_doors.h"

#include <string.h>

#include "secmaster/base64.h"
#include "secmaster/hmac.h"

#define KEY_PREFIX "whsec_"

static enum err
read_key(struct str text, struct webhook_key *out, struct why *why)
{
    const struct str prefix = STR(KEY_PREFIX);

    if (text.len < prefix.len ||
        memcmp(text.data, prefix.data, prefix.len) != 0)
        return why_set(why, ERR_INVALID, "a secret does not begin with %s",
                       KEY_PREFIX);
    text.data += prefix.len;
    text.len -= prefix.len;
    if (base64_decode(text, out->bytes, sizeof out->bytes, &out->len) == OK &&
        out->len >= WEBHOOK_KEY_BYTES_MIN)
        return OK;
    return why_set(why, ERR_INVALID,
                   "a secret is not %s and %d to %d bytes in base64",
                   KEY_PREFIX, WEBHOOK_KEY_BYTES_MIN, WEBHOOK_KEY_BYTES_MAX);
}

/* Cut the next word off. len 0: there is none. */
static struct str
next_word(struct str *text)
{
    struct str word;

    while (text->len > 0 && text->data[0] == ' ') {
        text->data++;
        text->len--;
    }
    word = (struct str){ text->data, 0 };
    while (word.len < text->len && word.data[word.len] != ' ')
        word.len++;
    text->data += word.len;
    text->len -= word.len;
    return word;
}

enum err
webhook_keys_read(struct str text, struct webhook_door *out, struct why *why)
{
    struct str word;

    out->key_count = 0;
    while ((word = next_word(&text)).len > 0) {
        if (out->key_count == WEBHOOK_KEYS_MAX)
            return why_set(why, ERR_INVALID, "there are more than %d secrets",
                           WEBHOOK_KEYS_MAX);
        TRY(read_key(word, &out->keys[out->key_count], why));
        out->key_count++;
    }
    if (out->key_count == 0)
        return why_set(why, ERR_INVALID, "there is no secret");
    return OK;
}

enum err
webhook_path_read(struct str text, struct webhook_door *out, struct why *why)
{
    static const char kept[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "abcdefghijklmnopqrstuvwxyz"
                               "0123456789-._~";
    /* Clients take the segments "." and ".." out of a path. */
    bool is_good = text.len > 0 && text.len <= WEBHOOK_PATH_BYTES_MAX &&
                   !str_equal(text, STR(".")) && !str_equal(text, STR(".."));

    for (size_t i = 0; is_good && i < text.len; i++)
        is_good = memchr(kept, text.data[i], sizeof kept - 1) != NULL;
    if (!is_good)
        return why_set(why, ERR_INVALID,
                       "a path is 1 to %d of A-Z, a-z, 0-9, '-', '.', '_' and "
                       "'~', and not \".\" or \"..\"",
                       WEBHOOK_PATH_BYTES_MAX);
    out->path = text;
    return OK;
}

static const struct webhook_door *
find(const struct webhook_doors *doors, struct str vendor)
{
    for (size_t i = 0; doors != NULL && i < doors->count; i++)
        if (str_equal(doors->doors[i].vendor, vendor))
            return &doors->doors[i];
    return NULL;
}

const struct webhook_door *
webhook_door_signed(const struct webhook_doors *doors, struct str vendor)
{
    const struct webhook_door *door = find(doors, vendor);

    return door != NULL && door->key_count > 0 ? door : NULL;
}

const struct webhook_door *
webhook_door_unsigned(const struct webhook_doors *doors, struct str vendor,
                      struct str segment)
{
    const struct webhook_door *door = find(doors, vendor);

    if (door == NULL || door->path.data == NULL)
        return NULL;
    return hmac_equal(door->path, segment) ? door : NULL;
}
