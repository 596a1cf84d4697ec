/* Rules come and are taken back while readers ask for what is published: each
 * sees the rule of its transaction, and none that may still go. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "secmaster/rulebook.h"

#define READERS 3
#define RULES 20000

static struct rulebook *rulebook;
static atomic_uint_least64_t published;
static atomic_int wrong;

static void
add(uint64_t tx, uint32_t source)
{
    const struct rule_list list = { 0, &source, 1 };
    struct rule *rule;
    struct out out;
    enum err err;

    out_init(&out, 64);
    rule_encode(&out, &list, 1);
    err = rule_decode(out_text(&out), 7, &rule);
    assert(err == OK);
    err = rulebook_add(rulebook, tx, rule);
    assert(err == OK);
    out_fini(&out);
}

/* Rule n is made by transaction 2n and lists source n. */
static void *
read_rules(void *unused)
{
    uint64_t known_tx = 0;

    while (known_tx < 2 * RULES) {
        known_tx = atomic_load_explicit(&published, memory_order_acquire);

        struct precedence precedence = rulebook_precedence(rulebook, known_tx);
        uint32_t rank = 0;

        if (known_tx >= 2)
            rank =
                precedence.rank(precedence.rule, 0, (uint32_t)(known_tx / 2));
        if (rank != 0)
            atomic_fetch_add(&wrong, 1);
    }
    return unused;
}

int
main(void)
{
    pthread_t threads[READERS];

    rulebook = rulebook_new();
    assert(rulebook != NULL);
    for (int i = 0; i < READERS; i++) {
        int failed = pthread_create(&threads[i], NULL, read_rules, NULL);

        assert(failed == 0);
    }
    for (uint32_t n = 1; n <= RULES; n++) {
        uint64_t tx = 2 * (uint64_t)n;

        /* Every third commit fails at first. */
        add(tx, n % 3 == 0 ? 0 : n);
        if (n % 3 == 0) {
            rulebook_cut(rulebook, tx - 1);
            add(tx, n);
        }
        atomic_store_explicit(&published, tx, memory_order_release);
    }
    for (int i = 0; i < READERS; i++)
        pthread_join(threads[i], NULL);
    rulebook_free(rulebook);
    printf("%d wrong ranks\n", atomic_load(&wrong));
    return atomic_load(&wrong) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
