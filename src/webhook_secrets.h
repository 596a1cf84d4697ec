/* What lets vendors' deliveries in: out of the environment, once, at start. */
#ifndef SECMASTER_WEBHOOK_SECRETS_H
#define SECMASTER_WEBHOOK_SECRETS_H

#include "api/webhook_doors.h"
#include "secmaster/vendor_config.h"

/*
 * Fill out with a door for each vendor that has a secret or a path; it borrows
 * from the configuration and from the environment. ERR_INVALID: a variable that
 * is named is not set, or holds none; why has its name, and nothing of what is
 * in it.
 */
enum err webhook_secrets_read(const struct vendors_config *config,
                              struct webhook_doors *out, struct why *why);

#endif
