/* A header's worth of HMAC for each body. */
#include "load_sign.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "secmaster/base64.h"
#include "secmaster/hmac.h"

#define PREFIX "whsec_"
#define KEY_BYTES 64

static unsigned char key[KEY_BYTES];
static size_t key_len;
static uint64_t run; /* the moment of the start, in microseconds */

void
load_sign_open(const char *secret)
{
    struct timespec now;

    if (strncmp(secret, PREFIX, strlen(PREFIX)) != 0 ||
        base64_decode(str_of(secret + strlen(PREFIX)), key, sizeof key,
                      &key_len) != OK) {
        fputs("load_client: not a secret\n", stderr);
        exit(2);
    }
    clock_gettime(CLOCK_REALTIME, &now);
    run = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

void
load_sign_put(uint64_t n, struct str body, char to[static LOAD_SIGN_BYTES])
{
    char id[64], timestamp[24], text[BASE64_BYTES(DIGEST_BYTES)];
    unsigned char mac[DIGEST_BYTES];
    struct str pieces[5] = { [1] = STR("."), [3] = STR("."), [4] = body };
    enum err err;

    snprintf(id, sizeof id, "%" PRIu64 "-%" PRIu64, run, n);
    snprintf(timestamp, sizeof timestamp, "%lld", (long long)time(NULL));
    pieces[0] = str_of(id);
    pieces[2] = str_of(timestamp);
    err = hmac_sha256((struct str){ (char *)key, key_len }, pieces, 5, mac);
    assert(err == OK);
    base64_encode((struct str){ (char *)mac, sizeof mac }, text);
    snprintf(to, LOAD_SIGN_BYTES,
             "webhook-id: %s\r\nwebhook-timestamp: %s\r\n"
             "webhook-signature: v1,%.*s\r\n",
             id, timestamp, (int)sizeof text, text);
}
