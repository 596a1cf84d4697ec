/* --config read at start, and its secrets out of the environment and files. */
#include "vendors.h"

#include <assert.h>
#include <stdlib.h>

#include "secmaster/bounds.h"
#include "secmaster/file.h"

#define CONFIG_ARENA_BYTES_MAX (16UL << 20)
#define KEY_BYTES_MAX FETCH_BEARER_BYTES_MAX

static enum err
read_whole(const char *path, size_t bytes_max, struct out *out, struct why *why)
{
    struct file_reader file;
    size_t got = 1;
    char piece[4096];
    enum err err;

    out_init(out, bytes_max);
    TRY(file_open(path, &file, why));
    do {
        err = file_read(&file, piece, sizeof piece, &got, why);
        if (err == OK)
            out_bytes(out, piece, got);
    } while (err == OK && got > 0 && out_finish(out) == OK);
    file_close(&file);
    explicit_bzero(piece, sizeof piece);
    if (err == OK && out_finish(out) != OK)
        err = why_set(why, ERR_TOO_LARGE, "%s is too large", path);
    return err;
}

/* One line of visible ASCII, as it goes into a header, or into a URL. */
static bool
is_key(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] <= ' ' || text.data[i] > '~')
            return false;
    return text.len > 0 && text.len <= KEY_BYTES_MAX;
}

static enum err
read_key_file(struct vendors *vendors, const struct vendor_config *vendor,
              struct str *out, struct why *why)
{
    struct out bytes;
    struct str text;
    enum err err =
        read_whole(vendor->key_file.data, KEY_BYTES_MAX, &bytes, why);

    if (err == OK) {
        text = out_text(&bytes);
        while (text.len > 0 && (text.data[text.len - 1] == '\n' ||
                                text.data[text.len - 1] == '\r'))
            text.len--;
        *out = arena_copy(&vendors->arena, text);
        err = out->data == NULL ? ERR_BUSY : OK;
    }
    if (bytes.data != NULL)
        explicit_bzero(bytes.data, bytes.len);
    out_fini(&bytes);
    return err;
}

/* The value of a variable that the configuration names; data NULL where it
 * names none. */
static enum err
read_variable(struct str name, const struct vendor_config *vendor,
              struct str *out, struct why *why)
{
    const char *value;

    *out = (struct str){ NULL, 0 };
    if (name.data == NULL)
        return OK;
    value = getenv(name.data);
    if (value == NULL || value[0] == '\0')
        return why_set(why, ERR_INVALID,
                       "the environment has no %.*s, which vendor %.*s needs",
                       STR_ARG(name), STR_ARG(vendor->name));
    *out = str_of(value);
    return OK;
}

static enum err
read_key(struct vendors *vendors, const struct vendor_config *vendor,
         struct str *out, struct why *why)
{
    TRY(read_variable(vendor->key_env, vendor, out, why));
    if (vendor->key_file.data != NULL)
        TRY(read_key_file(vendors, vendor, out, why));
    if (out->data == NULL || is_key(*out))
        return OK;
    return why_set(why, ERR_INVALID,
                   "the key of vendor %.*s is not one line of visible ASCII of "
                   "up to %d bytes",
                   STR_ARG(vendor->name), KEY_BYTES_MAX);
}

static enum err
read_door(struct vendors *vendors, const struct vendor_config *vendor,
          struct why *why)
{
    struct webhook_door *door = &vendors->doors.doors[vendors->doors.count];
    struct str secret, path;
    struct why fault;

    TRY(read_variable(vendor->webhook_secret_env, vendor, &secret, why));
    TRY(read_variable(vendor->webhook_path_env, vendor, &path, why));
    if (secret.data == NULL && path.data == NULL)
        return OK;
    door->vendor = vendor->name;
    door->adapter = vendor_find(str_of(vendor->adapter->name));
    if (secret.data != NULL && webhook_keys_read(secret, door, &fault) != OK)
        return why_set(why, ERR_INVALID, "%.*s: %.200s",
                       STR_ARG(vendor->webhook_secret_env), fault.text);
    if (path.data != NULL && webhook_path_read(path, door, &fault) != OK)
        return why_set(why, ERR_INVALID, "%.*s: %.200s",
                       STR_ARG(vendor->webhook_path_env), fault.text);
    vendors->doors.count++;
    return OK;
}

static enum err
read_secrets(struct vendors *vendors, struct why *why)
{
    const struct vendors_config *config = &vendors->config;

    vendors->keys =
        arena_zalloc(&vendors->arena, config->count + 1, sizeof *vendors->keys);
    if (vendors->keys == NULL)
        return ERR_BUSY;
    for (uint32_t i = 0; i < config->count; i++) {
        TRY(read_key(vendors, &config->vendors[i], &vendors->keys[i], why));
        TRY(read_door(vendors, &config->vendors[i], why));
    }
    return OK;
}

static enum err
read_config(struct vendors *vendors, struct str text, struct why *why)
{
    struct complaints *complaints =
        arena_zalloc(&vendors->arena, 1, sizeof *complaints);
    const struct vendor_config_context context = {
        &vendors->shapes,
        &vendors->arena,
        complaints,
    };

    if (complaints == NULL)
        return ERR_BUSY;
    complaints_init(complaints, &vendors->arena);
    TRY(vendor_shapes(&vendors->arena, &vendors->shapes));
    return vendor_config_read(text, &context, &vendors->config, why);
}

enum err
vendors_open(struct vendors *vendors, const char *path, struct why *why)
{
    struct why fault = { "out of memory" };
    struct out text;
    enum err err;

    arena_init(&vendors->arena, CONFIG_ARENA_BYTES_MAX);
    err = read_whole(path, CONFIG_BYTES_MAX, &text, &fault);
    if (err == OK)
        err = read_config(vendors, out_text(&text), &fault);
    if (err == OK)
        err = read_secrets(vendors, &fault);
    out_fini(&text);
    if (err != OK)
        return why_set(why, err, "--config %s: %.180s", path, fault.text);
    return OK;
}

enum err
vendors_poll(struct vendors *vendors, struct poller_options *options,
             struct why *why)
{
    options->config = &vendors->config;
    options->keys = vendors->keys;
    vendors->polling = (struct polling){
        .vendors = poller_vendors,
        .has_vendor = poller_has_vendor,
        .runs = poller_runs,
        .run = poller_run,
        .request = poller_request,
        .cancel = poller_cancel,
        .quarantine = poller_quarantine,
        .release = poller_release,
        .discard = poller_discard,
        .quarantine_stray = poller_quarantine_stray,
        .stats = poller_stats,
    };
    return poller_start(options, &vendors->polling.poller, why);
}

void
vendors_drain(struct vendors *vendors)
{
    poller_drain(vendors->polling.poller);
}

void
vendors_close(struct vendors *vendors)
{
    poller_stop(vendors->polling.poller);
    vendors->polling.poller = NULL;
    for (uint32_t i = 0; vendors->keys != NULL && i < vendors->config.count;
         i++)
        if (vendors->config.vendors[i].key_file.data != NULL &&
            vendors->keys[i].data != NULL)
            explicit_bzero((char *)vendors->keys[i].data, vendors->keys[i].len);
    explicit_bzero(&vendors->doors, sizeof vendors->doors);
    arena_fini(&vendors->arena);
}
