/* Signatures of deliveries: HMAC-SHA256 over "ID.TIMESTAMP.BODY". */
#include "webhook_signature.h"

#include "field.h"
#include "number.h"
#include "problem.h"
#include "secmaster/base64.h"
#include "secmaster/hmac.h"
#include "service.h"

#define VERSION "v1"
#define SIGNATURE_BYTES BASE64_BYTES(DIGEST_BYTES)

bool
webhook_is_id(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] < '!' || text.data[i] > '~')
            return false;
    return text.len > 0 && text.len <= WEBHOOK_ID_BYTES_MAX;
}

void
webhook_refuse(struct request *request, struct response *response,
               const char *detail)
{
    /* RFC 9110 wants to hear what would be accepted. */
    response_header(request, response, "WWW-Authenticate", "Webhook-Signature");
    problem_set(request, response, PROBLEM_BAD_SIGNATURE, "%s", detail);
}

static bool
is_fresh(const struct request *request, uint64_t timestamp)
{
    uint64_t now = (uint64_t)(request->service->now().us / 1000000);

    return timestamp <= now ? now - timestamp <= WEBHOOK_SKEW_SECONDS_MAX
                            : timestamp - now <= WEBHOOK_SKEW_SECONDS_MAX;
}

bool
webhook_claim_read(struct request *request, struct response *response,
                   struct webhook_claim *out)
{
    const char *fault = NULL;
    uint64_t timestamp = 0;

    out->id = request_header(request, "webhook-id");
    out->timestamp = request_header(request, "webhook-timestamp");
    out->signatures = request_header(request, "webhook-signature");
    if (!webhook_is_id(out->id))
        fault = "webhook-id is 1 to 128 visible characters";
    else if (!number_read(out->timestamp, &timestamp))
        fault = "webhook-timestamp is a number of seconds since 1970";
    else if (out->signatures.len == 0)
        fault = "webhook-signature is v1,BASE64, or several with spaces "
                "between";
    if (fault != NULL) {
        problem_set(request, response, PROBLEM_MALFORMED_REQUEST, "%s", fault);
        return false;
    }
    if (is_fresh(request, timestamp))
        return true;
    webhook_refuse(request, response,
                   "the delivery's time is more than 5 minutes from ours");
    return false;
}

/* Every one is compared, so that no time tells which was right. */
static bool
has_signature(struct str list, struct str signature)
{
    bool found = false;

    while (list.len > 0) {
        struct str text = field_cut(&list, ' ');
        struct str version = field_cut(&text, ',');

        if (str_equal(version, STR(VERSION)) && hmac_equal(text, signature))
            found = true;
    }
    return found;
}

enum err
webhook_claim_holds(const struct webhook_claim *claim,
                    const struct webhook_door *door, struct str body, bool *out)
{
    const struct str pieces[] = { claim->id, STR("."), claim->timestamp,
                                  STR("."), body };

    *out = false;
    for (size_t i = 0; i < door->key_count; i++) {
        const struct str key = { (const char *)door->keys[i].bytes,
                                 door->keys[i].len };
        unsigned char mac[DIGEST_BYTES];
        char text[SIGNATURE_BYTES];

        TRY(hmac_sha256(key, pieces, sizeof pieces / sizeof pieces[0], mac));
        base64_encode((struct str){ (const char *)mac, sizeof mac }, text);
        if (has_signature(claim->signatures, (struct str){ text, sizeof text }))
            *out = true;
    }
    return OK;
}
