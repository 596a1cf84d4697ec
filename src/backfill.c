/* secmaster backfill: asks a server for a run over days, and watches it. */
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "commands.h"
#include "secmaster/date.h"
#include "secmaster/http_client.h"
#include "secmaster/json_document.h"

#define URL_DEFAULT "http://127.0.0.1:8080"
#define TIMEOUT_SECONDS 60
#define ANSWER_BYTES_MAX (1UL << 20)
#define PATH_BYTES_MAX 256
#define NAME_BYTES_MAX 64
#define LOOK_MS_FIRST 50
#define LOOK_MS_MAX 1000

static const char help[] =
    "Usage: secmaster backfill [--url URL] VENDOR DATASET FROM TO\n"
    "Ask a running server to poll a vendor's dataset for the days from FROM "
    "to\n"
    "TO, both included, and show how it goes until it ends. The run goes on\n"
    "without this command, and over restarts of the server.\n\n"
    "  --url URL   the server (" URL_DEFAULT ")\n"
    "  --help, -h  this text\n";

struct backfill {
    struct http_client *client;
    const char *vendor, *dataset, *from, *to;
    char path[PATH_BYTES_MAX]; /* of the run */
    char told[160];            /* the last line of progress */
};

/* A run as the server tells it. Strings are the document's. */
struct told_run {
    const char *run, *state, *estimated_end, *error;
    int64_t done, total, stored, unchanged;
};

static void
read_run(const struct json_node *root, struct told_run *out)
{
    *out = (struct told_run){ .run = "", .state = "" };
    (void)json_string(json_member(root, "run"), &out->run);
    (void)json_string(json_member(root, "state"), &out->state);
    (void)json_string(json_member(root, "estimated_end"), &out->estimated_end);
    (void)json_string(json_member(root, "error"), &out->error);
    (void)json_integer(json_member(root, "done"), &out->done);
    (void)json_integer(json_member(root, "total"), &out->total);
    (void)json_integer(json_member(root, "stored"), &out->stored);
    (void)json_integer(json_member(root, "unchanged"), &out->unchanged);
}

/* A line for each change. */
static void
show(struct backfill *backfill, const struct told_run *run)
{
    char line[sizeof backfill->told], of[32] = "";

    if (run->total > 0)
        (void)snprintf(of, sizeof of, " of %lld", (long long)run->total);
    (void)snprintf(line, sizeof line,
                   "%s, %lld%s asked, %lld stored, %lld unchanged", run->state,
                   (long long)run->done, of, (long long)run->stored,
                   (long long)run->unchanged);
    if (strcmp(line, backfill->told) == 0)
        return;
    memcpy(backfill->told, line, sizeof line);
    fprintf(stderr, "run %s: %s%s%s\n", run->run, line,
            run->estimated_end == NULL ? "" : ", to end about ",
            run->estimated_end == NULL ? "" : run->estimated_end);
}

static bool
is_over(const struct told_run *run)
{
    return strcmp(run->state, "queued") != 0 &&
           strcmp(run->state, "running") != 0;
}

static enum exit_status
say_end(const struct told_run *run)
{
    bool is_good = strcmp(run->state, "succeeded") == 0 ||
                   strcmp(run->state, "unchanged") == 0;

    printf("run %s %s: asked %lld, stored %lld, unchanged %lld%s%s\n", run->run,
           run->state, (long long)run->done, (long long)run->stored,
           (long long)run->unchanged, run->error == NULL ? "" : ": ",
           run->error == NULL ? "" : run->error);
    return is_good ? EXIT_OK : EXIT_FAILED;
}

/* The answer's JSON; NULL: it is none, or not of the status, which is said. */
static struct json_document *
take_answer(const struct http_answer *answer, int status)
{
    struct json_document *document = NULL;
    const char *detail = "no JSON";
    bool is_json =
        json_document_parse(out_text(&answer->body), &document, NULL) == OK;

    if (is_json && answer->status == status)
        return document;
    if (is_json)
        (void)json_string(json_member(json_document_root(document), "detail"),
                          &detail);
    complain("backfill", "the server answers %d: %s", answer->status, detail);
    if (is_json)
        json_document_free(document);
    return NULL;
}

static bool
ask(struct backfill *backfill)
{
    struct http_answer answer = { 0 };
    struct json_document *document = NULL;
    struct told_run run;
    struct why why = { "" };
    char body[PATH_BYTES_MAX + 3 * NAME_BYTES_MAX];
    struct http_post post = {
        .path = backfill->path,
        .media_type = "application/json",
    };
    enum err err;

    (void)snprintf(backfill->path, sizeof backfill->path, "/v1/vendors/%s/runs",
                   backfill->vendor);
    (void)snprintf(body, sizeof body,
                   "{\"dataset\":\"%s\",\"from\":\"%s\",\"to\":\"%s\"}",
                   backfill->dataset, backfill->from, backfill->to);
    post.body = str_of(body);
    out_init(&answer.body, ANSWER_BYTES_MAX);
    err = http_client_post(backfill->client, &post, &answer, &why);
    if (err != OK)
        complain("backfill", "%s", why.text);
    else
        document = take_answer(&answer, 202);
    if (document != NULL) {
        read_run(json_document_root(document), &run);
        (void)snprintf(backfill->path, sizeof backfill->path,
                       "/v1/vendors/%s/runs/%.32s", backfill->vendor, run.run);
        show(backfill, &run);
        json_document_free(document);
    }
    out_fini(&answer.body);
    return document != NULL;
}

/* Look once; true: it is over. */
static bool
look(struct backfill *backfill, enum exit_status *status)
{
    struct http_answer answer = { 0 };
    struct json_document *document = NULL;
    struct told_run run;
    struct why why = { "" };
    bool is_done = true;
    enum err err;

    *status = EXIT_FAILED;
    out_init(&answer.body, ANSWER_BYTES_MAX);
    err = http_client_get(backfill->client, backfill->path, &answer, &why);
    if (err != OK)
        complain("backfill", "%s; the run goes on", why.text);
    else
        document = take_answer(&answer, 200);
    if (document != NULL) {
        read_run(json_document_root(document), &run);
        show(backfill, &run);
        is_done = is_over(&run);
        if (is_done)
            *status = say_end(&run);
        json_document_free(document);
    }
    out_fini(&answer.body);
    return is_done;
}

static enum exit_status
watch(struct backfill *backfill)
{
    enum exit_status status;
    long wait_ms = LOOK_MS_FIRST;

    while (!look(backfill, &status)) {
        const struct timespec wait = { .tv_sec = wait_ms / 1000,
                                       .tv_nsec = wait_ms % 1000 * 1000000 };

        nanosleep(&wait, NULL);
        wait_ms = wait_ms * 2 < LOOK_MS_MAX ? wait_ms * 2 : LOOK_MS_MAX;
    }
    return status;
}

/* As vendors and datasets are configured: nothing to escape. */
static bool
is_name(const char *text)
{
    size_t len =
        strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                     "0123456789._-");

    return len > 0 && len <= NAME_BYTES_MAX && text[len] == '\0';
}

static enum exit_status
check(const struct backfill *backfill)
{
    struct date date;

    if (!is_name(backfill->vendor))
        return usage_fault("backfill", "'%s' is no vendor's name",
                           backfill->vendor);
    if (!is_name(backfill->dataset))
        return usage_fault("backfill", "'%s' is no dataset's name",
                           backfill->dataset);
    if (date_parse(str_of(backfill->from), &date) != OK)
        return usage_fault("backfill", "'%s' is no date", backfill->from);
    if (date_parse(str_of(backfill->to), &date) != OK)
        return usage_fault("backfill", "'%s' is no date", backfill->to);
    return EXIT_OK;
}

static enum exit_status
take_option(int option, const char *text, void *given)
{
    const char **url = given;

    assert(option == 'u');
    *url = text;
    return EXIT_OK;
}

enum exit_status
command_backfill(int argc, char **argv)
{
    static const struct option options[] = {
        { "url", required_argument, NULL, 'u' },
        { "help", no_argument, NULL, 'h' },
        { 0 },
    };
    static const struct command_line line = {
        .command = "backfill",
        .help = help,
        .options = options,
        .operands_max = 4,
        .take = take_option,
    };
    struct backfill backfill = { .told = "" };
    const char *url = URL_DEFAULT;
    enum exit_status status;

    if (!options_read(&line, argc, argv, &url, &status))
        return status;
    if (argc - optind != 4)
        return usage_fault("backfill", "VENDOR DATASET FROM TO are all needed");
    backfill.vendor = argv[optind];
    backfill.dataset = argv[optind + 1];
    backfill.from = argv[optind + 2];
    backfill.to = argv[optind + 3];
    status = check(&backfill);
    if (status != EXIT_OK)
        return status;
    backfill.client = http_client_new(url, TIMEOUT_SECONDS);
    if (backfill.client == NULL) {
        complain("backfill", "out of memory");
        return EXIT_FAILED;
    }
    status = ask(&backfill) ? watch(&backfill) : EXIT_FAILED;
    http_client_free(backfill.client);
    return status;
}
