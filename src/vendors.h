/* The vendors of --config, with the secrets that it only names. */
#ifndef MAIN_VENDORS_H
#define MAIN_VENDORS_H

#include "api/polling.h"
#include "api/webhook_doors.h"
#include "secmaster/arena.h"
#include "secmaster/poller.h"

struct vendors {
    struct arena arena;
    struct adapter_shapes shapes;
    struct vendors_config config;
    struct str *keys; /* one a vendor; data NULL: none; terminated */
    struct webhook_doors doors;
    struct polling polling; /* of the poller, once it is started */
};

/*
 * Read the file and what its variables and key files hold. An error names the
 * member, variable or file, never a value.
 */
enum err vendors_open(struct vendors *vendors, const char *path,
                      struct why *why);

/* Begin to poll. The rest of options is the caller's. */
enum err vendors_poll(struct vendors *vendors, struct poller_options *options,
                      struct why *why);

/* Nobody waits long for the poller any more. All zero is fine. */
void vendors_drain(struct vendors *vendors);

/* Stop polling, and wipe the secrets. All zero is fine. */
void vendors_close(struct vendors *vendors);

#endif
