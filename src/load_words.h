/* What a load says about a batch that was not stored, and where it ended. */
#ifndef MAIN_LOAD_WORDS_H
#define MAIN_LOAD_WORDS_H

#include "load_split.h"
#include "load_target.h"

/* name: the file's, for people; split's batch is the one that was sent. */

/* Refused: what is wrong in it, by the lines of the file. */
void load_words_refused(const char *name, const struct load_split *split,
                        const struct complaints *complaints);

/* Refused for the file's header, so no other batch can be any better. */
void load_words_header(const char *name);

/* Outside the grammar. */
void load_words_malformed(const char *name, const struct load_split *split,
                          const char *words);

/* It could not be put where it belongs. */
void load_words_failed(const char *name, const struct load_split *split,
                       const struct load_result *result);

/* It would make a second security for a ticker. */
void load_words_split(const char *name, const struct load_split *split,
                      const struct load_result *result);

/* How many of those that count as refused may be stored; 0: nothing to say. */
void load_words_unknown(uint64_t records);

/* Ended before the next batch was sent. */
void load_words_ended(const char *name, const struct load_split *split,
                      const char *words);

#endif
