/* Several threads push into one inbox that one thread empties: nothing is
 * lost, and what one thread pushed comes out in its order. */
#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "secmaster/inbox.h"

#define PUSHERS 4
#define ITEMS 100000
#define CHAIN_MAX 3

struct numbered {
    struct inbox_item item; /* first */
    int pusher, number;
};

static struct inbox inbox;
static struct numbered items[PUSHERS][ITEMS];

static void *
push(void *argument)
{
    struct numbered *mine = argument;
    int at = 0;

    while (at < ITEMS) {
        int len = 1 + at % CHAIN_MAX;

        if (len > ITEMS - at)
            len = ITEMS - at;
        for (int i = 0; i < len - 1; i++)
            mine[at + i].item.next = &mine[at + i + 1].item;
        inbox_push(&inbox, &mine[at].item, &mine[at + len - 1].item);
        at += len;
    }
    return NULL;
}

int
main(void)
{
    pthread_t threads[PUSHERS];
    int next[PUSHERS] = { 0 };
    enum err err = inbox_init(&inbox, NULL);

    assert(err == OK);
    for (int p = 0; p < PUSHERS; p++) {
        for (int i = 0; i < ITEMS; i++) {
            items[p][i].pusher = p;
            items[p][i].number = i;
        }
        int failed = pthread_create(&threads[p], NULL, push, items[p]);
        assert(failed == 0);
    }
    for (int got = 0; got < PUSHERS * ITEMS;) {
        struct inbox_item *item = inbox_wait(&inbox);

        for (; item != NULL; item = item->next, got++) {
            const struct numbered *n = (struct numbered *)item;

            if (n->number != next[n->pusher]++) {
                fprintf(stderr, "pusher %d: %d out of turn\n", n->pusher,
                        n->number);
                return EXIT_FAILURE;
            }
        }
    }
    for (int p = 0; p < PUSHERS; p++)
        pthread_join(threads[p], NULL);
    inbox_fini(&inbox);
    return EXIT_SUCCESS;
}
