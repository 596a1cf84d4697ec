/* What nobody outside the process can foretell. */
#ifndef SECMASTER_ENTROPY_H
#define SECMASTER_ENTROPY_H

#include <stdint.h>

#include "secmaster/err.h"

/* Draw a number from the system. ERR_INTERNAL: it gives none. */
enum err entropy_draw(uint64_t *out, struct why *why);

#endif
