/* What a run that goes through a list asks for, one after the other. */
#ifndef PIPELINE_PLAN_H
#define PIPELINE_PLAN_H

#include "secmaster/vendor.h"
#include "traded.h"

/* As far as it is known before: a day's, of one ticker or of the market. */
struct plan_ask {
    uint32_t ticker; /* of tickers, or PLAN_MARKET */
    struct date day;
};
#define PLAN_MARKET UINT32_MAX

struct plan {
    struct tickers tickers;
    const struct plan_ask *asks; /* day by day, in order of the tickers */
    uint64_t count;
};

struct plan_wish {
    enum universe universe;
    struct tickers listed; /* of UNIVERSE_LIST */
    struct date from, to;  /* both included; weekends are left out */

    /* Days up to here were asked before: of them only what is missing is asked
     * again. VENDOR_NO_DAY: none were. */
    struct date asked_to;
    struct str source; /* whose bars count as there */

    /* Leave out the days on which nobody bears a ticker: there is a listing
     * that would have said so, and the bar would be nobody's. */
    bool is_borne_only;
};

/*
 * The asks as the view has it, in arena, borrowing from wish. The same view and
 * wish make the same plan: a run that was cut off finds its place again.
 * ERR_TOO_LARGE: over RUN_ASKS_MAX or the arena's budget. ERR_BUSY, ERR_STORE.
 */
enum err plan_make(const struct plan_wish *wish, struct view *view,
                   struct arena *arena, struct plan *out, struct why *why);

/* What its asks are known again by: others hardly ever have the same. Neither 0
 * nor RUN_PLAN_MIXED, and of as many bits as a record of a run takes. */
uint64_t plan_print(const struct plan *plan);

/* Likewise, of a hash of what is asked without a list. */
#define PLAN_PRINT_BITS 53
uint64_t plan_print_of(uint64_t hash);

#endif
