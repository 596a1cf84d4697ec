/* The rows that the tables' tests are asked for. */
#include "tests/api/three_batches.h"

void
three_batches(struct asking *a)
{
    asking_init(a);
    asking_facts(a, FACT(1, "asset_class", "\"equity\"", "2024-01-01")
                        FACT(1, "ticker", "\"A\"", "2024-01-01")
                            FACT(1, "ticker", "\"B\"", "2024-02-01")
                                FACT(1, "price", "1.50", "2024-02-01")
                                    FACT(5, "lost", "1", "2024-01-01"));
    asking_facts(a, FACT(2, "asset_class", "null", "2024-01-15")
                        FACT(2, "alpha", "true", "2024-01-15")
                            FACT(3, "asset_class", "1.0", "2024-07-01")
                                RETRACT(5, "lost", "2024-01-01"));
    asking_facts(a, FACT(1, "asset_class", "\"bond\"", "2024-03-01")
                        FACT(1, "price", "null", "2024-03-01"));
}
