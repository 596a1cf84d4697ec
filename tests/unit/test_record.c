/* The order of records. */
#include <criterion/criterion.h>

#include "secmaster/record.h"

Test(record, orders_by_kind_security_date_then_transaction)
{
    static const struct record rising[] = {
        { RECORD_FACTS, 0, { -719162 }, 9, { NULL, 0 } },
        { RECORD_FACTS, 0, { -1 }, 1, { NULL, 0 } },
        { RECORD_FACTS, 0, { 0 }, 1, { NULL, 0 } },
        { RECORD_FACTS, 0, { 0 }, 2, { NULL, 0 } },
        { RECORD_FACTS, 1, { -5 }, 1, { NULL, 0 } },
        { RECORD_FACTS, INT64_MAX, { -719162 }, 1, { NULL, 0 } },
        { RECORD_POSITIONS, 0, { -719162 }, 1, { NULL, 0 } },
    };
    size_t count = sizeof rising / sizeof rising[0];

    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            int want = i < j ? -1 : i > j ? 1 : 0;

            cr_expect_eq(record_compare(&rising[i], &rising[j]), want,
                         "%zu against %zu", i, j);
        }
    }
}
