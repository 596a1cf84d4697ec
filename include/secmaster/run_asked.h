/* What a client asks to be fetched: a dataset, of some days. */
#ifndef SECMASTER_RUN_ASKED_H
#define SECMASTER_RUN_ASKED_H

#include <stdbool.h>

#include "secmaster/arena.h"
#include "secmaster/complaint.h"
#include "secmaster/date.h"
#include "secmaster/err.h"
#include "secmaster/str.h"

struct run_asked {
    struct str dataset;
    bool has_from, has_to;
    struct date from, to; /* both included */
};

/*
 * Read {"dataset": "open-close", "from": "2024-12-01", "to": "2024-12-31"}, the
 * days there or not. Strings live in arena. ERR_MALFORMED: outside
 * JSON's grammar, or a member twice. ERR_INVALID: there are complaints.
 * ERR_TOO_LARGE: past the arena's budget. ERR_BUSY: memory.
 */
enum err run_asked_read(struct str text, struct arena *arena,
                        struct complaints *complaints, struct run_asked *out,
                        struct why *why);

#endif
