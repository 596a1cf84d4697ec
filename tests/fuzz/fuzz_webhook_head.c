/* What the heads of deliveries claim: who has no key is let in by none. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "api/service.h"
#include "api/webhook_ids.h"
#include "api/webhook_signature.h"
#include "secmaster/base64.h"
#include "secmaster/hmac.h"

#define NOW_SECONDS 1718452800
#define SIGNATURE_BYTES BASE64_BYTES(DIGEST_BYTES)
#define LIST_BYTES_MAX (1UL << 20)
#define KEY_BYTES_MAX 256 /* of a state's */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct instant
noon(void)
{
    return (struct instant){ NOW_SECONDS * INT64_C(1000000) };
}

static struct str
take_line(struct str *from)
{
    const char *at =
        from->len == 0 ? NULL : memchr(from->data, '\n', from->len);
    struct str line = { from->data,
                        at == NULL ? from->len : (size_t)(at - from->data) };

    from->data += line.len + (at != NULL);
    from->len -= line.len + (at != NULL);
    return line;
}

/* The claim of a request with these headers; what is refused is so by 400 or
 * 401, and only a known time is taken. */
static bool
read_claim(const struct webhook_claim *sent, struct webhook_claim *out)
{
    struct service service = { .now = noon };
    const struct pair headers[] = {
        { STR("Webhook-Id"), sent->id },
        { STR("webhook-timestamp"), sent->timestamp },
        { STR("WEBHOOK-SIGNATURE"), sent->signatures },
    };
    struct response response = { .status = 0 };
    struct arena arena;
    struct request request = {
        .arena = &arena,
        .service = &service,
        .path = STR("/v1/webhooks/vendor"),
        .id = STR("1"),
        .headers = headers,
        .header_count = sizeof headers / sizeof headers[0],
    };
    bool is_read;

    arena_init(&arena, REQUEST_ARENA_BYTES_MAX);
    out_init(&response.body, REQUEST_ARENA_BYTES_MAX);
    is_read = webhook_claim_read(&request, &response, out);
    if (is_read)
        assert(response.status == 0);
    else
        assert(response.status == 400 || response.status == 401);
    for (size_t i = 0; is_read && i < sent->id.len; i++)
        assert(sent->id.data[i] > ' ' && sent->id.data[i] < '\x7f');
    if (response.status == 401)
        assert(webhook_is_id(sent->id));
    out_fini(&response.body);
    arena_fini(&arena);
    return is_read;
}

/* The only signature of it that the door's key makes. */
static void
sign(const struct webhook_door *door, const struct webhook_claim *claim,
     struct str body, char out[static SIGNATURE_BYTES])
{
    const struct str key = { (const char *)door->keys[0].bytes,
                             door->keys[0].len };
    const struct str pieces[] = { claim->id, STR("."), claim->timestamp,
                                  STR("."), body };
    unsigned char mac[DIGEST_BYTES];

    assert(hmac_sha256(key, pieces, sizeof pieces / sizeof pieces[0], mac) ==
           OK);
    base64_encode((struct str){ (const char *)mac, sizeof mac }, out);
}

/* "v1,SIGNATURE" between spaces, sought as bytes. */
static bool
is_in(struct str list, struct str signature)
{
    const size_t len = 3 + signature.len;

    for (size_t i = 0; i + len <= list.len; i++)
        if ((i == 0 || list.data[i - 1] == ' ') &&
            (i + len == list.len || list.data[i + len] == ' ') &&
            memcmp(list.data + i, "v1,", 3) == 0 &&
            memcmp(list.data + i + 3, signature.data, signature.len) == 0)
            return true;
    return false;
}

static void
check_claim(const struct webhook_door *door, struct webhook_claim *claim,
            struct str body)
{
    char text[SIGNATURE_BYTES];
    const struct str signature = { text, sizeof text };
    struct out list;
    bool holds;

    sign(door, claim, body, text);
    assert(webhook_claim_holds(claim, door, body, &holds) == OK);
    assert(holds == is_in(claim->signatures, signature));

    out_init(&list, LIST_BYTES_MAX);
    out_str(&list, claim->signatures);
    out_print(&list, " v1,%.*s", STR_ARG(signature));
    if (out_finish(&list) == OK) {
        claim->signatures = out_text(&list);
        assert(webhook_claim_holds(claim, door, body, &holds) == OK);
        assert(holds);
        list.data[list.len - 2] ^= 1;
        assert(webhook_claim_holds(claim, door, body, &holds) == OK);
        assert(holds == is_in(claim->signatures, signature));
    }
    out_fini(&list);
}

static void
check_id(struct str id)
{
    struct state_change change;
    struct arena arena;

    if (!webhook_is_id(id))
        return;
    arena_init(&arena, REQUEST_ARENA_BYTES_MAX);
    assert(webhook_id_put(&arena, STR("vendor"), id, noon(), &change) == OK);
    assert(change.key.len <= KEY_BYTES_MAX);
    assert(memchr(change.key.data, '\0', change.key.len) ==
           change.key.data + 6);
    arena_fini(&arena);
}

/* Secrets and segments as somebody might configure them. */
static void
check_configured(struct str text)
{
    struct webhook_door door = { .vendor = STR("vendor") };
    struct why why;

    if (webhook_keys_read(text, &door, &why) == OK) {
        assert(door.key_count >= 1);
        assert(door.key_count <= WEBHOOK_KEYS_MAX);
        for (size_t i = 0; i < door.key_count; i++) {
            assert(door.keys[i].len >= WEBHOOK_KEY_BYTES_MIN);
            assert(door.keys[i].len <= WEBHOOK_KEY_BYTES_MAX);
        }
    }
    if (webhook_path_read(text, &door, &why) == OK) {
        assert(text.len >= 1);
        assert(text.len <= WEBHOOK_PATH_BYTES_MAX);
        assert(memchr(text.data, '/', text.len) == NULL);
    }
}

/* Lines: id, time, signatures, a secret; the rest is the body. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char secret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    struct str rest = { (const char *)data, size };
    struct webhook_door door = { .vendor = STR("vendor") };
    struct webhook_claim sent, claim;
    struct str configured;

    sent.id = take_line(&rest);
    sent.timestamp = take_line(&rest);
    sent.signatures = take_line(&rest);
    configured = take_line(&rest);
    assert(webhook_keys_read(str_of(secret), &door, NULL) == OK);
    check_id(sent.id);
    check_configured(configured);
    if (read_claim(&sent, &claim))
        check_claim(&door, &claim, rest);
    return 0;
}
