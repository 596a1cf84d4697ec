/* secmaster load: a file of facts or prices, batch by batch, into a server or a
 * store. */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "load_key.h"
#include "load_kind.h"
#include "load_progress.h"
#include "load_split.h"
#include "load_target.h"
#include "load_words.h"
#include "secmaster/file.h"

#define BATCH_DEFAULT 10000
#define BATCH_MAX 1000000
#define PIECE_BYTES (256 * 1024)
#define COMPLAINT_BYTES_MAX (1UL << 20) /* texts of one batch's complaints */

static const char help[] =
    "Usage: secmaster load [--prices] FILE (--url URL | --data DIR) "
    "[OPTION]...\n"
    "Put the facts, or the daily prices, of FILE (.csv, .ndjson or .jsonl; -\n"
    "is standard input) into a running server, or into a store that no server\n"
    "holds. A batch with a wrong one in it is refused whole, and the load "
    "goes\n"
    "on. What is outside the grammar (quotes, JSON, UTF-8), a wrong header, a\n"
    "server that does not answer and a signal end it: then it says where.\n"
    "An interrupted load can be run again: batches that are the same, at the\n"
    "same place of the file, are stored once within a day, and counted as\n"
    "unchanged from then on (that takes the same --batch and --format).\n"
    "The last line counts facts or prices. Exit status: 1 when anything was\n"
    "refused or not read.\n\n"
    "  --url URL            the server, like http://127.0.0.1:8080\n"
    "  --data DIR           the store, made when missing\n"
    "  --prices             FILE has daily prices\n"
    "  --ticker TICKER      whose all of them are; then FILE may have the\n"
    "                       columns Date,Open,High,Low,Close,Adj Close,Volume\n"
    "  --security-id ID     the same, by id\n"
    "  --create             make a security for a ticker that nobody bears on\n"
    "                       the day; in FILE the oldest days come first\n"
    "  --batch N            facts or prices a batch (10000)\n"
    "  --memtable-bytes N   with --data: memory for what is not in the index;\n"
    "                       the more, the less a large load writes "
    "(268435456);\n"
    "                       with more than that the index is whole at the "
    "end\n"
    "  --format FORMAT      csv or ndjson, whatever FILE is called; - needs "
    "it\n"
    "  --again              store it all, loaded today or not\n"
    "  --help, -h           this text\n";

struct load_options {
    struct load_kind kind;
    const char *file, *url, *data;
    enum media media;
    uint64_t batch, memtable_bytes; /* 0: the store's default */
    bool again;
};

struct load {
    const char *name; /* of the file, for people */
    struct file_reader file;
    struct load_split split;
    struct load_target *target;
    struct load_progress progress;
    const struct load_kind *kind;
    struct digester *digester;           /* NULL: batches have no keys */
    uint64_t stored, unchanged, refused; /* records; read is their sum */
};

static volatile sig_atomic_t signal_seen;

static void
note_signal(int number)
{
    signal_seen = number;
}

static sigset_t
ending_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    return set;
}

/* The first one ends the load behind the batch in hand; a second one ends the
 * process at once, as without a handler. */
static void
catch_signals(void)
{
    const struct sigaction action = {
        .sa_handler = note_signal,
        .sa_flags = SA_RESTART | (int)SA_RESETHAND,
    };

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

/* From here on the first signal ends the process: nothing is in hand. */
static void
let_signals_end_it(void)
{
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
}

/* Until there is something to read; a pipe may be silent for long. Only ppoll
 * lets a signal in, so none slips in between the look and the wait. */
static void
wait_for_input(const struct load *load)
{
    struct pollfd input = { .fd = load->file.fd, .events = POLLIN };
    sigset_t ending = ending_signals(), before;

    pthread_sigmask(SIG_BLOCK, &ending, &before);
    while (signal_seen == 0 && ppoll(&input, 1, NULL, &before) < 0 &&
           errno == EINTR)
        continue;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* The load ends before the next batch. */
static enum err
end_early(struct load *load, enum err err, const char *words)
{
    load_progress_clear(&load->progress);
    load_words_ended(load->name, &load->split, words);
    return err;
}

/* ERR_BUSY once a signal has come. */
static enum err
heed_signal(struct load *load)
{
    if (signal_seen == 0)
        return OK;
    return end_early(load, ERR_BUSY,
                     signal_seen == SIGINT ? "stopped by SIGINT"
                                           : "stopped by SIGTERM");
}

static bool
is_in_header(const struct load *load, const struct complaints *complaints)
{
    return complaints->listed > 0 && complaints->items[0].line > 0 &&
           complaints->items[0].line <= load->split.header.line;
}

/* OK: the next batch may do better. */
static enum err
tell_failure(struct load *load, enum err err, const struct load_result *result)
{
    load->refused += load->split.records;
    load_progress_clear(&load->progress);
    if (err == ERR_MALFORMED) {
        load_words_malformed(load->name, &load->split, result->why.text);
        return err;
    }
    if (err != ERR_INVALID) {
        load_words_failed(load->name, &load->split, result);
        return err;
    }
    load_words_refused(load->name, &load->split, &result->complaints);
    if (!is_in_header(load, &result->complaints))
        return OK;
    load_words_header(load->name);
    return ERR_INVALID;
}

static enum err
send_with_key(struct load *load, struct load_result *result)
{
    struct load_batch batch = {
        .kind = load->kind,
        .media = load->split.media,
        .body = out_text(&load->split.body),
        .place = load->split.first.byte,
    };
    struct load_key key;

    if (load->digester != NULL) {
        if (load_key_make(load->digester, &batch, &key) != OK)
            return why_set(&result->why, ERR_BUSY, "out of memory");
        batch.key = &key;
    }
    return load_send(load->target, &batch, result);
}

/* Send the batch that is whole. OK: the load goes on. */
static enum err
send_batch(struct load *load)
{
    struct load_result result = { .why = { "" } };
    struct arena arena;

    arena_init(&arena, COMPLAINT_BYTES_MAX);
    complaints_init(&result.complaints, &arena);

    enum err err = send_with_key(load, &result);

    if (err == OK) {
        load->stored += result.stored;
        load->unchanged += result.unchanged;
    } else {
        err = tell_failure(load, err, &result);
    }
    arena_fini(&arena);
    return err;
}

static uint64_t
records_read(const struct load *load)
{
    return load->stored + load->unchanged + load->refused;
}

static enum err
take_piece(struct load *load, struct str piece)
{
    while (load_split_take(&load->split, &piece)) {
        TRY(send_batch(load));
        TRY(heed_signal(load));
        load_progress_draw(&load->progress, load->split.at.byte,
                           records_read(load));
    }
    if (out_finish(&load->split.body) == OK)
        return OK;
    return end_early(load, ERR_TOO_LARGE, "a record that does not end");
}

static enum err
load_file(struct load *load, char *piece)
{
    struct why why;
    size_t got;

    do {
        wait_for_input(load);
        TRY(heed_signal(load));
        if (file_read(&load->file, piece, PIECE_BYTES, &got, &why) != OK)
            return end_early(load, ERR_INVALID, why.text);
        TRY(take_piece(load, (struct str){ piece, got }));
    } while (got > 0);
    return load_split_end(&load->split) ? send_batch(load) : OK;
}

static enum exit_status
run(struct load *load, const struct load_options *options)
{
    char *piece = malloc(PIECE_BYTES);
    enum err err = ERR_BUSY;

    load->digester = options->again ? NULL : digester_new();
    load_split_init(&load->split, options->media, options->batch);
    load_progress_begin(&load->progress, load->file.size);
    catch_signals();
    if (piece != NULL && (options->again || load->digester != NULL))
        err = load_file(load, piece);
    else
        complain("load", "out of memory");
    load_progress_clear(&load->progress);
    printf("read %" PRIu64 ", stored %" PRIu64 ", unchanged %" PRIu64
           ", refused %" PRIu64 "\n",
           records_read(load), load->stored, load->unchanged, load->refused);
    (void)fflush(stdout);
    if (signal_seen == 0) {
        let_signals_end_it();
        load_settle(load->target);
    }
    load_split_fini(&load->split);
    digester_free(load->digester);
    free(piece);
    return err == OK && load->refused == 0 ? EXIT_OK : EXIT_FAILED;
}

static bool
is_standard_input(const char *file)
{
    return strcmp(file, "-") == 0;
}

/* Signals are blocked meanwhile, for the threads that a target starts: they
 * are to reach this one. */
static enum err
open_target(const struct load_options *options, struct load_target **out,
            struct why *why)
{
    sigset_t ending = ending_signals(), before;

    pthread_sigmask(SIG_BLOCK, &ending, &before);

    enum err err =
        options->url != NULL
            ? load_url_open(options->url, out, why)
            : load_store_open(options->data, options->memtable_bytes, out, why);

    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return err;
}

static enum exit_status
open_and_run(struct load_options *options)
{
    struct load load = { .name = options->file, .kind = &options->kind };
    struct why why = { "" };
    enum exit_status status = EXIT_FAILED;

    if (is_standard_input(options->file))
        load.name = "standard input";
    if (file_open(options->file, &load.file, &why) != OK) {
        complain("load", "%s", why.text);
        return EXIT_FAILED;
    }
    /* Asked only now: of a directory it would be a strange question. */
    if (options->media == MEDIA_NONE)
        status =
            usage_fault("load", "%s: is it --format csv or ndjson?", load.name);
    else if (open_target(options, &load.target, &why) == OK)
        status = run(&load, options);
    else
        complain("load", "%s", why.text);
    load_close(load.target);
    file_close(&load.file);
    return status;
}

static enum media
media_of_file(const char *file)
{
    const char *dot = strrchr(file, '.');

    if (dot == NULL)
        return MEDIA_NONE;
    if (strcmp(dot, ".csv") == 0)
        return MEDIA_CSV;
    if (strcmp(dot, ".ndjson") == 0 || strcmp(dot, ".jsonl") == 0)
        return MEDIA_NDJSON;
    return MEDIA_NONE;
}

static enum exit_status
check_options(struct load_options *options)
{
    const char *fault = load_kind_settle(&options->kind);

    if (fault != NULL)
        return usage_fault("load", "%s", fault);
    if (options->file == NULL)
        return usage_fault("load", "FILE is missing");
    if ((options->url == NULL) == (options->data == NULL))
        return usage_fault("load", "takes either --url or --data");
    if (options->data != NULL && options->data[0] == '\0')
        return usage_fault("load", "--data is empty");
    if (options->url != NULL && options->memtable_bytes > 0)
        return usage_fault("load", "--memtable-bytes is the server's own");
    if (options->media == MEDIA_NONE)
        options->media = media_of_file(options->file);
    if (options->media == MEDIA_NONE && is_standard_input(options->file))
        return usage_fault("load", "standard input needs --format csv or "
                                   "ndjson");
    return EXIT_OK;
}

static enum exit_status
take_option(int option, const char *text, void *given)
{
    struct load_options *out = given;

    switch (option) {
    case 'u':
        out->url = text;
        return EXIT_OK;
    case 'd':
        out->data = text;
        return EXIT_OK;
    case 'a':
        out->again = true;
        return EXIT_OK;
    case 'p':
        out->kind.is_prices = true;
        return EXIT_OK;
    case 'c':
        out->kind.creates = true;
        return EXIT_OK;
    case 't':
        out->kind.ticker = text;
        return EXIT_OK;
    case 's':
        out->kind.security_id = text;
        return EXIT_OK;
    case 'b':
        if (!option_number(text, 1, BATCH_MAX, &out->batch))
            return usage_fault("load", "--batch takes 1 to %d", BATCH_MAX);
        return EXIT_OK;
    case 'm':
        return take_memtable_bytes("load", text, &out->memtable_bytes);
    default:
        assert(option == 'f');
        out->media = media_by_name(str_of(text));
        if (out->media != MEDIA_CSV && out->media != MEDIA_NDJSON)
            return usage_fault("load", "--format takes csv or ndjson");
        return EXIT_OK;
    }
}

enum exit_status
command_load(int argc, char **argv)
{
    static const struct option options[] = {
        { "prices", no_argument, NULL, 'p' },
        { "ticker", required_argument, NULL, 't' },
        { "security-id", required_argument, NULL, 's' },
        { "create", no_argument, NULL, 'c' },
        { "url", required_argument, NULL, 'u' },
        { "data", required_argument, NULL, 'd' },
        { "batch", required_argument, NULL, 'b' },
        { "memtable-bytes", required_argument, NULL, 'm' },
        { "format", required_argument, NULL, 'f' },
        { "again", no_argument, NULL, 'a' },
        { "help", no_argument, NULL, 'h' },
        { 0 },
    };
    static const struct command_line line = {
        .command = "load",
        .help = help,
        .options = options,
        .operands_max = 1,
        .take = take_option,
    };
    struct load_options given = { .media = MEDIA_NONE, .batch = BATCH_DEFAULT };
    enum exit_status status;

    if (!options_read(&line, argc, argv, &given, &status))
        return status;
    given.file = argv[optind]; /* NULL: there is none */
    status = check_options(&given);
    return status == EXIT_OK ? open_and_run(&given) : status;
}
