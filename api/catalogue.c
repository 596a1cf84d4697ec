/* Count the attributes of a snapshot in turns, and remember the counts. */
#include "catalogue.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "secmaster/audit.h"
#include "secmaster/bounds.h"

/* Snapshots that are asked for page by page at one time. */
#define CATALOGUES_KEPT 4

/* Facts whose states are worked out at a time: they fit a near cache. */
#define FACTS_SETTLED 256

struct catalogues {
    pthread_mutex_t mutex; /* over what follows, and each one's users */
    struct catalogue *kept[CATALOGUES_KEPT]; /* the last asked for first */
    size_t count;
    bool is_counting;
};

/* A pass over all facts. */
struct counting {
    struct store *store;
    uint64_t known_tx;
    struct catalogue_entry *entries; /* by attribute id */
    int64_t *counted; /* by attribute id: the last security that was */
    uint32_t count;   /* of both */
    struct audit audit;
    int64_t security_id; /* of audit's facts; of the next turn's first */
    struct date day;     /* of the record before */
    uint64_t records;    /* of this turn */
    bool more;           /* set: the turn ended before the records did */
    enum err err;
};

struct catalogues *
catalogues_new(void)
{
    struct catalogues *catalogues = calloc(1, sizeof *catalogues);

    if (catalogues != NULL && pthread_mutex_init(&catalogues->mutex, NULL)) {
        free(catalogues);
        return NULL;
    }
    return catalogues;
}

/* Those that are remembered are in use for that. */
static void
release(struct catalogue *catalogue)
{
    assert(catalogue != NULL && catalogue->users > 0);

    if (--catalogue->users > 0)
        return;
    free(catalogue->entries);
    free(catalogue);
}

void
catalogues_free(struct catalogues *catalogues)
{
    if (catalogues == NULL)
        return;
    for (size_t i = 0; i < catalogues->count; i++)
        release(catalogues->kept[i]);
    pthread_mutex_destroy(&catalogues->mutex);
    free(catalogues);
}

static void
count_fact(struct counting *c, const struct audit_fact *fact)
{
    struct catalogue_entry *entry = &c->entries[fact->attribute];

    if (entry->assertions == 0) {
        entry->attribute = fact->attribute;
        entry->first = entry->last = fact->effective;
        entry->first_tx = fact->tx;
    }
    if (entry->assertions == 0 || c->counted[fact->attribute] != c->security_id)
        entry->securities++;
    c->counted[fact->attribute] = c->security_id;
    entry->assertions++;
    entry->types |= 1U << fact->value.type;
    if (fact->effective.days < entry->first.days)
        entry->first = fact->effective;
    if (fact->effective.days > entry->last.days)
        entry->last = fact->effective;
    if (fact->tx < entry->first_tx)
        entry->first_tx = fact->tx;
}

/* Count the days that are whole. */
static enum err
count_days(struct counting *c)
{
    TRY(audit_settle(&c->audit));
    audit_keep_live(&c->audit);
    for (size_t i = 0; i < c->audit.count; i++) {
        if (c->audit.facts[i].attribute >= c->count)
            return ERR_STORE;
        count_fact(c, &c->audit.facts[i]);
    }
    audit_reset(&c->audit);
    return OK;
}

static enum visit
count_record(void *context, const struct record *record)
{
    struct counting *c = context;
    bool is_other = record->security_id != c->security_id;
    bool is_next_day = is_other || record->effective.days != c->day.days;

    if (is_other || (is_next_day && c->audit.count >= FACTS_SETTLED))
        c->err = count_days(c);
    c->security_id = record->security_id;
    c->day = record->effective;
    c->more = is_other && c->records >= STREAM_RECORDS_MAX;
    if (c->err != OK || c->more)
        return VISIT_STOP;
    c->records++;
    c->err = audit_add(&c->audit, record, NAME_NONE);
    return c->err == OK ? VISIT_NEXT : VISIT_STOP;
}

/* On a view of its own, as every turn. */
static enum err
count_turn(struct counting *c, struct why *why)
{
    struct scan_range range = SCAN_ALL(RECORD_FACTS);
    struct view view;
    enum err err;

    range.first_security = c->security_id;
    c->records = 0;
    c->more = false;
    TRY(store_view_begin(c->store, c->known_tx, &view, why));
    err = store_scan(&view, &range, count_record, c, why);
    store_view_end(&view);
    TRY(err);
    if (c->err == OK && !c->more)
        c->err = count_days(c);
    if (c->err == ERR_STORE)
        return why_set(why, ERR_STORE, "a record cannot be counted");
    return c->err;
}

static int
by_name(const void *a, const void *b, void *context)
{
    const struct catalogue_entry *left = a, *right = b;

    return str_compare(names_text(context, left->attribute),
                       names_text(context, right->attribute));
}

/* Leave those that were counted, by name. */
static void
put_in_order(struct counting *c, struct catalogue *out)
{
    struct catalogue_entry *fitting;

    out->entries = c->entries;
    c->entries = NULL;
    for (uint32_t i = 0; i < c->count; i++) {
        if (out->entries[i].assertions > 0)
            out->entries[out->count++] = out->entries[i];
    }
    fitting = reallocarray(out->entries, out->count + 1, sizeof *out->entries);
    if (fitting != NULL)
        out->entries = fitting;
    qsort_r(out->entries, out->count, sizeof *out->entries, by_name,
            c->store->attributes);
}

static enum err
count_all(struct store *store, uint64_t known_tx, const atomic_bool *stop,
          struct catalogue *out, struct why *why)
{
    struct counting c = { .store = store, .known_tx = known_tx, .more = true };
    enum err err = OK;

    *out = (struct catalogue){ .known_tx = known_tx };
    c.count = names_count(store->attributes);
    c.entries = calloc((size_t)c.count + 1, sizeof *c.entries);
    c.counted = calloc((size_t)c.count + 1, sizeof *c.counted);
    audit_init(&c.audit, SIZE_MAX);
    if (c.entries == NULL || c.counted == NULL)
        err = ERR_BUSY;
    while (err == OK && c.more)
        err = atomic_load(stop) ? ERR_BUSY : count_turn(&c, why);
    if (err == OK)
        put_in_order(&c, out);
    audit_fini(&c.audit);
    free(c.counted);
    free(c.entries);
    return err;
}

static enum err
count_new(struct store *store, uint64_t known_tx, const atomic_bool *stop,
          struct catalogue **out, struct why *why)
{
    struct catalogue *counted = calloc(1, sizeof *counted);
    enum err err = ERR_BUSY;

    if (counted != NULL)
        err = count_all(store, known_tx, stop, counted, why);
    if (err != OK) {
        free(counted);
        return err;
    }
    *out = counted;
    return OK;
}

/* Put a catalogue first, and forget the last ones for it. */
static void
keep(struct catalogues *catalogues, struct catalogue *catalogue)
{
    size_t left = CATALOGUES_BYTES_MAX / sizeof *catalogue->entries, kept = 0;

    left -= catalogue->count < left ? catalogue->count : left;
    for (; kept < catalogues->count && kept < CATALOGUES_KEPT - 1; kept++) {
        if (catalogues->kept[kept]->count > left)
            break;
        left -= catalogues->kept[kept]->count;
    }
    for (size_t i = kept; i < catalogues->count; i++)
        release(catalogues->kept[i]);
    for (size_t i = kept; i > 0; i--)
        catalogues->kept[i] = catalogues->kept[i - 1];
    catalogue->users++;
    catalogues->kept[0] = catalogue;
    catalogues->count = kept + 1;
}

/* Put the remembered one of a snapshot first. NULL: there is none. */
static struct catalogue *
recall(struct catalogues *catalogues, uint64_t known_tx)
{
    struct catalogue *found;
    size_t i = 0;

    while (i < catalogues->count && catalogues->kept[i]->known_tx != known_tx)
        i++;
    if (i == catalogues->count)
        return NULL;
    found = catalogues->kept[i];
    for (; i > 0; i--)
        catalogues->kept[i] = catalogues->kept[i - 1];
    catalogues->kept[0] = found;
    return found;
}

/* Recall one, or become who counts. ERR_BUSY: somebody else is. */
static enum err
recall_or_count(struct catalogues *catalogues, uint64_t known_tx,
                struct catalogue **found)
{
    enum err err = OK;

    pthread_mutex_lock(&catalogues->mutex);
    *found = recall(catalogues, known_tx);
    if (*found != NULL)
        (*found)->users++;
    else if (catalogues->is_counting)
        err = ERR_BUSY;
    else
        catalogues->is_counting = true;
    pthread_mutex_unlock(&catalogues->mutex);
    return err;
}

/* Who waited for a count would do so on a worker, of which there are few:
 * somebody else's short request would wait behind the two. */
enum err
catalogues_begin(struct catalogues *catalogues, struct store *store,
                 uint64_t known_tx, const atomic_bool *stop,
                 struct catalogue **out, struct why *why)
{
    enum err err;

    TRY(recall_or_count(catalogues, known_tx, out));
    if (*out != NULL)
        return OK;

    err = count_new(store, known_tx, stop, out, why);
    pthread_mutex_lock(&catalogues->mutex);
    catalogues->is_counting = false;
    if (err == OK) {
        (*out)->users = 1;
        keep(catalogues, *out);
    }
    pthread_mutex_unlock(&catalogues->mutex);
    return err;
}

void
catalogues_end(struct catalogues *catalogues, struct catalogue *catalogue)
{
    pthread_mutex_lock(&catalogues->mutex);
    release(catalogue);
    pthread_mutex_unlock(&catalogues->mutex);
}
