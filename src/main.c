/* The program: picks a subcommand. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"

static enum exit_status command_version(int argc, char **argv);

static const struct {
    const char *name, *summary;
    enum exit_status (*run)(int argc, char **argv);
} commands[] = {
    { "serve", "answer HTTP requests over a store", command_serve },
    { "load", "put facts from a file into a server or a store", command_load },
    { "backfill", "have a server poll a vendor for past days",
      command_backfill },
    { "reindex", "build a store's index anew from its journal",
      command_reindex },
    { "probe", "ask a server whether it is ready", command_probe },
    { "version", "print the version", command_version },
};
#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

static void
print_usage(FILE *to)
{
    fputs("Usage: secmaster COMMAND [OPTION]...\n"
          "A bitemporal security master.\n\n",
          to);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(to, "  %-9s %s\n", commands[i].name, commands[i].summary);
    fputs("\n'secmaster COMMAND --help' tells more.\n"
          "Exit status: 0 well, 1 failed, 2 wrong usage.\n",
          to);
}

static enum exit_status
command_version(int argc, char **argv)
{
    static const struct option options[] = {
        { "help", no_argument, NULL, 'h' },
        { 0 },
    };
    static const struct command_line line = {
        .command = "version",
        .help = "Usage: secmaster version\nPrint the version.\n",
        .options = options,
    };
    enum exit_status status;

    if (!options_read(&line, argc, argv, NULL, &status))
        return status;
    puts("secmaster " SECMASTER_VERSION);
    return EXIT_OK;
}

int
main(int argc, char **argv)
{
    if (argc < 2) {
        print_usage(stderr);
        return EXIT_USAGE;
    }
    /* A file at its size limit (ulimit -f) is an error of the write. */
    signal(SIGXFSZ, SIG_IGN);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(argv[1], commands[i].name) == 0)
            return (int)commands[i].run(argc - 1, argv + 1);
    }
    if (strcmp(argv[1], "--version") == 0)
        return (int)command_version(argc - 1, argv + 1);
    if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 ||
        strcmp(argv[1], "-h") == 0) {
        print_usage(stdout);
        return EXIT_OK;
    }
    fprintf(stderr, "secmaster: there is no command '%s'\n\n", argv[1]);
    print_usage(stderr);
    return EXIT_USAGE;
}
