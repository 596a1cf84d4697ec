/* Answers that are tables of type-2 rows: pages and streams. */
#ifndef API_TABLE_H
#define API_TABLE_H

#include "knowledge.h"
#include "reading.h"
#include "request.h"

/*
 * Answer with the reading's rows: a page in JSON or where limit= is given,
 * else a stream of all. clocks are pinned by the cursor of the next page.
 */
void table_answer(struct request *request, struct response *response,
                  const struct reading *reading, const struct clocks *clocks);

/* Read from= and to= into the window. On failure the response is set and
 * false returned. */
bool window_read(struct request *request, struct response *response,
                 struct window *out);

#endif
