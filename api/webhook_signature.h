/* Standard Webhooks: what a vendor's headers claim, and whether it holds. */
#ifndef API_WEBHOOK_SIGNATURE_H
#define API_WEBHOOK_SIGNATURE_H

#include "request.h"
#include "webhook_doors.h"

#define WEBHOOK_ID_BYTES_MAX 128     /* a key of state has 256, a vendor 64 */
#define WEBHOOK_SKEW_SECONDS_MAX 300 /* of a delivery's time, either way */

/* As they were sent. */
struct webhook_claim {
    struct str id, timestamp, signatures;
};

/* Whether it can be an id: 1 to 128 visible characters of ASCII. */
bool webhook_is_id(struct str text);

/*
 * Read webhook-id, webhook-timestamp and webhook-signature. False: the response
 * is set, to 400 where one is missing or malformed, to 401 where the time is
 * too far off.
 */
bool webhook_claim_read(struct request *request, struct response *response,
                        struct webhook_claim *out);

/* Whether one of the signatures is one of the door's. ERR_INTERNAL: the library
 * failed. */
enum err webhook_claim_holds(const struct webhook_claim *claim,
                             const struct webhook_door *door, struct str body,
                             bool *out);

/* 401, with what it has to have. */
void webhook_refuse(struct request *request, struct response *response,
                    const char *detail);

#endif
