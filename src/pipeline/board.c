/* Tables by id behind one lock, which is held to copy and never to wait. */
#include "board.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "array.h"

struct board {
    pthread_mutex_t lock;
    struct run_info *runs; /* ascending by id */
    size_t run_count, run_capacity;
    struct quarantine_info *entries; /* likewise */
    size_t entry_count, entry_capacity, open_count;
    struct poller_vendor vendors[VENDORS_MAX];
    size_t vendor_count;
    struct poller_stats stats;

    /* The thread's own. */
    struct arena arena; /* of names */
    struct str *names;
    size_t name_count, name_capacity;
};

struct board *
board_new(void)
{
    struct board *board = calloc(1, sizeof *board);

    if (board == NULL)
        return NULL;
    pthread_mutex_init(&board->lock, NULL);
    arena_init(&board->arena, BOARD_NAMES_BYTES_MAX);
    return board;
}

void
board_free(struct board *board)
{
    if (board == NULL)
        return;
    pthread_mutex_destroy(&board->lock);
    arena_fini(&board->arena);
    free(board->names);
    free(board->runs);
    free(board->entries);
    free(board);
}

struct str
board_name(struct board *board, struct str name)
{
    struct str none = { NULL, 0 }, *names;

    for (size_t i = 0; i < board->name_count; i++)
        if (str_equal(board->names[i], name))
            return board->names[i];
    names = array_reserve(board->names, &board->name_capacity,
                          board->name_count + 1, sizeof *names);
    if (names == NULL)
        return none;
    board->names = names;
    names[board->name_count] = arena_copy(&board->arena, name);
    if (names[board->name_count].data == NULL)
        return none;
    return names[board->name_count++];
}

/* The place of the first run not below id. */
static size_t
find_run(const struct board *board, uint64_t id)
{
    size_t low = 0, high = board->run_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (board->runs[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static size_t
find_entry(const struct board *board, uint64_t id)
{
    size_t low = 0, high = board->entry_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (board->entries[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool
is_done_with(const struct run_info *run)
{
    return run_state_is_end(run->state) && run->open == 0;
}

/* Past the limit drop the oldest run that is done with, but not the newest;
 * returns its id, or 0. */
static uint64_t
forget_run(struct board *board)
{
    uint64_t id;
    size_t i = 0;

    if (board->run_count <= RUNS_KEPT_MAX)
        return 0;
    while (i + 1 < board->run_count && !is_done_with(&board->runs[i]))
        i++;
    if (i + 1 == board->run_count)
        return 0;
    id = board->runs[i].id;
    board->run_count--;
    memmove(&board->runs[i], &board->runs[i + 1],
            (board->run_count - i) * sizeof board->runs[0]);
    return id;
}

static bool
is_open(const struct quarantine_info *entry)
{
    return entry->state == QUARANTINE_OPEN;
}

static uint64_t
forget_entry(struct board *board)
{
    uint64_t id;
    size_t i = 0;

    if (board->entry_count <= RUNS_KEPT_MAX)
        return 0;
    while (i + 1 < board->entry_count && is_open(&board->entries[i]))
        i++;
    if (i + 1 == board->entry_count)
        return 0;
    id = board->entries[i].id;
    board->entry_count--;
    memmove(&board->entries[i], &board->entries[i + 1],
            (board->entry_count - i) * sizeof board->entries[0]);
    return id;
}

/* By the thread alone that puts, so that only readers are kept out. */
static enum err
grow(struct board *board)
{
    struct run_info *runs;
    struct quarantine_info *entries;

    runs = array_reserve(board->runs, &board->run_capacity,
                         board->run_count + 1, sizeof *runs);
    if (runs != NULL)
        board->runs = runs;
    entries = array_reserve(board->entries, &board->entry_capacity,
                            board->entry_count + 1, sizeof *entries);
    if (entries != NULL)
        board->entries = entries;
    return runs == NULL || entries == NULL ? ERR_BUSY : OK;
}

enum err
board_put_run(struct board *board, const struct run_info *run,
              struct board_forgotten *forgotten)
{
    enum err err;
    size_t i;

    assert(run->id > 0);

    *forgotten = (struct board_forgotten){ 0 };
    pthread_mutex_lock(&board->lock);
    err = grow(board);
    i = find_run(board, run->id);
    if (i < board->run_count && board->runs[i].id == run->id) {
        board->runs[i] = *run;
        err = OK;
    } else if (err == OK) {
        memmove(&board->runs[i + 1], &board->runs[i],
                (board->run_count - i) * sizeof *run);
        board->runs[i] = *run;
        board->run_count++;
        forgotten->id = forget_run(board);
    }
    pthread_mutex_unlock(&board->lock);
    return err;
}

enum err
board_put_entry(struct board *board, const struct quarantine_info *entry,
                struct board_forgotten *forgotten)
{
    enum err err;
    size_t i;

    assert(entry->id > 0);

    *forgotten = (struct board_forgotten){ 0 };
    pthread_mutex_lock(&board->lock);
    err = grow(board);
    i = find_entry(board, entry->id);
    if (i < board->entry_count && board->entries[i].id == entry->id) {
        board->open_count -= is_open(&board->entries[i]);
        board->open_count += is_open(entry);
        board->entries[i] = *entry;
        err = OK;
    } else if (err == OK) {
        board->open_count += is_open(entry);
        memmove(&board->entries[i + 1], &board->entries[i],
                (board->entry_count - i) * sizeof *entry);
        board->entries[i] = *entry;
        board->entry_count++;
        forgotten->id = forget_entry(board);
    }
    pthread_mutex_unlock(&board->lock);
    return err;
}

bool
board_is_full(const struct board *board)
{
    return board->open_count >= QUARANTINE_OPEN_MAX;
}

void
board_put_vendors(struct board *board, const struct poller_vendor *vendors,
                  size_t count)
{
    assert(count <= VENDORS_MAX);

    pthread_mutex_lock(&board->lock);
    memcpy(board->vendors, vendors, count * sizeof *vendors);
    board->vendor_count = count;
    pthread_mutex_unlock(&board->lock);
}

void
board_put_stats(struct board *board, const struct poller_stats *stats)
{
    pthread_mutex_lock(&board->lock);
    board->stats = *stats;
    pthread_mutex_unlock(&board->lock);
}

size_t
board_vendors(struct board *board, struct poller_vendor *out)
{
    size_t count;

    pthread_mutex_lock(&board->lock);
    count = board->vendor_count;
    memcpy(out, board->vendors, count * sizeof *out);
    pthread_mutex_unlock(&board->lock);
    return count;
}

size_t
board_runs(struct board *board, const struct poller_run_page *page,
           struct run_info *out)
{
    size_t count = 0, i;

    pthread_mutex_lock(&board->lock);
    i = page->before == 0 ? board->run_count : find_run(board, page->before);
    while (i-- > 0 && count < page->limit)
        if (str_equal(board->runs[i].vendor, page->vendor))
            out[count++] = board->runs[i];
    pthread_mutex_unlock(&board->lock);
    return count;
}

enum err
board_run(struct board *board, struct str vendor, uint64_t run,
          struct run_info *out)
{
    enum err err = ERR_NOT_FOUND;
    size_t i;

    pthread_mutex_lock(&board->lock);
    i = find_run(board, run);
    if (i < board->run_count && board->runs[i].id == run &&
        str_equal(board->runs[i].vendor, vendor)) {
        *out = board->runs[i];
        err = OK;
    }
    pthread_mutex_unlock(&board->lock);
    return err;
}

static bool
is_wanted(const struct quarantine_info *entry,
          const struct poller_quarantine_page *page)
{
    if (page->vendor.data != NULL && !str_equal(entry->vendor, page->vendor))
        return false;
    return page->dataset.data == NULL ||
           str_equal(entry->dataset, page->dataset);
}

size_t
board_entries(struct board *board, const struct poller_quarantine_page *page,
              struct quarantine_info *out)
{
    size_t count = 0, i;

    pthread_mutex_lock(&board->lock);
    i = page->before == 0 ? board->entry_count
                          : find_entry(board, page->before);
    while (i-- > 0 && count < page->limit)
        if (is_wanted(&board->entries[i], page))
            out[count++] = board->entries[i];
    pthread_mutex_unlock(&board->lock);
    return count;
}

size_t
board_open_entries(struct board *board, uint64_t run, size_t limit,
                   struct quarantine_info *out)
{
    size_t count = 0;

    pthread_mutex_lock(&board->lock);
    for (size_t i = 0; i < board->entry_count && count < limit; i++)
        if (board->entries[i].run == run && is_open(&board->entries[i]))
            out[count++] = board->entries[i];
    pthread_mutex_unlock(&board->lock);
    return count;
}

enum err
board_entry(struct board *board, uint64_t id, struct quarantine_info *out)
{
    enum err err = ERR_NOT_FOUND;
    size_t i;

    pthread_mutex_lock(&board->lock);
    i = find_entry(board, id);
    if (i < board->entry_count && board->entries[i].id == id) {
        *out = board->entries[i];
        err = OK;
    }
    pthread_mutex_unlock(&board->lock);
    return err;
}

void
board_stats(struct board *board, struct poller_stats *out)
{
    pthread_mutex_lock(&board->lock);
    *out = board->stats;
    pthread_mutex_unlock(&board->lock);
}
