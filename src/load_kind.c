/* Options become what a server and a store are asked alike. */
#include "load_kind.h"

#include <stdio.h>
#include <string.h>

#include "commands.h"

/* A path and query, while it grows. */
struct target {
    char *text;
    size_t len;
};

static void
add(struct target *target, const char *text)
{
    size_t len = strlen(text);

    memcpy(target->text + target->len, text, len + 1);
    target->len += len;
}

static bool
is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || strchr("-._~", c) != NULL;
}

static void
add_param(struct target *target, const char *name, const char *value)
{
    add(target, strchr(target->text, '?') == NULL ? "?" : "&");
    add(target, name);
    add(target, "=");
    for (; *value != '\0'; value++) {
        char piece[sizeof "%00"] = { *value };

        if (!is_unreserved(*value))
            (void)snprintf(piece, sizeof piece, "%%%02X",
                           (unsigned)(unsigned char)*value);
        add(target, piece);
    }
}

static void
add_target(const struct load_kind *kind, struct target *target)
{
    add(target, kind->is_prices ? "/v1/prices" : "/v1/facts");
    if (kind->ticker != NULL)
        add_param(target, "ticker", kind->ticker);
    if (kind->security_id != NULL)
        add_param(target, "security_id", kind->security_id);
    if (kind->creates)
        add_param(target, "create", "true");
}

static void
make_targets(struct load_kind *kind)
{
    struct target target = { .text = kind->target };
    struct target dry = { .text = kind->dry_target };

    add_target(kind, &target);
    add_target(kind, &dry);
    add_param(&dry, "dry_run", "true");
}

void
load_kind_bearer_target(const char *ticker, char out[static LOAD_TARGET_BYTES])
{
    struct target target = { .len = 0 };

    target.text = out;
    add(&target, "/v1/resolve");
    add_param(&target, "attribute", "ticker");
    add_param(&target, "as_of", "9999-12-31");
    add_param(&target, "value", ticker);
}

const char *
load_kind_settle(struct load_kind *kind)
{
    const char *fault = NULL;
    uint64_t id = 0;

    if (!kind->is_prices &&
        (kind->ticker != NULL || kind->security_id != NULL || kind->creates))
        return "--ticker, --security-id and --create are for --prices";
    if (kind->ticker != NULL && kind->security_id != NULL)
        return "takes --ticker or --security-id, not both";
    if (kind->ticker != NULL)
        fault = ticker_fault(str_of(kind->ticker));
    if (fault != NULL)
        return fault;
    if (kind->security_id != NULL &&
        (strlen(kind->security_id) > sizeof "9223372036854775807" - 1 ||
         !option_number(kind->security_id, 0, (uint64_t)SECURITY_ID_MAX, &id)))
        return "--security-id takes 0 to 9223372036854775807";
    if (kind->ticker != NULL)
        kind->owner.ticker = str_of(kind->ticker);
    kind->owner.security_id = (int64_t)id;
    make_targets(kind);
    return NULL;
}

const struct bars_owner *
load_kind_owner(const struct load_kind *kind)
{
    return kind->ticker == NULL && kind->security_id == NULL ? NULL
                                                             : &kind->owner;
}
