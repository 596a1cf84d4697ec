/* One fact as the world tells it. */
#ifndef SECMASTER_FACT_H
#define SECMASTER_FACT_H

#include <stdint.h>

#include "secmaster/date.h"
#include "secmaster/value.h"

/* The numbers are on disk (docs/storage.md): never renumber. */
enum fact_op {
    FACT_ASSERT = 0,
    FACT_RETRACT = 1,
};

/* A retraction's value is null. All strings are borrowed, raw UTF-8. */
struct fact {
    int64_t security_id; /* 0 .. SECURITY_ID_MAX, or batch_label's */
    struct str attribute;
    struct value value;
    struct date effective;
    struct str source; /* data NULL: the batch's default source */
    enum fact_op op;
};

/*
 * NULL, or why a name cannot be one: empty, over its limit, not UTF-8, a
 * control character, reserved (attributes only). Static text.
 */
const char *attribute_name_fault(struct str name);
const char *source_name_fault(struct str name);

/* What stands for the id of a security that does not exist yet begins so;
 * behind it is its label. */
#define NEW_SECURITY STR("new:")

/* NULL, or why text cannot be a label: not 1..64 of A-Za-z0-9._-. */
const char *label_fault(struct str text);

#endif
