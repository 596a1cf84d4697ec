/* A small market as its vendors tell it. */
#ifndef PIPELINE_MARKET_H
#define PIPELINE_MARKET_H

/* Two vendors, all datasets, in the order of a day. */
extern const char market_config[];

/* One vendor, the whole market's bars behind its listing. */
extern const char market_all_config[];

/* What a URL is answered with; NULL: nothing there. In static storage, until
 * the next call. */
const char *market_serve(const char *url);

/* How many of the listing's securities there are: 3 to begin with. */
extern int market_listed;

/* Rows of trades: 3 to begin with, two a page. */
extern int market_trades;

#endif
