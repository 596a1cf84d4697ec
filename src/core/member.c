/* A member of Congress as a record keeps it. */
#include "secmaster/member.h"

#include "secmaster/wire.h"

void
member_put(struct out *out, const struct member_version *member)
{
    unsigned char updated[VARINT_BYTES_MAX];
    size_t len = put_varint(updated, zigzag(member->updated));

    out_bytes(out, (const char *)updated, len);
    out_str(out, member->text);
}

bool
member_read(struct str payload, struct member_version *out)
{
    uint64_t updated;

    if (!take_varint(&payload, &updated) || payload.len == 0)
        return false;
    *out = (struct member_version){ unzigzag(updated), payload };
    return true;
}
