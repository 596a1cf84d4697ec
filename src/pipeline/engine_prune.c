/* Which raw pages are kept beyond their time. */
#include "engine_inside.h"

struct pruning {
    struct engine *engine;
    struct arena arena; /* of one record */
};

static bool
is_of(struct str vendor, struct str dataset, const struct archive_page *page)
{
    return str_equal(vendor, page->vendor) && str_equal(dataset, page->dataset);
}

/* What did not come by a run has its entry's number in place of one. */
static bool
has_open_entry(struct pruning *pruning, const struct archive_page *page)
{
    struct quarantine_record entry;
    enum err err = engine_read_entry(pruning->engine, page->run,
                                     &pruning->arena, &entry, NULL);

    if (err != OK)
        return err != ERR_NOT_FOUND;
    return entry.info.run == 0 && entry.info.state == QUARANTINE_OPEN &&
           is_of(entry.info.vendor, entry.info.dataset, page);
}

/*
 * Asked of the store page by page: however many entries are open, none of them
 * is lost, and no list of them takes memory. Where it cannot say, the page
 * stays.
 */
static bool
is_wanted(void *context, const struct archive_page *page)
{
    struct pruning *pruning = context;
    struct run_record run;
    enum err err;

    arena_reset(&pruning->arena);
    if (page->run == 0)
        return false;
    err = engine_read_run(pruning->engine, page->run, &pruning->arena, &run,
                          NULL);
    if (err != OK && err != ERR_NOT_FOUND)
        return true;
    if (err == OK && is_of(run.info.vendor, run.info.dataset, page))
        return run.info.open > 0 || !run_state_is_end(run.info.state);
    return has_open_entry(pruning, page);
}

void
engine_prune(struct engine *engine, struct date before)
{
    const struct engine_doors *doors = &engine->options.doors;
    struct pruning pruning = { .engine = engine };
    const struct archive_prune prune = {
        .before = before,
        .is_wanted = is_wanted,
        .context = &pruning,
    };

    arena_init(&pruning.arena, STATE_BYTES_MAX);
    doors->prune(doors->context, &prune);
    arena_fini(&pruning.arena);
}
