/* The load client's command line. */
#include "load_options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static const char help[] =
    "Usage: load_client --port P [OPTION]...\n"
    "  --clients N     connections kept open (1)\n"
    "  --seconds S     how long; 0: until requests or bodies are up (1)\n"
    "  --requests N    at most so many\n"
    "  --mode M        post, get, or idle: one GET each, then silence (get)\n"
    "  --path PATH     (/livez)\n"
    "  --accept TYPE   Accept\n"
    "  --body TEXT     of a post\n"
    "  --type TYPE     Content-Type of a post (application/json)\n"
    "  --bodies FILE   posts it in bodies; one that gets a 503 is sent again\n"
    "  --sign SECRET   a post's body, as a delivery of its own\n"
    "  --lines N       lines of a body; 0: all (1)\n"
    "  --seed N        of random places (1)\n"
    "In PATH and TEXT {n} is a number that grows, {r:LO-HI} a random number\n"
    "and {day:LO-HI} a random day of these years. With --type text/csv the\n"
    "first line of FILE goes before each body.\n";

static void
fail_usage(void)
{
    fputs(help, stderr);
    exit(2);
}

static uint64_t
number_of(const char *text)
{
    char *end;
    uint64_t number = strtoull(text, &end, 10);

    if (*text < '0' || *text > '9' || *end != '\0' || number > 1000000000)
        fail_usage();
    return number;
}

void
load_options_read(int argc, char **argv, struct load_options *out)
{
    static const struct option names[] = {
        { "port", required_argument, NULL, 'p' },
        { "clients", required_argument, NULL, 'c' },
        { "seconds", required_argument, NULL, 's' },
        { "requests", required_argument, NULL, 'r' },
        { "lines", required_argument, NULL, 'l' },
        { "seed", required_argument, NULL, 'e' },
        { "mode", required_argument, NULL, 'm' },
        { "path", required_argument, NULL, 'a' },
        { "accept", required_argument, NULL, 'x' },
        { "body", required_argument, NULL, 'b' },
        { "type", required_argument, NULL, 't' },
        { "bodies", required_argument, NULL, 'f' },
        { "sign", required_argument, NULL, 'g' },
        { 0 },
    };
    const char **texts[128] = {
        ['m'] = &out->mode, ['a'] = &out->path, ['x'] = &out->accept,
        ['b'] = &out->body, ['t'] = &out->type, ['f'] = &out->bodies,
        ['g'] = &out->sign,
    };
    uint64_t *numbers[128] = {
        ['p'] = &out->port,     ['c'] = &out->clients, ['s'] = &out->seconds,
        ['r'] = &out->requests, ['l'] = &out->lines,   ['e'] = &out->seed,
    };
    int option;

    *out = (struct load_options){
        .mode = "get",
        .path = "/livez",
        .body = "",
        .type = "application/json",
        .clients = 1,
        .seconds = 1,
        .requests = UINT64_MAX,
        .lines = 1,
        .seed = 1,
    };
    while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
        if (option == '?')
            fail_usage();
        if (texts[option] != NULL)
            *texts[option] = optarg;
        else
            *numbers[option] = number_of(optarg);
    }
    if (optind != argc || out->port == 0 || out->port > UINT16_MAX ||
        out->seed == 0)
        fail_usage();
    if (out->bodies != NULL)
        out->mode = "post";
}
