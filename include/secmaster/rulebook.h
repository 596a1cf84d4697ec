/* Every rule of precedence there ever was, by the transaction that made it. */
#ifndef SECMASTER_RULEBOOK_H
#define SECMASTER_RULEBOOK_H

#include <stdint.h>

#include "secmaster/err.h"
#include "secmaster/rule.h"

/*
 * One thread adds, any number read, without locks. A reader asks only for what
 * is published, and so meets no rule that may still be taken back.
 */
struct rulebook;

/* NULL when out of memory. */
struct rulebook *rulebook_new(void);
void rulebook_free(struct rulebook *rulebook);

/* Add what rules from tx on, above every tx there; on OK the rule is owned by
 * the rulebook. ERR_BUSY: memory. */
enum err rulebook_add(struct rulebook *rulebook, uint64_t tx,
                      struct rule *rule);

/* Take back what rules only from above tx: its commit failed. */
void rulebook_cut(struct rulebook *rulebook, uint64_t tx);

/* The rule as known at a published tx, NULL: none was made by then. Borrowed
 * from the rulebook; a rulebook that is NULL is an empty one. */
const struct rule *rulebook_at(const struct rulebook *rulebook,
                               uint64_t known_tx);

/* How sources rank then; valid while the rulebook is. */
struct precedence rulebook_precedence(const struct rulebook *rulebook,
                                      uint64_t known_tx);

#endif
