/* The fetcher in its loop: time, cancelling, waking, and who is not reached. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fetching.h"
#include "secmaster/clock.h"

static struct raw_server server;

#define LONGEST                                                                \
    "0123456789012345678901234567890123456789012345678901234567890123"         \
    "012345678901234567890123456789012345678901234567890123456789012"

/* However lively a server drips, and wherever it has us go, time is up. */
Test(fetcher_turns, end_in_time)
{
    static const struct {
        struct raw_script script;
        int timeout_ms, at_least_ms;
    } slow[] = {
        { { "/still", TEXT(HELLO LENGTH("9999") "x"), 0, 0, RAW_HOLD },
          150,
          100 },
        { { "/lively", TEXT(HELLO LENGTH("9999") LONGEST LONGEST LONGEST), 1, 0,
            RAW_HOLD },
          150,
          100 },
        { { "/round",
            TEXT("HTTP/1.1 302 Go\r\nLocation: /round\r\n" LENGTH("0")), 1, 0,
            RAW_CLOSE },
          150,
          0 },
    };

    for (size_t i = 0; i < COUNT(slow); i++) {
        const char *path = slow[i].script.path;
        struct fetch_answer answer;
        struct fetch fetch;
        int64_t begun, took_ms;

        raw_server_listen(&server);
        raw_server_start(&server, &slow[i].script, 1);
        fetch = fetch_of(server.base, path);
        fetch.timeout_ms = slow[i].timeout_ms;
        begun = clock_monotonic_us();
        answer = fetch_one(&plain_options, &fetch);
        took_ms = (clock_monotonic_us() - begun) / 1000;
        raw_server_stop(&server);
        cr_expect_eq(answer.outcome, FETCH_TIMEOUT, "%s: %s: %s", path,
                     fetch_outcome_name(answer.outcome), answer.why.text);
        cr_expect_geq(took_ms, slow[i].at_least_ms, "%s: %d", path,
                      (int)took_ms);
        cr_expect_lt(took_ms, FETCH_TIMEOUT_MS, "%s: %d", path, (int)took_ms);
        fetch_answer_fini(&answer);
    }
}

/* Nobody there; somebody who does not take the call; no proxy instead. */
Test(fetcher_turns, say_when_nobody_is_reached)
{
    struct fetcher_options options = plain_options;
    struct fetch_answer answer;
    struct fetch fetch;
    int callers[4];

    setenv("http_proxy", "http://127.0.0.1:2", 1);
    setenv("ALL_PROXY", "http://127.0.0.1:2", 1);
    raw_server_listen(&server);
    close(server.listener);
    fetch = fetch_of(server.base, "/x?token=" KEY);
    answer = fetch_one(&options, &fetch);
    cr_expect_eq(answer.outcome, FETCH_UNREACHABLE, "%s",
                 fetch_outcome_name(answer.outcome));
    cr_expect_eq(answer.requests, 0);
    cr_expect_eq(strstr(answer.why.text, KEY), NULL, "%s", answer.why.text);
    cr_expect_neq(strstr(answer.why.text, "127.0.0.1"), NULL, "%s",
                  answer.why.text);
    cr_expect_eq(strstr(answer.why.text, "port 2 "), NULL, "%s",
                 answer.why.text);
    fetch_answer_fini(&answer);

    raw_server_listen(&server);
    cr_assert_eq(listen(server.listener, 0), 0);
    raw_server_knock(&server, callers, COUNT(callers));
    options.connect_timeout_ms = 200;
    fetch = fetch_of(server.base, "/x");
    answer = fetch_one(&options, &fetch);
    cr_expect_eq(answer.outcome, FETCH_TIMEOUT, "%s: %s",
                 fetch_outcome_name(answer.outcome), answer.why.text);
    cr_expect_eq(answer.requests, 0);
    fetch_answer_fini(&answer);
    for (size_t i = 0; i < COUNT(callers); i++)
        close(callers[i]);
    close(server.listener);
}

Test(fetcher_turns, start_with_what_is_plain)
{
    static char longest[FETCH_BEARER_BYTES_MAX + 1];
    static char longer[FETCH_BEARER_BYTES_MAX + 2];
    static const struct {
        const char *url, *bearer;
        enum err err;
    } starts[] = {
        { "http://127.0.0.1:1/x", NULL, OK },
        { "http://127.0.0.1:1/x", KEY, OK },
        { "http://127.0.0.1:1/x", longest, OK },
        { "http://127.0.0.1:1/x", longer, ERR_INVALID },
        { "http://127.0.0.1:1/x", "", ERR_INVALID },
        { "http://127.0.0.1:1/x", KEY "\n", ERR_INVALID },
        { "http://127.0.0.1:1/x", KEY "\r\nX: y", ERR_INVALID },
        { "http://127.0.0.1:1/x", KEY " " KEY, ERR_INVALID },
        { "http://127.0.0.1:1/x", "\xc3\xa9", ERR_INVALID },
        { "file:///etc/passwd?" KEY, NULL, ERR_INVALID },
        { "http://" KEY "@127.0.0.1:1/x", NULL, ERR_INVALID },
        { "http://127.0.0.1:1/x " KEY, NULL, ERR_INVALID },
        { "", NULL, ERR_INVALID },
    };
    struct fetcher *fetcher = fetcher_new(&plain_options);
    struct fetch fetch = fetch_of("http://127.0.0.1:1", "/x");
    char context;

    memset(longest, 'k', sizeof longest - 1);
    memset(longer, 'k', sizeof longer - 1);
    fetch.context = &context;
    for (size_t i = 0; i < COUNT(starts); i++) {
        struct why why = { "" };
        enum err err;

        fetch.url = starts[i].url;
        fetch.bearer = starts[i].bearer;
        err = fetcher_start(fetcher, &fetch, &why);
        cr_expect_eq(err, starts[i].err, "row %zu: %d", i, err);
        cr_expect_eq(fetcher_count(fetcher), err == OK, "row %zu", i);
        cr_expect_eq(why.text[0] != '\0', err != OK, "row %zu", i);
        cr_expect_eq(strstr(why.text, KEY), NULL, "%s", why.text);
        fetcher_cancel(fetcher, &context);
        cr_expect_eq(fetcher_count(fetcher), 0, "row %zu", i);
    }
    fetcher_free(fetcher);
}

/* So many at once, each with its own answer; and not one more. */
Test(fetcher_turns, carry_many_side_by_side)
{
    struct raw_script scripts[FETCHES_MAX];
    static char paths[FETCHES_MAX][8], texts[FETCHES_MAX][64];
    bool is_done[FETCHES_MAX] = { false };
    struct fetcher *fetcher = fetcher_new(&plain_options);
    struct fetch_answer answer;
    struct fetch fetch;
    char one_more;

    for (size_t i = 0; i < FETCHES_MAX; i++) {
        snprintf(paths[i], sizeof paths[i], "/%zu", 100 + i);
        snprintf(texts[i], sizeof texts[i], HELLO LENGTH("3") "%zu", 100 + i);
        scripts[i] =
            (struct raw_script){ paths[i],   texts[i], strlen(texts[i]),
                                 (int)i % 3, 0,        RAW_CLOSE };
    }
    raw_server_listen(&server);
    raw_server_start(&server, scripts, FETCHES_MAX);
    for (size_t i = 0; i < FETCHES_MAX; i++) {
        fetch = fetch_of(server.base, paths[i]);
        fetch.context = &is_done[i];
        cr_assert_eq(fetcher_start(fetcher, &fetch, NULL), OK, "%zu", i);
    }
    fetch.context = &one_more;
    cr_expect_eq(fetcher_start(fetcher, &fetch, NULL), ERR_BUSY);
    while (fetcher_count(fetcher) > 0) {
        fetcher_turn(fetcher, 1000);
        while (fetcher_done(fetcher, &answer)) {
            size_t i = (size_t)((bool *)answer.context - is_done);

            cr_expect_eq(answer.outcome, FETCH_OK, "%zu: %s", i,
                         answer.why.text);
            cr_expect(str_equal(out_text(&answer.body), str_of(paths[i] + 1)),
                      "%zu", i);
            cr_expect_not(is_done[i], "%zu twice", i);
            is_done[i] = true;
            fetch_answer_fini(&answer);
        }
    }
    fetcher_free(fetcher);
    raw_server_stop(&server);
    for (size_t i = 0; i < FETCHES_MAX; i++)
        cr_expect(is_done[i], "%zu", i);
}

/* What is cancelled never answers, whether it is on its way or done already,
 * and leaves the others alone. */
Test(fetcher_turns, forget_what_is_cancelled)
{
    static const struct raw_script scripts[] = {
        { "/silent", "", 0, 0, 0, RAW_HOLD },
        { "/quick", TEXT(HELLO LENGTH("2") "{}"), 0, 0, RAW_CLOSE },
    };
    struct fetcher *fetcher = fetcher_new(&plain_options);
    struct fetch_answer answer;
    char contexts[6];

    raw_server_listen(&server);
    raw_server_start(&server, scripts, COUNT(scripts));
    for (size_t i = 0; i < 6; i++) {
        struct fetch fetch =
            fetch_of(server.base, i < 3 ? "/silent" : "/quick");

        fetch.context = &contexts[i];
        cr_assert_eq(fetcher_start(fetcher, &fetch, NULL), OK);
    }
    fetcher_cancel(fetcher, &contexts[0]); /* before a byte is sent */
    while (atomic_load(&server.heads_read) < 5)
        fetcher_turn(fetcher, 10);
    fetcher_cancel(fetcher, &contexts[1]);
    fetcher_cancel(fetcher, &contexts[1]); /* again: none of that name */
    cr_expect_eq(fetcher_count(fetcher), 4);
    for (int64_t until = clock_monotonic_us() + 200000;
         clock_monotonic_us() < until;)
        fetcher_turn(fetcher, 0);
    fetcher_cancel(fetcher, &contexts[5]); /* done, the last or not */
    fetcher_cancel(fetcher, &contexts[3]);
    cr_expect_eq(fetcher_count(fetcher), 2);
    while (!fetcher_done(fetcher, &answer))
        fetcher_turn(fetcher, 1000);
    cr_expect_eq(answer.context, &contexts[4]);
    cr_expect_eq(answer.outcome, FETCH_OK);
    fetch_answer_fini(&answer);
    cr_expect_not(fetcher_done(fetcher, &answer));

    /* One more behind them: the list of what is done has kept its end. */
    struct fetch fetch = fetch_of(server.base, "/quick");

    fetch.context = &contexts[3];
    cr_assert_eq(fetcher_start(fetcher, &fetch, NULL), OK);
    while (!fetcher_done(fetcher, &answer))
        fetcher_turn(fetcher, 1000);
    cr_expect_eq(answer.context, &contexts[3]);
    fetch_answer_fini(&answer);
    fetcher_free(fetcher); /* with one on its way */
    raw_server_stop(&server);
    cr_expect_eq(raw_server_asked(&server, "/silent", ""), 2);
}

static void *
wake_soon(void *fetcher)
{
    usleep(50000);
    fetcher_wake(fetcher);
    return NULL;
}

static int
turn_took_ms(struct fetcher *fetcher, int wait_ms)
{
    int64_t begun = clock_monotonic_us();

    fetcher_turn(fetcher, wait_ms);
    return (int)((clock_monotonic_us() - begun) / 1000);
}

/* A wait ends at its end, by a wake, or not even begins behind one; with
 * nothing under way, and with something, where curl's own clocks may end it
 * too. */
Test(fetcher_turns, wake_from_another_thread)
{
    static const struct raw_script silent = {
        "/silent", "", 0, 0, 0, RAW_HOLD
    };
    struct fetcher *fetcher = fetcher_new(&plain_options);
    struct fetch fetch;
    pthread_t waker;
    int took;

    raw_server_listen(&server);
    raw_server_start(&server, &silent, 1);
    fetch = fetch_of(server.base, "/silent");
    fetcher_turn(fetcher, 0);
    for (int round = 0; round < 2; round++) {
        took = turn_took_ms(fetcher, 100);
        cr_expect(round > 0 || took >= 99, "%d ms", took);
        fetcher_wake(fetcher);
        fetcher_wake(fetcher);
        cr_expect_lt(took = turn_took_ms(fetcher, 3000), 800, "%d", took);
        took = turn_took_ms(fetcher, 100);
        cr_expect(round > 0 || took >= 99, "%d ms", took);
        pthread_create(&waker, NULL, wake_soon, fetcher);
        cr_expect_lt(took = turn_took_ms(fetcher, 3000), 800, "%d", took);
        pthread_join(waker, NULL);
        if (round > 0)
            break;
        cr_assert_eq(fetcher_start(fetcher, &fetch, NULL), OK);
        while (atomic_load(&server.heads_read) == 0)
            fetcher_turn(fetcher, 10);
    }
    fetcher_free(fetcher);
    raw_server_stop(&server);
}
