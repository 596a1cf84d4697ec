/* What is noted of every page, whatever its rows are. */
#ifndef VENDOR_PAGE_MARKS_H
#define VENDOR_PAGE_MARKS_H

#include "adapters.h"

/* Note how many rows a list has, and their print: of all that they say, so that
 * only the same page has it. ERR_BUSY: memory; ERR_TOO_LARGE. */
enum err marks_rows(struct vendor_reading *reading,
                    const struct tree_node *list);

/*
 * Note where the page leads: a member's URL, without the parameter that a key
 * may stand in. A member that is not there, null or "" is the end. What is no
 * URL or the page's own is complained of. ERR_TOO_LARGE: the arena's budget.
 */
enum err marks_next(struct vendor_reading *reading,
                    const struct vendor_tree *tree, const char *member,
                    const char *key_parameter);

#endif
