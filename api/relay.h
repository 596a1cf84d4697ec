/*
 * A stream made of parts by several workers, and sent in their order: byte for
 * byte what one thread makes. Each part is the rows of a range of securities,
 * itself a stream.
 */
#ifndef API_RELAY_H
#define API_RELAY_H

#include "request.h"

/*
 * What a relay makes its parts of. All but fill on the loop's thread; a part's
 * fill on any, never two at a time.
 */
struct relay_source {
    /* A part, of no range yet, like another one. NULL: out of memory. */
    struct stream *(*part)(const struct stream *like);

    /* A part that is done, or of no range yet, has the rows of these
     * securities, and nothing before or behind them. */
    void (*begin)(struct stream *part, int64_t first, int64_t last);

    /* A part that is not done ends with a security, from now on: this one. */
    int64_t (*cut)(struct stream *part);

    /* The first security with rows, from one on; a few without do no harm.
     * ERR_NOT_FOUND: there is none. Other errors cut the stream. While parts
     * are filled: like is any of them. */
    enum err (*next)(const struct stream *like, int64_t from, int64_t *out);
};

/* How it goes about it; tests have their own in struct service. */
struct relay_options {
    unsigned parts_max;     /* at a time, up to RELAY_PARTS_MAX */
    unsigned chunks_max;    /* of a part ahead, up to RELAY_CHUNKS_MAX */
    size_t chunk_bytes;     /* for parts: a fill makes about so much */
    uint64_t chunk_records; /* and reads so many records */
    /* Bounds of the numbers that a part's range is wide. */
    int64_t width_least, width_most;
    int64_t part_us; /* of work, that widths are fitted to */
    int64_t turn_us; /* that a worker goes on with a part */
};

const struct relay_options *relay_options(const struct service *service);

/*
 * A relay for the answer to a request. whole, which goes over to it, makes
 * everything, if it goes on being filled; it is filled once, on the loop, and
 * cut: small answers come without workers. NULL: out of memory, and whole is
 * as it was.
 */
struct stream *relay_new(struct request *request, struct stream *whole,
                         const struct relay_source *source);

#endif
