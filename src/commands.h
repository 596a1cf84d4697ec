/* The subcommands: each takes its own arguments, argv[0] being its name, and
 * returns an exit status. */
#ifndef MAIN_COMMANDS_H
#define MAIN_COMMANDS_H

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>

#include "secmaster/err.h"

enum exit_status {
    EXIT_OK = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
};

enum exit_status command_serve(int argc, char **argv);
enum exit_status command_load(int argc, char **argv);
enum exit_status command_backfill(int argc, char **argv);
enum exit_status command_reindex(int argc, char **argv);
enum exit_status command_probe(int argc, char **argv);

/* "secmaster NAME: what" on standard error. */
void complain(const char *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same, and where to read on. */
enum exit_status usage_fault(const char *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* What a command takes. */
struct command_line {
    const char *command, *help;
    const struct option *options; /* of getopt_long; 'h' is taken here */
    int operands_max;

    /* text: the option's, or NULL; given: the command's own. */
    enum exit_status (*take)(int option, const char *text, void *given);
};

/*
 * Hand each option to take. True: go on, the operands begin at argv[optind].
 * False: the command ends with *status; the help is printed or the fault told.
 */
bool options_read(const struct command_line *line, int argc, char **argv,
                  void *given, enum exit_status *status);

/* Whether an option's text is a whole number of least .. most. */
bool option_number(const char *text, uint64_t least, uint64_t most,
                   uint64_t *out);

/* Take --memtable-bytes for a command. */
enum exit_status take_memtable_bytes(const char *command, const char *text,
                                     uint64_t *out);

#endif
