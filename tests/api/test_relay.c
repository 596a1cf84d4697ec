/* Parts that workers make, in what order they may: the stream is one thread's,
 * it makes little ahead, and it never depends on workers. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "api/exchange.h"
#include "api/service.h"
#include "secmaster/workers.h"
#include "tests/api/scripted_parts.h"

#define SECURITIES_MAX 60
#define JOBS_MAX WORKER_OFFERS_MAX

/* A relay for a request of its own, and the pool. */
struct fixture {
    struct service service;
    struct inbox home;
    struct exchange exchange; /* items' owner */
    struct relay_options options;
    struct scripted_security securities[SECURITIES_MAX];
    struct script script;
    struct stream *relay;
    struct out read; /* of it, so far */
    bool done;
};

static sem_t begun, go_on;
static struct worker_job others[JOBS_MAX + 2]; /* not of a relay */

static void
hold(struct worker_job *job)
{
    (void)job;
    sem_post(&begun);
    sem_wait(&go_on);
}

static void
start(struct fixture *f, size_t workers, size_t count)
{
    memset(f, 0, sizeof *f);
    f->options = *relay_options(&f->service);
    f->service.relay = &f->options;
    cr_assert_eq(workers_start(workers, &f->service.workers, NULL), OK);
    cr_assert_eq(inbox_init(&f->home, NULL), OK);
    f->exchange.request.service = &f->service;
    f->exchange.request.home = &f->home;
    out_init(&f->read, SIZE_MAX);
    script_init(&f->script, f->securities, count);
}

static void
begin(struct fixture *f)
{
    f->relay = relay_new(&f->exchange.request, scripted_whole(&f->script),
                         &scripted_parts);
    cr_assert_not_null(f->relay);
}

static void
stop(struct fixture *f)
{
    workers_stop(f->service.workers);
    inbox_fini(&f->home);
    out_fini(&f->read);
}

static void
take_home(struct fixture *f, struct inbox_item *item)
{
    while (item != NULL) {
        struct inbox_item *next = item->next;

        cr_assert_eq(item->owner, &f->exchange.request);
        f->relay->home(f->relay, item);
        item = next;
    }
}

static void
come_home(struct fixture *f)
{
    take_home(f, inbox_wait(&f->home));
}

/* One fill of it, which may have been for nothing. */
static enum err
read_chunk(struct fixture *f)
{
    struct out chunk;
    enum err err;

    out_init(&chunk, ANSWER_BYTES_MAX);
    err = f->relay->fill(f->relay, &chunk, &f->done);
    if (err == OK) {
        cr_assert(!f->relay->waits || (chunk.len == 0 && f->relay->jobs > 0));
        out_str(&f->read, out_text(&chunk));
    }
    out_fini(&chunk);
    return err;
}

static enum err
read_all(struct fixture *f)
{
    while (!f->done) {
        enum err err = read_chunk(f);

        if (err != OK)
            return err;
        if (f->relay->waits)
            come_home(f);
    }
    return OK;
}

/* Nobody reads on. */
static void
end(struct fixture *f)
{
    f->relay->leave(f->relay);
    while (f->relay->jobs > 0)
        come_home(f);
    f->relay->free(f->relay);
    cr_expect_eq(atomic_load(&f->script.parts), 0U, "a part is left");
}

/* Whether what was read is what one thread makes: whole, or the beginning. */
static bool
is_script(const struct fixture *f, bool is_whole)
{
    struct str text = out_text(&f->read);
    struct out want;
    bool is_same;

    out_init(&want, SIZE_MAX);
    script_print(&f->script, &want);
    is_same = (text.len == want.len) == is_whole && text.len <= want.len &&
              str_equal(text, (struct str){ want.data, text.len });
    out_fini(&want);
    return is_same;
}

/* Ids far apart and close together, with many rows, few and none. */
static void
make_book(struct scripted_security *securities, size_t count, unsigned *seed)
{
    int64_t id = rand_r(seed) % 2 == 0 ? 0 : 7;

    for (size_t i = 0; i < count; i++) {
        unsigned kind = (unsigned)rand_r(seed) % 8;

        securities[i].id = id;
        securities[i].rows = kind == 0   ? 0
                             : kind == 1 ? (unsigned)rand_r(seed) % 900
                                         : (unsigned)rand_r(seed) % 12;
        id += rand_r(seed) % 4 == 0 ? rand_r(seed) : 1 + rand_r(seed) % 3;
    }
    if (count > 0 && rand_r(seed) % 4 == 0)
        securities[count - 1].id = INT64_MAX;
}

static int64_t
one_of(const int64_t *values, size_t count, unsigned *seed)
{
    return values[(size_t)rand_r(seed) % count];
}

#define ONE_OF(values, seed)                                                   \
    one_of(values, sizeof values / sizeof values[0], seed)

static void
choose_options(struct relay_options *options, unsigned *seed)
{
    static const int64_t widths[] = { 1, 2, 3, 50, INT64_MAX / 4 };
    static const int64_t times[] = { 0, 1, 20, 5000 };

    options->parts_max = 1 + (unsigned)rand_r(seed) % RELAY_PARTS_MAX;
    options->chunks_max = 1 + (unsigned)rand_r(seed) % RELAY_CHUNKS_MAX;
    options->width_least = ONE_OF(widths, seed);
    options->width_most = ONE_OF(widths, seed);
    if (options->width_most < options->width_least)
        options->width_most = options->width_least;
    options->part_us = ONE_OF(times, seed);
    options->turn_us = 1 + ONE_OF(times, seed);
}

Test(relay, is_what_one_thread_makes)
{
    static const int64_t bytes[] = { 1, 30, 1000, 65536 };
    static const int64_t rows[] = { 1, 5, 100, 20000 };
    static struct fixture f;

    for (unsigned i = 0; i < 600; i++) {
        unsigned seed = i;

        start(&f, 1 + i % 3, (size_t)rand_r(&seed) % SECURITIES_MAX);
        make_book(f.securities, f.script.count, &seed);
        choose_options(&f.options, &seed);
        f.script.chunk_bytes = (size_t)ONE_OF(bytes, &seed);
        f.script.rows_max = (unsigned)ONE_OF(rows, &seed);
        begin(&f);
        cr_expect_eq(read_all(&f), OK, "seed %u", i);
        cr_expect(is_script(&f, true), "seed %u: %.*s", i,
                  STR_ARG(out_text(&f.read)));
        cr_expect_eq(f.relay->jobs, 0U, "seed %u: %zu jobs", i, f.relay->jobs);
        cr_expect_eq(atomic_load(&f.script.at_once), 0U, "seed %u", i);
        end(&f);
        stop(&f);
    }
}

/* Security i has so many rows. */
static void
make_even_book(struct fixture *f, unsigned rows)
{
    for (size_t i = 0; i < f->script.count; i++)
        f->securities[i] =
            (struct scripted_security){ .id = (int64_t)i, .rows = rows };
}

/* A small answer is there with the first fill, and so is a large one's
 * beginning: for that no worker is asked. */
Test(relay, begins_without_workers)
{
    static const struct {
        unsigned rows;
        bool is_whole;
    } cases[] = { { 0, true }, { 1, true }, { 200, false } };
    static struct fixture f;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        start(&f, 1, 10);
        make_even_book(&f, cases[i].rows);
        f.script.chunk_bytes = 1000;
        begin(&f);
        cr_expect_eq(read_chunk(&f), OK);
        cr_expect_eq(f.done, cases[i].is_whole, "%u rows", cases[i].rows);
        cr_expect_eq(f.relay->jobs, 0U, "%u rows", cases[i].rows);
        cr_expect_gt(f.read.len, 0U);
        end(&f);
        stop(&f);
    }
}

static void
wait_for_workers(struct fixture *f)
{
    while (workers_pending(f->service.workers) > 0)
        ;
}

/* Who does not read on has what may be ahead, and no more is made. */
Test(relay, makes_so_much_ahead_and_no_more)
{
    static const struct {
        unsigned parts, chunks;
    } cases[] = { { 1, 1 }, { 1, 4 }, { 4, 1 }, { 4, 4 } };
    enum { CHUNK = 1000, ROW = 10 };
    static struct fixture f;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned ahead = cases[i].parts * cases[i].chunks;
        size_t taken;

        start(&f, 2, SECURITIES_MAX);
        make_even_book(&f, 5000);
        f.script.chunk_bytes = CHUNK;
        f.options.parts_max = cases[i].parts;
        f.options.chunks_max = cases[i].chunks;
        f.options.turn_us = INT64_MAX / 2;
        begin(&f);
        for (unsigned turn = 0; turn < 40; turn++) {
            cr_assert_eq(read_chunk(&f), OK);
            wait_for_workers(&f);
            cr_expect_leq(f.relay->bytes_held,
                          2 * STREAM_CHUNK_BYTES * (ahead + cases[i].chunks) +
                              65536UL);
            while (f.relay->jobs > 0)
                come_home(&f);
            taken = atomic_load(&f.script.made) - f.read.len;
            cr_expect_leq(
                taken, (size_t)(ahead + cases[i].chunks) * (CHUNK + ROW),
                "%u of %u: %zu bytes", cases[i].parts, cases[i].chunks, taken);
            if (turn > 0) /* the loop may have made the first part's */
                cr_expect_geq(taken, (size_t)(ahead - cases[i].chunks) * CHUNK,
                              "%u of %u: %zu bytes", cases[i].parts,
                              cases[i].chunks, taken);
        }
        end(&f);
        stop(&f);
    }
}

static void
submit_others(struct fixture *f, struct inbox *inbox, size_t count)
{
    sem_init(&begun, 0, 0);
    sem_init(&go_on, 0, 0);
    for (size_t i = 0; i < count; i++) {
        others[i] =
            (struct worker_job){ .item = { .home = inbox }, .run = hold };
        cr_assert_eq(workers_submit(f->service.workers, &others[i]), OK);
    }
    sem_wait(&begun);
}

static void
let_others_go(struct inbox *inbox, size_t count)
{
    size_t got = 0;

    for (size_t i = 0; i < count; i++)
        sem_post(&go_on);
    while (got < count)
        for (struct inbox_item *item = inbox_wait(inbox); item != NULL;
             item = item->next)
            got++;
}

/* With every worker at something long, and with the queue full as well. */
Test(relay, never_waits_for_the_jobs_of_others)
{
    static const struct {
        size_t jobs;
        bool is_offered;
    } cases[] = { { 1, true },
                  { JOBS_MAX - 2, true }, /* one runs: room for three */
                  { JOBS_MAX + 1, false } };
    static struct fixture f;
    struct inbox inbox;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool was_offered = false;

        start(&f, 1, SECURITIES_MAX);
        make_even_book(&f, 100);
        f.script.chunk_bytes = 700;
        cr_assert_eq(inbox_init(&inbox, NULL), OK);
        submit_others(&f, &inbox, cases[i].jobs);
        begin(&f);
        while (!f.done) {
            cr_assert_eq(read_chunk(&f), OK);
            cr_assert(!f.relay->waits, "%zu jobs", cases[i].jobs);
            was_offered = was_offered || f.relay->jobs > 0;
            cr_expect_leq(f.relay->jobs, (size_t)RELAY_PARTS_MAX);
        }
        cr_expect_eq(was_offered, cases[i].is_offered, "%zu jobs",
                     cases[i].jobs);
        cr_expect(is_script(&f, true), "%zu jobs", cases[i].jobs);
        cr_expect_eq(workers_pending(f.service.workers), cases[i].jobs);
        end(&f);
        let_others_go(&inbox, cases[i].jobs);
        stop(&f);
        inbox_fini(&inbox);
    }
}

/* Where answers hold much already. */
Test(relay, makes_nothing_ahead_where_answers_are_many)
{
    static const struct {
        uint64_t bytes;
        bool is_ahead;
    } cases[] = { { RELAY_BYTES_IN_FLIGHT_MAX, true },
                  { RELAY_BYTES_IN_FLIGHT_MAX + 1, false } };
    static struct fixture f;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool was_ahead = false;

        start(&f, 2, SECURITIES_MAX);
        make_even_book(&f, 100);
        f.script.chunk_bytes = 700;
        atomic_store(&f.service.answer_bytes_in_flight, cases[i].bytes);
        begin(&f);
        while (!f.done) {
            cr_assert_eq(read_chunk(&f), OK);
            was_ahead = was_ahead || f.relay->jobs > 0;
            if (f.relay->waits)
                come_home(&f);
        }
        cr_expect_eq(was_ahead, cases[i].is_ahead, "case %zu", i);
        cr_expect(is_script(&f, true), "case %zu", i);
        end(&f);
        stop(&f);
    }
}

/* Likewise from some time on: what is ahead is sent, and no more is made. */
Test(relay, makes_nothing_more_ahead_when_answers_are_many)
{
    static struct fixture f;

    start(&f, 2, SECURITIES_MAX);
    make_even_book(&f, 100);
    f.script.chunk_bytes = 300;
    begin(&f);
    cr_assert_eq(read_chunk(&f), OK);
    cr_assert_eq(read_chunk(&f), OK);
    wait_for_workers(&f);
    cr_expect_gt(f.relay->jobs, 0U);
    while (f.relay->jobs > 0)
        come_home(&f);
    atomic_store(&f.service.answer_bytes_in_flight,
                 RELAY_BYTES_IN_FLIGHT_MAX + 1);
    while (!f.done) {
        cr_assert_eq(read_chunk(&f), OK);
        cr_assert_eq(f.relay->jobs, 0U);
        cr_assert(!f.relay->waits);
    }
    cr_expect(is_script(&f, true));
    end(&f);
    stop(&f);
}

/* What came before a fault was sent; nothing behind it is. */
Test(relay, ends_with_the_part_that_fails)
{
    static const struct {
        int64_t fails_at, seek_fails;
    } cases[] = { { 0, INT64_MAX },  { 1, INT64_MAX }, { 30, INT64_MAX },
                  { 59, INT64_MAX }, { -1, 2 },        { -1, 40 } };
    static struct fixture f;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        start(&f, 2, SECURITIES_MAX);
        make_even_book(&f, 50);
        f.script.chunk_bytes = 200;
        f.script.fails_at = cases[i].fails_at;
        f.script.seek_fails = cases[i].seek_fails;
        begin(&f);
        cr_expect_eq(read_all(&f), ERR_STORE, "case %zu", i);
        cr_expect_not(f.done, "case %zu", i);
        cr_expect(is_script(&f, false), "case %zu", i);
        if (cases[i].fails_at > 0)
            cr_expect_geq(f.read.len + 4 * 210 + 210,
                          (size_t)cases[i].fails_at * 250, "case %zu: %zu", i,
                          f.read.len);
        end(&f);
        stop(&f);
    }
}

/* A job that runs when the client leaves is waited for; those that wait are
 * taken back, and nothing more is made. */
Test(relay, is_left_while_a_worker_is_at_it)
{
    static struct fixture f;
    size_t fills;

    start(&f, 1, SECURITIES_MAX);
    make_even_book(&f, 100);
    f.script.chunk_bytes = 300;
    f.script.held_at = 1;
    begin(&f);
    while (f.relay->jobs == 0)
        cr_assert_eq(read_chunk(&f), OK);
    sem_wait(&f.script.held);
    /* The worker may have been quick enough to make the part before. */
    take_home(&f, inbox_take(&f.home));
    cr_expect_gt(f.relay->jobs, 1U);
    f.relay->leave(f.relay);
    cr_expect_eq(f.relay->jobs, 1U);
    fills = atomic_load(&f.script.fills);
    sem_post(&f.script.go_on);
    come_home(&f);
    cr_expect_eq(f.relay->jobs, 0U);
    cr_expect_eq(atomic_load(&f.script.fills), fills);
    f.relay->free(f.relay);
    cr_expect_eq(atomic_load(&f.script.parts), 0U);
    stop(&f);
}

/* A range that turns out to be long is left to others behind the security at
 * hand: their parts are begun meanwhile. */
Test(relay, cuts_a_part_that_is_wide)
{
    static struct fixture f;

    start(&f, 1, SECURITIES_MAX);
    make_even_book(&f, 100);
    f.script.chunk_bytes = 300;
    f.options.width_least = f.options.width_most = INT64_MAX / 4;
    begin(&f);
    cr_assert_eq(read_chunk(&f), OK);
    cr_assert_eq(read_chunk(&f), OK);
    cr_expect_eq(atomic_load(&f.script.parts), 2U, "and all the rest");
    while (f.relay->jobs > 0)
        come_home(&f);
    cr_assert_eq(read_chunk(&f), OK);
    cr_expect_gt(atomic_load(&f.script.parts), 2U);
    cr_expect_eq(read_all(&f), OK);
    cr_expect(is_script(&f, true));
    end(&f);
    stop(&f);
}
