/* Deliveries as Standard Webhooks signs them. */
#ifndef TESTS_LOAD_SIGN_H
#define TESTS_LOAD_SIGN_H

#include <stddef.h>
#include <stdint.h>

#include "secmaster/str.h"

#define LOAD_SIGN_BYTES 256

/* Read a secret, "whsec_" and base64. Another one ends the process with status
 * 2. */
void load_sign_open(const char *secret);

/*
 * Print webhook-id, webhook-timestamp and webhook-signature of a body, with
 * their line ends, terminated. No two ids are the same, be it in two processes.
 */
void load_sign_put(uint64_t n, struct str body,
                   char to[static LOAD_SIGN_BYTES]);

#endif
