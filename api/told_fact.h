/* A fact in an answer, with when and by whom it was told. */
#ifndef API_TOLD_FACT_H
#define API_TOLD_FACT_H

#include "secmaster/fact.h"
#include "secmaster/instant.h"
#include "secmaster/store.h"

struct told_fact {
    uint64_t tx;
    struct instant recorded_at; /* of tx */
    int64_t security_id;
    uint32_t attribute, source; /* dictionary ids that are there */
    struct value value;
    struct date effective;
    enum fact_op op;
};

/* Append a JSON object that still lacks its brace: more may follow. */
void told_fact_print(struct out *out, const struct store *store,
                     const struct told_fact *fact);

#endif
