/* One fetch on its way: what curl is told, and what became of it. */
#include "transfer.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "secmaster/clock.h"
#include "secmaster/url.h"

static size_t
take_body(char *data, size_t size, size_t count, void *to)
{
    struct transfer *transfer = to;

    out_bytes(&transfer->received, data, size * count);
    return out_finish(&transfer->received) == OK ? size * count : 0;
}

/* A line of the head, or behind the body. Counted, as curl keeps them all; and
 * the end is looked for, as curl takes a head that is cut off for a whole one.
 */
static size_t
take_head(char *data, size_t size, size_t count, void *to)
{
    struct transfer *transfer = to;
    size_t len = size * count;

    if (len >= 5 && memcmp(data, "HTTP/", 5) == 0)
        transfer->is_head_whole = false;
    if (len > 0 && len <= 2 && (data[0] == '\r' || data[0] == '\n'))
        transfer->is_head_whole = true;
    transfer->head_bytes += len;
    return transfer->head_bytes <= FETCH_HEAD_BYTES_MAX ? len : 0;
}

/* So that nobody follows, logs in, remembers or asks a proxy by the way. */
static void
set_manners(CURL *curl)
{
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    /* On a kept connection that has died curl sends a request again. */
    curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
    /* Or else whoever cancels waits for the name server. */
    curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L);
}

static void
set_bounds(struct transfer *transfer, const struct fetch *fetch)
{
    const struct transfer_ground *ground = transfer->ground;
    CURL *curl = transfer->curl;

    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                     (long)ground->connect_timeout_ms);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)fetch->timeout_ms);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, (long)FETCH_STALL_BYTES);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)ground->stall_seconds);
    /* Refuses what is announced; take_body counts what comes. */
    curl_easy_setopt(curl, CURLOPT_MAXFILESIZE_LARGE,
                     (curl_off_t)fetch->body_bytes_max);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_head);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, transfer);
}

/* A line break would add headers of its own. */
static bool
is_bearer(const char *bearer)
{
    size_t len = strlen(bearer);

    if (len == 0 || len > FETCH_BEARER_BYTES_MAX)
        return false;
    for (size_t i = 0; i < len; i++)
        if (bearer[i] <= ' ' || bearer[i] > '~')
            return false;
    return true;
}

/* There may be a key in it. */
static void
forget(char *text)
{
    if (text != NULL)
        explicit_bzero(text, strlen(text));
    free(text);
}

static bool
add_header(struct curl_slist **list, const char *text)
{
    struct curl_slist *longer = curl_slist_append(*list, text);

    if (longer == NULL)
        return false;
    *list = longer;
    return true;
}

/* gzip is unpacked here, not by curl: curl takes one that is cut off for a
 * whole one. */
static bool
add_headers(struct curl_slist **list, const char *bearer)
{
    char key[sizeof "Authorization: Bearer " + FETCH_BEARER_BYTES_MAX];
    bool is_added;

    if (!add_header(list, "Accept: application/json") ||
        !add_header(list, "Accept-Encoding: gzip"))
        return false;
    if (bearer == NULL)
        return true;
    snprintf(key, sizeof key, "Authorization: Bearer %s", bearer);
    is_added = add_header(list, key);
    explicit_bzero(key, sizeof key);
    return is_added;
}

static bool
set_options(struct transfer *transfer, const struct fetch *fetch)
{
    const struct transfer_ground *ground = transfer->ground;
    CURL *curl = transfer->curl;

    set_manners(curl);
    set_bounds(transfer, fetch);
    curl_easy_setopt(curl, CURLOPT_PRIVATE, transfer);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, transfer->error);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, transfer->headers);
    return curl_easy_setopt(curl, CURLOPT_URL, transfer->url) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_USERAGENT, ground->user_agent) ==
               CURLE_OK &&
           (ground->ca_file == NULL ||
            curl_easy_setopt(curl, CURLOPT_CAINFO, ground->ca_file) ==
                CURLE_OK);
}

enum err
transfer_new(const struct transfer_ground *ground, const struct fetch *fetch,
             struct transfer **out, struct why *why)
{
    struct url_origin origin;
    const char *fault = url_origin_fault(str_of(fetch->url), &origin);
    struct transfer *transfer;

    assert(fetch->timeout_ms > 0);

    if (fault != NULL)
        return why_set(why, ERR_INVALID, "%s", fault);
    if (fetch->bearer != NULL && !is_bearer(fetch->bearer))
        return why_set(why, ERR_INVALID,
                       "the key is not one line of visible ASCII of up to %d "
                       "bytes",
                       FETCH_BEARER_BYTES_MAX);

    transfer = calloc(1, sizeof *transfer);
    if (transfer == NULL)
        return why_set(why, ERR_BUSY, "no memory for a fetch");
    transfer->ground = ground;
    transfer->answer.context = fetch->context;
    transfer->is_single = fetch->is_single;
    transfer->deadline_us =
        clock_monotonic_us() + (int64_t)fetch->timeout_ms * 1000;
    out_init(&transfer->answer.body, fetch->body_bytes_max);
    out_init(&transfer->received, fetch->body_bytes_max);
    transfer->url = strdup(fetch->url);
    transfer->curl = curl_easy_init();
    if (transfer->url == NULL || transfer->curl == NULL ||
        !add_headers(&transfer->headers, fetch->bearer) ||
        !set_options(transfer, fetch)) {
        transfer_free(transfer);
        return why_set(why, ERR_BUSY, "no memory for a fetch");
    }
    *out = transfer;
    return OK;
}

/*
 * What is ours of keys is wiped. Out of reach are curl's own copies: the URL
 * and what it is taken apart into, the request as sent, where a redirect leads
 * to; they are freed as they are.
 */
void
transfer_free(struct transfer *transfer)
{
    if (transfer->curl != NULL)
        curl_easy_cleanup(transfer->curl);
    for (struct curl_slist *at = transfer->headers; at != NULL; at = at->next)
        explicit_bzero(at->data, strlen(at->data));
    curl_slist_free_all(transfer->headers);
    forget(transfer->url);
    out_fini(&transfer->received);
    fetch_answer_fini(&transfer->answer);
    free(transfer);
}

/* Those not listed are of our own making. */
static const struct {
    CURLcode code;
    enum fetch_outcome outcome;
} outcomes[] = {
    { CURLE_OPERATION_TIMEDOUT, FETCH_TIMEOUT },
    { CURLE_COULDNT_RESOLVE_HOST, FETCH_UNREACHABLE },
    { CURLE_COULDNT_CONNECT, FETCH_UNREACHABLE },
    { CURLE_SSL_CONNECT_ERROR, FETCH_TLS },
    { CURLE_PEER_FAILED_VERIFICATION, FETCH_TLS },
    { CURLE_SSL_CACERT_BADFILE, FETCH_TLS },
    { CURLE_SSL_INVALIDCERTSTATUS, FETCH_TLS },
    { CURLE_SSL_ISSUER_ERROR, FETCH_TLS },
    { CURLE_SSL_CIPHER, FETCH_TLS },
    { CURLE_GOT_NOTHING, FETCH_RESET },
    { CURLE_PARTIAL_FILE, FETCH_RESET },
    { CURLE_RECV_ERROR, FETCH_RESET },
    { CURLE_SEND_ERROR, FETCH_RESET },
    { CURLE_UNSUPPORTED_PROTOCOL, FETCH_NOT_HTTP },
    { CURLE_WEIRD_SERVER_REPLY, FETCH_NOT_HTTP },
    { CURLE_FILESIZE_EXCEEDED, FETCH_TOO_LARGE },
    { CURLE_BAD_CONTENT_ENCODING, FETCH_BAD_ENCODING },
};

static void
settle(struct transfer *transfer, enum fetch_outcome outcome, const char *why)
{
    transfer->answer.outcome = outcome;
    why_print(&transfer->answer.why, "%s", why);
}

/* curl stopped, or one of our own callbacks stopped it. */
static void
settle_failed(struct transfer *transfer, CURLcode code)
{
    enum fetch_outcome outcome = FETCH_FAILED;

    /* Memory is what curl says it lacks for a line that is too long. */
    if (transfer->head_bytes > FETCH_HEAD_BYTES_MAX ||
        (code == CURLE_OUT_OF_MEMORY && !transfer->is_head_whole &&
         transfer->answer.requests > transfer->redirects)) {
        settle(transfer, FETCH_TOO_LARGE, "the head of the answer is too long");
        return;
    }
    if (out_finish(&transfer->received) == ERR_TOO_LARGE) {
        settle(transfer, FETCH_TOO_LARGE, "the answer is too large");
        return;
    }
    for (size_t i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++)
        if (outcomes[i].code == code)
            outcome = outcomes[i].outcome;
    settle(transfer, outcome,
           transfer->error[0] != '\0' ? transfer->error
                                      : curl_easy_strerror(code));
}

/* The value of a header that came once, borrowed from curl; *count says how
 * often it came. */
static const char *
header(const struct transfer *transfer, const char *name, size_t *count)
{
    struct curl_header *found;

    *count = 0;
    if (curl_easy_header(transfer->curl, name, 0, CURLH_HEADER, -1, &found) !=
        CURLHE_OK)
        return "";
    *count = found->amount;
    return found->value;
}

static void
copy_header(const struct transfer *transfer, const char *name,
            char to[static FETCH_HEADER_BYTES])
{
    size_t count;
    const char *value = header(transfer, name, &count);

    to[0] = '\0';
    if (strlen(value) < FETCH_HEADER_BYTES)
        snprintf(to, FETCH_HEADER_BYTES, "%s", value);
}

static void
copy_head(struct transfer *transfer)
{
    struct fetch_answer *answer = &transfer->answer;
    long status = 0, request_bytes = 0;

    curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(transfer->curl, CURLINFO_REQUEST_SIZE, &request_bytes);
    answer->status = (int)status;
    answer->requests += request_bytes > 0;
    copy_header(transfer, "Retry-After", answer->retry_after);
    copy_header(transfer, "Content-Type", answer->content_type);
}

enum packing { NOT_PACKED, GZIPPED, PACKED_OTHERWISE };

static enum packing
packing_of(const struct transfer *transfer)
{
    size_t count;
    const char *coding = header(transfer, "Transfer-Encoding", &count);

    /* curl unpacks it, but does not notice an end that is missing. */
    if (count > 1 || (count == 1 && strcasecmp(coding, "chunked") != 0))
        return PACKED_OTHERWISE;
    coding = header(transfer, "Content-Encoding", &count);
    if (count == 0 || transfer->received.len == 0)
        return NOT_PACKED;
    if (count > 1)
        return PACKED_OTHERWISE;
    if (coding[0] == '\0' || strcasecmp(coding, "identity") == 0)
        return NOT_PACKED;
    if (strcasecmp(coding, "gzip") == 0 || strcasecmp(coding, "x-gzip") == 0)
        return GZIPPED;
    return PACKED_OTHERWISE;
}

/* Or else the end is where the sender hung up. */
static bool
is_end_known(const struct transfer *transfer, enum packing packing)
{
    size_t lengths, codings;

    (void)header(transfer, "Content-Length", &lengths);
    (void)header(transfer, "Transfer-Encoding", &codings);
    return lengths > 0 || codings > 0 || packing == GZIPPED ||
           transfer->answer.status == 204 || transfer->answer.status == 304;
}

/* The body came whole: hand it over as it is, or unpacked. */
static void
settle_body(struct transfer *transfer)
{
    struct fetch_answer *answer = &transfer->answer;
    enum packing packing = packing_of(transfer);
    enum err err;

    answer->outcome = FETCH_OK;
    answer->is_end_known = is_end_known(transfer, packing);
    if (packing == PACKED_OTHERWISE) {
        settle(transfer, FETCH_BAD_ENCODING, "packed in another way than gzip");
        return;
    }
    if (packing == NOT_PACKED) {
        out_fini(&answer->body);
        answer->body = transfer->received;
        out_init(&transfer->received, 0);
        return;
    }
    err = transfer->ground->unpack(out_text(&transfer->received), &answer->body,
                                   &answer->why);
    if (err == OK)
        return;
    answer->outcome = err == ERR_TOO_LARGE ? FETCH_TOO_LARGE
                      : err == ERR_BUSY    ? FETCH_FAILED
                                           : FETCH_BAD_ENCODING;
    if (err == ERR_TOO_LARGE)
        why_print(&answer->why, "the answer is too large once unpacked");
    out_reset(&answer->body);
}

/* Where it is to be asked instead; NULL: this is the answer. Borrowed from
 * curl. */
static const char *
redirected_to(const struct transfer *transfer)
{
    int status = transfer->answer.status;
    char *to = NULL;

    if (status != 301 && status != 302 && status != 303 && status != 307 &&
        status != 308)
        return NULL;
    curl_easy_getinfo(transfer->curl, CURLINFO_REDIRECT_URL, &to);
    return to;
}

/* Set it on its new way, within its origin, or settle it: nothing is sent to
 * whom it was not meant for. */
static bool
follow(struct transfer *transfer, const char *to)
{
    int64_t left_ms = (transfer->deadline_us - clock_monotonic_us()) / 1000;
    char *url;

    if (!url_same_origin(str_of(transfer->url), str_of(to))) {
        settle(transfer, FETCH_REDIRECTED,
               "redirected to another scheme, host or port");
        return false;
    }
    if (transfer->is_single) {
        settle(transfer, FETCH_REDIRECTED, "redirected within the origin");
        out_str(&transfer->answer.body, str_of(to));
        transfer->answer.is_within = out_finish(&transfer->answer.body) == OK;
        return false;
    }
    if (transfer->redirects == FETCH_REDIRECTS_MAX) {
        settle(transfer, FETCH_REDIRECTED, "redirected too often");
        return false;
    }
    if (left_ms <= 0) {
        settle(transfer, FETCH_TIMEOUT, "redirected until time was up");
        return false;
    }
    url = strdup(to);
    if (url == NULL ||
        curl_easy_setopt(transfer->curl, CURLOPT_URL, url) != CURLE_OK) {
        forget(url);
        settle(transfer, FETCH_FAILED, "no memory for a redirect");
        return false;
    }
    curl_easy_setopt(transfer->curl, CURLOPT_TIMEOUT_MS, (long)left_ms);
    forget(transfer->url);
    transfer->url = url;
    transfer->redirects++;
    transfer->head_bytes = 0;
    transfer->is_head_whole = false;
    transfer->error[0] = '\0';
    out_reset(&transfer->received);
    return true;
}

bool
transfer_end(struct transfer *transfer, CURLcode code)
{
    const char *to;

    copy_head(transfer);
    if (code != CURLE_OK) {
        settle_failed(transfer, code);
        return true;
    }
    if (!transfer->is_head_whole) {
        settle(transfer, FETCH_RESET, "closed within the head");
        return true;
    }
    to = redirected_to(transfer);
    if (to != NULL)
        return !follow(transfer, to);
    settle_body(transfer);
    return true;
}
