/* The table of adapters. */
#include "secmaster/vendor.h"

#include "adapters.h"

static const struct vendor_adapter *const adapters[] = {
    &benzinga_adapter,
    &massive_adapter,
};

const struct vendor_adapter *
vendor_find(struct str name)
{
    for (size_t i = 0; i < sizeof adapters / sizeof adapters[0]; i++) {
        if (str_equal(str_of(adapters[i]->name), name))
            return adapters[i];
    }
    return NULL;
}
