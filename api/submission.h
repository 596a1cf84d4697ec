/*
 * What all calls that write have in common: an Idempotency-Key, a dry run, the
 * way to the writer and the replay of an answer. Their endpoints set takes_key.
 */
#ifndef API_SUBMISSION_H
#define API_SUBMISSION_H

#include "problem.h"
#include "request.h"
#include "secmaster/digest.h"
#include "secmaster/writer.h"

/* Read the request's key, if it writes; one that cannot be a key is refused. */
void submission_begin(struct request *request, struct response *response);

/* A piece of the body as it was received. */
void submission_piece(struct request *request, struct str piece);

/* The request is over. */
void submission_end(struct request *request);

/* Read a parameter like ?dry_run, false where it is not there. What is neither
 * true nor false is refused, and false returned. */
bool submission_flag(struct request *request, struct response *response,
                     const char *name, bool *out);

/*
 * The body is whole: give the job the request's key and hand it to the writer.
 * print and status are of its first answer. Where the writer does not take it,
 * the response says why.
 */
void submission_send(struct request *request, struct response *response,
                     struct write_job *job);

/*
 * The job came home: answer. Where its key settles that, it is the first answer
 * again, or that the key was another request's. A job that failed is a problem,
 * with the job's complaints under the name of invalid where it has some. Else
 * what print says of it, 200 where nothing is stored (a dry run, or nothing was
 * new), or with its status.
 */
void submission_tell(struct request *request, struct response *response,
                     const struct write_job *job, enum problem invalid);

/* For print: `"tx":1,"recorded_at":"...",`, or nothing where nothing is stored.
 */
void submission_put_tx(struct out *out, const struct write_job *job);

/* What a request under a key is known by: this, and then its body. */
struct submission_head {
    struct str method, target;
    enum media media; /* of the body */
};
void submission_digest(struct digester *digester,
                       const struct submission_head *head);

#endif
