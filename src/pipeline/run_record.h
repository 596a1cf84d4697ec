/* A run and an entry of quarantine as the store keeps them. */
#ifndef PIPELINE_RUN_RECORD_H
#define PIPELINE_RUN_RECORD_H

#include "secmaster/out.h"
#include "secmaster/poller.h"

/* What a run needs to go on besides what is told of it. */
struct run_record {
    struct run_info info;
    bool is_by_range;      /* it was asked for days, not for what is new */
    uint64_t known_tx;     /* what its asks are worked out from */
    int64_t updated_since; /* that it asks by, in seconds since 1970; 0: not */
    int64_t highest;       /* "updated" of all rows so far, likewise */
    uint64_t rows;         /* of a whole listing, when it was published */
    uint64_t quarantined;  /* pages that are not published for it */
    uint64_t plan;         /* what its asks are known again by; 0: none yet */
};

/* In place of a plan: some of its archived pages are of other asks, and which
 * ones nobody knows. No asks are known by it. */
#define RUN_PLAN_MIXED 1

/* Keys of STATE_RUNS and STATE_QUARANTINE: the number, big-endian. */
#define NUMBER_KEY_BYTES 8
void number_key_put(uint64_t number, char out[static NUMBER_KEY_BYTES]);
bool number_key_read(struct str key, uint64_t *out);

/*
 * One compact JSON object with all members, always in one order:
 * docs/storage.md. Reading takes exactly these.
 * ERR_STORE: it is none. Names of vendor and dataset are then in arena;
 * ERR_BUSY: memory.
 */
void run_record_put(struct out *out, const struct run_record *record);
enum err run_record_read(uint64_t id, struct str text, struct arena *arena,
                         struct run_record *out, struct why *why);

/* The same of a state's key and value; ERR_STORE also of a key that is none. */
enum err run_record_read_kept(struct str key, struct str value,
                              struct arena *arena, struct run_record *out,
                              struct why *why);

/* An entry, and where its raw page is. */
struct quarantine_record {
    struct quarantine_info info;
    struct date archived; /* the day that its pages are under */
};
void quarantine_record_put(struct out *out,
                           const struct quarantine_record *record);
enum err quarantine_record_read(uint64_t id, struct str text,
                                struct arena *arena,
                                struct quarantine_record *out, struct why *why);

#endif
