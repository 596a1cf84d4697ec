/* Where a page ends and the next one begins. */
#ifndef API_PAGE_H
#define API_PAGE_H

#include "knowledge.h"
#include "request.h"
#include "secmaster/err.h"

/*
 * Say where the next page is (next NULL: this is the last one): in a Link
 * header, and behind a JSON body's list as next_cursor with the closing brace.
 * ERR_TOO_LARGE: the address of the next page is too long.
 */
enum err page_end(struct request *request, struct response *response,
                  const struct cursor *next, struct why *why);

#endif
