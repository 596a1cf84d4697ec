/* Cut clients off that send so slowly that they only hold a place. */
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

bool
reaper_is_late(struct reaper_mark *mark, enum reading reading, uint64_t bytes,
               int64_t now_us, int64_t deadline_us)
{
    uint64_t due;

    assert(now_us > 0);
    assert(deadline_us > 0);

    if (reading == READING_NOTHING ||
        (reading == READING_HEAD && bytes == mark->bytes_done)) {
        mark->since_us = 0;
        return false;
    }
    if (mark->since_us == 0) {
        mark->since_us = now_us;
        mark->bytes_since = bytes;
        return false;
    }
    if (now_us - mark->since_us < deadline_us)
        return false;
    due = (uint64_t)deadline_us * BODY_BYTES_PER_SECOND_MIN / US_PER_SECOND;
    if (reading == READING_HEAD || bytes - mark->bytes_since < due)
        return true;
    mark->since_us = now_us;
    mark->bytes_since = bytes;
    return false;
}

uint64_t
reaper_bytes_received(int fd)
{
    struct tcp_info info;
    socklen_t len = sizeof info;

    memset(&info, 0, sizeof info);
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0)
        return 0;
    return info.tcpi_bytes_received;
}
