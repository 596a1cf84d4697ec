/* Who wants a bell and looks, beside who publishes and rings, time and again
 * at the same moment: one of the two notices the other. */
#include <assert.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "secmaster/bells.h"

#define SECONDS 2
#define ROUNDS 300000 /* or as many as there is time for */

static struct bells bells;
static struct inbox inbox;
static atomic_uint_least64_t published;
static atomic_uint_least64_t begun, ended; /* rounds, of one side each */

static void
await(atomic_uint_least64_t *counter, uint64_t round)
{
    for (int i = 0; atomic_load(counter) < round; i++)
        if (i % 1000 == 999)
            sched_yield();
}

/* A little earlier or later each time, so that they do meet. */
static void
dally(uint64_t turns)
{
    for (volatile uint64_t i = 0; i < turns; i++)
        ;
}

static void *
publish(void *unused)
{
    for (uint64_t round = 1; round <= ROUNDS; round++) {
        await(&begun, round);
        dally(round % 8);
        atomic_store_explicit(&published, round, memory_order_release);
        bells_ring(&bells);
        atomic_store(&ended, round);
    }
    return unused;
}

static bool
has_rung(void)
{
    struct pollfd ring = { .fd = inbox.event_fd, .events = POLLIN };
    bool rung = poll(&ring, 1, 0) == 1;

    (void)inbox_take(&inbox);
    return rung;
}

int
main(void)
{
    time_t end = time(NULL) + SECONDS;
    struct bell *bell;
    pthread_t thread;
    unsigned missed = 0, looked = 0;
    enum err err = inbox_init(&inbox, NULL);
    int failed;

    assert(err == OK);
    bell = bells_add(&bells, &inbox);
    failed = pthread_create(&thread, NULL, publish, NULL);
    assert(failed == 0);
    for (uint64_t round = 1; round <= ROUNDS; round++) {
        bool is_late = time(NULL) >= end, is_seen = true;

        atomic_store(&begun, is_late ? ROUNDS : round);
        if (!is_late) {
            dally(round / 8 % 128);
            bell_want(bell, true);
            is_seen =
                atomic_load_explicit(&published, memory_order_acquire) >= round;
        }
        await(&ended, is_late ? ROUNDS : round);
        looked += is_seen;
        missed += !has_rung() && !is_seen;
        bell_want(bell, false);
        if (is_late)
            break;
    }
    pthread_join(thread, NULL);
    inbox_fini(&inbox);
    printf("%u missed, %u seen without the bell\n", missed, looked);
    return missed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
