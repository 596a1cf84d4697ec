/* secmaster load: a file of facts or prices, batch by batch, into a server or a
 * store. */
#include <assert.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "load_header.h"
#include "load_key.h"
#include "load_kind.h"
#include "load_made.h"
#include "load_progress.h"
#include "load_signals.h"
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
    "                       the day, and name it; the oldest days come "
    "first:\n"
    "                       the load ends before it makes a second one\n"
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
    bool is_begun;                       /* a batch was whole */
    struct digester *digester;           /* NULL: batches have no keys */
    uint64_t stored, unchanged, refused; /* records; read is their sum */
    uint64_t unknown;                    /* of the refused: maybe stored */
    uint64_t made;                       /* securities, for tickers */
};

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
    const int seen = load_signals_seen();

    if (seen == 0)
        return OK;
    return end_early(load, ERR_BUSY,
                     seen == SIGINT ? "stopped by SIGINT"
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
    if (err == ERR_CONFLICT) {
        load_words_split(load->name, &load->split, result);
        return err;
    }
    if (err != ERR_INVALID) {
        load->unknown += result->is_unknown ? load->split.records : 0;
        load_words_failed(load->name, &load->split, result);
        return err;
    }
    load_words_refused(load->name, &load->split, &result->complaints);
    if (!is_in_header(load, &result->complaints))
        return OK;
    load_words_header(load->name);
    return ERR_INVALID;
}

static struct load_batch
batch_of(const struct load *load)
{
    return (struct load_batch){
        .kind = load->kind,
        .media = load->split.media,
        .body = out_text(&load->split.body),
        .place = load->split.first.byte,
    };
}

static enum err
send_with_key(struct load *load, struct load_result *result)
{
    struct load_batch batch = batch_of(load);
    struct load_key key;

    if (load->digester != NULL) {
        if (load_key_make(load->digester, &batch, &key) != OK)
            return why_set(&result->why, ERR_BUSY, "out of memory");
        batch.key = &key;
    }
    return load_send(load->target, &batch, result);
}

static void
count_stored(struct load *load, const struct load_result *result)
{
    load->stored += result->stored;
    load->unchanged += result->unchanged;
    if (result->made_count == 0)
        return;
    load_progress_clear(&load->progress);
    load_made_tell(result, &load->made);
}

/* What to do with the batch that is whole, or the header that stands alone. */
typedef enum err batch_step(struct load *load, struct load_result *result);

/* Do it, and tell what went wrong. OK: the load goes on. */
static enum err
take_step(struct load *load, batch_step *step)
{
    struct load_result result = { .why = { "" } };
    struct arena arena;

    arena_init(&arena, COMPLAINT_BYTES_MAX);
    complaints_init(&result.complaints, &arena);

    enum err err = step(load, &result);

    if (err == OK)
        count_stored(load, &result);
    else
        err = tell_failure(load, err, &result);
    arena_fini(&arena);
    return err;
}

/* Only a split, or not knowing, keeps a batch back: the rest shows then. */
static enum err
foresee(struct load *load, struct load_result *result)
{
    const struct load_batch batch = batch_of(load);

    enum err err = load_foresee(load->target, &batch, result);

    return err == ERR_CONFLICT || err == ERR_BUSY ? err : OK;
}

static enum err
send_batch(struct load *load)
{
    if (load->kind->creates)
        TRY(take_step(load, foresee));
    return take_step(load, send_with_key);
}

static enum err
judge_header(struct load *load, struct load_result *result)
{
    const struct load_batch batch = batch_of(load);

    return load_header_judge(&batch, result);
}

/* No record is left. A file that never had one may be the wrong file. */
static enum err
end_file(struct load *load)
{
    if (load->is_begun)
        return OK;
    if (load->split.header.line > 0)
        return take_step(load, judge_header);
    load_progress_clear(&load->progress);
    complain("load", "%s: nothing to load: the file is empty", load->name);
    return ERR_INVALID;
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
        load->is_begun = true;
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
        load_signals_wait(load->file.fd);
        TRY(heed_signal(load));
        if (file_read(&load->file, piece, PIECE_BYTES, &got, &why) != OK)
            return end_early(load, ERR_INVALID, why.text);
        TRY(take_piece(load, (struct str){ piece, got }));
    } while (got > 0);
    return load_split_end(&load->split) ? send_batch(load) : end_file(load);
}

static enum exit_status
run(struct load *load, const struct load_options *options)
{
    char *piece = malloc(PIECE_BYTES);
    enum err err = ERR_BUSY;

    load->digester = options->again ? NULL : digester_new();
    load_split_init(&load->split, options->media, options->batch);
    load_progress_begin(&load->progress, load->file.size);
    load_signals_catch();
    if (piece != NULL && (options->again || load->digester != NULL))
        err = load_file(load, piece);
    else
        complain("load", "out of memory");
    load_progress_clear(&load->progress);
    printf("read %" PRIu64 ", stored %" PRIu64 ", unchanged %" PRIu64
           ", refused %" PRIu64 "\n",
           records_read(load), load->stored, load->unchanged, load->refused);
    (void)fflush(stdout);
    load_made_end(load->made);
    load_words_unknown(load->unknown);
    if (load_signals_seen() == 0) {
        load_signals_release();
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
    sigset_t ending = load_signals_set(), before;

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
