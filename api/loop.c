/* Sleep, take the inbox, run the library, cut the slow off, drain. */
#include "loop.h"

#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "answer.h"
#include "metrics.h"
#include "secmaster/clock.h"
#include "service.h"

#define US_PER_SECOND 1000000LL
#define TICK_US (US_PER_SECOND / 2)   /* between two walks of the reaper */
#define QUIET_US (US_PER_SECOND / 10) /* nothing asked: drained */
#define STOPPING_WAIT_MS 20
#define EVENTS_MAX 64 /* taken in a turn; more are there in the next */

struct link *
loop_link_open(struct loop *loop, void *connection, int fd)
{
    struct link *link = calloc(1, sizeof *link);

    if (link == NULL)
        return NULL;
    link->connection = connection;
    link->fd = fd;
    link->at = &loop->links;
    link->next = loop->links;
    if (link->next != NULL)
        link->next->at = &link->next;
    loop->links = link;
    return link;
}

void
loop_link_done(struct link *link)
{
    struct exchange *exchange = link->exchange;

    link->exchange = NULL;
    reaper_done(&link->mark, reaper_flow(link->fd).received);
    if (exchange == NULL)
        return;
    exchange_end(exchange);
    exchange_free(exchange);
}

void
loop_link_close(struct loop *loop, struct link *link)
{
    assert(!waiting_has(link));

    if (link->exchange != NULL)
        loop_link_done(link);
    *link->at = link->next;
    if (link->next != NULL)
        link->next->at = link->at;
    free(link);
    acceptor_release(loop->loops->acceptor);
}

void
loop_asked(struct loop *loop)
{
    loop->asked_us = clock_monotonic_us();
}

bool
loop_may_log(struct loop *loop)
{
    int64_t now_us = clock_monotonic_us();

    if (now_us < loop->logged_us + US_PER_SECOND)
        return false;
    loop->logged_us = now_us;
    return true;
}

static void
take_arrival(struct loop *loop, struct arrival *arrival)
{
    loop_asked(loop);
    if (!loop->loops->ops->add(loop, arrival))
        acceptor_release(loop->loops->acceptor);
    free(arrival);
}

void
loop_suspended(struct loop *loop, struct link *link)
{
    loop->pending++;
    if (link->exchange->request.wait.until_us != 0)
        waiting_add(loop, link);
}

static void
go_on(struct loop *loop, struct exchange *exchange)
{
    exchange_home(exchange);
    if (exchange->state == EXCHANGE_WAITING)
        return;
    assert(loop->pending > 0);
    loop->pending--;
    loop->loops->ops->resume(exchange->link);
}

/* Of a request that waits, or of a stream that is being read. */
static void
take_item(struct loop *loop, struct inbox_item *item)
{
    struct exchange *exchange = exchange_of(item);

    if (exchange->state == EXCHANGE_WAITING)
        go_on(loop, exchange);
    else if (answer_part_home(exchange, item))
        loop->loops->ops->resume(exchange->link);
}

static void
take_inbox(struct loop *loop)
{
    struct inbox_item *item = inbox_take(&loop->inbox);

    while (item != NULL) {
        struct inbox_item *next = item->next;

        if (item->owner == NULL)
            take_arrival(loop, (struct arrival *)item);
        else
            take_item(loop, item);
        item = next;
    }
}

/* A client that waited has hung up, or half of it: it is answered like any
 * other whose time is over, and that it cannot be is noticed by the library. */
static void
take_leaver(struct loop *loop, struct link *link)
{
    if (!waiting_has(link))
        return;
    waiting_remove(loop, link);
    shutdown(link->fd, SHUT_RDWR);
    go_on(loop, link->exchange);
}

/* A commit may end a thousand waits at once: the other requests of the loop
 * come in between. */
static void
end_waits(struct loop *loop)
{
    int64_t now_us = clock_monotonic_us(), until_us = now_us + FEED_TURN_US;
    struct link *link;

    while (now_us < until_us && (link = waiting_next(loop, now_us)) != NULL) {
        go_on(loop, link->exchange);
        now_us = clock_monotonic_us();
    }
}

static enum reading
reading_of(const struct exchange *exchange)
{
    if (exchange == NULL || exchange->state == EXCHANGE_NEW || exchange->early)
        return READING_HEAD;
    if (exchange->state == EXCHANGE_READING)
        return exchange->has_rest ? READING_NOTHING : READING_BODY;
    if (answer_waits(exchange))
        return READING_NOTHING;
    return exchange->state == EXCHANGE_ANSWERED ? READING_ANSWER
                                                : READING_NOTHING;
}

/* A socket that is shut down wakes the library, which closes it. */
static void
reap(struct loop *loop, int64_t now_us)
{
    const struct loops *loops = loop->loops;
    const struct reaper_deadlines deadlines = {
        .request_us = loops->request_seconds * US_PER_SECOND,
        .idle_us = loops->idle_seconds * US_PER_SECOND,
    };

    for (struct link *link = loop->links; link != NULL; link = link->next) {
        enum reading reading = reading_of(link->exchange);
        struct reaper_flow flow = { 0 };
        enum reaper_verdict verdict;

        if (reading != READING_NOTHING)
            flow = reaper_flow(link->fd);
        /* Rows may be rare: it is us then who are waited for. */
        if (reading == READING_ANSWER)
            flow.taken += link->exchange->stream_turns;
        verdict = reaper_judge(&link->mark, reading, &flow, now_us, &deadlines);
        if (verdict == REAPER_WAITS)
            continue;
        if (verdict == REAPER_CUTS_SLOW)
            metrics_reaped(loops->service->metrics);
        shutdown(link->fd, SHUT_RDWR);
    }
}

/* For epoll_wait: -1 is for ever. */
static int
wait_ms(struct loop *loop)
{
    int64_t due_ms = loop->loops->ops->due_ms(loop), ms = INT32_MAX;
    int64_t now_us = clock_monotonic_us();
    int64_t over_ms = waiting_due_ms(loop, now_us);

    if (loop->is_due)
        return 0;
    if (loop->links != NULL)
        ms = (loop->tick_us - now_us) / 1000 + 1;
    if (due_ms >= 0 && due_ms < ms)
        ms = due_ms;
    if (over_ms >= 0 && over_ms < ms)
        ms = over_ms;
    if (atomic_load(&loop->loops->stopping) && ms > STOPPING_WAIT_MS)
        ms = STOPPING_WAIT_MS;
    if (ms < 0)
        return 0;
    return ms == INT32_MAX ? -1 : (int)ms;
}

/* The library runs always, also after a time-out or a signal: that is when it
 * notices resumed connections and idle ones. */
static void
turn(struct loop *loop)
{
    struct epoll_event events[EVENTS_MAX];
    int count = epoll_wait(loop->epoll_fd, events, EVENTS_MAX, wait_ms(loop));
    int64_t now_us;

    for (int i = 0; i < count; i++) {
        if (events[i].data.ptr == &loop->inbox)
            take_inbox(loop);
        else if (events[i].data.ptr != NULL)
            take_leaver(loop, events[i].data.ptr);
    }
    end_waits(loop);
    loop->is_due = false;
    loop->loops->ops->run(loop);
    now_us = clock_monotonic_us();
    if (now_us < loop->tick_us)
        return;
    reap(loop, now_us);
    loop->tick_us = now_us + TICK_US;
}

/* Leaving as soon as nothing is suspended would leave requests unanswered
 * that are on their way: wait until nothing has been asked for a while. */
static bool
is_drained(struct loop *loop)
{
    struct loops *loops = loop->loops;
    int64_t now_us = clock_monotonic_us();

    if (!atomic_load(&loops->stopping))
        return false;
    if (now_us >= loops->stop_us + DRAIN_SECONDS_MAX * US_PER_SECOND)
        return true;
    if (loop->origin.in_flight > 0 || loops->ops->due_ms(loop) == 0)
        return false;
    return loop->links == NULL || now_us >= loop->asked_us + QUIET_US;
}

/* Until no exchange lives: what lives on is of streams that were cut, with
 * parts that a worker is at, which takes it milliseconds. */
static void
await_parts(struct loop *loop)
{
    while (loop->origin.in_flight > 0) {
        struct inbox_item *item = inbox_wait(&loop->inbox);

        while (item != NULL) {
            struct inbox_item *next = item->next;

            take_item(loop, item);
            item = next;
        }
    }
}

/* Streams that are still being read are cut. */
static void
end_library(struct loop *loop)
{
    const struct loop_ops *ops = loop->loops->ops;

    loop->origin.is_over = true;
    for (struct link *link = loop->links; link != NULL; link = link->next)
        if (link->exchange != NULL && answer_waits(link->exchange))
            ops->resume(link);
    ops->run(loop);
    ops->close(loop);
    await_parts(loop);
}

/* The library aborts over a connection that is still suspended. */
static void *
run(void *context)
{
    struct loop *loop = context;

    loop_asked(loop);
    while (!is_drained(loop))
        turn(loop);
    take_inbox(loop);
    loop->is_stuck = loop->pending > 0;
    if (!loop->is_stuck)
        end_library(loop);
    return NULL;
}

static enum err
watch(const struct loop *loop, int fd, void *what, struct why *why)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = what };

    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
        return why_set(why, ERR_BUSY, "epoll: %s", strerrordesc_np(errno));
    return OK;
}

/* Where the loop's thread has not ended it. */
static void
loop_fini(struct loop *loop)
{
    assert(!loop->is_started);

    if (loop->library != NULL)
        loop->loops->ops->close(loop);
    close(loop->epoll_fd);
    inbox_fini(&loop->inbox);
}

static enum err
loop_init(struct loop *loop, struct loops *loops, struct why *why)
{
    enum err err;
    int fd;

    *loop = (struct loop){ .loops = loops };
    TRY(inbox_init(&loop->inbox, why));
    waiting_init(&loop->waiting,
                 bells_add(&loops->service->commits, &loop->inbox));
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll_fd < 0) {
        inbox_fini(&loop->inbox);
        return why_set(why, ERR_BUSY, "epoll: %s", strerrordesc_np(errno));
    }
    err = origin_init(&loop->origin, loops->service, &loop->inbox, why);
    if (err == OK)
        err = watch(loop, loop->inbox.event_fd, &loop->inbox, why);
    if (err == OK)
        err = loops->ops->open(loop, &fd, why);
    if (err == OK)
        err = watch(loop, fd, NULL, why);
    if (err != OK)
        loop_fini(loop);
    return err;
}

static enum err
loop_start(struct loop *loop, struct why *why)
{
    int number = pthread_create(&loop->thread, NULL, run, loop);

    if (number != 0)
        return why_set(why, ERR_BUSY, "loop: %s", strerrordesc_np(number));
    loop->is_started = true;
    return OK;
}

static enum err
start_each(struct loops *loops, unsigned count, struct why *why)
{
    for (loops->count = 0; loops->count < count;) {
        struct loop *loop = &loops->loops[loops->count];

        TRY(loop_init(loop, loops, why));
        loops->inboxes[loops->count++] = &loop->inbox;
        TRY(loop_start(loop, why));
    }
    return acceptor_start(loops->acceptor, loops->inboxes, count, why);
}

static unsigned
cores(void)
{
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return 1;
    return (unsigned)CPU_COUNT(&set);
}

unsigned
loops_fit(unsigned wanted)
{
    if (wanted == 0)
        wanted = cores() < 2 ? 2 : cores();
    return wanted < LOOPS_MAX ? wanted : LOOPS_MAX;
}

enum err
loops_start(struct loops *loops, unsigned count, struct why *why)
{
    enum err err, stopped;

    assert(count > 0);
    assert(count <= LOOPS_MAX);

    atomic_init(&loops->stopping, 0);
    err = start_each(loops, count, why);
    if (err == OK)
        return OK;
    stopped = loops_stop(loops);
    assert(stopped == OK);
    loops_fini(loops);
    return err;
}

/* False: the loop left jobs behind. */
static bool
loop_join(struct loop *loop)
{
    if (!loop->is_started)
        return true;
    pthread_join(loop->thread, NULL);
    loop->is_started = false;
    return !loop->is_stuck;
}

enum err
loops_stop(struct loops *loops)
{
    bool is_whole = true;

    acceptor_stop(loops->acceptor);
    loops->stop_us = clock_monotonic_us();
    atomic_store(&loops->stopping, 1);
    for (unsigned i = 0; i < loops->count; i++)
        inbox_wake(loops->inboxes[i]);
    for (unsigned i = 0; i < loops->count; i++)
        is_whole = loop_join(&loops->loops[i]) && is_whole;
    return is_whole ? OK : ERR_BUSY;
}

void
loops_fini(struct loops *loops)
{
    for (unsigned i = 0; i < loops->count; i++)
        loop_fini(&loops->loops[i]);
}
