/* What one source has said of a security by a day, whoever else knows better:
 * what it would only repeat is not to be stored again. */
#ifndef PIPELINE_OWN_FACTS_H
#define PIPELINE_OWN_FACTS_H

#include "secmaster/listing.h"
#include "secmaster/store.h"

/* The newest live assertion of an attribute; is_said false: none. */
struct own_fact {
    bool is_said;
    struct value value; /* lives in the arena until the next read */
};

struct own_facts {
    struct view *view;                  /* borrowed */
    uint32_t attributes[LISTED_FIELDS]; /* dictionary ids, or NAME_NONE */
    uint32_t source;                    /* likewise */
    struct date day;
    struct arena arena;

    /* Of the security that was read last. */
    struct own_fact facts[LISTED_FIELDS];

    /* While it is read: those of the date at hand, which earlier ones stand
     * behind, as they may be retracted. */
    struct own_fact before[LISTED_FIELDS];
    struct date date;
    enum err err;
};

void own_facts_init(struct own_facts *own, struct view *view, struct str source,
                    struct date day);
void own_facts_fini(struct own_facts *own);

/* ERR_STORE; ERR_BUSY: memory. */
enum err own_facts_read(struct own_facts *own, int64_t security_id,
                        struct why *why);

#endif
