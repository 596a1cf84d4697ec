/* Vendors are configured in a small file: it is read as a tree. */
#include "secmaster/vendor_config.h"

#include <assert.h>

#include "base_url.h"
#include "config_reader.h"
#include "dataset_config.h"
#include "secmaster/bounds.h"
#include "secmaster/json_document.h"

#define SPELL(number) #number
#define SPELLED(number) SPELL(number)

static const char *
env_fault(struct str text)
{
    static const char fault[] =
        "must be an environment variable's name: 1 to " SPELLED(
            ENV_NAME_BYTES_MAX) " of A-Z, a-z, 0-9 and '_', not beginning "
                                "with a digit";

    if (text.len == 0 || text.len > ENV_NAME_BYTES_MAX ||
        (text.data[0] >= '0' && text.data[0] <= '9'))
        return fault;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
            !(c >= '0' && c <= '9') && c != '_')
            return fault;
    }
    return NULL;
}

static const char *
file_fault(struct str text)
{
    if (text.len == 0 || text.len > KEY_FILE_BYTES_MAX)
        return "must be a file's name of 1 to " SPELLED(
            KEY_FILE_BYTES_MAX) " bytes";
    return NULL;
}

/* The members of a vendor: those that are strings, those that are numbers, and
 * all of them. */
#define AT(member) offsetof(struct vendor_config, member)
static const struct config_text texts[] = {
    { "name", config_name_fault, AT(name), true },
    { "base_url", base_url_fault, AT(base_url), true },
    { "path", url_path_fault, AT(path), false },
    { "key_env", env_fault, AT(key_env), false },
    { "key_file", file_fault, AT(key_file), false },
    { "webhook_secret_env", env_fault, AT(webhook_secret_env), false },
    { "webhook_path_env", env_fault, AT(webhook_path_env), false },
};
static const struct config_number numbers[] = {
    { "requests_per_minute", AT(requests_per_minute), 1,
      REQUESTS_PER_MINUTE_MAX, REQUESTS_PER_MINUTE_DEFAULT },
    { "burst", AT(burst), 1, REQUESTS_PER_MINUTE_MAX, 1 },
    { "retry_initial_seconds", AT(retry_initial_seconds), 1, RETRY_SECONDS_MAX,
      RETRY_INITIAL_SECONDS_DEFAULT },
    { "retry_max_seconds", AT(retry_max_seconds), 1, RETRY_SECONDS_MAX,
      RETRY_MAX_SECONDS_DEFAULT },
    { "timeout_seconds", AT(timeout_seconds), 1, VENDOR_TIMEOUT_SECONDS_MAX,
      VENDOR_TIMEOUT_SECONDS_DEFAULT },
};
static const char *const members[] = { "name",
                                       "adapter",
                                       "base_url",
                                       "path",
                                       "key_env",
                                       "key_file",
                                       "webhook_secret_env",
                                       "webhook_path_env",
                                       "requests_per_minute",
                                       "burst",
                                       "retry_initial_seconds",
                                       "retry_max_seconds",
                                       "timeout_seconds",
                                       "datasets",
                                       NULL };

static void
read_adapter(struct config_reader *reader, const struct json_node *node,
             const struct adapter_shapes *shapes, struct vendor_config *vendor)
{
    const struct json_node *adapter = json_member(node, "adapter");
    const char *name;

    if (adapter == NULL) {
        config_complain(reader, NULL, "\"adapter\" is missing");
        return;
    }
    if (!json_string(adapter, &name)) {
        config_complain(reader, "adapter", "must be a string");
        return;
    }
    for (uint32_t i = 0; i < shapes->count; i++)
        if (strcmp(shapes->items[i].name, name) == 0)
            vendor->adapter = &shapes->items[i];
    if (vendor->adapter == NULL)
        config_complain(reader, "adapter", "there is no such adapter");
}

static enum err
read_datasets(struct config_reader *reader, const struct json_node *node,
              struct vendor_config *vendor)
{
    const struct json_node *datasets = json_member(node, "datasets");
    size_t place_len;
    enum err err;

    if (datasets == NULL)
        return OK;
    if (!json_is_object(datasets)) {
        config_complain(reader, "datasets", "must be an object");
        return OK;
    }
    if (vendor->adapter == NULL)
        return OK; /* nobody knows which there may be */
    place_len = config_enter(reader, STR("datasets"));
    err = dataset_config_read(reader, datasets, vendor);
    config_leave(reader, place_len);
    return err;
}

/* What no member is wrong by itself about. */
static void
check_vendor(struct config_reader *reader, const struct json_node *node,
             const struct vendor_config *vendor)
{
    bool has_env = json_member(node, "key_env") != NULL;
    bool has_file = json_member(node, "key_file") != NULL;

    if (has_env && has_file)
        config_complain(reader, NULL, "has both \"key_env\" and \"key_file\"");
    if (vendor->burst > vendor->requests_per_minute)
        config_complain(reader, "burst",
                        "must not be over \"requests_per_minute\"");
    if (vendor->adapter == NULL)
        return;
    if (vendor->adapter->needs_key && !has_env && !has_file)
        config_complain(reader, NULL, "\"key_env\" or \"key_file\" is missing");
    if (!vendor->adapter->has_path && json_member(node, "path") != NULL)
        config_complain(reader, "path", "adapter %s has no one path",
                        vendor->adapter->name);
}

/* A path comes behind it, and begins with a slash. */
static enum err
strip_base(struct config_reader *reader, struct str *base_url)
{
    struct str base = *base_url;

    while (base.len > 0 && base.data[base.len - 1] == '/')
        base.len--;
    if (base.len == base_url->len)
        return OK;
    *base_url = arena_copy(reader->arena, base);
    return base_url->data == NULL ? ERR_TOO_LARGE : OK;
}

/* In the place of the vendor. */
static enum err
read_vendor(struct config_reader *reader, const struct json_node *node,
            const struct adapter_shapes *shapes, struct vendor_config *vendor)
{
    if (!json_is_object(node)) {
        config_complain(reader, NULL, "must be an object");
        return OK;
    }
    config_check_members(reader, node, members);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        TRY(config_read_text(reader, node, &texts[i], vendor));
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        config_read_number(reader, node, &numbers[i], vendor);
    TRY(strip_base(reader, &vendor->base_url));
    read_adapter(reader, node, shapes, vendor);
    TRY(read_datasets(reader, node, vendor));
    check_vendor(reader, node, vendor);
    return OK;
}

/* There are few, so each is compared with all before it. */
static void
check_name(struct config_reader *reader, const struct vendor_config *vendors,
           uint32_t index)
{
    struct str name = vendors[index].name;

    for (uint32_t i = 0; name.data != NULL && i < index; i++)
        if (str_equal(vendors[i].name, name)) {
            config_complain(reader, "name", "another vendor has this name");
            return;
        }
}

/* In the place of the list. */
static enum err
read_vendors(struct config_reader *reader, const struct json_node *node,
             const struct adapter_shapes *shapes, struct vendors_config *out)
{
    uint32_t count = config_count(node, VENDORS_MAX);
    struct vendor_config *vendors;

    if (count > VENDORS_MAX) {
        config_complain(reader, NULL, "must not have over %d vendors",
                        VENDORS_MAX);
        return OK;
    }
    vendors = arena_zalloc(reader->arena, count + 1, sizeof *vendors);
    if (vendors == NULL)
        return ERR_TOO_LARGE;
    *out = (struct vendors_config){ vendors, count };
    node = json_first(node);
    for (uint32_t i = 0; i < count; i++, node = json_next(node)) {
        size_t place_len = config_enter_item(reader, i);

        TRY(read_vendor(reader, node, shapes, &vendors[i]));
        check_name(reader, vendors, i);
        config_leave(reader, place_len);
    }
    return OK;
}

static enum err
read_root(struct config_reader *reader, const struct json_node *root,
          const struct adapter_shapes *shapes, struct vendors_config *out)
{
    static const char *const names[] = { "vendors", NULL };
    const struct json_node *vendors = json_member(root, "vendors");

    if (!json_is_object(root)) {
        config_complain(reader, NULL, "must be an object");
        return OK;
    }
    config_check_members(reader, root, names);
    if (vendors == NULL) {
        config_complain(reader, NULL, "\"vendors\" is missing");
        return OK;
    }
    if (!json_is_array(vendors)) {
        config_complain(reader, "vendors", "must be an array");
        return OK;
    }
    (void)config_enter(reader, STR("vendors"));
    return read_vendors(reader, vendors, shapes, out);
}

static enum err
refuse(const struct complaints *complaints, struct why *why)
{
    const struct complaint *first = &complaints->items[0];

    if (complaints->listed == 0)
        return why_set(why, ERR_INVALID, "the configuration breaks a rule");
    return why_set(why, ERR_INVALID, "%s: %s",
                   first->pointer[0] == '\0' ? "/" : first->pointer,
                   first->detail);
}

enum err
vendor_config_read(struct str text, const struct vendor_config_context *context,
                   struct vendors_config *out, struct why *why)
{
    struct config_reader reader = {
        .arena = context->arena,
        .complaints = context->complaints,
    };
    struct json_document *document;
    struct why fault = { "" };
    enum err err;

    *out = (struct vendors_config){ 0 };
    if (text.len > CONFIG_BYTES_MAX)
        return why_set(why, ERR_TOO_LARGE, "the configuration is too long");
    err = json_document_parse(text, &document, &fault);
    if (err == ERR_INVALID)
        config_complain(&reader, NULL, "%s", fault.text);
    if (err != OK)
        return why_set(why, err, "%s", fault.text);
    err =
        read_root(&reader, json_document_root(document), context->shapes, out);
    json_document_free(document);
    if (err == OK && context->complaints->total > 0)
        err = refuse(context->complaints, why);
    return err;
}
