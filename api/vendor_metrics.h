/* Figures of vendors as Prometheus text. */
#ifndef API_VENDOR_METRICS_H
#define API_VENDOR_METRICS_H

#include "secmaster/out.h"
#include "service.h"

/* Append how vendors are asked and how that goes; their labels are configured
 * names. Nothing where none is. */
void vendor_metrics_print(const struct service *service, struct out *out);

#endif
