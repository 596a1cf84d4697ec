/*
 * One writer and many readers of inverted entries: each reader finds every
 * entry that was published before it looked, while all that can grow grows.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "secmaster/factset.h"
#include "secmaster/xxh64.h"
#include "src/store/inverted.h"

enum { READERS = 3, TRANSACTIONS = 6000, VALUES = 40 };

static struct inverted *inverted;
static _Atomic uint64_t published;

static void
check(bool is_true, const char *what)
{
    if (is_true)
        return;
    (void)fprintf(stderr, "race_inverted: %s\n", what);
    exit(1);
}

static void
text_of(char text[32], const char *name, uint64_t number)
{
    (void)snprintf(text, 32, "%s%llu", name, (unsigned long long)number);
}

static void
stage(uint64_t tx, const char *name, uint64_t number)
{
    struct record record = { .kind = RECORD_FACTS, .security_id = (int64_t)tx };
    struct factset_item item = { .value.type = VALUE_STRING };
    struct out payload;
    char text[32];

    text_of(text, name, number);
    item.value.text = str_of(text);
    out_init(&payload, SIZE_MAX);
    factset_put(&payload, &item);
    record.payload = out_text(&payload);
    check(inverted_stage(inverted, &record) == OK, "stage");
    out_fini(&payload);
}

/* A value of its own and one shared with others; now and then a batch that is
 * given up. */
static void *
write_all(void *context)
{
    for (uint64_t tx = 1; tx <= TRANSACTIONS; tx++) {
        if (tx % 10 == 0) {
            stage(tx, "given up", tx);
            check(inverted_ready(inverted) == OK, "ready");
            inverted_drop(inverted);
        }
        stage(tx, "own", tx);
        stage(tx, "shared", tx % VALUES);
        check(inverted_ready(inverted) == OK, "ready");
        inverted_link(inverted);
        atomic_store_explicit(&published, tx, memory_order_release);
    }
    return context;
}

static void
collect(const char *name, uint64_t number, struct candidates *out)
{
    struct inverted_key key = { .attribute = 0 };
    char text[32];

    text_of(text, name, number);
    key.hash = hash_xxh64(str_of(text));
    candidates_init(out);
    check(inverted_collect(inverted, &key, out) == OK, "collect");
    check(candidates_sort(out) == OK, "sort");
}

static void
check_own(uint64_t tx)
{
    struct candidates found;

    collect("own", tx, &found);
    check(found.count == 1, "an entry of its own");
    check(found.ids[0] == (int64_t)tx, "of another security");
    candidates_fini(&found);
}

/* What is not published yet may be there or not, but whole. */
static void
check_ahead(uint64_t tx)
{
    struct candidates found;

    collect("own", tx, &found);
    check(found.count <= 1, "entries of nobody");
    check(found.count == 0 || found.ids[0] == (int64_t)tx, "half an entry");
    candidates_fini(&found);
}

/* tx, tx - VALUES ... are there, in whatever was published. */
static void
check_shared(uint64_t tx)
{
    struct candidates found;
    uint64_t id = tx % VALUES == 0 ? VALUES : tx % VALUES;

    collect("shared", tx % VALUES, &found);
    check(found.count >= (tx - id) / VALUES + 1, "shared entries missing");
    for (size_t i = 0; id <= tx; i++, id += VALUES)
        check(found.ids[i] == (int64_t)id, "a shared entry missing");
    candidates_fini(&found);
}

static void *
read_on(void *context)
{
    uint64_t known_tx;

    do {
        known_tx = atomic_load_explicit(&published, memory_order_acquire);
        if (known_tx == 0)
            continue;
        check_own(known_tx);
        check_own(known_tx / 2 + 1);
        check_shared(known_tx);
        check_ahead(known_tx + 1);
        check_ahead(known_tx + 2);
    } while (known_tx < TRANSACTIONS);
    return context;
}

int
main(void)
{
    pthread_t writer, readers[READERS];

    inverted = inverted_new();
    check(inverted != NULL, "out of memory");
    for (int i = 0; i < READERS; i++)
        check(pthread_create(&readers[i], NULL, read_on, NULL) == 0, "thread");
    check(pthread_create(&writer, NULL, write_all, NULL) == 0, "thread");
    check(pthread_join(writer, NULL) == 0, "join");
    for (int i = 0; i < READERS; i++)
        check(pthread_join(readers[i], NULL) == 0, "join");
    inverted_free(inverted);
    return 0;
}
