/* The order of records. */
#include "secmaster/record.h"

#define ORDER(a, b) ((a) < (b) ? -1 : (a) > (b) ? 1 : 0)

int
record_compare(const struct record *a, const struct record *b)
{
    if (a->kind != b->kind)
        return ORDER(a->kind, b->kind);
    if (a->security_id != b->security_id)
        return ORDER(a->security_id, b->security_id);
    if (a->effective.days != b->effective.days)
        return ORDER(a->effective.days, b->effective.days);
    return ORDER(a->tx, b->tx);
}
