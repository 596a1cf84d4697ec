/* The datasets of one vendor, as they are configured. */
#ifndef CODEC_DATASET_CONFIG_H
#define CODEC_DATASET_CONFIG_H

#include "config_reader.h"
#include "secmaster/vendor_config.h"

/* Read {"DATASET": {"at" or "after", "universe", "lookback_days"}, ..} into
 * vendor, whose adapter is known. ERR_TOO_LARGE: past the arena's budget. */
enum err dataset_config_read(struct config_reader *reader,
                             const struct json_node *node,
                             struct vendor_config *vendor);

#endif
