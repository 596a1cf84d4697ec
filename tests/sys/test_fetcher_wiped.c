/* No key is left in memory that this program gives back: every block of its own
 * is looked through when it is freed. */
#include <criterion/criterion.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fetching.h"

#define QUERY_KEY "OPENUP"
#define MOVED(to)                                                              \
    TEXT("HTTP/1.1 302 Found\r\nLocation: " to "\r\nContent-Length: "          \
         "0\r\n\r\n")

static atomic_size_t with_key;

/*
 * The linker puts these in the place of the C library's, in what is linked into
 * this program: curl, a library, keeps its own. New blocks are cleared, as what
 * curl has left behind is not looked for.
 */
void __real_free(void *block);
void __wrap_free(void *block);
void *__wrap_malloc(size_t size);
void *__wrap_realloc(void *block, size_t size);
char *__wrap_strdup(const char *text);

static bool
has_key(const void *block)
{
    size_t size = malloc_usable_size((void *)block);

    return memmem(block, size, KEY, strlen(KEY)) != NULL ||
           memmem(block, size, QUERY_KEY, strlen(QUERY_KEY)) != NULL;
}

void
__wrap_free(void *block)
{
    if (block != NULL && has_key(block))
        atomic_fetch_add(&with_key, 1);
    __real_free(block);
}

void *
__wrap_malloc(size_t size)
{
    return calloc(1, size);
}

void *
__wrap_realloc(void *block, size_t size)
{
    void *made = calloc(1, size);
    size_t old = block == NULL ? 0 : malloc_usable_size(block);

    if (made == NULL)
        return NULL;
    if (old > 0)
        memcpy(made, block, old < size ? old : size);
    __wrap_free(block);
    return made;
}

char *
__wrap_strdup(const char *text)
{
    char *made = calloc(1, strlen(text) + 1);

    if (made != NULL)
        memcpy(made, text, strlen(text));
    return made;
}

Test(fetcher_wiped, looks_through_what_is_freed)
{
    char *one = strdup("a " QUERY_KEY);

    free(one);
    cr_expect_eq(atomic_load(&with_key), 1);
    one = strdup("a key");
    free(one);
    cr_expect_eq(atomic_load(&with_key), 1);
}

Test(fetcher_wiped, no_key_is_left_behind)
{
    static const struct raw_script scripts[] = {
        { "/here?k=" QUERY_KEY, TEXT(HELLO LENGTH("4") "here"), 0, 0,
          RAW_CLOSE },
        { "/moved?k=" QUERY_KEY, MOVED("/here?k=" QUERY_KEY), 0, 0, RAW_CLOSE },
        { "/away?k=" QUERY_KEY, MOVED("http://192.0.2.1/?k=" QUERY_KEY), 0, 0,
          RAW_CLOSE },
        { "/cut?k=" QUERY_KEY, TEXT("HTTP/1.1 2"), 0, 0, RAW_RESET },
    };
    static const struct {
        const char *path;
        bool is_single;
        enum fetch_outcome outcome;
    } rows[] = {
        { "/here?k=" QUERY_KEY, false, FETCH_OK },
        { "/moved?k=" QUERY_KEY, false, FETCH_OK },
        { "/moved?k=" QUERY_KEY, true, FETCH_REDIRECTED },
        { "/away?k=" QUERY_KEY, false, FETCH_REDIRECTED },
        { "/cut?k=" QUERY_KEY, false, FETCH_RESET },
    };
    static struct raw_server server;

    raw_server_listen(&server);
    raw_server_start(&server, scripts, COUNT(scripts));
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct fetch fetch = fetch_of(server.base, rows[i].path);
        struct fetch_answer answer;

        fetch.is_single = rows[i].is_single;
        atomic_store(&with_key, 0);
        answer = fetch_one(&plain_options, &fetch);
        cr_expect_eq(answer.outcome, rows[i].outcome, "%s: %s", rows[i].path,
                     fetch_outcome_name(answer.outcome));
        fetch_answer_fini(&answer);
        cr_expect_eq(atomic_load(&with_key), 0, "%s%s: %zu blocks with a key",
                     rows[i].path, rows[i].is_single ? ", a single one" : "",
                     atomic_load(&with_key));
    }
    raw_server_stop(&server);
}
