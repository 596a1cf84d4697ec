/* Massive's bodies: one that is printed back from its tree says the same. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "secmaster/json_tree.h"
#include "secmaster/utf8.h"
#include "tests/vendor/massive_reading.h"

#define TEXT_BYTES_MAX (256UL << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Print a body back. False: it is no tree. */
static bool
print_back(struct out *out, struct str body)
{
    const struct tree_node *root;
    struct arena arena;
    enum err err;

    arena_init(&arena, TEXT_BYTES_MAX);
    err = json_tree_parse(body, &arena, &root, NULL);
    if (err == OK)
        json_tree_put(out, root);
    arena_fini(&arena);
    return err == OK;
}

static void
expect_same(const char *what, struct str a, struct str b)
{
    if (str_equal(a, b))
        return;
    fprintf(stderr, "%s:\n%.*s\nand:\n%.*s\n", what, STR_ARG(a), STR_ARG(b));
    abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str body = { (const char *)data, size };
    struct out read, printed, again, back;

    out_init(&read, TEXT_BYTES_MAX);
    out_init(&printed, TEXT_BYTES_MAX);
    out_init(&again, TEXT_BYTES_MAX);
    out_init(&back, TEXT_BYTES_MAX);
    massive_reading(&read, body);
    if (utf8_span(out_text(&read)) != read.len)
        abort();
    if (print_back(&printed, body)) {
        massive_reading(&again, out_text(&printed));
        expect_same("read", out_text(&read), out_text(&again));
        if (!print_back(&back, out_text(&printed)))
            abort();
        expect_same("printed", out_text(&printed), out_text(&back));
    }
    out_fini(&read);
    out_fini(&printed);
    out_fini(&again);
    out_fini(&back);
    return 0;
}
