/* A list of suspended requests, and the end of each one's wait. */
#include "waiting.h"

#include <assert.h>
#include <stdatomic.h>
#include <sys/epoll.h>

#include "loop.h"
#include "secmaster/store.h"
#include "service.h"

void
waiting_init(struct waiting *waiting, struct bell *bell)
{
    *waiting = (struct waiting){ .bell = bell };
    waiting->end = &waiting->first;
}

/* A client that hangs up is noticed here: the library does not look at a
 * suspended connection. Where it cannot be watched it is noticed later. */
static void
watch(const struct loop *loop, struct link *link)
{
    struct epoll_event event = { .events = EPOLLRDHUP, .data.ptr = link };

    (void)epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, link->fd, &event);
}

static const struct wait *
wait_of(const struct link *link)
{
    return &link->exchange->request.wait;
}

void
waiting_add(struct loop *loop, struct link *link)
{
    struct waiting *waiting = &loop->waiting;
    int64_t until_us = wait_of(link)->until_us;

    assert(!waiting_has(link));
    assert(until_us > 0);

    if (waiting->first == NULL) {
        bell_want(waiting->bell, true);
        waiting->due_us = until_us;
    }
    if (until_us < waiting->due_us)
        waiting->due_us = until_us;
    link->waiting_at = waiting->end;
    link->waiting_next = NULL;
    *waiting->end = link;
    waiting->end = &link->waiting_next;
    atomic_fetch_add(&loop->loops->service->waiting, 1);
    watch(loop, link);
}

bool
waiting_has(const struct link *link)
{
    return link->waiting_at != NULL;
}

void
waiting_remove(struct loop *loop, struct link *link)
{
    struct waiting *waiting = &loop->waiting;

    assert(waiting_has(link));

    *link->waiting_at = link->waiting_next;
    if (link->waiting_next != NULL)
        link->waiting_next->waiting_at = link->waiting_at;
    else
        waiting->end = link->waiting_at;
    link->waiting_at = NULL;
    link->exchange->request.wait.until_us = 0;
    (void)epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, link->fd, NULL);
    atomic_fetch_sub(&loop->loops->service->waiting, 1);
    if (waiting->first == NULL)
        bell_want(waiting->bell, false);
}

/* Whether something ends the wait of the first; whoever came later has seen as
 * much or more. */
static bool
is_first_over(const struct loop *loop)
{
    return atomic_load(&loop->loops->stopping) != 0 ||
           wait_of(loop->waiting.first)->seen_tx !=
               store_newest(loop->loops->service->store);
}

/* Of those whose time is over the first; NULL: there is none, and due_us is
 * set to when there may be one. */
static struct link *
find_late(struct waiting *waiting, int64_t now_us)
{
    int64_t due_us = INT64_MAX;

    for (struct link *link = waiting->first; link != NULL;
         link = link->waiting_next) {
        int64_t until_us = wait_of(link)->until_us;

        if (until_us <= now_us)
            return link;
        if (until_us < due_us)
            due_us = until_us;
    }
    waiting->due_us =
        due_us > now_us + FEED_DUE_US ? due_us : now_us + FEED_DUE_US;
    return NULL;
}

struct link *
waiting_next(struct loop *loop, int64_t now_us)
{
    struct waiting *waiting = &loop->waiting;
    struct link *link = waiting->first;

    if (link == NULL)
        return NULL;
    if (!is_first_over(loop))
        link = now_us < waiting->due_us ? NULL : find_late(waiting, now_us);
    if (link != NULL)
        waiting_remove(loop, link);
    return link;
}

int64_t
waiting_due_ms(const struct loop *loop, int64_t now_us)
{
    const struct waiting *waiting = &loop->waiting;

    if (waiting->first == NULL)
        return -1;
    if (is_first_over(loop) || now_us >= waiting->due_us)
        return 0;
    return (waiting->due_us - now_us) / 1000 + 1;
}
