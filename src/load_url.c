/* Batches into a running server. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "commands.h"
#include "load_key.h"
#include "load_kind.h"
#include "load_made.h"
#include "load_target.h"
#include "secmaster/http_client.h"
#include "secmaster/json_document.h"

#define TIMEOUT_SECONDS 300
#define PROBLEM_BYTES_MAX (4UL << 20)
#define BUSY_TRIES_MAX 10
#define BUSY_WAIT_SECONDS_MAX 30

struct load_url {
    struct load_target base;
    struct http_client *client;
};

/* The first of a list that may not be there. */
static const struct json_node *
first_of(const struct json_node *list)
{
    return list == NULL ? NULL : json_first(list);
}

static enum err
read_count(const struct json_node *root, const char *name, uint64_t *out,
           struct why *why)
{
    int64_t count;

    if (!json_integer(json_member(root, name), &count))
        return why_set(why, ERR_UPSTREAM, "the server's answer has no %s",
                       name);
    *out = (uint64_t)count;
    return OK;
}

/* What the batch has made. */
static enum err
read_made(const struct json_node *root, struct load_result *result)
{
    const struct json_node *minted = json_member(root, "minted");

    for (const struct json_node *one = first_of(minted); one != NULL;
         one = json_next(one)) {
        int64_t id = 0;

        if (json_name(one).len > TICKER_BYTES_MAX)
            return why_set(&result->why, ERR_UPSTREAM,
                           "the server's answer has a ticker over %d bytes",
                           TICKER_BYTES_MAX);
        (void)json_integer(one, &id);
        load_made_note(result, json_name(one), id);
    }
    return OK;
}

/* 201, or 200 of nothing new. What a replay says was stored is unchanged. */
static enum err
read_stored(const struct json_node *root, const struct load_kind *kind,
            bool is_replayed, struct load_result *result)
{
    struct why *why = &result->why;

    if (kind->is_prices)
        TRY(read_count(root, "unchanged", &result->unchanged, why));
    TRY(read_count(root, kind->is_prices ? "rows" : "facts", &result->stored,
                   why));
    if (!is_replayed)
        return kind->is_prices ? read_made(root, result) : OK;
    result->unchanged += result->stored;
    result->stored = 0;
    return OK;
}

static void
read_complaints(const struct json_node *root, struct load_result *result)
{
    const struct json_node *errors = json_member(root, "errors");
    int64_t count;

    for (const struct json_node *error = first_of(errors); error != NULL;
         error = json_next(error)) {
        int64_t line = 0;
        const char *detail = "invalid";

        (void)json_integer(json_member(error, "line"), &line);
        (void)json_string(json_member(error, "detail"), &detail);
        complaints_add(&result->complaints, NULL, (uint64_t)line, "%s", detail);
    }
    if (json_integer(json_member(root, "error_count"), &count))
        result->complaints.total = (uint64_t)count;
}

/* A problem: refused as it stands, or a reason to stop. */
static enum err
read_problem(const struct json_node *root, int status,
             struct load_result *result)
{
    const char *detail = "no detail";

    (void)json_string(json_member(root, "detail"), &detail);
    if (status == 422) {
        read_complaints(root, result);
        return ERR_INVALID;
    }
    if (status == 400)
        return why_set(&result->why, ERR_MALFORMED, "%s", detail);
    return why_set(&result->why, ERR_UPSTREAM, "the server answers %d: %s",
                   status, detail);
}

/* 503 says that nothing was stored, 507 that it did not fit; 409 that the same
 * batch may be by another one. */
static bool
is_unknown(int status)
{
    if (status == 503 || status == 507)
        return false;
    if (status == 409)
        return true;
    return status < 400 || status >= 500;
}

static enum err
read_answer(const struct http_answer *answer, const struct load_kind *kind,
            struct load_result *result)
{
    struct json_document *document;

    result->is_unknown = is_unknown(answer->status);
    if (json_document_parse(out_text(&answer->body), &document, NULL) != OK)
        return why_set(&result->why, ERR_UPSTREAM,
                       "the server answers %d, without JSON", answer->status);

    const struct json_node *root = json_document_root(document);
    enum err err =
        answer->status == 201 || (answer->status == 200 && kind->is_prices)
            ? read_stored(root, kind, answer->is_replayed, result)
            : read_problem(root, answer->status, result);

    json_document_free(document);
    return err;
}

/* False: a signal came; the answer stands. */
static bool
wait_for_server(const struct http_answer *answer)
{
    struct timespec wait = { .tv_sec = answer->retry_after_seconds };

    if (wait.tv_sec < 1)
        wait.tv_sec = 1;
    if (wait.tv_sec > BUSY_WAIT_SECONDS_MAX)
        wait.tv_sec = BUSY_WAIT_SECONDS_MAX;
    return nanosleep(&wait, NULL) == 0;
}

/* A 503 says that nothing was stored, a 409 that the same batch is under way,
 * sent by a load that was cut off. */
static bool
is_worth_another_try(int status)
{
    return status == 503 || status == 409;
}

/* Once, and again while a busy server says so. */
static enum err
post_patiently(struct load_url *to, const struct http_post *post,
               struct http_answer *answer, struct why *why)
{
    enum err err = OK;

    for (int tries = 1; tries <= BUSY_TRIES_MAX; tries++) {
        out_reset(&answer->body);
        err = http_client_post(to->client, post, answer, why);
        if (err != OK || !is_worth_another_try(answer->status))
            break;
        if (tries < BUSY_TRIES_MAX && !wait_for_server(answer))
            break;
    }
    return err;
}

static enum err
url_send(struct load_target *target, const struct load_batch *batch,
         struct load_result *result)
{
    const struct http_post post = {
        .path = batch->kind->target,
        .media_type = media_type(batch->media),
        .idempotency_key = batch->key == NULL ? NULL : batch->key->text,
        .body = batch->body,
    };
    struct load_url *to = (struct load_url *)target;
    struct http_answer answer = { 0 };
    enum err err;

    out_init(&answer.body, PROBLEM_BYTES_MAX);
    err = post_patiently(to, &post, &answer, &result->why);
    if (err == OK)
        err = read_answer(&answer, batch->kind, result);
    else /* a 409 before it: another one's may be stored */
        result->is_unknown =
            err == ERR_UPSTREAM && (!answer.is_unsent || answer.status == 409);
    out_fini(&answer.body);
    return err;
}

/* *out: who bears a ticker on the last day, one of them where there are more.
 * ERR_NOT_FOUND: nobody, or the server does not say. */
static enum err
ask_bearer(struct load_url *to, const char *ticker, struct http_answer *answer,
           int64_t *out)
{
    char target[LOAD_TARGET_BYTES];
    struct json_document *document;
    const struct json_node *root;
    struct why unheard;
    bool is_there;

    load_kind_bearer_target(ticker, target);
    out_reset(&answer->body);
    if (http_client_get(to->client, target, answer, &unheard) != OK ||
        json_document_parse(out_text(&answer->body), &document, NULL) != OK)
        return ERR_NOT_FOUND;
    root = json_document_root(document);
    is_there = json_integer(json_member(root, "security_id"), out) ||
               json_integer(first_of(json_member(root, "candidates")), out);
    json_document_free(document);
    return is_there ? OK : ERR_NOT_FOUND;
}

/* What a dry run would make, in answer's body. */
static enum err
refuse_split(struct load_url *to, struct http_answer *answer,
             struct load_result *result)
{
    struct json_document *document;
    const struct json_node *minted;
    enum err err = OK;

    if (json_document_parse(out_text(&answer->body), &document, NULL) != OK)
        return OK;
    minted = json_member(json_document_root(document), "minted");
    for (const struct json_node *one = first_of(minted);
         one != NULL && err == OK; one = json_next(one)) {
        char ticker[TICKER_BYTES_MAX + 1];
        struct str name = json_name(one);
        int64_t id;

        if (name.len > TICKER_BYTES_MAX)
            continue;
        memcpy(ticker, name.data, name.len);
        ticker[name.len] = '\0';
        if (ask_bearer(to, ticker, answer, &id) == OK)
            err = load_made_split(name, id, &result->why);
    }
    json_document_free(document);
    return err;
}

static enum err
url_foresee(struct load_target *target, const struct load_batch *batch,
            struct load_result *result)
{
    const struct http_post post = {
        .path = batch->kind->dry_target,
        .media_type = media_type(batch->media),
        .body = batch->body,
    };
    struct load_url *to = (struct load_url *)target;
    struct http_answer answer = { 0 };
    struct why unheard;
    enum err err;

    out_init(&answer.body, PROBLEM_BYTES_MAX);
    err = post_patiently(to, &post, &answer, &unheard);
    if (err == OK && answer.status == 200)
        err = refuse_split(to, &answer, result);
    else if (err == OK && is_worth_another_try(answer.status))
        err = why_set(&result->why, ERR_BUSY,
                      "the server is too busy for a dry run");
    out_fini(&answer.body);
    return err;
}

static void
url_close(struct load_target *target)
{
    struct load_url *to = (struct load_url *)target;

    http_client_free(to->client);
    free(to);
}

static const struct load_target_ops ops = { url_send, url_foresee, NULL,
                                            url_close };

enum err
load_url_open(const char *url, struct load_target **out, struct why *why)
{
    struct load_url *to = calloc(1, sizeof *to);

    if (to != NULL)
        to->client = http_client_new(url, TIMEOUT_SECONDS);
    if (to == NULL || to->client == NULL) {
        free(to);
        return why_set(why, ERR_BUSY, "out of memory");
    }
    to->base.ops = &ops;
    *out = &to->base;
    return OK;
}
