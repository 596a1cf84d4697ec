/* URLs put together piece by piece. */
#ifndef VENDOR_ASK_H
#define VENDOR_ASK_H

#include "secmaster/date.h"
#include "secmaster/out.h"

/* Any text as a part of a path or of a query: what is not a letter, a digit or
 * one of "-._~" is escaped, slashes too. */
void ask_escape(struct out *url, struct str text);

/* "/" and a text, escaped; "/" and a day. */
void ask_segment(struct out *url, struct str text);
void ask_day_segment(struct out *url, struct date day);

/* A parameter, its value escaped: behind "?", or "&" where the URL, all that
 * out holds, has one. */
void ask_param(struct out *url, const char *name, struct str value);
void ask_int_param(struct out *url, const char *name, int64_t value);
void ask_day_param(struct out *url, const char *name, struct date day);

#endif
