/* One JSON object a line on standard error, never waiting for its reader. */
#ifndef SECMASTER_LOG_H
#define SECMASTER_LOG_H

#include <stdint.h>

#include "secmaster/err.h"
#include "secmaster/out.h"
#include "secmaster/str.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/*
 * Lines go into a bounded buffer (LOG_BUFFER_BYTES) that a thread of its own
 * writes out; what does not fit is dropped and counted. One log a process.
 */
enum err log_start(enum log_level least, struct why *why);

/* Writes out what waits (at most a second) and ends the thread. */
void log_stop(void);

/* {"time","level","event","detail"}; before log_start: straight out. */
void log_event(enum log_level level, const char *event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* One request; nothing of its query, headers or body. */
struct log_request {
    struct str id, method, route; /* route: the template, or "" */
    int status;
    uint64_t bytes_in, bytes_out;
    int64_t us;
};
void log_request(const struct log_request *request);

uint64_t log_dropped(void);

#endif
