/* The adapters, for the table of them. */
#ifndef VENDOR_ADAPTERS_H
#define VENDOR_ADAPTERS_H

#include "secmaster/vendor.h"

extern const struct vendor_adapter benzinga_adapter;
extern const struct vendor_adapter massive_adapter;

#endif
