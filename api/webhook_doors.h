/* Where vendors may push what is new, and how each shows that it is one. */
#ifndef API_WEBHOOK_DOORS_H
#define API_WEBHOOK_DOORS_H

#include <stdatomic.h>
#include <stdint.h>

#include "secmaster/bounds.h"
#include "secmaster/err.h"
#include "secmaster/str.h"
#include "secmaster/vendor.h"

#define WEBHOOK_KEY_BYTES_MIN 24
#define WEBHOOK_KEY_BYTES_MAX 64
#define WEBHOOK_KEYS_MAX 8 /* while they are changed there are two */
#define WEBHOOK_PATH_BYTES_MAX 128

struct webhook_key {
    unsigned char bytes[WEBHOOK_KEY_BYTES_MAX];
    size_t len;
};

/* A vendor's. Strings are borrowed from whoever filled it. */
struct webhook_door {
    struct str vendor;
    const struct vendor_adapter *adapter;
    struct webhook_key keys[WEBHOOK_KEYS_MAX];
    size_t key_count; /* 0: it does not sign */
    struct str path;  /* the segment that lets it in unsigned; data NULL: none
                       */
};

struct webhook_doors {
    struct webhook_door doors[VENDORS_MAX];
    size_t count;
    _Atomic int64_t swept_us; /* when ids were last looked through */
};

/* Read "whsec_BASE64", or several of them with spaces between. ERR_INVALID: it
 * is none; why tells nothing of it. */
enum err webhook_keys_read(struct str text, struct webhook_door *out,
                           struct why *why);

/* Take a segment of a path: 1 to 128 of A-Z, a-z, 0-9 and "-._~". Likewise. */
enum err webhook_path_read(struct str text, struct webhook_door *out,
                           struct why *why);

/* The door of a vendor that signs, or of one that knows the segment; NULL:
 * there is none. doors NULL: there are none. */
const struct webhook_door *
webhook_door_signed(const struct webhook_doors *doors, struct str vendor);
const struct webhook_door *
webhook_door_unsigned(const struct webhook_doors *doors, struct str vendor,
                      struct str segment);

#endif
