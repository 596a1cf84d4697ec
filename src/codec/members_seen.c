/* Remember an object's members while it is being read. */
#include "members_seen.h"

#include <assert.h>
#include <string.h>

void
members_seen_reset(struct members_seen *seen)
{
    seen->known = 0;
    seen->first = seen->unknown_count = 0;
}

bool
members_seen_known(struct members_seen *seen, size_t i)
{
    uint32_t bit = UINT32_C(1) << i;
    bool had = (seen->known & bit) != 0;

    assert(i < 32);

    seen->known |= bit;
    return had;
}

bool
members_seen_unknown(struct members_seen *seen, struct str name)
{
    size_t used = seen->first == 0 ? 0 : seen->ends[seen->first - 1];

    for (size_t i = seen->first; i < seen->unknown_count; i++) {
        struct str old = { seen->names + used, seen->ends[i] - used };

        if (str_equal(old, name))
            return true;
        used = seen->ends[i];
    }
    if (seen->unknown_count < UNKNOWN_NAMES_MAX &&
        name.len <= sizeof seen->names - used) {
        memcpy(seen->names + used, name.data, name.len);
        seen->ends[seen->unknown_count++] = used + name.len;
    }
    return false;
}

size_t
members_seen_enter(struct members_seen *seen)
{
    size_t outer = seen->first;

    seen->first = seen->unknown_count;
    return outer;
}

void
members_seen_leave(struct members_seen *seen, size_t outer)
{
    assert(outer <= seen->first);

    seen->unknown_count = seen->first;
    seen->first = outer;
}
