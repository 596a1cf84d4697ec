/* Who bears a value of an attribute, day by day: what /v1/resolve says, for
 * many days at once. */
#ifndef SECMASTER_BEARERS_H
#define SECMASTER_BEARERS_H

#include "secmaster/store.h"
#include "secmaster/timeline.h"

/* How many bear the value from a day on, up to the next item's. */
struct bearer {
    struct date start;
    int32_t count;
    int64_t security_id; /* where it is one: who; of several nobody's */
};

/* One who bears it from start to end. */
struct bearing {
    int64_t security_id;
    struct date start, end;
};

struct bearers {
    struct view *view; /* borrowed */
    uint32_t attribute;
    struct window window;

    /* Of the text at hand. */
    struct bearer *items; /* ascending by start */
    size_t count, capacity;
    struct bearing *spans; /* the same, ascending by security and start */
    size_t span_count, span_capacity;

    struct bearers_search *search; /* its own */
};

/* Unescaped; each may be there more than once. */
struct bearers_names {
    const struct str *texts;
    size_t count;
};

/* Shown the bearers of one text at a time, name being its place. VISIT_SKIP is
 * as VISIT_NEXT. */
typedef enum visit bearers_visitor(void *context, const struct bearers *bearers,
                                   size_t name);

/*
 * For days of the window, as the view knows them. attribute is a dictionary
 * id; NAME_NONE: nobody ever asserted it. ERR_BUSY: memory; fini all the same.
 */
enum err bearers_init(struct bearers *bearers, struct view *view,
                      uint32_t attribute, struct window window);
void bearers_fini(struct bearers *bearers);

/* Find all bearers of a text in place of the last one's. One fold for each
 * security that ever bore it. ERR_BUSY, ERR_STORE. */
enum err bearers_find(struct bearers *bearers, struct str text,
                      struct why *why);

/*
 * Find those of several texts at once, which costs far less than one by one,
 * and show them in an order of its own, each. Errors as above, with some of
 * them shown.
 */
enum err bearers_find_all(struct bearers *bearers,
                          const struct bearers_names *names,
                          bearers_visitor *visitor, void *context,
                          struct why *why);

/* How many bear it on a day, 2 standing for more, too; *out is set where it is
 * one. */
unsigned bearers_on(const struct bearers *bearers, struct date day,
                    int64_t *out);

/* The same among items that were kept. */
unsigned bearers_among(const struct bearer *items, size_t count,
                       struct date day, int64_t *out);

#endif
