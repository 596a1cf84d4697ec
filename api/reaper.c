/* Cut clients off that are so slow that they only hold a place. */
#include "reaper.h"

#include <assert.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "secmaster/bounds.h"

#define US_PER_SECOND 1000000

void
reaper_done(struct reaper_mark *mark, uint64_t bytes)
{
    *mark = (struct reaper_mark){ .bytes_done = bytes };
}

static void
start(struct reaper_mark *mark, bool is_idle, uint64_t bytes, int64_t now_us)
{
    mark->since_us = now_us;
    mark->bytes_since = bytes;
    mark->is_idle = is_idle;
}

/*
 * What the other side's kernel took counts, not what ours did: of what a send
 * buffer of some MiB holds, a slow reader takes nothing for minutes that would
 * make room for more.
 */
static bool
is_stalled(struct reaper_mark *mark, uint64_t taken, int64_t now_us,
           int64_t idle_us)
{
    if (taken != mark->bytes_since)
        start(mark, true, taken, now_us);
    return now_us - mark->since_us >= idle_us;
}

static bool
is_slow(struct reaper_mark *mark, enum reading reading, uint64_t received,
        int64_t now_us, int64_t request_us)
{
    uint64_t due;

    if (now_us - mark->since_us < request_us)
        return false;
    due = (uint64_t)request_us * BODY_BYTES_PER_SECOND_MIN / US_PER_SECOND;
    if (reading == READING_HEAD || received - mark->bytes_since < due)
        return true;
    start(mark, false, received, now_us);
    return false;
}

enum reaper_verdict
reaper_judge(struct reaper_mark *mark, enum reading reading,
             const struct reaper_flow *flow, int64_t now_us,
             const struct reaper_deadlines *deadlines)
{
    bool is_between =
        reading == READING_HEAD && flow->received == mark->bytes_done;
    bool is_idle = is_between || reading == READING_ANSWER;

    assert(now_us > 0);
    assert(deadlines->request_us > 0);
    assert(deadlines->idle_us > 0);

    if (reading == READING_NOTHING) {
        mark->since_us = 0;
        return REAPER_WAITS;
    }
    if (mark->since_us == 0 || mark->reading != reading ||
        mark->is_idle != is_idle)
        start(mark, is_idle, is_idle ? flow->taken : flow->received, now_us);
    mark->reading = reading;
    if (is_idle) {
        if (!is_stalled(mark, flow->taken, now_us, deadlines->idle_us))
            return REAPER_WAITS;
        return is_between ? REAPER_CUTS_IDLE : REAPER_CUTS_SLOW;
    }
    return is_slow(mark, reading, flow->received, now_us, deadlines->request_us)
               ? REAPER_CUTS_SLOW
               : REAPER_WAITS;
}

struct reaper_flow
reaper_flow(int fd)
{
    struct tcp_info info;
    socklen_t len = sizeof info;

    memset(&info, 0, sizeof info);
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0)
        return (struct reaper_flow){ 0 };
    return (struct reaper_flow){
        .received = info.tcpi_bytes_received,
        .taken = info.tcpi_bytes_acked,
    };
}
