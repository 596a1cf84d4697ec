/* Who filed a trade, as of when, in the words of a member's record. */
#ifndef CODEC_TRADE_FILER_H
#define CODEC_TRADE_FILER_H

#include "secmaster/trade_form.h"

/* Whether a moment, in seconds since 1970, is of a day that we have. */
bool trade_filer_is_second(int64_t second);
struct date trade_filer_day(int64_t second);

/* When a row that does not say so was told: updated, else the report date, else
 * the transaction's. */
int64_t trade_filer_second(const struct trade *trade);

/* Append member.h's text: of each member what filer_info says, or the row. */
void trade_filer_put(struct out *out, const struct trade_form *form);

#endif
