/*
 * Who may ever have asserted a value. A memtable has inverted entries; the
 * index is read through, each security up to its first assertion of the text.
 */
#include "lookup.h"

#include "secmaster/candidates.h"
#include "secmaster/factset.h"
#include "secmaster/xxh64.h"

struct search {
    const struct lookup_range *lookup;
    struct candidates found;
    enum err err;
};

static bool
is_asked_for(const struct factset_item *item, const struct lookup_range *lookup)
{
    return item->attribute == lookup->attribute && item->op == FACT_ASSERT &&
           item->value.type != VALUE_NULL &&
           str_equal(item->value.text, lookup->text);
}

static enum visit
search_record(void *context, const struct record *record)
{
    struct search *search = context;
    struct str payload = record->payload;
    struct factset_item item;

    while (factset_next(&payload, &item, &search->err)) {
        if (!is_asked_for(&item, search->lookup))
            continue;
        search->err = candidates_add(&search->found, record->security_id);
        return search->err == OK ? VISIT_SKIP : VISIT_STOP;
    }
    return search->err == OK ? VISIT_NEXT : VISIT_STOP;
}

static enum err
search_index(struct scan_sources *sources, struct search *search,
             struct why *why)
{
    static const struct version no_memtables;
    struct scan_sources index = {
        .version = &no_memtables,
        .reader = sources->reader,
        .known_tx = sources->known_tx,
    };
    struct scan_range range = SCAN_ALL(RECORD_FACTS);

    range.first_security = search->lookup->first_security;
    range.last_security = search->lookup->last_security;
    TRY(scan_run(&index, &range, search_record, search, why));
    if (search->err != OK)
        return why_set(why, search->err, "a record cannot be looked up");
    return OK;
}

static enum err
search_memtables(const struct scan_sources *sources, struct search *search,
                 struct why *why)
{
    const struct inverted_key key = { hash_xxh64(search->lookup->text),
                                      search->lookup->attribute };

    for (size_t i = 0; i < sources->version->count; i++) {
        const struct memtable *memtable = sources->version->memtables[i];

        if (inverted_collect(memtable_inverted(memtable), &key,
                             &search->found) != OK)
            return why_set(why, ERR_BUSY, "out of memory");
    }
    return OK;
}

static void
show(const struct search *search, candidate_visitor *visitor, void *context)
{
    const struct candidates *found = &search->found;

    for (size_t i = candidates_find(found, search->lookup->first_security);
         i < found->count && found->ids[i] <= search->lookup->last_security;
         i++) {
        if (visitor(context, found->ids[i]) == VISIT_STOP)
            return;
    }
}

enum err
lookup_run(struct scan_sources *sources, const struct lookup_range *lookup,
           candidate_visitor *visitor, void *context, struct why *why)
{
    struct search search = { .lookup = lookup };
    enum err err;

    candidates_init(&search.found);
    err = search_index(sources, &search, why);
    if (err == OK)
        err = search_memtables(sources, &search, why);
    if (err == OK && candidates_sort(&search.found) != OK)
        err = why_set(why, ERR_BUSY, "out of memory");
    if (err == OK)
        show(&search, visitor, context);
    candidates_fini(&search.found);
    return err;
}
