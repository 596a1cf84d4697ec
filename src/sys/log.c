/* Log lines, buffered between the threads that write them and standard error,
 * whose reader may be slow or stuck. */
#include "secmaster/log.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "secmaster/bounds.h"
#include "secmaster/clock.h"
#include "secmaster/utf8.h"

#define HALF_BYTES (LOG_BUFFER_BYTES / 2)
#define DETAIL_BYTES 1024
#define GATHER_NS 10000000 /* lines of so long go out in one write */
#define STOP_SECONDS 1
#define US_PER_MS 1000

/* A line is formatted by its thread, added to one half under the lock, and
 * written by the log's thread, which swaps the halves first. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t filled, stop;
    pthread_t thread;
    bool running, stopping;
    enum log_level least;
    char *filling, *writing;
    size_t len;
    uint64_t dropped_told; /* by the log's thread */
    atomic_uint_least64_t dropped;
} the_log = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .filled = PTHREAD_COND_INITIALIZER,
    .stop = PTHREAD_COND_INITIALIZER,
    .least = LOG_INFO,
};

static const char *
level_name(enum log_level level)
{
    switch (level) {
    case LOG_DEBUG:
        return "debug";
    case LOG_INFO:
        return "info";
    case LOG_WARN:
        return "warn";
    case LOG_ERROR:
        return "error";
    }
    abort();
}

static void
write_all(const char *data, size_t len)
{
    while (len > 0) {
        ssize_t count = write(STDERR_FILENO, data, len);

        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return; /* nobody is left to tell */
        data += count;
        len -= (size_t)count;
    }
}

/* A quoted string; bytes that are no UTF-8 become question marks, as a line
 * must be JSON whatever it tells of. */
static void
put_text(struct out *out, struct str text)
{
    char clean[DETAIL_BYTES];

    text.len = text.len < sizeof clean ? text.len : sizeof clean;
    if (text.len > 0)
        memcpy(clean, text.data, text.len);
    for (size_t at = 0; at < text.len; at++) {
        at += utf8_span((struct str){ clean + at, text.len - at });
        if (at < text.len)
            clean[at] = '?';
    }
    out_json(out, (struct str){ clean, text.len });
}

static void
put_head(struct out *out, enum log_level level, const char *event)
{
    char time[INSTANT_TEXT_BYTES];

    instant_format(clock_wall(), time);
    out_str(out, STR("{\"time\":\""));
    out_bytes(out, time, sizeof time);
    out_str(out, STR("\",\"level\":\""));
    out_str(out, str_of(level_name(level)));
    out_str(out, STR("\",\"event\":\""));
    out_str(out, str_of(event));
    out_char(out, '"');
}

static void
put_event(struct out *out, enum log_level level, const char *event,
          struct str detail)
{
    put_head(out, level, event);
    out_str(out, STR(",\"detail\":"));
    put_text(out, detail);
    out_str(out, STR("}\n"));
}

/* Before the log has started and after it has stopped: straight out. */
static void
add_line(struct str line)
{
    pthread_mutex_lock(&the_log.lock);
    if (!the_log.running) {
        pthread_mutex_unlock(&the_log.lock);
        write_all(line.data, line.len);
        return;
    }
    if (line.len > HALF_BYTES - the_log.len) {
        atomic_fetch_add_explicit(&the_log.dropped, 1, memory_order_relaxed);
    } else {
        if (the_log.len == 0)
            pthread_cond_signal(&the_log.filled);
        memcpy(the_log.filling + the_log.len, line.data, line.len);
        the_log.len += line.len;
    }
    pthread_mutex_unlock(&the_log.lock);
}

static void
add_out(const struct out *out)
{
    if (out_finish(out) == OK)
        add_line(out_text(out));
    else
        atomic_fetch_add_explicit(&the_log.dropped, 1, memory_order_relaxed);
}

static void
tell_dropped(void)
{
    uint64_t dropped = log_dropped();
    uint64_t since = dropped - the_log.dropped_told;
    char detail[64];
    struct out out;

    if (since == 0)
        return;
    snprintf(detail, sizeof detail, "%llu lines were dropped",
             (unsigned long long)since);
    the_log.dropped_told = dropped;
    out_init(&out, LOG_LINE_BYTES_MAX);
    put_event(&out, LOG_WARN, "log-dropped", str_of(detail));
    if (out_finish(&out) == OK)
        write_all(out.data, out.len);
    out_fini(&out);
}

/* Wait for lines, let more gather, take them. False: nothing will come. */
static bool
take_lines(size_t *len)
{
    pthread_mutex_lock(&the_log.lock);
    while (the_log.len == 0 && !the_log.stopping)
        pthread_cond_wait(&the_log.filled, &the_log.lock);
    if (!the_log.stopping) {
        struct timespec until;

        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += GATHER_NS;
        if (until.tv_nsec >= 1000000000) {
            until.tv_nsec -= 1000000000;
            until.tv_sec++;
        }
        pthread_cond_clockwait(&the_log.stop, &the_log.lock, CLOCK_MONOTONIC,
                               &until);
    }

    char *full = the_log.filling;

    *len = the_log.len;
    the_log.filling = the_log.writing;
    the_log.writing = full;
    the_log.len = 0;

    bool more = *len > 0 || !the_log.stopping;

    pthread_mutex_unlock(&the_log.lock);
    return more;
}

static void *
run(void *unused)
{
    size_t len;

    (void)unused;
    while (take_lines(&len)) {
        write_all(the_log.writing, len);
        tell_dropped();
    }
    return NULL;
}

enum err
log_start(enum log_level least, struct why *why)
{
    assert(!the_log.running);

    the_log.filling = malloc(HALF_BYTES);
    the_log.writing = malloc(HALF_BYTES);
    the_log.least = least;
    the_log.stopping = false;
    if (the_log.filling == NULL || the_log.writing == NULL ||
        pthread_create(&the_log.thread, NULL, run, NULL) != 0) {
        free(the_log.filling);
        free(the_log.writing);
        return why_set(why, ERR_BUSY, "no memory for the log");
    }
    pthread_mutex_lock(&the_log.lock);
    the_log.running = true;
    pthread_mutex_unlock(&the_log.lock);
    return OK;
}

void
log_stop(void)
{
    struct timespec until;

    pthread_mutex_lock(&the_log.lock);
    bool running = the_log.running;

    the_log.running = false;
    the_log.stopping = true;
    pthread_cond_signal(&the_log.filled);
    pthread_cond_signal(&the_log.stop);
    pthread_mutex_unlock(&the_log.lock);
    if (!running)
        return;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += STOP_SECONDS;
    if (pthread_timedjoin_np(the_log.thread, NULL, &until) != 0) {
        /* Stuck in write: it keeps the buffers until the process is gone. */
        pthread_detach(the_log.thread);
        return;
    }
    free(the_log.filling);
    free(the_log.writing);
}

void
log_event(enum log_level level, const char *event, const char *format, ...)
{
    char detail[DETAIL_BYTES];
    struct out out;
    va_list args;

    if (level < the_log.least)
        return;
    va_start(args, format);
    vsnprintf(detail, sizeof detail, format, args);
    va_end(args);

    out_init(&out, LOG_LINE_BYTES_MAX);
    put_event(&out, level, event, str_of(detail));
    /* Control characters take six bytes each; a shorter text then fits. */
    if (out_finish(&out) == ERR_TOO_LARGE) {
        detail[DETAIL_BYTES / 8] = '\0';
        out_reset(&out);
        put_event(&out, level, event, str_of(detail));
    }
    add_out(&out);
    out_fini(&out);
}

/* Milliseconds with three decimals. */
static void
put_ms(struct out *out, int64_t us)
{
    char decimals[] = { '.', '0', '0', '0' };

    for (int i = 3, rest = (int)(us % US_PER_MS); i > 0; i--, rest /= 10)
        decimals[i] = (char)('0' + rest % 10);
    out_int(out, us / US_PER_MS);
    out_bytes(out, decimals, sizeof decimals);
}

/* Without printf's help: it is a tenth of a small request's work. */
void
log_request(const struct log_request *request)
{
    struct out out;

    if (LOG_INFO < the_log.least)
        return;
    out_init(&out, LOG_LINE_BYTES_MAX);
    put_head(&out, LOG_INFO, "request");
    out_str(&out, STR(",\"id\":"));
    put_text(&out, request->id);
    out_str(&out, STR(",\"method\":"));
    put_text(&out, request->method);
    out_str(&out, STR(",\"route\":"));
    put_text(&out, request->route);
    out_str(&out, STR(",\"status\":"));
    out_int(&out, request->status);
    out_str(&out, STR(",\"bytes_in\":"));
    out_int(&out, (int64_t)request->bytes_in);
    out_str(&out, STR(",\"bytes_out\":"));
    out_int(&out, (int64_t)request->bytes_out);
    out_str(&out, STR(",\"ms\":"));
    put_ms(&out, request->us);
    out_str(&out, STR("}\n"));
    add_out(&out);
    out_fini(&out);
}

uint64_t
log_dropped(void)
{
    return atomic_load_explicit(&the_log.dropped, memory_order_relaxed);
}
