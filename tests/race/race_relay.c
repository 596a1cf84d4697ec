/* Loops that each read streams which the same workers make: whole ones, and
 * such that nobody reads on. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/exchange.h"
#include "api/service.h"
#include "tests/api/scripted_parts.h"

enum { LOOPS = 3, STREAMS = 150, SECURITIES = 40, ROWS = 60 };

static struct service service;
static struct scripted_security securities[SECURITIES];
static struct out want;

static void
check(bool is_true, const char *what)
{
    if (is_true)
        return;
    (void)fprintf(stderr, "race_relay: %s\n", what);
    exit(1);
}

static void
make_book(void)
{
    static struct script script;

    for (int i = 0; i < SECURITIES; i++)
        securities[i] = (struct scripted_security){ i * i, ROWS };
    script_init(&script, securities, SECURITIES);
    out_init(&want, SIZE_MAX);
    script_print(&script, &want);
    check(out_finish(&want) == OK, "memory");
}

static void
come_home(struct stream *stream, struct inbox *home)
{
    struct inbox_item *item = inbox_wait(home);

    while (item != NULL) {
        struct inbox_item *next = item->next;

        stream->home(stream, item);
        item = next;
    }
}

/* Up to so many chunks. */
static void
read_stream(struct stream *stream, struct inbox *home, unsigned chunks_max)
{
    struct out all, chunk;
    bool done = false;

    out_init(&all, SIZE_MAX);
    out_init(&chunk, ANSWER_BYTES_MAX);
    for (unsigned i = 0; i < chunks_max && !done; i++) {
        check(stream->fill(stream, &chunk, &done) == OK, "fill");
        out_str(&all, out_text(&chunk));
        out_empty(&chunk, 0);
        if (stream->waits)
            come_home(stream, home);
    }
    check(all.len <= want.len, "too long");
    check(str_equal(out_text(&all), (struct str){ want.data, all.len }),
          "other bytes");
    check(!done || all.len == want.len, "not whole");
    out_fini(&all);
    out_fini(&chunk);
}

static void *
work(void *seed_at)
{
    unsigned seed = *(unsigned *)seed_at;
    struct inbox home;

    check(inbox_init(&home, NULL) == OK, "inbox");
    for (int i = 0; i < STREAMS; i++) {
        struct exchange exchange = { .request = { .service = &service,
                                                  .home = &home } };
        struct script script;
        struct stream *stream;

        script_init(&script, securities, SECURITIES);
        script.chunk_bytes = 1 + (size_t)rand_r(&seed) % 2000;
        stream = relay_new(&exchange.request, scripted_whole(&script),
                           &scripted_parts);
        check(stream != NULL, "memory");
        read_stream(stream, &home,
                    i % 3 == 0 ? (unsigned)rand_r(&seed) % 40 : 1000000);
        stream->leave(stream);
        while (stream->jobs > 0)
            come_home(stream, &home);
        stream->free(stream);
        check(atomic_load(&script.parts) == 0, "a part is left");
        check(atomic_load(&script.at_once) == 0, "two at one part");
    }
    inbox_fini(&home);
    return NULL;
}

int
main(void)
{
    pthread_t threads[LOOPS];
    unsigned seeds[LOOPS];

    make_book();
    check(workers_start(2, &service.workers, NULL) == OK, "workers");
    for (unsigned i = 0; i < LOOPS; i++) {
        seeds[i] = i + 1;
        check(pthread_create(&threads[i], NULL, work, &seeds[i]) == 0,
              "thread");
    }
    for (unsigned i = 0; i < LOOPS; i++)
        pthread_join(threads[i], NULL);
    workers_stop(service.workers);
    out_fini(&want);
    return EXIT_SUCCESS;
}
