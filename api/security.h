/* What is said of a security without a row. */
#ifndef API_SECURITY_H
#define API_SECURITY_H

#include "reading.h"
#include "request.h"

/* The reading's one security has no row that day: it is unknown, or begins
 * later. Sets the response. */
void security_answer_nothing(struct request *request, struct response *response,
                             const struct reading *reading);

#endif
