/* A field of a listing's rows, as names that bearers are found of together. */
#ifndef PIPELINE_LISTED_NAMES_H
#define PIPELINE_LISTED_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "secmaster/arena.h"
#include "secmaster/bearers.h"
#include "secmaster/listing.h"

struct listed_names {
    struct bearers_names names; /* of the rows that tell the field */
    uint32_t *rows;             /* by name */
    struct str *texts;          /* likewise; unescaped */
    struct arena kept;          /* what texts are in */
};

/* ERR_BUSY: memory; fini all the same. */
enum err listed_names_init(struct listed_names *listed,
                           const struct listing *listing,
                           enum listed_field field);
void listed_names_fini(struct listed_names *listed);

#endif
