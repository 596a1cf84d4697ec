/* Listings come in any order of their days: each is held against its own past.
 */
#include "listed_before.h"

#include "engine_inside.h"
#include "run_record.h"

struct searching {
    const struct run_info *run;
    struct arena arena; /* of one record */
    struct date day;    /* of the best so far */
    uint64_t rows;
    enum err err;
    struct why *why;
};

static bool
is_published(const struct run_record *record, const struct run_info *of)
{
    const struct run_info *info = &record->info;

    return record->rows > 0 && run_state_is_good(info->state) &&
           str_equal(info->vendor, of->vendor) &&
           str_equal(info->dataset, of->dataset);
}

/* Runs come by their numbers, so the later one of a day takes its place. */
static enum visit
visit_run(void *context, struct str key, struct str value)
{
    struct searching *searching = context;
    struct run_record record;

    arena_reset(&searching->arena);
    searching->err = run_record_read_kept(key, value, &searching->arena,
                                          &record, searching->why);
    if (searching->err != OK)
        return VISIT_STOP;
    if (!is_published(&record, searching->run) ||
        record.info.from.days > searching->run->from.days)
        return VISIT_NEXT;
    if (searching->rows == 0 || record.info.from.days >= searching->day.days) {
        searching->day = record.info.from;
        searching->rows = record.rows;
    }
    return VISIT_NEXT;
}

enum err
listed_before(struct store *store, const struct run_info *run, uint64_t *out,
              struct why *why)
{
    struct searching searching = { .run = run, .why = why };
    enum err err;

    arena_init(&searching.arena, STATE_BYTES_MAX);
    err = store_state_scan(store, STATE_RUNS, visit_run, &searching, why);
    arena_fini(&searching.arena);
    TRY(err);
    *out = searching.rows;
    return searching.err;
}
