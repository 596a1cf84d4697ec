/*
 * Who may ever have asserted values: the entries on disk, as they come, and
 * those of the memtables, which are gathered and sorted for each value. What
 * a view does not see may be among them.
 */
#include "lookup.h"

#include "secmaster/candidates.h"
#include "secmaster/xxh64.h"

#include "entry_cursor.h"

struct search {
    const struct lookup_names *names;
    const struct version *version;
    name_visitor *visitor;
    void *context;
    struct why *why;
    struct entry_cursor cursor; /* walks on from name to name */

    /* Of the name at hand. */
    size_t name;
    struct inverted_key key;
    struct entry first;
    int64_t last_security;
    struct candidates held; /* by memtables */
    size_t at;              /* of held: the first that was not shown */
};

static enum err
search_memtables(struct search *search)
{
    const struct version *version = search->version;

    search->held.count = 0;
    for (size_t i = 0; i < version->count; i++)
        if (inverted_collect(memtable_inverted(version->memtables[i]),
                             &search->key, &search->held) != OK)
            return why_set(search->why, ERR_BUSY, "out of memory");
    if (candidates_sort(&search->held) != OK)
        return why_set(search->why, ERR_BUSY, "out of memory");
    search->at = candidates_find(&search->held, search->first.security_id);
    return OK;
}

/* The next candidate of either list; false: there is none. */
static bool
next_candidate(const struct search *search, int64_t *out)
{
    const struct entry *entry = &search->cursor.entry;
    const struct candidates *held = &search->held;
    bool is_any = !search->cursor.at_end && entry->term == search->first.term;

    if (is_any)
        *out = entry->security_id;
    if (search->at < held->count && (!is_any || held->ids[search->at] < *out)) {
        *out = held->ids[search->at];
        is_any = true;
    }
    return is_any && *out <= search->last_security;
}

/* Pass it in both lists. */
static enum err
step_over(struct search *search, int64_t id)
{
    const struct entry shown = { search->first.term, id };

    if (search->at < search->held.count && search->held.ids[search->at] == id)
        search->at++;
    if (search->cursor.at_end ||
        entry_compare(&search->cursor.entry, &shown) != 0)
        return OK;
    return entry_cursor_next(&search->cursor, search->why);
}

static void
take_name(struct search *search, size_t name)
{
    const struct lookup_names *names = search->names;

    search->name = name;
    search->key = (struct inverted_key){ hash_xxh64(names->texts[name]),
                                         names->attribute };
    search->first.term = entry_term(&search->key);
    search->first.security_id = name == 0 ? names->first_security : 0;
    search->last_security =
        name == names->count - 1 ? names->last_security : INT64_MAX;
}

static enum err
show_name(struct search *search, enum visit *visit)
{
    int64_t id;

    TRY(search_memtables(search));
    TRY(entry_cursor_seek(&search->cursor, &search->first, search->why));
    while (next_candidate(search, &id)) {
        *visit = search->visitor(search->context, search->name, id);
        if (*visit == VISIT_STOP)
            return OK;
        TRY(step_over(search, id));
    }
    return OK;
}

static enum err
show_all(struct search *search)
{
    enum visit visit = VISIT_NEXT;

    for (size_t i = 0; i < search->names->count && visit != VISIT_STOP; i++) {
        take_name(search, i);
        TRY(show_name(search, &visit));
    }
    return OK;
}

enum err
lookup_run(struct scan_sources *sources, const struct lookup_names *names,
           name_visitor *visitor, void *context, struct why *why)
{
    struct search search = {
        .names = names,
        .version = sources->version,
        .visitor = visitor,
        .context = context,
        .why = why,
    };
    enum err err;

    TRY(entry_cursor_open(&search.cursor, &sources->reader, why));
    candidates_init(&search.held);
    err = show_all(&search);
    candidates_fini(&search.held);
    entry_cursor_close(&search.cursor);
    return err;
}
