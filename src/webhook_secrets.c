/* Secrets of webhooks, by the variables that the configuration names. */
#include "webhook_secrets.h"

#include <assert.h>
#include <stdlib.h>

#include "secmaster/vendor.h"

typedef enum err secret_reader(struct str text, struct webhook_door *out,
                               struct why *why);

/* Nothing where none is named. */
static enum err
read_variable(struct str name, secret_reader *read, struct webhook_door *out,
              struct why *why)
{
    struct why reason = { "" };
    const char *text;

    if (name.data == NULL)
        return OK;
    text = getenv(name.data);
    if (text == NULL || text[0] == '\0')
        return why_set(why, ERR_INVALID, "%.*s: %s is not set",
                       STR_ARG(out->vendor), name.data);
    if (read(str_of(text), out, &reason) == OK)
        return OK;
    return why_set(why, ERR_INVALID, "%.*s: %s: %s", STR_ARG(out->vendor),
                   name.data, reason.text);
}

static enum err
read_door(const struct vendor_config *vendor, struct webhook_door *out,
          struct why *why)
{
    *out = (struct webhook_door){
        .vendor = vendor->name,
        .adapter = vendor_find(str_of(vendor->adapter->name)),
    };
    assert(out->adapter != NULL); /* the configuration knows no others */
    TRY(read_variable(vendor->webhook_secret_env, webhook_keys_read, out, why));
    return read_variable(vendor->webhook_path_env, webhook_path_read, out, why);
}

enum err
webhook_secrets_read(const struct vendors_config *config,
                     struct webhook_doors *out, struct why *why)
{
    assert(config->count <= VENDORS_MAX);

    *out = (struct webhook_doors){ 0 };
    for (uint32_t i = 0; i < config->count; i++) {
        const struct vendor_config *vendor = &config->vendors[i];

        if (vendor->webhook_secret_env.data == NULL &&
            vendor->webhook_path_env.data == NULL)
            continue;
        TRY(read_door(vendor, &out->doors[out->count], why));
        out->count++;
    }
    return OK;
}
