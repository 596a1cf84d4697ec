/* The requests of a loop that wait for a commit, or for their time. */
#ifndef API_WAITING_H
#define API_WAITING_H

#include <stdbool.h>
#include <stdint.h>

#include "secmaster/bells.h"

struct loop;
struct link;

/* A list in order of arrival, and so of what they have seen. */
struct waiting {
    struct link *first, **end;
    struct bell *bell;
    int64_t due_us; /* before it nobody's time is over */
};

void waiting_init(struct waiting *waiting, struct bell *bell);

/* All of these on the loop's thread. A link is in the list, its connection
 * suspended, until it is removed; its client's leaving is watched for. */
void waiting_add(struct loop *loop, struct link *link);
bool waiting_has(const struct link *link);
void waiting_remove(struct loop *loop, struct link *link);

/* Remove one whose wait is over, by a commit, its time or the server's end;
 * NULL: there is none. */
struct link *waiting_next(struct loop *loop, int64_t now_us);

/* When to look for the next one: 0 is at once, -1 when the bell rings. */
int64_t waiting_due_ms(const struct loop *loop, int64_t now_us);

#endif
