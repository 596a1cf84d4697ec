/* The engine's doors to the real clock, network, disk and writer. */
#ifndef PIPELINE_POLLER_DOORS_H
#define PIPELINE_POLLER_DOORS_H

#include "engine.h"
#include "secmaster/inbox.h"

/* The poller's thread's own. */
struct poller_doors {
    clock_now *now;
    struct writer *writer;
    struct fetcher *fetcher;
    struct archive *archive;
    struct inbox inbox; /* of publications that come home */
};

/* doors must outlive the engine. */
struct engine_doors poller_doors(struct poller_doors *doors);

#endif
