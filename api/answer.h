/* The answer of an exchange: its headers and its bytes. */
#ifndef API_ANSWER_H
#define API_ANSWER_H

#include <sys/types.h>

#include "exchange.h"

/* Add the headers that every answer has, unless they are there. */
void answer_stamp(struct exchange *exchange);

/*
 * Count what it holds among the answers in flight, again where that changed;
 * exchange_free ends it. False: together they hold too much; more than before
 * is not counted.
 */
bool answer_count(struct exchange *exchange);

/* Content-Type; NULL: none. */
const char *answer_content_type(const struct exchange *exchange);

/* The whole body, where response.stream is NULL. */
struct str answer_text(const struct exchange *exchange);

/*
 * The next bytes of response.stream, at most size: their count, or one of
 * these. LATER lets other connections have their turn first; WAITS: ask again
 * when answer_part_home says so.
 */
#define ANSWER_LATER 0
#define ANSWER_END (-1)
#define ANSWER_CUT (-2)
#define ANSWER_WAITS (-3)
ssize_t answer_stream(struct exchange *exchange, char *data, size_t size);

/* Whether its stream waits for a job of its own. */
bool answer_waits(const struct exchange *exchange);

/* An item of a job of its stream came home. True: who reads the answer waits
 * for it. */
bool answer_part_home(struct exchange *exchange, struct inbox_item *item);

/* Head and body as they go over the wire, closing the connection. */
void answer_early(struct exchange *exchange, const char *reason,
                  struct out *out);

#endif
