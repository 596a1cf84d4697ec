/* What the poller's thread has last told, for any thread to read. */
#ifndef PIPELINE_BOARD_H
#define PIPELINE_BOARD_H

#include "secmaster/poller.h"

struct board;

/* NULL: out of memory. */
struct board *board_new(void);
void board_free(struct board *board);

/* A copy that lives as long as the board, each text kept once; data NULL: out
 * of memory. By the poller's thread, as all that puts. */
struct str board_name(struct board *board, struct str name);

/* What board_put_run and board_put_entry may have to forget. */
struct board_forgotten {
    uint64_t id; /* 0: nothing */
};

/*
 * Tell a run or an entry, a new one or one that has changed; its names stay
 * with the board. Past RUNS_KEPT_MAX the oldest that has ended is forgotten,
 * but never an entry that is open, a run that has one, or the newest, behind
 * whose number the next one goes. ERR_BUSY: memory; nothing is told.
 */
enum err board_put_run(struct board *board, const struct run_info *run,
                       struct board_forgotten *forgotten);
enum err board_put_entry(struct board *board,
                         const struct quarantine_info *entry,
                         struct board_forgotten *forgotten);

/* As many entries are open as there may be. By the poller's thread. */
bool board_is_full(const struct board *board);

void board_put_vendors(struct board *board, const struct poller_vendor *vendors,
                       size_t count);
void board_put_stats(struct board *board, const struct poller_stats *stats);

/* As the functions of poller.h that are so called. */
size_t board_vendors(struct board *board, struct poller_vendor *out);
size_t board_runs(struct board *board, const struct poller_run_page *page,
                  struct run_info *out);
enum err board_run(struct board *board, struct str vendor, uint64_t run,
                   struct run_info *out);
size_t board_entries(struct board *board,
                     const struct poller_quarantine_page *page,
                     struct quarantine_info *out);

/* Those of a run that are open, oldest first; out has room for limit. */
size_t board_open_entries(struct board *board, uint64_t run, size_t limit,
                          struct quarantine_info *out);
enum err board_entry(struct board *board, uint64_t id,
                     struct quarantine_info *out);
void board_stats(struct board *board, struct poller_stats *out);

#endif
