/* Whether a file that has no record is one that could have had some. */
#ifndef MAIN_LOAD_HEADER_H
#define MAIN_LOAD_HEADER_H

#include "load_target.h"

/* batch's body is a header of CSV alone. ERR_INVALID: complaints say what is
 * wrong with it; ERR_MALFORMED, ERR_BUSY: why. */
enum err load_header_judge(const struct load_batch *batch,
                           struct load_result *result);

#endif
