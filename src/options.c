/* What the subcommands share in reading their arguments. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "commands.h"
#include "secmaster/bounds.h"

static void
print_fault(const char *command, const char *format, va_list args)
{
    fprintf(stderr, "secmaster %s: ", command);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
}

void
complain(const char *command, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    print_fault(command, format, args);
    va_end(args);
}

enum exit_status
usage_fault(const char *command, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    print_fault(command, format, args);
    va_end(args);
    fprintf(stderr, "Try 'secmaster %s --help'.\n", command);
    return EXIT_USAGE;
}

bool
options_read(const struct command_line *line, int argc, char **argv,
             void *given, enum exit_status *status)
{
    int option;

    *status = EXIT_OK;
    while ((option = getopt_long(argc, argv, "h", line->options, NULL)) != -1) {
        if (option == 'h') {
            fputs(line->help, stdout);
            return false;
        }
        *status = option == '?' ? usage_fault(line->command, "wrong arguments")
                                : line->take(option, optarg, given);
        if (*status != EXIT_OK)
            return false;
    }
    if (argc - optind <= line->operands_max)
        return true;
    *status = usage_fault(line->command, "takes no '%s'",
                          argv[optind + line->operands_max]);
    return false;
}

bool
option_number(const char *text, uint64_t least, uint64_t most, uint64_t *out)
{
    char *end;

    if (text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);

    if (errno != 0 || *end != '\0' || number < least || number > most)
        return false;
    *out = number;
    return true;
}

enum exit_status
take_memtable_bytes(const char *command, const char *text, uint64_t *out)
{
    if (option_number(text, MEMTABLE_BYTES_LEAST, MEMTABLE_BYTES_CEILING, out))
        return EXIT_OK;
    return usage_fault(command, "--memtable-bytes takes %lu to %lu",
                       MEMTABLE_BYTES_LEAST, MEMTABLE_BYTES_CEILING);
}
