/* One fetch on its way, with curl's handle for it; used by the fetcher. */
#ifndef SYS_TRANSFER_H
#define SYS_TRANSFER_H

#include <curl/curl.h>

#include "secmaster/fetcher.h"

/* What all transfers of a fetcher share; it outlives them. */
struct transfer_ground {
    fetcher_unpack *unpack;
    char *user_agent, *ca_file;
    int connect_timeout_ms, stall_seconds;
};

struct transfer {
    struct transfer *next;
    const struct transfer_ground *ground; /* borrowed */
    CURL *curl;
    struct curl_slist *headers;
    char *url;
    struct fetch_answer answer; /* goes to the caller */
    struct out received;        /* the body as it was sent */
    size_t head_bytes;
    bool is_head_whole;
    bool is_single;
    int redirects;
    int64_t deadline_us;
    char error[CURL_ERROR_SIZE];
};

/* Errors of fetcher_start. */
enum err transfer_new(const struct transfer_ground *ground,
                      const struct fetch *fetch, struct transfer **out,
                      struct why *why);
void transfer_free(struct transfer *transfer);

/*
 * curl is through with it. True: its answer is complete. False: it has been
 * redirected within its origin and is to be sent once more.
 */
bool transfer_end(struct transfer *transfer, CURLcode code);

#endif
