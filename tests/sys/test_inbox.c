/* The inbox: order, its bell, and waiting. */
#include <criterion/criterion.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <unistd.h>

#include "secmaster/inbox.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool
is_ringing(const struct inbox *inbox)
{
    struct pollfd bell = { .fd = inbox->event_fd, .events = POLLIN };

    return poll(&bell, 1, 0) == 1;
}

/* Each digit is the length of a chain pushed at once. */
Test(inbox, takes_in_the_order_of_pushing)
{
    static const char *const pushes[] = { "1", "111", "3", "123", "4141" };

    for (size_t c = 0; c < COUNT(pushes); c++) {
        struct inbox_item items[16], *item;
        struct inbox inbox;
        size_t count = 0, i = 0;

        cr_assert_eq(inbox_init(&inbox, NULL), OK);
        for (const char *push = pushes[c]; *push != '\0'; push++) {
            size_t len = (size_t)(*push - '0');

            for (i = count; i + 1 < count + len; i++)
                items[i].next = &items[i + 1];
            inbox_push(&inbox, &items[count], &items[count + len - 1]);
            count += len;
        }
        cr_expect(is_ringing(&inbox), "%s", pushes[c]);
        for (i = 0, item = inbox_take(&inbox); item != NULL; item = item->next)
            cr_expect_eq(item, &items[i++], "%s: item %zu", pushes[c], i);
        cr_expect_eq(i, count, "%s: %zu items", pushes[c], i);
        cr_expect_not(is_ringing(&inbox), "%s", pushes[c]);
        cr_expect_eq(inbox_take(&inbox), NULL, "%s", pushes[c]);
        inbox_fini(&inbox);
    }
}

/* The bell is for the first of many only; a wake has no item. */
Test(inbox, rings_once)
{
    struct inbox_item a, b;
    struct inbox inbox;
    uint64_t rung;

    cr_assert_eq(inbox_init(&inbox, NULL), OK);
    cr_expect_not(is_ringing(&inbox));
    inbox_push(&inbox, &a, &a);
    inbox_push(&inbox, &b, &b);
    cr_expect_eq(read(inbox.event_fd, &rung, sizeof rung), sizeof rung);
    cr_expect_eq(rung, 1);
    cr_expect_eq(inbox_take(&inbox), &a);

    inbox_wake(&inbox);
    cr_expect(is_ringing(&inbox));
    cr_expect_eq(inbox_take(&inbox), NULL);
    cr_expect_not(is_ringing(&inbox));
    inbox_fini(&inbox);
}

static struct inbox late_inbox;
static struct inbox_item late_item;

static void *
push_late(void *unused)
{
    (void)unused;
    inbox_wake(&late_inbox); /* nothing yet: goes on waiting */
    usleep(20000);
    inbox_push(&late_inbox, &late_item, &late_item);
    return NULL;
}

Test(inbox, waits_for_an_item)
{
    pthread_t thread;

    cr_assert_eq(inbox_init(&late_inbox, NULL), OK);
    cr_assert_eq(pthread_create(&thread, NULL, push_late, NULL), 0);
    cr_expect_eq(inbox_wait(&late_inbox), &late_item);
    pthread_join(thread, NULL);
    inbox_fini(&late_inbox);
}
