/* A list that many threads push to without locks and one takes whole. */
#include "secmaster/inbox.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* The list is kept newest first; so a chain is turned around twice, once when
 * it is pushed and once when it is taken. */
static struct inbox_item *
reverse(struct inbox_item *item, struct inbox_item *tail)
{
    while (item != NULL) {
        struct inbox_item *next = item->next;

        item->next = tail;
        tail = item;
        item = next;
    }
    return tail;
}

static void
ring(int event_fd)
{
    const uint64_t one = 1;

    /* EAGAIN means that the counter is full, and so readable already. */
    while (write(event_fd, &one, sizeof one) < 0 && errno == EINTR)
        ;
}

enum err
inbox_init(struct inbox *inbox, struct why *why)
{
    atomic_init(&inbox->head, NULL);
    inbox->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (inbox->event_fd < 0)
        return why_set(why, ERR_BUSY, "eventfd: %s", strerrordesc_np(errno));
    return OK;
}

void
inbox_fini(struct inbox *inbox)
{
    assert(atomic_load(&inbox->head) == NULL);
    close(inbox->event_fd);
    inbox->event_fd = -1;
}

void
inbox_push(struct inbox *inbox, struct inbox_item *first,
           struct inbox_item *last)
{
    assert(first != NULL);
    assert(last != NULL);

    struct inbox_item *old =
        atomic_load_explicit(&inbox->head, memory_order_relaxed);

    last->next = NULL;
    struct inbox_item *newest = reverse(first, NULL);

    do
        first->next = old;
    while (!atomic_compare_exchange_weak_explicit(&inbox->head, &old, newest,
                                                  memory_order_release,
                                                  memory_order_relaxed));
    if (old == NULL)
        ring(inbox->event_fd);
}

void
inbox_wake(struct inbox *inbox)
{
    ring(inbox->event_fd);
}

struct inbox_item *
inbox_take(struct inbox *inbox)
{
    uint64_t count;

    /* The bell first: what is pushed behind this read rings it again. */
    while (read(inbox->event_fd, &count, sizeof count) < 0 && errno == EINTR)
        ;
    return reverse(
        atomic_exchange_explicit(&inbox->head, NULL, memory_order_acquire),
        NULL);
}

struct inbox_item *
inbox_wait(struct inbox *inbox)
{
    struct inbox_item *items = inbox_take(inbox);

    while (items == NULL) {
        struct pollfd bell = { .fd = inbox->event_fd, .events = POLLIN };

        int ready = poll(&bell, 1, -1);

        assert(ready >= 0 || errno == EINTR);
        items = inbox_take(inbox);
    }
    return items;
}
