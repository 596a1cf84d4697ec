/* Read a body whole and in pieces, and die when the answers differ. */
#include "tests/fuzz/cut_oracle.h"

#include <stdio.h>
#include <stdlib.h>

#include "secmaster/utf8.h"

#define READING_BYTES_MAX (256UL << 20)

static void
expect_same(const struct out *whole, reading *read, enum media media,
            struct str body, cut how)
{
    struct out pieces;

    out_init(&pieces, READING_BYTES_MAX);
    read(&pieces, media, body, how);
    if (!str_equal(out_text(whole), out_text(&pieces))) {
        fprintf(stderr, "whole:\n%.*s\npieces (cut %u):\n%.*s\n",
                STR_ARG(out_text(whole)), how, STR_ARG(out_text(&pieces)));
        abort();
    }
    out_fini(&pieces);
}

void
cut_oracle(reading *read, enum media media, struct str body, cut how)
{
    struct out whole;

    out_init(&whole, READING_BYTES_MAX);
    read(&whole, media, body, CUT_NONE);
    expect_same(&whole, read, media, body, how);
    /* In bytes nothing is read at a glance: two readers, one answer. */
    expect_same(&whole, read, media, body, CUT_BYTES);
    /* Whatever a stranger sends, our words about it are UTF-8. */
    if (utf8_span(out_text(&whole)) != whole.len) {
        fprintf(stderr, "not UTF-8:\n%.*s\n", STR_ARG(out_text(&whole)));
        abort();
    }
    out_fini(&whole);
}
