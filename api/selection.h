/* Which rows are wanted, by their own cells, and which securities may have
 * them. */
#ifndef API_SELECTION_H
#define API_SELECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "secmaster/candidates.h"
#include "secmaster/err.h"
#include "secmaster/store.h"
#include "secmaster/timeline.h"

/* What one cell must be. */
struct condition {
    uint32_t attribute; /* NAME_NONE: one that nobody ever asserted */
    bool is_null;       /* null, or never asserted in that row */
    struct str text;    /* else: a number's or true's or false's own text, */
    struct str escaped; /* or a string's as struct value has it */
};

/* All conditions hold. Borrowed from the request. */
struct selection {
    const struct condition *conditions;
    size_t count;
};

bool selection_has(const struct selection *selection, const struct row *row);

/*
 * The candidates of a selection from one security to another: whoever is
 * missing there has no row in it. Not the whole list: CANDIDATES_MAX at a
 * time, so that a stream that keeps them stays small.
 */
struct picks {
    struct candidates ids;
    int64_t from, to; /* to < from: nothing yet */
};

void picks_init(struct picks *picks);
void picks_fini(struct picks *picks);

/* Whether there are any to be had: some condition must be an equality. */
bool picks_are_few(const struct selection *selection);

/* Go on to cover a security, unless they do. Errors: store_lookup's. */
enum err picks_cover(struct picks *picks, const struct selection *selection,
                     struct view *view, int64_t security_id, struct why *why);

#endif
