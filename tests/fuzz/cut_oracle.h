/* Read a body whole and in pieces, and die when the answers differ. */
#ifndef TESTS_FUZZ_CUT_ORACLE_H
#define TESTS_FUZZ_CUT_ORACLE_H

#include "tests/codec/reading.h"

void cut_oracle(reading *read, enum media media, struct str body, cut how);

#endif
