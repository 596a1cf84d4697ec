/* Many threads hand work to whoever turns a fetcher, and wake it, while it
 * fetches from where nobody listens: no wake is lost. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "secmaster/clock.h"
#include "secmaster/fetcher.h"
#include "secmaster/gzip.h"

#define THREADS 4
#define TURNS 5000 /* of each */
#define WAIT_MS 20000
#define LATE_US INT64_C(10000000)

static struct fetcher *fetcher;
static atomic_uint handed, taken;

/* One piece at a time, so that the fetcher waits time and again. */
static void *
hand_over(void *unused)
{
    for (int i = 0; i < TURNS; i++) {
        unsigned mine = atomic_fetch_add(&handed, 1) + 1;

        fetcher_wake(fetcher);
        while ((int)(atomic_load(&taken) - mine) < 0)
            sched_yield();
    }
    return unused;
}

/* One begun or begun anew every few turns, beside what is still on its way. */
static void
start_one(char *context)
{
    const struct fetch fetch = {
        .url = "http://127.0.0.1:1/?key=x",
        .bearer = "key",
        .timeout_ms = WAIT_MS,
        .body_bytes_max = 1000,
        .context = context,
    };
    enum err err;

    fetcher_cancel(fetcher, context);
    err = fetcher_start(fetcher, &fetch, NULL);
    assert(err == OK);
}

static unsigned
take_done(void)
{
    struct fetch_answer answer;
    unsigned done = 0;

    while (fetcher_done(fetcher, &answer)) {
        assert(answer.outcome == FETCH_UNREACHABLE);
        fetch_answer_fini(&answer);
        done++;
    }
    return done;
}

int
main(void)
{
    const struct fetcher_options options = { .unpack = gzip_unpack_whole,
                                             .user_agent = "race" };
    pthread_t threads[THREADS];
    char contexts[8];
    unsigned turns = 0, done = 0;
    int64_t begun_us;
    int failed;

    fetcher = fetcher_new(&options);
    assert(fetcher != NULL);
    for (size_t i = 0; i < THREADS; i++) {
        failed = pthread_create(&threads[i], NULL, hand_over, NULL);
        assert(failed == 0);
    }
    while (atomic_load(&taken) < THREADS * TURNS) {
        begun_us = clock_monotonic_us();
        fetcher_turn(fetcher, WAIT_MS);
        assert(clock_monotonic_us() - begun_us < LATE_US);
        atomic_store(&taken, atomic_load(&handed));
        done += take_done();
        if (++turns % 4 == 0)
            start_one(&contexts[turns / 4 % 8]);
    }
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    fetcher_free(fetcher);
    printf("%u turns, %u fetches ended\n", turns, done);
    return turns > 0 && done > 0 ? 0 : 1;
}
