/* A small store whose every answer can be told by heart. */
#ifndef TESTS_API_THREE_BATCHES_H
#define TESTS_API_THREE_BATCHES_H

#include "tests/api/asking.h"

#define FACT(id, name, value, date)                                            \
    "{\"security_id\":" #id ",\"attribute\":\"" name "\",\"value\":" value     \
    ",\"effective_date\":\"" date "\"}\n"
#define RETRACT(id, name, date)                                                \
    "{\"security_id\":" #id ",\"attribute\":\"" name                           \
    "\",\"op\":\"retract\",\"effective_date\":\"" date "\"}\n"

/* Three transactions; security 3 begins after "today", 2024-06-15. Ended by
 * asking_fini. */
void three_batches(struct asking *a);

#define FIXED "\"security_id\",\"effective_start_date\",\"effective_end_date\""
#define KEY(id, start, end)                                                    \
    "{\"security_id\":" #id ",\"effective_start_date\":\"" start               \
    "\",\"effective_end_date\":" end
#define TABLE(columns, rows)                                                   \
    "{\"columns\":[" FIXED columns "],\"rows\":[" rows "],\"next_cursor\":"    \
    "null}"

#endif
