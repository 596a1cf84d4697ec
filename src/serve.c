/* secmaster serve: opens, waits for a signal, closes in reverse. */
#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/catalogue.h"
#include "api/column_memory.h"
#include "api/cors.h"
#include "api/listener.h"
#include "api/metrics.h"
#include "api/server.h"
#include "api/trade_books.h"
#include "commands.h"
#include "secmaster/bounds.h"
#include "secmaster/entropy.h"
#include "secmaster/log.h"
#include "secmaster/panic.h"
#include "secmaster/store_lmdb.h"
#include "secmaster/xxh64.h"
#include "vendors.h"

#define LISTEN_DEFAULT "127.0.0.1:8080"

static const char help[] =
    "Usage: secmaster serve --data DIR [OPTION]...\n"
    "Answer HTTP requests over the store in DIR, which is made when missing.\n"
    "SIGTERM and SIGINT end it once accepted batches are on disk.\n\n"
    "  --data DIR           where the store is\n"
    "  --listen HOST:PORT   (" LISTEN_DEFAULT "); port 0: any\n"
    "  --max-body BYTES     the largest body taken (67108864)\n"
    "  --loops N            event loops (one a core, at least 2)\n"
    "  --memtable-bytes N   memory for what is not in the index (268435456)\n"
    "  --cors-origin URL    let pages of this origin ask; may be repeated\n"
    "  --config FILE        vendors to poll, and whose webhooks to take\n"
    "  --no-auth            listen beyond loopback although anyone may write\n"
    "  --help, -h           this text\n";

struct serve_options {
    const char *data, *listen, *config;
    uint64_t body_bytes_max, loops, memtable_bytes;
    const char *origins[ORIGINS_MAX];
    size_t origin_count;
    bool no_auth;
};

/* In static storage: a server that cannot be stopped keeps using it. */
static struct {
    struct service service;
    struct server *server;
    struct vendors vendors;
    atomic_bool failed;
} serving;

/* On the writer's thread. */
static void
store_failed(void *unused, const char *why)
{
    (void)unused;
    log_event(LOG_ERROR, "store-failed", "%s", why);
    atomic_store(&serving.failed, true);
    kill(getpid(), SIGTERM); /* sigwait in the main thread takes it */
}

/* On any thread of the store. */
static void
log_notice(const char *words)
{
    log_event(LOG_WARN, "store", "%s", words);
}

/* Everything but the server and the log. */
static enum err
open_all(const struct serve_options *options, struct why *why)
{
    struct store_lmdb_options store_options = {
        .dir = options->data,
        .memtable_bytes = options->memtable_bytes,
        .notice = log_notice,
    };
    struct service *service = &serving.service;

    service->now = clock_wall;
    service->build = hash_xxh64(str_of(panic_build()));
    service->body_bytes_max = options->body_bytes_max;
    service->cors_origins = options->origins;
    service->cors_origin_count = options->origin_count;
    service->metrics = metrics_new();
    service->catalogues = catalogues_new();
    service->trade_books = trade_books_new();
    service->column_memory = column_memory_new(COLUMN_PASS_RECORDS);
    if (service->metrics == NULL || service->catalogues == NULL ||
        service->trade_books == NULL || service->column_memory == NULL)
        return why_set(why, ERR_BUSY, "out of memory");
    TRY(entropy_draw(&store_options.seed, why));
    TRY(store_lmdb_open(&store_options, &service->store, why));

    const struct writer_options writer_options = {
        .store = service->store,
        .now = clock_wall,
        .failed = store_failed,
        .commits = &service->commits,
    };

    TRY(writer_start(&writer_options, &service->writer, why));
    return workers_start(WORKERS_DEFAULT, &service->workers, why);
}

/* The server's threads look at what is set here: it is not started yet. */
static enum err
start_poller(const struct serve_options *options, struct why *why)
{
    struct poller_options poller_options = {
        .store = serving.service.store,
        .writer = serving.service.writer,
        .data_dir = options->data,
        .user_agent = "secmaster/" SECMASTER_VERSION,
        .now = clock_wall,
    };

    if (options->config == NULL)
        return OK;
    serving.service.polling = &serving.vendors.polling;
    serving.service.webhooks = &serving.vendors.doors;
    return vendors_poll(&serving.vendors, &poller_options, why);
}

/* The poller first, as it is used by no other any more and uses the writer. */
static void
close_all(void)
{
    struct service *service = &serving.service;

    vendors_close(&serving.vendors);
    writer_stop(service->writer);
    workers_stop(service->workers);
    server_free(serving.server);
    store_close(service->store);
    catalogues_free(service->catalogues);
    trade_books_free(service->trade_books);
    column_memory_free(service->column_memory);
    metrics_free(service->metrics);
}

static enum err
start_server(const struct serve_options *options, struct why *why)
{
    const struct server_options server_options = {
        .listen = options->listen,
        .service = &serving.service,
        .loops = (unsigned)options->loops,
    };

    return server_start(&server_options, &serving.server, why);
}

static void
say_ready(const char *listen)
{
    const char *port = strrchr(listen, ':');

    printf("secmaster %s listening on http://%.*s:%u\n", SECMASTER_VERSION,
           (int)(port - listen), listen, (unsigned)server_port(serving.server));
    fflush(stdout);
    log_event(LOG_INFO, "start", "secmaster %s, newest tx %llu",
              SECMASTER_VERSION,
              (unsigned long long)store_newest(serving.service.store));
}

/* Until a signal asks for the end; then no new requests, and what was
 * accepted is answered. */
static enum exit_status
serve_until(const sigset_t *signals)
{
    int number;

    sigwait(signals, &number);
    log_event(LOG_INFO, "stop", "by SIG%s", sigabbrev_np(number));
    atomic_store(&serving.service.draining, true);
    vendors_drain(&serving.vendors);
    if (server_stop(serving.server) != OK) {
        /* Threads still use everything: nothing can be closed, and exit
         * handlers must not run beside them. The store is safe as it is. */
        log_event(LOG_ERROR, "stop", "requests were still being worked on");
        log_stop();
        _exit(EXIT_FAILED);
    }
    return atomic_load(&serving.failed) ? EXIT_FAILED : EXIT_OK;
}

static enum exit_status
serve(const struct serve_options *options)
{
    enum exit_status status = EXIT_FAILED;
    struct why why = { "" };
    enum err err = OK;
    sigset_t signals;

    /* While a signal still ends it: a pipe may be waited for without end. */
    if (options->config != NULL)
        err = vendors_open(&serving.vendors, options->config, &why);

    /* Blocked before there are threads, so that only sigwait sees them. */
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    panic_install();

    if (err == OK)
        err = open_all(options, &why);
    if (err == OK)
        err = log_start(LOG_INFO, &why);
    if (err == OK)
        err = start_poller(options, &why);
    if (err == OK)
        err = start_server(options, &why);
    if (err == OK) {
        say_ready(options->listen);
        status = serve_until(&signals);
    }
    close_all();
    log_stop();
    if (err != OK)
        complain("serve", "%s", why.text);
    return status;
}

/* Whether anyone could reach the port. */
static enum exit_status
check_listen(const struct serve_options *options)
{
    struct listener_address address;
    struct why why = { "" };

    if (listener_parse(options->listen, &address, &why) != OK)
        return usage_fault("serve", "--listen %s: %s", options->listen,
                           why.text);
    if (!address.is_loopback && !options->no_auth)
        return usage_fault("serve",
                           "--listen %s: beyond loopback anyone could write; "
                           "--no-auth says that this is meant",
                           options->listen);
    return EXIT_OK;
}

static enum exit_status
take_origin(const char *text, struct serve_options *out)
{
    struct why why = { "" };

    if (out->origin_count == ORIGINS_MAX)
        return usage_fault("serve", "--cors-origin is taken %d times at most",
                           ORIGINS_MAX);
    if (cors_origin_check(text, &why) != OK)
        return usage_fault("serve", "--cors-origin %s: %s", text, why.text);
    out->origins[out->origin_count++] = text;
    return EXIT_OK;
}

static enum exit_status
take_option(int option, const char *text, void *given)
{
    struct serve_options *out = given;

    switch (option) {
    case 'd':
        out->data = text;
        return EXIT_OK;
    case 'l':
        out->listen = text;
        return EXIT_OK;
    case 'b':
        if (!option_number(text, 1, BODY_BYTES_CEILING, &out->body_bytes_max))
            return usage_fault("serve", "--max-body takes 1 to %lu",
                               BODY_BYTES_CEILING);
        return EXIT_OK;
    case 'o':
        if (!option_number(text, 1, LOOPS_MAX, &out->loops))
            return usage_fault("serve", "--loops takes 1 to %d", LOOPS_MAX);
        return EXIT_OK;
    case 'm':
        return take_memtable_bytes("serve", text, &out->memtable_bytes);
    case 'c':
        return take_origin(text, out);
    case 'f':
        out->config = text;
        return EXIT_OK;
    default:
        assert(option == 'n');
        out->no_auth = true;
        return EXIT_OK;
    }
}

enum exit_status
command_serve(int argc, char **argv)
{
    static const struct option options[] = {
        { "data", required_argument, NULL, 'd' },
        { "listen", required_argument, NULL, 'l' },
        { "max-body", required_argument, NULL, 'b' },
        { "loops", required_argument, NULL, 'o' },
        { "memtable-bytes", required_argument, NULL, 'm' },
        { "cors-origin", required_argument, NULL, 'c' },
        { "config", required_argument, NULL, 'f' },
        { "no-auth", no_argument, NULL, 'n' },
        { "help", no_argument, NULL, 'h' },
        { 0 },
    };
    static const struct command_line line = {
        .command = "serve",
        .help = help,
        .options = options,
        .take = take_option,
    };
    struct serve_options given = { .listen = LISTEN_DEFAULT,
                                   .body_bytes_max = BODY_BYTES_DEFAULT };
    enum exit_status status;

    if (!options_read(&line, argc, argv, &given, &status))
        return status;
    if (given.data == NULL)
        return usage_fault("serve", "--data is missing");
    if (given.data[0] == '\0')
        return usage_fault("serve", "--data is empty");
    status = check_listen(&given);
    return status == EXIT_OK ? serve(&given) : status;
}
