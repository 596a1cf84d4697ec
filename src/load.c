/* secmaster load: a file of facts, batch by batch, into a server or store. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "load_progress.h"
#include "load_split.h"
#include "load_target.h"
#include "secmaster/file.h"

#define BATCH_DEFAULT 10000
#define BATCH_MAX 1000000
#define PIECE_BYTES (256 * 1024)
#define COMPLAINT_BYTES_MAX (1UL << 20) /* texts of one batch's complaints */

static const char help[] =
    "Usage: secmaster load FILE (--url URL | --data DIR) [OPTION]...\n"
    "Put the facts of FILE (.csv, .ndjson or .jsonl; - is standard input)\n"
    "into a running server, or into a store that no server holds. A batch\n"
    "with a wrong fact in it is refused whole, and the load goes on.\n"
    "Exit status: 1 when anything was refused.\n\n"
    "  --url URL         the server, like http://127.0.0.1:8080\n"
    "  --data DIR        the store, made when missing\n"
    "  --batch N         facts a batch (10000)\n"
    "  --format FORMAT   csv or ndjson, whatever FILE is called\n"
    "  --help            this text\n";

struct load_options {
    const char *file, *url, *data;
    enum media media;
    uint64_t batch;
};

struct load {
    const char *name; /* of the file, for people */
    struct file_reader file;
    struct load_split split;
    struct load_target *target;
    struct load_progress progress;
    uint64_t stored, refused; /* facts; read is their sum */
};

/* What is wrong in one batch, by the lines of the file. */
static void
print_complaints(const struct load *load, const struct complaints *complaints)
{
    for (size_t i = 0; i < complaints->listed; i++) {
        const struct complaint *complaint = &complaints->items[i];
        struct file_place place = load_split_place(
            &load->split, (struct file_place){ complaint->line, 0 });

        fprintf(stderr, "%s:%" PRIu64 ": %s\n", load->name, place.line,
                complaint->detail);
    }
    if (complaints->total > complaints->listed)
        fprintf(stderr, "%s: and %" PRIu64 " more in this batch\n", load->name,
                complaints->total - complaints->listed);
}

/* Read "line N, byte N: " off the front of a reader's words. */
static bool
read_place(const char **words, struct file_place *out)
{
    char *end;

    if (strncmp(*words, "line ", 5) != 0)
        return false;
    out->line = strtoull(*words + 5, &end, 10);
    if (strncmp(end, ", byte ", 7) != 0)
        return false;
    out->byte = strtoull(end + 7, &end, 10);
    if (strncmp(end, ": ", 2) != 0)
        return false;
    *words = end + 2;
    return true;
}

/* Words about the whole body, with their place in the file. */
static void
print_malformed(const struct load *load, const char *words)
{
    struct file_place place;

    if (!read_place(&words, &place)) {
        fprintf(stderr, "%s:%" PRIu64 ": %s\n", load->name,
                load->split.first.line, words);
        return;
    }
    place = load_split_place(&load->split, place);
    fprintf(stderr, "%s:%" PRIu64 ": byte %" PRIu64 ": %s\n", load->name,
            place.line, place.byte, words);
}

/* Send the batch that is whole. Only OK and ERR_INVALID let the load go on. */
static enum err
send_batch(struct load *load)
{
    struct load_result result = { .why = { "" } };
    struct arena arena;

    arena_init(&arena, COMPLAINT_BYTES_MAX);
    complaints_init(&result.complaints, &arena);

    enum err err = load_send(load->target, load->split.media,
                             out_text(&load->split.body), &result);

    if (err == OK)
        load->stored += result.facts;
    else
        load->refused += load->split.records;
    if (err != OK)
        load_progress_clear(&load->progress);
    if (err == ERR_INVALID)
        print_complaints(load, &result.complaints);
    else if (err == ERR_MALFORMED)
        print_malformed(load, result.why.text);
    else if (err != OK)
        complain("load", "%s", result.why.text);
    arena_fini(&arena);
    return err;
}

static enum err
take_piece(struct load *load, struct str piece)
{
    while (load_split_take(&load->split, &piece)) {
        enum err err = send_batch(load);

        if (err != OK && err != ERR_INVALID)
            return err;
        load_progress_draw(&load->progress, load->split.at.byte,
                           load->stored + load->refused);
    }
    if (out_finish(&load->split.body) == OK)
        return OK;
    load_progress_clear(&load->progress);
    complain("load", "%s:%" PRIu64 ": a record that does not end", load->name,
             load->split.first.line);
    return ERR_TOO_LARGE;
}

static enum err
load_file(struct load *load, char *piece)
{
    struct why why;
    size_t got;
    enum err err;

    do {
        err = file_read(&load->file, piece, PIECE_BYTES, &got, &why);
        if (err != OK) {
            complain("load", "%s: %s", load->name, why.text);
            return err;
        }
        TRY(take_piece(load, (struct str){ piece, got }));
    } while (got > 0);
    if (!load_split_end(&load->split))
        return OK;
    err = send_batch(load);
    return err == ERR_INVALID ? OK : err;
}

static enum exit_status
run(struct load *load, const struct load_options *options)
{
    char *piece = malloc(PIECE_BYTES);
    enum err err = ERR_BUSY;

    load_split_init(&load->split, options->media, options->batch);
    load_progress_begin(&load->progress, load->file.size);
    if (piece != NULL)
        err = load_file(load, piece);
    load_progress_clear(&load->progress);
    printf("read %" PRIu64 ", stored %" PRIu64 ", unchanged 0, refused %" PRIu64
           "\n",
           load->stored + load->refused, load->stored, load->refused);
    load_split_fini(&load->split);
    free(piece);
    return err == OK && load->refused == 0 ? EXIT_OK : EXIT_FAILED;
}

static enum exit_status
open_and_run(const struct load_options *options)
{
    struct load load = { .name = options->file };
    struct why why = { "" };
    enum exit_status status = EXIT_FAILED;

    if (file_open(options->file, &load.file, &why) != OK) {
        complain("load", "%s", why.text);
        return EXIT_FAILED;
    }

    enum err err = options->url != NULL
                       ? load_url_open(options->url, &load.target, &why)
                       : load_store_open(options->data, &load.target, &why);

    if (err == OK)
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
check_options(struct load_options *options, int argc, char **argv)
{
    if (optind == argc)
        return usage_fault("load", "FILE is missing");
    if (optind + 1 < argc)
        return usage_fault("load", "takes no '%s'", argv[optind + 1]);
    options->file = argv[optind];
    if ((options->url == NULL) == (options->data == NULL))
        return usage_fault("load", "takes either --url or --data");
    if (options->media == MEDIA_NONE)
        options->media = media_of_file(options->file);
    if (options->media == MEDIA_NONE)
        return usage_fault("load", "%s: is it --format csv or ndjson?",
                           options->file);
    return EXIT_OK;
}

static enum exit_status
take_option(int option, struct load_options *out)
{
    switch (option) {
    case 'u':
        out->url = optarg;
        return EXIT_OK;
    case 'd':
        out->data = optarg;
        return EXIT_OK;
    case 'b':
        if (!option_number(optarg, 1, BATCH_MAX, &out->batch))
            return usage_fault("load", "--batch takes 1 to %d", BATCH_MAX);
        return EXIT_OK;
    case 'f':
        out->media = media_by_name(str_of(optarg));
        if (out->media != MEDIA_CSV && out->media != MEDIA_NDJSON)
            return usage_fault("load", "--format takes csv or ndjson");
        return EXIT_OK;
    default:
        return usage_fault("load", "wrong arguments");
    }
}

enum exit_status
command_load(int argc, char **argv)
{
    static const struct option options[] = {
        { "url", required_argument, NULL, 'u' },
        { "data", required_argument, NULL, 'd' },
        { "batch", required_argument, NULL, 'b' },
        { "format", required_argument, NULL, 'f' },
        { "help", no_argument, NULL, 'h' },
        { 0 },
    };
    struct load_options given = { .media = MEDIA_NONE, .batch = BATCH_DEFAULT };
    enum exit_status status;
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'h') {
            fputs(help, stdout);
            return EXIT_OK;
        }
        status = take_option(option, &given);
        if (status != EXIT_OK)
            return status;
    }
    status = check_options(&given, argc, argv);
    return status == EXIT_OK ? open_and_run(&given) : status;
}
