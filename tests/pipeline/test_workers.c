/* The pool of workers: everything comes home, the queue has an end. */
#include <criterion/criterion.h>
#include <semaphore.h>

#include "secmaster/bounds.h"
#include "secmaster/workers.h"

struct task {
    struct worker_job job; /* first */
    int runs;
};

static sem_t begun, go_on;

static void
run_once(struct worker_job *job)
{
    ((struct task *)job)->runs++;
}

static void
run_held(struct worker_job *job)
{
    sem_post(&begun);
    sem_wait(&go_on);
    run_once(job);
}

static size_t
come_home(struct inbox *inbox, size_t count)
{
    size_t got = 0;

    while (got < count) {
        struct inbox_item *item = inbox_wait(inbox);

        for (; item != NULL; item = item->next) {
            cr_expect_eq(((struct task *)item)->runs, 1, "job %zu", got);
            got++;
        }
    }
    return got;
}

Test(workers, run_every_job_once_and_bound_their_queue)
{
    enum { TASKS = WORKER_QUEUE_JOBS_MAX + 2 };
    static struct task tasks[TASKS];
    struct workers *workers;
    struct inbox inbox;

    sem_init(&begun, 0, 0);
    sem_init(&go_on, 0, 0);
    cr_assert_eq(inbox_init(&inbox, NULL), OK);
    cr_assert_eq(workers_start(1, &workers, NULL), OK);
    for (size_t i = 0; i < TASKS; i++)
        tasks[i].job =
            (struct worker_job){ .item = { .home = &inbox },
                                 .run = i == 0 ? run_held : run_once };

    cr_expect_eq(workers_pending(workers), 0);
    cr_expect_eq(workers_submit(workers, &tasks[0].job), OK);
    sem_wait(&begun);
    cr_expect_eq(workers_pending(workers), 1);
    for (size_t i = 1; i < TASKS - 1; i++)
        cr_expect_eq(workers_submit(workers, &tasks[i].job), OK, "job %zu", i);
    cr_expect_eq(workers_pending(workers), TASKS - 1);
    cr_expect_eq(workers_submit(workers, &tasks[TASKS - 1].job), ERR_BUSY);
    sem_post(&go_on);
    cr_expect_eq(come_home(&inbox, TASKS - 1), TASKS - 1);
    cr_expect_eq(workers_pending(workers), 0);
    cr_expect_eq(tasks[TASKS - 1].runs, 0);
    workers_stop(workers);
    inbox_fini(&inbox);
}

/* What is offered leaves room for what is submitted; what waits can be taken
 * back, from wherever it is in the queue, and then does not run. */
Test(workers, refuse_offers_sooner_and_give_jobs_back)
{
    enum { TASKS = WORKER_OFFERS_MAX + 3 };
    static const size_t withdrawn[] = { 1, 30, WORKER_OFFERS_MAX };
    static struct task tasks[TASKS];
    struct workers *workers;
    struct inbox inbox;
    size_t home = TASKS - sizeof withdrawn / sizeof withdrawn[0];

    sem_init(&begun, 0, 0);
    sem_init(&go_on, 0, 0);
    cr_assert_eq(inbox_init(&inbox, NULL), OK);
    cr_assert_eq(workers_start(1, &workers, NULL), OK);
    for (size_t i = 0; i < TASKS; i++)
        tasks[i].job =
            (struct worker_job){ .item = { .home = &inbox },
                                 .run = i == 0 ? run_held : run_once };
    cr_expect_eq(workers_offer(workers, &tasks[0].job), OK);
    sem_wait(&begun);
    for (size_t i = 1; i <= WORKER_OFFERS_MAX; i++)
        cr_expect_eq(workers_offer(workers, &tasks[i].job), OK, "job %zu", i);
    cr_expect_eq(workers_offer(workers, &tasks[TASKS - 1].job), ERR_BUSY);
    cr_expect_not(workers_withdraw(workers, &tasks[0].job), "it runs");
    for (size_t i = 0; i < sizeof withdrawn / sizeof withdrawn[0]; i++) {
        struct worker_job *job = &tasks[withdrawn[i]].job;

        cr_expect(workers_withdraw(workers, job), "job %zu", withdrawn[i]);
        cr_expect_not(workers_withdraw(workers, job), "job %zu", withdrawn[i]);
    }
    for (size_t i = TASKS - 2; i < TASKS; i++)
        cr_expect_eq(workers_submit(workers, &tasks[i].job), OK, "job %zu", i);
    sem_post(&go_on);
    cr_expect_eq(come_home(&inbox, home), home);
    for (size_t i = 0; i < sizeof withdrawn / sizeof withdrawn[0]; i++)
        cr_expect_eq(tasks[withdrawn[i]].runs, 0, "job %zu", withdrawn[i]);
    workers_stop(workers);
    inbox_fini(&inbox);
}

/* Stopping finishes what was taken on. */
Test(workers, stop_finishes_the_queue)
{
    enum { TASKS = 200 };
    static struct task tasks[TASKS];
    struct workers *workers;
    struct inbox inbox;

    cr_assert_eq(inbox_init(&inbox, NULL), OK);
    cr_assert_eq(workers_start(3, &workers, NULL), OK);
    for (size_t i = 0; i < TASKS; i++) {
        tasks[i].job =
            (struct worker_job){ .item = { .home = &inbox }, .run = run_once };
        cr_expect_eq(workers_submit(workers, &tasks[i].job), OK, "job %zu", i);
    }
    workers_stop(workers);
    cr_expect_eq(come_home(&inbox, TASKS), TASKS);
    inbox_fini(&inbox);
}
