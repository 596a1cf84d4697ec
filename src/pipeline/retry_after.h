/* The header Retry-After (RFC 9110, 10.2.3). */
#ifndef PIPELINE_RETRY_AFTER_H
#define PIPELINE_RETRY_AFTER_H

#include <stdbool.h>
#include <stdint.h>

#include "secmaster/instant.h"
#include "secmaster/str.h"

/*
 * How long a vendor asks us to wait: seconds, or a date in any of the three
 * forms of RFC 9110 5.6.7, of which the day of the week is not held against the
 * date. A date in the past is 0; what is over max_us is max_us. False, *out_us
 * untouched: it is neither, or not there (data NULL).
 */
bool retry_after_read(struct str value, struct instant now, int64_t max_us,
                      int64_t *out_us);

#endif
