/* Requests to handlers over each kind of store in turn. */
#ifndef TESTS_API_ASKING_OVER_H
#define TESTS_API_ASKING_OVER_H

#include "tests/api/asking.h"
#include "tests/support/temp_dir.h"

/* In memory, on disk, and on disk with memtables of a batch or two. */
enum store_kind { STORE_MEMORY, STORE_LMDB, STORE_MERGING, STORE_KINDS };

struct asking_over {
    struct asking a;
    const char *name; /* of the kind, for people */
    struct temp_dir dir;
    bool has_dir;
};

/* Aborts where it cannot. */
void asking_over_init(struct asking_over *over, enum store_kind kind);
void asking_over_fini(struct asking_over *over);

#endif
