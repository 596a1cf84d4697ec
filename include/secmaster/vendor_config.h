/* Which vendors are polled, for what and how fast: the file of --config. */
#ifndef SECMASTER_VENDOR_CONFIG_H
#define SECMASTER_VENDOR_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "secmaster/arena.h"
#include "secmaster/complaint.h"
#include "secmaster/err.h"
#include "secmaster/str.h"

/* What can be configured: the adapters that there are and their datasets. */
struct dataset_shape {
    const char *name;
    bool has_universe; /* it is asked for ticker by ticker */
    bool has_lookback; /* its first run begins some days back */
};
struct adapter_shape {
    const char *name;
    const struct dataset_shape *datasets;
    uint32_t dataset_count;
    bool needs_key;
    bool has_path; /* it has one path, which can be another */
};
struct adapter_shapes {
    const struct adapter_shape *items;
    uint32_t count;
};

/* For which tickers a dataset is asked. */
enum universe {
    UNIVERSE_TRADED, /* those that someone traded */
    UNIVERSE_ALL,    /* the whole market's */
    UNIVERSE_LIST,
};

#define AT_NONE (-1)

struct dataset_config {
    const struct dataset_shape *shape;
    int32_t at_minute; /* of the UTC day, or AT_NONE */
    struct str after;  /* the dataset it follows; data NULL: none */
    enum universe universe;
    const struct str *tickers; /* of UNIVERSE_LIST */
    uint32_t ticker_count;
    uint32_t lookback_days;
};

/* Of a string that is not configured, data is NULL; all are terminated. */
struct vendor_config {
    const struct adapter_shape *adapter;
    struct str name;
    struct str base_url;          /* no slash at its end */
    struct str path;              /* begins with a slash */
    struct str key_env, key_file; /* one of them at the most */
    struct str webhook_secret_env, webhook_path_env;
    uint32_t requests_per_minute, burst;
    uint32_t retry_initial_seconds, retry_max_seconds, timeout_seconds;
    const struct dataset_config *datasets;
    uint32_t dataset_count;
};

struct vendors_config {
    const struct vendor_config *vendors;
    uint32_t count;
};

/*
 * Read {"vendors": [{"name", "adapter", "base_url", "key_env" or "key_file",
 * "datasets": {..}, ..}]}. What out points to lives in arena, and borrows from
 * shapes. No complaint repeats a value, lest a key that was put in a name's
 * place gets into a log. ERR_MALFORMED: outside JSON's grammar, or a member
 * twice. ERR_INVALID: there are complaints; why has the first. ERR_TOO_LARGE:
 * past CONFIG_BYTES_MAX or the arena's budget. ERR_BUSY: memory.
 */
struct vendor_config_context {
    const struct adapter_shapes *shapes;
    struct arena *arena;
    struct complaints *complaints;
};
enum err vendor_config_read(struct str text,
                            const struct vendor_config_context *context,
                            struct vendors_config *out, struct why *why);

#endif
