/* Which clients are too slow to be waited for. */
#ifndef API_REAPER_H
#define API_REAPER_H

#include <stdbool.h>
#include <stdint.h>

/* What a connection is being waited for. */
enum reading {
    READING_NOTHING, /* we compute */
    READING_HEAD,    /* of the next request, whose first byte may be to come */
    READING_BODY,
    READING_ANSWER, /* the client reads, or not */
};

/* What a socket has seen so far; all zero when nobody can tell. */
struct reaper_flow {
    uint64_t received;
    uint64_t taken; /* of what we sent, by the other side */
};

enum reaper_verdict { REAPER_WAITS, REAPER_CUTS_IDLE, REAPER_CUTS_SLOW };

struct reaper_deadlines {
    int64_t request_us, idle_us;
};

/* One connection's; all zero when it is new. */
struct reaper_mark {
    uint64_t bytes_done; /* received when the last request was done with */
    uint64_t bytes_since;
    int64_t since_us;     /* 0: the clock does not run */
    enum reading reading; /* what it runs for */
    bool is_idle;         /* it runs because nothing is sent or taken */
};

/* The last request is done with; bytes received so far. */
void reaper_done(struct reaper_mark *mark, uint64_t bytes);

/*
 * Called about twice a second: whether to cut the connection off. A head must
 * be whole after request_us, and a small body too; a larger body must bring
 * BODY_BYTES_PER_SECOND_MIN in each span of that length. Of an answer something
 * must be taken in each span of idle_us, where the next request may also not
 * begin. Pure.
 */
enum reaper_verdict reaper_judge(struct reaper_mark *mark, enum reading reading,
                                 const struct reaper_flow *flow, int64_t now_us,
                                 const struct reaper_deadlines *deadlines);

struct reaper_flow reaper_flow(int fd);

#endif
