/*
 * Who may ever have asserted a value: the entries on disk, as they come, and
 * those of the memtables, which are gathered and sorted for each lookup. What
 * a view does not see may be among them.
 */
#include "lookup.h"

#include "secmaster/candidates.h"
#include "secmaster/xxh64.h"

#include "entry_cursor.h"

struct search {
    const struct lookup_range *lookup;
    struct inverted_key key;
    uint64_t term;
    struct entry_cursor cursor;
    struct candidates held; /* by memtables */
    size_t at;              /* of held: the first that was not shown */
};

static enum err
search_memtables(const struct scan_sources *sources, struct search *search,
                 struct why *why)
{
    for (size_t i = 0; i < sources->version->count; i++) {
        const struct memtable *memtable = sources->version->memtables[i];

        if (inverted_collect(memtable_inverted(memtable), &search->key,
                             &search->held) != OK)
            return why_set(why, ERR_BUSY, "out of memory");
    }
    if (candidates_sort(&search->held) != OK)
        return why_set(why, ERR_BUSY, "out of memory");
    search->at = candidates_find(&search->held, search->lookup->first_security);
    return OK;
}

/* The next candidate of either list; false: there is none. */
static bool
next_candidate(const struct search *search, int64_t *out)
{
    const struct entry *entry = &search->cursor.entry;
    const struct candidates *held = &search->held;
    bool is_any = !search->cursor.at_end && entry->term == search->term;

    if (is_any)
        *out = entry->security_id;
    if (search->at < held->count && (!is_any || held->ids[search->at] < *out)) {
        *out = held->ids[search->at];
        is_any = true;
    }
    return is_any && *out <= search->lookup->last_security;
}

/* Pass it in both lists. */
static enum err
step_over(struct search *search, int64_t id, struct why *why)
{
    const struct entry shown = { search->term, id };

    if (search->at < search->held.count && search->held.ids[search->at] == id)
        search->at++;
    if (search->cursor.at_end ||
        entry_compare(&search->cursor.entry, &shown) != 0)
        return OK;
    return entry_cursor_next(&search->cursor, why);
}

static enum err
show(struct search *search, candidate_visitor *visitor, void *context,
     struct why *why)
{
    int64_t id;

    while (next_candidate(search, &id)) {
        if (visitor(context, id) == VISIT_STOP)
            return OK;
        TRY(step_over(search, id, why));
    }
    return OK;
}

static enum err
search_all(struct scan_sources *sources, struct search *search,
           candidate_visitor *visitor, void *context, struct why *why)
{
    const struct entry first = { search->term, search->lookup->first_security };

    TRY(search_memtables(sources, search, why));
    TRY(entry_cursor_seek(&search->cursor, &first, why));
    return show(search, visitor, context, why);
}

enum err
lookup_run(struct scan_sources *sources, const struct lookup_range *lookup,
           candidate_visitor *visitor, void *context, struct why *why)
{
    struct search search = { .lookup = lookup };
    enum err err;

    search.key =
        (struct inverted_key){ hash_xxh64(lookup->text), lookup->attribute };
    search.term = entry_term(&search.key);
    TRY(entry_cursor_open(&search.cursor, &sources->reader, why));
    candidates_init(&search.held);
    err = search_all(sources, &search, visitor, context, why);
    candidates_fini(&search.held);
    entry_cursor_close(&search.cursor);
    return err;
}
