/* Answers that begin late in a long history are those of a store that has no
 * keyframes. */
#include <criterion/criterion.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "secmaster/store_lmdb.h"
#include "src/store/store_testing.h"
#include "tests/api/asking.h"
#include "tests/support/temp_dir.h"

/* Rows of the long history are long, so that it is streamed in chunks. */
enum { DAYS = 400, TEXT = 500, TRANSACTIONS = 6 };

struct stores {
    struct asking framed, plain;
    struct temp_dir dir;
    struct store_testing testing;
    _Atomic int step;
};

static void
note_step(void *context, enum merge_step step)
{
    _Atomic int *last = context;

    atomic_store(last, (int)step);
}

/* Every batch is merged behind the next one, and has keyframes at once. */
static void
stores_init(struct stores *both)
{
    struct store_lmdb_options options = { .memtable_bytes = 1 };
    struct store *store;

    *both = (struct stores){ .step = MERGE_DONE };
    both->testing = (struct store_testing){ .step = note_step,
                                            .context = &both->step,
                                            .keyframe_records = 2 };
    temp_dir_make(&both->dir);
    options.dir = both->dir.path;
    options.testing = &both->testing;
    cr_assert_eq(store_lmdb_open(&options, &store, NULL), OK);
    asking_init_on(&both->framed, store);
    asking_init(&both->plain);
}

static void
stores_fini(struct stores *both)
{
    asking_fini(&both->framed);
    asking_fini(&both->plain);
    temp_dir_remove(&both->dir);
}

static void
settle(struct stores *both)
{
    struct store_health health;

    do {
        (void)usleep(100);
        store_health(both->framed.service.store, &health);
    } while (health.sealed_memtables > 0 ||
             atomic_load(&both->step) != MERGE_DONE);
}

static void
post(struct stores *both, struct out *lines)
{
    out_char(lines, '\0');
    cr_assert_eq(out_finish(lines), OK);
    asking_facts(&both->framed, lines->data);
    asking_facts(&both->plain, lines->data);
    out_reset(lines);
}

static void
put_fact(struct out *lines, int security, int day, const char *attribute,
         const char *source)
{
    struct date date = { day };

    out_print(lines, "{\"security_id\":%d,\"effective_date\":\"", security);
    out_date(lines, date);
    out_print(lines, "\",\"attribute\":\"%s\",\"source\":\"%s\"", attribute,
              source);
}

/* Days of one half, then the other, so that each batch is late somewhere. Of
 * the securities behind the first every second one has a class. */
static void
put_days(struct out *lines, uint64_t tx, const char *text)
{
    for (int day = (int)tx % 2; day < DAYS; day += 2) {
        int security;

        if (rand() % 3 > 0)
            continue;
        put_fact(lines, 1, day, "long", "a");
        out_print(lines, ",\"value\":\"%d %s\"}\n", day, text);
        put_fact(lines, 1, day, rand() % 2 == 0 ? "x" : "y",
                 rand() % 2 == 0 ? "a" : "b");
        out_print(lines, ",\"value\":%d}\n", rand() % 5);
        security = 2 + rand() % 5;
        put_fact(lines, security, day, security % 2 == 0 ? "asset_class" : "x",
                 "a");
        out_print(lines, ",\"value\":%s}\n",
                  rand() % 2 == 0 ? "\"e\"" : "null");
    }
}

/* The first batch has what all later ones retract. */
static void
put_retraction(struct out *lines, uint64_t tx)
{
    put_fact(lines, 1, 3 + (int)tx, "z", "a");
    out_print(lines, ",\"op\":\"retract\"}\n");
}

static void
post_all(struct stores *both)
{
    static char text[TEXT + 1];
    struct out lines;

    memset(text, 'l', TEXT);
    out_init(&lines, SIZE_MAX);
    for (uint64_t tx = 1; tx <= TRANSACTIONS; tx++) {
        put_days(&lines, tx, text);
        for (int i = 0; tx == 1 && i <= TRANSACTIONS; i++) {
            put_fact(&lines, 1, 3 + i, "z", "a");
            out_print(&lines, ",\"value\":%d}\n", i);
        }
        if (tx > 1)
            put_retraction(&lines, tx);
        post(both, &lines);
    }
    /* It pushes the last one into the index. */
    put_fact(&lines, 5, 0, "x", "a");
    out_print(&lines, ",\"value\":1}\n");
    post(both, &lines);
    out_fini(&lines);
}

static void
expect_same(struct stores *both, const char *target)
{
    int status = ask(&both->plain, target);

    cr_assert_eq(ask(&both->framed, target), status, "%s", target);
    cr_assert_str_eq(asking_text(&both->framed), asking_text(&both->plain),
                     "%s: %.200s\n%.200s", target, asking_text(&both->framed),
                     asking_text(&both->plain));
    cr_assert_eq(both->framed.chunks, both->plain.chunks, "%s", target);
}

/* A page, and all that follow it. */
static size_t
expect_same_pages(struct stores *both, const char *target)
{
    char next[600];
    size_t pages = 0;

    (void)snprintf(next, sizeof next, "%s", target);
    for (;;) {
        const char *found;
        int len;

        expect_same(both, next);
        pages++;
        found = strstr(asking_text(&both->plain), "\"next_cursor\":\"");
        if (found == NULL)
            return pages;
        found += strlen("\"next_cursor\":\"");
        len = (int)strcspn(found, "\"");
        (void)snprintf(next, sizeof next, "%s&cursor=%.*s", target, len, found);
    }
}

/* %d: a day of the month, %u: a transaction. */
static void
expect_same_days(struct stores *both, const char *format, uint64_t known_tx)
{
    for (int day = 1; day <= 28; day += 3) {
        char target[200];

        (void)snprintf(target, sizeof target, format, day, (unsigned)known_tx);
        expect_same(both, target);
    }
}

static void
ask_all(struct stores *both, uint64_t known_tx)
{
    static const char *const days[] = {
        "/v1/securities/1?as_of=1970-01-%02d&known_tx=%u",
        "/v1/securities/1?as_of=1970-11-%02d&known_tx=%u",
        "/v1/securities/3?as_of=1970-06-%02d&known_tx=%u",
        "/v1/securities?as_of=1970-06-%02d&known_tx=%u",
        "/v1/securities?as_of=1971-01-%02d&known_tx=%u&where=asset_class:e",
        "/v1/asset-classes?as_of=1970-03-%02d&known_tx=%u",
        "/v1/securities/1/history?from=1970-06-%02d&known_tx=%u",
        "/v1/securities/1/history?to=1970-06-%02d&known_tx=%u",
        "/v1/master?from=1970-01-%02d&to=1970-08-01&known_tx=%u",
        "/v1/asset-classes/e?from=1970-01-%02d&known_tx=%u",
    };
    static const char *const pages[] = {
        "/v1/securities/1/history?limit=7&known_tx=%u",
        "/v1/securities/1/history?limit=50&from=1970-05-05&known_tx=%u",
        "/v1/master?limit=23&known_tx=%u",
        "/v1/master?limit=23&where=asset_class:e&known_tx=%u",
    };
    char target[200];

    for (size_t i = 0; i < sizeof days / sizeof days[0]; i++)
        expect_same_days(both, days[i], known_tx);
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        (void)snprintf(target, sizeof target, pages[i], (unsigned)known_tx);
        cr_expect_gt(expect_same_pages(both, target), 1, "%s", target);
    }
    (void)snprintf(target, sizeof target,
                   "/v1/securities/1/history?format=ndjson&known_tx=%u",
                   (unsigned)known_tx);
    expect_same(both, target);
    if (known_tx == TRANSACTIONS)
        cr_expect_gt(both->framed.chunks, 2);
}

Test(late, answers_are_the_same_with_keyframes)
{
    struct stores both;

    srand(1);
    stores_init(&both);
    post_all(&both);
    settle(&both);
    for (uint64_t tx = 1; tx <= TRANSACTIONS; tx++)
        ask_all(&both, tx);
    stores_fini(&both);
}

/* Positions that ask for days before, between and behind the keyframes. */
Test(late, positions_meet_the_same_rows)
{
    struct out positions;
    struct stores both;

    srand(2);
    stores_init(&both);
    post_all(&both);
    settle(&both);
    out_init(&positions, SIZE_MAX);
    for (int round = 0; round < 40; round++) {
        int status[2];

        out_reset(&positions);
        for (int i = 0; i < 3; i++) {
            struct date date = { rand() % (DAYS + 20) - 10 };

            out_print(&positions,
                      "{\"security_id\":%d,\"quantity\":1,\"date\":\"",
                      1 + rand() % 4);
            out_date(&positions, date);
            out_print(&positions, "\"}\n");
        }
        out_char(&positions, '\0');
        status[0] = ask_post(&both.framed, "/v1/positions/join?unmatched=keep",
                             MEDIA_NDJSON, positions.data, 0);
        status[1] = ask_post(&both.plain, "/v1/positions/join?unmatched=keep",
                             MEDIA_NDJSON, positions.data, 0);
        cr_assert_eq(status[0], 200, "%s", asking_text(&both.framed));
        cr_assert_eq(status[1], 200, "%s", asking_text(&both.plain));
        cr_assert_str_eq(asking_text(&both.framed), asking_text(&both.plain),
                         "%s", positions.data);
    }
    out_fini(&positions);
    stores_fini(&both);
}
