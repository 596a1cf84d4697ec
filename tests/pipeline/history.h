/* What a store has come to hold, batch by batch, written in a line. */
#ifndef TESTS_PIPELINE_HISTORY_H
#define TESTS_PIPELINE_HISTORY_H

/*
 * Batches between bars ("|"), each stored before the next: facts where they
 * begin with + or -, bars where with # , else trades (writing.h). Each must be
 * taken.
 */
void history_write(const char *batches);

#endif
