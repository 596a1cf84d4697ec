/* The small grammar of header fields (RFC 9110, 5.6 and 12.4.2). */
#ifndef API_FIELD_H
#define API_FIELD_H

#include <stdbool.h>

#include "request.h"

/* Cut off the front of *rest up to a separator, which goes too. */
struct str field_cut(struct str *rest, char separator);

/* Without spaces and tabs at both ends. */
struct str field_trim(struct str text);

/* Whether it is this word, in any case. */
bool field_is(struct str text, const char *word);

/* A weight: "0", "0.5", "1.000" as thousandths, or -1. */
int field_weight(struct str text);

/*
 * The next line of this name among the request's headers; *at is where to go
 * on, 0 first. False: there is none.
 */
bool field_next(const struct request *request, const char *name, size_t *at,
                struct str *value);

#endif
