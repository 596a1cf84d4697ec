/* What handlers ask of the poller: its calls in a table, so that tests can
 * stand in for it. Each is as poller.h has it. */
#ifndef API_POLLING_H
#define API_POLLING_H

#include "request.h"
#include "secmaster/poller.h"

struct polling {
    struct poller *poller;
    size_t (*vendors)(struct poller *poller, struct poller_vendor *out);
    bool (*has_vendor)(const struct poller *poller, struct str vendor);
    size_t (*runs)(struct poller *poller, const struct poller_run_page *page,
                   struct run_info *out);
    enum err (*run)(struct poller *poller, struct str vendor, uint64_t run,
                    struct run_info *out);
    enum err (*request)(struct poller *poller,
                        const struct poller_request *request,
                        struct poller_answer *answer, struct why *why);
    enum err (*cancel)(struct poller *poller, struct str vendor, uint64_t run,
                       struct run_info *out, struct why *why);
    size_t (*quarantine)(struct poller *poller,
                         const struct poller_quarantine_page *page,
                         struct quarantine_info *out);
    enum err (*release)(struct poller *poller, uint64_t id,
                        struct quarantine_info *out, struct why *why);
    enum err (*discard)(struct poller *poller, uint64_t id,
                        struct quarantine_info *out, struct why *why);
    enum err (*quarantine_stray)(struct poller *poller,
                                 const struct poller_stray *stray, uint64_t *id,
                                 struct why *why);
    void (*stats)(struct poller *poller, struct poller_stats *out);
};

/* The first segment as a vendor that is configured. On failure the response is
 * set and false returned. */
bool polling_vendor_read(struct request *request, struct response *response,
                         struct str *out);

/* A segment as a number from 1: a run's or an entry's. Likewise. */
bool polling_number_read(struct request *request, struct response *response,
                         size_t segment, uint64_t *out);

/* A list that goes on below a number: where it begins (0: any), and how many
 * it may have. Likewise. */
struct polling_page {
    uint64_t before;
    uint32_t limit;
};
bool polling_page_read(struct request *request, struct response *response,
                       struct polling_page *out);

/* A whole answer of what changes without a transaction: end the list behind
 * which last goes on (0: nothing does), with its pages; name it by its bytes.
 */
void polling_list_end(struct request *request, struct response *response,
                      uint64_t last);

/* The answer is whole JSON: of this status, and named where it is a GET's. */
void polling_answer(struct request *request, struct response *response,
                    int status);

/* Append members of JSON: null where there is no moment (0), or no text. */
void polling_put_instant(struct out *out, const char *name, struct instant at);
void polling_put_number(struct out *out, const char *name, uint64_t number);

#endif
