/* Errors as application/problem+json (RFC 9457): a kind is a table row. */
#ifndef API_PROBLEM_H
#define API_PROBLEM_H

#include "request.h"
#include "secmaster/complaint.h"
#include "secmaster/err.h"

enum problem {
#define PROBLEM(name, status, slug, title, meaning, remedy) PROBLEM_##name,
#include "problems.def"
#undef PROBLEM
    PROBLEM_COUNT
};

/* Make the response this problem; detail is printf'd. Replaces any body. */
void problem_set(struct request *request, struct response *response,
                 enum problem problem, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The same up to its closing brace: the caller adds members and that. */
void problem_begin(struct request *request, struct response *response,
                   enum problem problem, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* With the list of what is wrong. */
void problem_list(struct request *request, struct response *response,
                  enum problem problem, const struct complaints *complaints);

/* What a body's reader has said: broken grammar, a list of what breaks a rule,
 * or an error as below. */
void problem_body(struct request *request, struct response *response,
                  enum err err, const struct complaints *complaints,
                  const struct why *why);

/* The problem of an error code of the inner floors. */
void problem_err(struct request *request, struct response *response,
                 enum err err, const struct why *why);

#endif
