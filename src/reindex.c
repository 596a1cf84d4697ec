/* secmaster reindex: throw a store's index away and build it anew. */
#include <assert.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "commands.h"
#include "secmaster/clock.h"
#include "secmaster/entropy.h"
#include "secmaster/store_lmdb.h"

#define DRAW_US 100000

static const char help[] =
    "Usage: secmaster reindex DIR [OPTION]...\n"
    "Throw the index of the store in DIR away and build it anew from the\n"
    "journal, which is read and checked whole. No server may have the store.\n"
    "When this is cut off, the next start goes on with it.\n\n"
    "  --memtable-bytes N   memory to sort in: the more, the less is written\n"
    "                       (268435456)\n"
    "  --help, -h           this text\n";

struct progress {
    bool watched; /* standard error is a terminal */
    int64_t drawn_us;
    uint64_t tx; /* the last one that was shown */
};

/* Some times a second, and the last one. */
static void
draw(void *context, uint64_t tx, uint64_t last_tx)
{
    struct progress *progress = context;
    int64_t now;

    progress->tx = tx;
    if (!progress->watched)
        return;
    now = clock_monotonic_us();
    if (tx < last_tx && now - progress->drawn_us < DRAW_US)
        return;
    progress->drawn_us = now;
    fprintf(stderr, "\r\033[K%3.0f %%  tx %" PRIu64 " of %" PRIu64,
            100 * (double)tx / (double)last_tx, tx, last_tx);
}

static void
print_notice(const char *words)
{
    complain("reindex", "%s", words);
}

static enum exit_status
reindex(const char *dir, size_t memtable_bytes)
{
    struct store_lmdb_options options = {
        .dir = dir,
        .memtable_bytes = memtable_bytes,
        .notice = print_notice,
    };
    struct progress progress = { .watched = isatty(STDERR_FILENO) == 1 };
    const struct reindex_progress shown = { draw, &progress };
    struct why why = { "" };
    enum err err = entropy_draw(&options.seed, &why);

    if (err == OK)
        err = store_lmdb_reindex(&options, &shown, &why);

    if (progress.watched)
        fputs("\r\033[K", stderr);
    if (err != OK) {
        complain("reindex", "%s", why.text);
        return EXIT_FAILED;
    }
    printf("%" PRIu64 " transactions are in the index\n", progress.tx);
    return EXIT_OK;
}

static enum exit_status
take_option(int option, const char *text, void *given)
{
    assert(option == 'm');
    return take_memtable_bytes("reindex", text, given);
}

enum exit_status
command_reindex(int argc, char **argv)
{
    static const struct option options[] = {
        { "memtable-bytes", required_argument, NULL, 'm' },
        { "help", no_argument, NULL, 'h' },
        { 0 },
    };
    static const struct command_line line = {
        .command = "reindex",
        .help = help,
        .options = options,
        .operands_max = 1,
        .take = take_option,
    };
    uint64_t memtable_bytes = 0; /* the store's default */
    enum exit_status status;

    if (!options_read(&line, argc, argv, &memtable_bytes, &status))
        return status;
    if (optind == argc)
        return usage_fault("reindex", "DIR is missing");
    return reindex(argv[optind], memtable_bytes);
}
