/* A fold of one source's facts alone: no precedence, the newest date wins. */
#include "own_facts.h"

#include <assert.h>

#include "secmaster/bounds.h"
#include "secmaster/factset.h"

#define OWN_BYTES_MAX (64UL << 20) /* a long history of long names */

void
own_facts_init(struct own_facts *own, struct view *view, struct str source,
               struct date day)
{
    *own = (struct own_facts){ .view = view, .day = day };
    arena_init(&own->arena, OWN_BYTES_MAX);
    own->source = names_find(view->store->sources, source);
    for (size_t i = 0; i < LISTED_FIELDS; i++)
        own->attributes[i] =
            names_find(view->store->attributes, str_of(listed_attributes[i]));
}

void
own_facts_fini(struct own_facts *own)
{
    arena_fini(&own->arena);
}

static void
take(struct own_facts *own, const struct factset_item *item)
{
    size_t i = 0;

    while (i < LISTED_FIELDS && own->attributes[i] != item->attribute)
        i++;
    if (i == LISTED_FIELDS)
        return;
    if (item->op == FACT_RETRACT) {
        own->facts[i] = own->before[i];
        return;
    }
    own->facts[i] = (struct own_fact){ true, item->value };
    own->facts[i].value.text = arena_copy(&own->arena, item->value.text);
    if (own->facts[i].value.text.data == NULL)
        own->err = ERR_BUSY;
}

static enum visit
visit(void *context, const struct record *record)
{
    struct own_facts *own = context;
    struct str payload = record->payload;
    struct factset_item item;

    if (record->effective.days != own->date.days)
        memcpy(own->before, own->facts, sizeof own->before);
    own->date = record->effective;
    while (own->err == OK && factset_next(&payload, &item, &own->err))
        if (item.source == own->source)
            take(own, &item);
    return own->err == OK ? VISIT_NEXT : VISIT_STOP;
}

enum err
own_facts_read(struct own_facts *own, int64_t security_id, struct why *why)
{
    struct scan_range range = SCAN_SECURITY(RECORD_FACTS, security_id);

    arena_reset(&own->arena);
    memset(own->facts, 0, sizeof own->facts);
    memset(own->before, 0, sizeof own->before);
    own->date.days = DATE_FIRST_DAYS;
    own->err = OK;
    if (own->source == NAME_NONE)
        return OK;
    range.last_date = own->day;
    TRY(store_scan(own->view, &range, visit, own, why));
    return own->err;
}
