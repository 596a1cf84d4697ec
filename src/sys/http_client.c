/* HTTP requests one at a time, with only the features of libcurl that we
 * want. */
#include "secmaster/http_client.h"

#include <assert.h>
#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONNECT_TIMEOUT_MS 10000L
#define LOW_SPEED_BYTES 1L    /* a second; slower than that is a stall, */
#define LOW_SPEED_SECONDS 60L /* after so long */
#define RETRY_AFTER_SECONDS_MAX 3600
#define HEADER_BYTES_MAX 512

struct http_client {
    CURL *curl;
    const char *base; /* borrowed */
    size_t base_len;  /* of it, up to slashes at its end */
    char error[CURL_ERROR_SIZE];
};

static void
start_curl(void)
{
    CURLcode failed = curl_global_init(CURL_GLOBAL_DEFAULT);

    assert(failed == CURLE_OK);
}

/* curl bounds neither inflated nor unannounced bodies; the out does. */
static size_t
take_body(char *data, size_t size, size_t count, void *to)
{
    struct http_answer *answer = to;

    out_bytes(&answer->body, data, size * count);
    return out_finish(&answer->body) == OK ? size * count : 0;
}

/* Everything that is the same in each request. */
static void
set_options(CURL *curl, char *error, long timeout_seconds)
{
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, timeout_seconds);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, LOW_SPEED_BYTES);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, LOW_SPEED_SECONDS);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
}

struct http_client *
http_client_new(const char *base, int timeout_seconds)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct http_client *client = calloc(1, sizeof *client);

    assert(base != NULL);
    assert(timeout_seconds > 0);

    pthread_once(&once, start_curl);
    if (client == NULL)
        return NULL;
    client->base = base;
    client->base_len = strlen(base);
    while (client->base_len > 0 && base[client->base_len - 1] == '/')
        client->base_len--;
    client->curl = curl_easy_init();
    if (client->curl == NULL) {
        free(client);
        return NULL;
    }
    set_options(client->curl, client->error, timeout_seconds);
    return client;
}

void
http_client_free(struct http_client *client)
{
    if (client == NULL)
        return;
    curl_easy_cleanup(client->curl);
    free(client);
}

static bool
is_replayed(CURL *curl)
{
    struct curl_header *header;

    return curl_easy_header(curl, "Idempotency-Replayed", 0, CURLH_HEADER, -1,
                            &header) == CURLHE_OK &&
           strcmp(header->value, "true") == 0;
}

/* What is particular to the request is set; send it and read the answer. */
static enum err
perform(struct http_client *client, const char *path,
        struct http_answer *answer, struct why *why)
{
    const struct str base = { client->base, client->base_len };
    struct out url;
    long status = 0, sent_bytes = 0;
    curl_off_t retry_after = 0;

    out_init(&url, SIZE_MAX);
    out_print(&url, "%.*s%s", STR_ARG(base), path);
    out_char(&url, '\0');
    if (out_finish(&url) != OK) {
        out_fini(&url);
        return why_set(why, ERR_BUSY, "no memory for a request");
    }
    curl_easy_setopt(client->curl, CURLOPT_URL, url.data);
    out_fini(&url);
    curl_easy_setopt(client->curl, CURLOPT_WRITEDATA, answer);
    client->error[0] = '\0';

    CURLcode code = curl_easy_perform(client->curl);

    if (code != CURLE_OK) {
        curl_easy_getinfo(client->curl, CURLINFO_REQUEST_SIZE, &sent_bytes);
        answer->is_unsent = sent_bytes == 0;
        return why_set(why, ERR_UPSTREAM, "%.*s%s: %s", STR_ARG(base), path,
                       client->error[0] != '\0' ? client->error
                                                : curl_easy_strerror(code));
    }
    curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(client->curl, CURLINFO_RETRY_AFTER, &retry_after);
    if (retry_after > RETRY_AFTER_SECONDS_MAX)
        retry_after = RETRY_AFTER_SECONDS_MAX;
    answer->status = (int)status;
    answer->retry_after_seconds = (int)retry_after;
    answer->is_replayed = is_replayed(client->curl);
    return OK;
}

enum err
http_client_get(struct http_client *client, const char *path,
                struct http_answer *answer, struct why *why)
{
    curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, NULL);
    curl_easy_setopt(client->curl, CURLOPT_HTTPGET, 1L);
    return perform(client, path, answer, why);
}

/* Without Expect: a body of ours is never so large that asking first would
 * save anything. NULL: out of memory. */
static struct curl_slist *
post_headers(const struct http_post *post)
{
    const struct {
        const char *name, *value;
    } headers[] = {
        { "Expect", "" },
        { "Content-Type", post->media_type },
        { "Idempotency-Key", post->idempotency_key },
    };
    struct curl_slist *list = NULL;
    char text[HEADER_BYTES_MAX];

    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        struct curl_slist *longer;

        if (headers[i].value == NULL)
            continue;
        snprintf(text, sizeof text, "%s:%s%s", headers[i].name,
                 headers[i].value[0] != '\0' ? " " : "", headers[i].value);
        longer = curl_slist_append(list, text);
        if (longer == NULL) {
            curl_slist_free_all(list);
            return NULL;
        }
        list = longer;
    }
    return list;
}

enum err
http_client_post(struct http_client *client, const struct http_post *post,
                 struct http_answer *answer, struct why *why)
{
    struct curl_slist *headers = post_headers(post);

    if (headers == NULL)
        return why_set(why, ERR_BUSY, "no memory for a request");
    curl_easy_setopt(client->curl, CURLOPT_POST, 1L);
    curl_easy_setopt(client->curl, CURLOPT_POSTFIELDSIZE_LARGE,
                     (curl_off_t)post->body.len);
    curl_easy_setopt(client->curl, CURLOPT_POSTFIELDS,
                     post->body.len > 0 ? post->body.data : "");
    curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, headers);

    enum err err = perform(client, post->path, answer, why);

    curl_slist_free_all(headers);
    return err;
}
