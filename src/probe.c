/* secmaster probe: for health checks of containers that have no curl. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "secmaster/http_client.h"

#define PATH_DEFAULT "/readyz"
#define URL_DEFAULT "http://127.0.0.1:8080" PATH_DEFAULT
#define URL_BYTES_MAX 2048
#define TIMEOUT_SECONDS 5
#define READY_BYTES_MAX (64 * 1024)

static const char help[] =
    "Usage: secmaster probe [--url URL]\n"
    "Ask a server whether it is ready: exit status 0 when it answers 200.\n\n"
    "  --url URL   what to ask for (" URL_DEFAULT ")\n"
    "  --help, -h  this text\n";

static enum exit_status
ask(const char *base, const char *path)
{
    struct http_client *client = http_client_new(base, TIMEOUT_SECONDS);
    struct http_answer answer = { 0 };
    struct why why = { "out of memory" };
    enum err err = ERR_BUSY;

    out_init(&answer.body, READY_BYTES_MAX);
    if (client != NULL)
        err = http_client_get(client, path, &answer, &why);
    if (err != OK)
        complain("probe", "%s", why.text);
    else if (answer.status != 200)
        complain("probe", "%s%s answers %d", base, path, answer.status);
    out_fini(&answer.body);
    http_client_free(client);
    return err == OK && answer.status == 200 ? EXIT_OK : EXIT_FAILED;
}

static enum exit_status
take_option(int option, const char *text, void *url)
{
    assert(option == 'u');
    *(const char **)url = text;
    return EXIT_OK;
}

enum exit_status
command_probe(int argc, char **argv)
{
    static const struct option options[] = {
        { "url", required_argument, NULL, 'u' },
        { "help", no_argument, NULL, 'h' },
        { 0 },
    };
    static const struct command_line line = {
        .command = "probe",
        .help = help,
        .options = options,
        .take = take_option,
    };
    const char *url = URL_DEFAULT;
    char base[URL_BYTES_MAX];
    enum exit_status status;

    if (!options_read(&line, argc, argv, &url, &status))
        return status;

    const char *host = strstr(url, "://");

    if (host == NULL || strlen(url) >= sizeof base)
        return usage_fault("probe", "'%s' is no URL", url);

    size_t base_len = (size_t)(host + 3 - url) + strcspn(host + 3, "/");

    memcpy(base, url, base_len);
    base[base_len] = '\0';
    return ask(base, url[base_len] == '\0' ? PATH_DEFAULT : url + base_len);
}
