/* A transaction's metadata in an answer. */
#ifndef API_TRANSACTION_H
#define API_TRANSACTION_H

#include "secmaster/arena.h"
#include "secmaster/out.h"
#include "secmaster/store.h"

/* Append it as JSON. The arena, for a while, holds the sources' names.
 * ERR_TOO_LARGE: past its budget, or out's. */
enum err transaction_print(const struct store *store,
                           const struct tx_info *info, struct arena *arena,
                           struct out *out);

#endif
