/* HTTP GETs, many at once, on curl's multi interface. */
#include "secmaster/fetcher.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "transfer.h"

struct fetcher {
    CURLM *multi;
    struct transfer_ground ground;
    struct transfer *under_way;      /* in no order */
    struct transfer *done, **newest; /* oldest first */
    size_t count;                    /* of both */
};

static void
start_curl(void)
{
    CURLcode failed = curl_global_init(CURL_GLOBAL_DEFAULT);

    assert(failed == CURLE_OK);
}

static bool
set_ground(struct transfer_ground *ground,
           const struct fetcher_options *options)
{
    ground->unpack = options->unpack;
    ground->connect_timeout_ms = options->connect_timeout_ms > 0
                                     ? options->connect_timeout_ms
                                     : FETCH_CONNECT_TIMEOUT_MS;
    ground->stall_seconds = options->stall_seconds > 0 ? options->stall_seconds
                                                       : FETCH_STALL_SECONDS;
    ground->user_agent = strdup(options->user_agent);
    if (options->ca_file != NULL)
        ground->ca_file = strdup(options->ca_file);
    return ground->user_agent != NULL &&
           (options->ca_file == NULL || ground->ca_file != NULL);
}

struct fetcher *
fetcher_new(const struct fetcher_options *options)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct fetcher *fetcher = calloc(1, sizeof *fetcher);

    assert(options->unpack != NULL);
    assert(options->user_agent != NULL);

    pthread_once(&once, start_curl);
    if (fetcher == NULL)
        return NULL;
    fetcher->newest = &fetcher->done;
    fetcher->multi = curl_multi_init();
    /* Without descriptors to spare it would start, but never wake. */
    if (fetcher->multi == NULL || !set_ground(&fetcher->ground, options) ||
        curl_multi_wakeup(fetcher->multi) != CURLM_OK) {
        fetcher_free(fetcher);
        return NULL;
    }
    return fetcher;
}

static void
drop(struct fetcher *fetcher, struct transfer **at)
{
    struct transfer *transfer = *at;

    *at = transfer->next;
    if (fetcher->newest == &transfer->next)
        fetcher->newest = at;
    fetcher->count--;
    transfer_free(transfer);
}

static void
abandon(struct fetcher *fetcher, struct transfer **at)
{
    CURLMcode failed = curl_multi_remove_handle(fetcher->multi, (*at)->curl);

    assert(failed == CURLM_OK);
    drop(fetcher, at);
}

void
fetcher_free(struct fetcher *fetcher)
{
    if (fetcher == NULL)
        return;
    while (fetcher->under_way != NULL)
        abandon(fetcher, &fetcher->under_way);
    while (fetcher->done != NULL)
        drop(fetcher, &fetcher->done);
    if (fetcher->multi != NULL)
        curl_multi_cleanup(fetcher->multi);
    free(fetcher->ground.user_agent);
    free(fetcher->ground.ca_file);
    free(fetcher);
}

/* Where the list's link to it is, or to nothing at its end. */
static struct transfer **
find(struct transfer **at, const void *context)
{
    while (*at != NULL && (*at)->answer.context != context)
        at = &(*at)->next;
    return at;
}

enum err
fetcher_start(struct fetcher *fetcher, const struct fetch *fetch,
              struct why *why)
{
    struct transfer *transfer;

    assert(*find(&fetcher->under_way, fetch->context) == NULL);
    assert(*find(&fetcher->done, fetch->context) == NULL);

    if (fetcher->count == FETCHES_MAX)
        return why_set(why, ERR_BUSY, "%d fetches are under way", FETCHES_MAX);
    TRY(transfer_new(&fetcher->ground, fetch, &transfer, why));
    if (curl_multi_add_handle(fetcher->multi, transfer->curl) != CURLM_OK) {
        transfer_free(transfer);
        return why_set(why, ERR_BUSY, "no memory for a fetch");
    }
    transfer->next = fetcher->under_way;
    fetcher->under_way = transfer;
    fetcher->count++;
    return OK;
}

void
fetcher_cancel(struct fetcher *fetcher, const void *context)
{
    struct transfer **at = find(&fetcher->under_way, context);

    if (*at != NULL) {
        abandon(fetcher, at);
        return;
    }
    at = find(&fetcher->done, context);
    if (*at != NULL)
        drop(fetcher, at);
}

size_t
fetcher_count(const struct fetcher *fetcher)
{
    return fetcher->count;
}

/* curl is through with one: send it where it was redirected to, or have its
 * answer wait for the caller. */
static void
end(struct fetcher *fetcher, CURL *curl, CURLcode code)
{
    struct transfer *transfer = NULL, **at;

    curl_easy_getinfo(curl, CURLINFO_PRIVATE, &transfer);
    curl_multi_remove_handle(fetcher->multi, curl);
    if (!transfer_end(transfer, code)) {
        if (curl_multi_add_handle(fetcher->multi, curl) == CURLM_OK)
            return;
        transfer->answer.outcome = FETCH_FAILED;
        why_print(&transfer->answer.why, "no memory for a redirect");
    }
    at = find(&fetcher->under_way, transfer->answer.context);
    assert(*at == transfer);
    *at = transfer->next;
    transfer->next = NULL;
    *fetcher->newest = transfer;
    fetcher->newest = &transfer->next;
}

static void
work(struct fetcher *fetcher)
{
    const CURLMsg *message;
    int running, queued;
    CURLMcode failed = curl_multi_perform(fetcher->multi, &running);

    assert(failed == CURLM_OK || failed == CURLM_OUT_OF_MEMORY);
    while ((message = curl_multi_info_read(fetcher->multi, &queued)) != NULL)
        if (message->msg == CURLMSG_DONE)
            end(fetcher, message->easy_handle, message->data.result);
}

void
fetcher_turn(struct fetcher *fetcher, int wait_ms)
{
    assert(wait_ms >= 0);

    work(fetcher);
    if (fetcher->done != NULL)
        return;
    curl_multi_poll(fetcher->multi, NULL, 0, wait_ms, NULL);
    work(fetcher);
}

void
fetcher_wake(struct fetcher *fetcher)
{
    curl_multi_wakeup(fetcher->multi);
}

bool
fetcher_done(struct fetcher *fetcher, struct fetch_answer *out)
{
    struct transfer *transfer = fetcher->done;

    if (transfer == NULL)
        return false;
    *out = transfer->answer;
    out_init(&transfer->answer.body, 0);
    drop(fetcher, &fetcher->done);
    return true;
}

void
fetch_answer_fini(struct fetch_answer *answer)
{
    /* A vendor may repeat the key in what it redirects to. */
    if (answer->is_within && answer->body.data != NULL)
        explicit_bzero(answer->body.data, answer->body.len);
    out_fini(&answer->body);
}

const char *
fetch_outcome_name(enum fetch_outcome outcome)
{
    switch (outcome) {
    case FETCH_OK:
        return "ok";
    case FETCH_TIMEOUT:
        return "timeout";
    case FETCH_UNREACHABLE:
        return "unreachable";
    case FETCH_TLS:
        return "tls";
    case FETCH_RESET:
        return "reset";
    case FETCH_NOT_HTTP:
        return "not_http";
    case FETCH_TOO_LARGE:
        return "too_large";
    case FETCH_BAD_ENCODING:
        return "bad_encoding";
    case FETCH_REDIRECTED:
        return "redirected";
    case FETCH_FAILED:
        return "failed";
    }
    assert(false && "an outcome without a name");
    return "";
}
