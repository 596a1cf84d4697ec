/* The subcommands: each takes its own arguments, argv[0] being its name, and
 * returns an exit status. */
#ifndef MAIN_COMMANDS_H
#define MAIN_COMMANDS_H

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
enum exit_status command_reindex(int argc, char **argv);
enum exit_status command_probe(int argc, char **argv);

/* "secmaster NAME: what" on standard error. */
void complain(const char *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same, and where to read on. */
enum exit_status usage_fault(const char *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Whether an option's text is a whole number of least .. most. */
bool option_number(const char *text, uint64_t least, uint64_t most,
                   uint64_t *out);

#endif
