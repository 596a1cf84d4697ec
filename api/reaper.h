/* Which clients are too slow to be waited for. */
#ifndef API_REAPER_H
#define API_REAPER_H

#include <stdbool.h>
#include <stdint.h>

/* What a connection is being waited for. */
enum reading {
    READING_NOTHING, /* we compute or answer: others keep that time */
    READING_HEAD,    /* of the next request, whose first byte may be to come */
    READING_BODY,
};

/* One connection's; all zero when it is new. */
struct reaper_mark {
    uint64_t bytes_done; /* received when the last request was done with */
    uint64_t bytes_since;
    int64_t since_us; /* 0: the clock does not run */
};

/* The last request is done with; bytes received so far. */
void reaper_done(struct reaper_mark *mark, uint64_t bytes);

/*
 * Called about twice a second: whether to cut the connection off. A head must
 * be whole after deadline_us, and a small body too; a larger body must bring
 * BODY_BYTES_PER_SECOND_MIN in each span of that length. Pure.
 */
bool reaper_is_late(struct reaper_mark *mark, enum reading reading,
                    uint64_t bytes, int64_t now_us, int64_t deadline_us);

/* Bytes a socket has received in its life; 0 when nobody can tell. */
uint64_t reaper_bytes_received(int fd);

#endif
