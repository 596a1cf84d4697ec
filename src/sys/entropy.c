/* The system's random numbers. */
#include "secmaster/entropy.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>

enum err
entropy_draw(uint64_t *out, struct why *why)
{
    ssize_t got;

    assert(out != NULL);

    do
        got = getrandom(out, sizeof *out, 0);
    while (got < 0 && errno == EINTR);
    /* So few bytes come whole or not at all. */
    if (got != (ssize_t)sizeof *out)
        return why_set(why, ERR_INTERNAL, "no random numbers: %s",
                       strerrordesc_np(errno));
    return OK;
}
