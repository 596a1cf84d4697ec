/* Who bears a value of an attribute, day by day: what /v1/resolve says, for
 * many days at once. */
#ifndef SECMASTER_BEARERS_H
#define SECMASTER_BEARERS_H

#include "secmaster/candidates.h"
#include "secmaster/out.h"
#include "secmaster/store.h"
#include "secmaster/timeline.h"

/* A security bears the value on the days of [start, end). */
struct bearer {
    int64_t security_id;
    struct date start, end;
};

struct bearers {
    struct view *view; /* borrowed */
    uint32_t attribute;
    struct window window;
    struct timeline *timeline;
    struct candidates ids; /* some of those that may bear it, at a time */

    /* Of the text that was looked for last. */
    struct str text;
    struct out escaped;
    struct bearer *items; /* ascending by (security, start) */
    size_t count, capacity;
    enum err err;
};

/*
 * For days of the window, as the view knows them. attribute is a dictionary
 * id; NAME_NONE: nobody ever asserted it. ERR_BUSY: memory.
 */
enum err bearers_init(struct bearers *bearers, struct view *view,
                      uint32_t attribute, struct window window);
void bearers_fini(struct bearers *bearers);

/* Find all bearers of a text in place of the last one's. One fold for each
 * security that ever bore it. ERR_BUSY, ERR_STORE. */
enum err bearers_find(struct bearers *bearers, struct str text,
                      struct why *why);

/* How many bear it on a day, 2 standing for more, too; *out: one of them. */
unsigned bearers_on(const struct bearers *bearers, struct date day,
                    int64_t *out);

/* The same among items that were kept. */
unsigned bearers_among(const struct bearer *items, size_t count,
                       struct date day, int64_t *out);

#endif
