/* A configuration of vendors is read whole, or refused at its places. */
#include <criterion/criterion.h>

#include "secmaster/bounds.h"
#include "secmaster/out.h"
#include "secmaster/vendor_config.h"

static const struct dataset_shape massive_datasets[] = {
    { "tickers", false, false },
    { "open-close", true, false },
};
static const struct dataset_shape benzinga_datasets[] = {
    { "trades", false, true },
};
static const struct adapter_shape adapters[] = {
    { "massive", massive_datasets, 2, .needs_key = true },
    { "benzinga", benzinga_datasets, 1, .needs_key = true, .has_path = true },
    { "open", NULL, 0, .needs_key = false },
};
static const struct adapter_shapes shapes = { adapters, 3 };

#define NAME64                                                                 \
    "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
#define ENV_FAULT                                                              \
    "must be an environment variable's name: 1 to 128 of A-Z, a-z, 0-9 and "   \
    "'_', not beginning with a digit\n"
#define NAME_FAULT "must be 1 to 64 of A-Z, a-z, 0-9, '.', '_' and '-'\n"
#define DOTS_FAULT "must not begin with a dot\n"

/* A configuration of one vendor that needs no more, and one of a dataset. */
#define VENDOR(more)                                                           \
    "{\"vendors\":[{\"name\":\"v\",\"adapter\":\"open\","                      \
    "\"base_url\":\"https://h\"" more "}]}"
#define DATASET(adapter, dataset, members)                                     \
    "{\"vendors\":[{\"name\":\"v\",\"adapter\":\"" adapter                     \
    "\",\"base_url\":\"https://h\",\"key_env\":\"K\",\"datasets\":{"           \
    "\"" dataset "\":{" members "}}}]}"

/* What put_vendor makes of the members that have defaults. */
#define PACE "60/1 12..600 30"
#define PLAIN "v open https://h " PACE "\n"

struct row {
    const char *name, *text, *reading;
};

static const struct row good[] = {
    { "the vendors that there are",
      "{\"vendors\": ["
      "{\"name\": \"polygon\", \"adapter\": \"massive\", "
      "\"base_url\": \"https://api.massive.com\", "
      "\"key_env\": \"POLYGON_API_KEY\", \"requests_per_minute\": 5, "
      "\"datasets\": {\"tickers\": {\"at\": \"06:00\"}, "
      "\"open-close\": {\"after\": \"trades\", \"universe\": \"traded\"}}},"
      "{\"name\": \"benzinga\", \"adapter\": \"benzinga\", "
      "\"base_url\": \"https://api.benzinga.com\", "
      "\"key_env\": \"BENZINGA_TOKEN\", "
      "\"datasets\": {\"trades\": {\"at\": \"06:30\", \"lookback_days\": 70}},"
      "\"webhook_secret_env\": \"BENZINGA_WEBHOOK_SECRET\"}]}",
      "polygon massive https://api.massive.com key_env=POLYGON_API_KEY "
      "5/1 12..600 30\n"
      "  tickers at 360 traded 0\n"
      "  open-close after trades traded 0\n"
      "benzinga benzinga https://api.benzinga.com key_env=BENZINGA_TOKEN "
      "webhook_secret_env=BENZINGA_WEBHOOK_SECRET " PACE "\n"
      "  trades at 390 traded 70\n" },
    { "every other member",
      "{\"vendors\":[{\"name\":\"b\",\"adapter\":\"benzinga\","
      "\"base_url\":\"http://127.0.0.1:9/x/\",\"path\":\"/api/v1/t\","
      "\"key_file\":\"/run/secrets/k\",\"webhook_path_env\":\"P\","
      "\"webhook_secret_env\":\"S\",\"requests_per_minute\":90,\"burst\":9,"
      "\"retry_initial_seconds\":2,\"retry_max_seconds\":20,"
      "\"timeout_seconds\":7,\"datasets\":{\"trades\":{}}}]}",
      "b benzinga http://127.0.0.1:9/x path=/api/v1/t key_file=/run/secrets/k "
      "webhook_secret_env=S webhook_path_env=P 90/9 2..20 7\n"
      "  trades traded 70\n" },
    { "no vendors", "{\"vendors\":[]}", "" },
    { "no datasets", VENDOR(",\"datasets\":{}"), PLAIN },
    { "defaults", VENDOR(""), PLAIN },
    { "names of all that may be in one",
      "{\"vendors\":[{\"name\":\"A.z_0-9\",\"adapter\":\"open\","
      "\"base_url\":\"https://h//\"}]}",
      "A.z_0-9 open https://h " PACE "\n" },
    { "the longest name",
      "{\"vendors\":[{\"name\":\"" NAME64 "\",\"adapter\":\"open\","
      "\"base_url\":\"https://h\"}]}",
      NAME64 " open https://h " PACE "\n" },
    { "midnight", DATASET("massive", "tickers", "\"at\":\"00:00\""),
      "v massive https://h key_env=K " PACE "\n  tickers at 0 traded 0\n" },
    { "the last minute", DATASET("massive", "tickers", "\"at\":\"23:59\""),
      "v massive https://h key_env=K " PACE "\n  tickers at 1439 traded 0\n" },
    { "all tickers", DATASET("massive", "open-close", "\"universe\":\"all\""),
      "v massive https://h key_env=K " PACE "\n  open-close all 0\n" },
    { "some tickers",
      DATASET("massive", "open-close",
              "\"universe\":[\"BRK.B\",\"KIMpL\",\"KIMPL\"]"),
      "v massive https://h key_env=K " PACE
      "\n  open-close [BRK.B KIMpL KIMPL] 0\n" },
};

static const struct row refused[] = {
    { "an array", "[]", ": must be an object\n" },
    { "U+0000", "{\"vendors\":[\"\\u0000\"]}", ": a string holds U+0000\n" },
    { "no vendors", "{}", ": \"vendors\" is missing\n" },
    { "an unknown member", "{\"vendors\":[],\"a/b\":1}",
      "/a~1b: unknown member\n" },
    { "an unknown member with a name of 64 bytes",
      "{\"vendors\":[],\"" NAME64 "\":1}", "/" NAME64 ": unknown member\n" },
    { "an unknown member with a long name",
      "{\"vendors\":[],\"" NAME64 "n\":1}",
      ": unknown member with a long name\n" },
    { "vendors that are no array", "{\"vendors\":{}}",
      "/vendors: must be an array\n" },
    { "a vendor that is no object", "{\"vendors\":[1]}",
      "/vendors/0: must be an object\n" },
    { "nothing of a vendor", "{\"vendors\":[{}]}",
      "/vendors/0: \"name\" is missing\n"
      "/vendors/0: \"base_url\" is missing\n"
      "/vendors/0: \"adapter\" is missing\n" },
    { "a key where a name belongs", VENDOR(",\"key_env\":\"se-cret\""),
      "/vendors/0/key_env: " ENV_FAULT },
    { "a key in a member of its own", VENDOR(",\"key\":\"secret\""),
      "/vendors/0/key: unknown member\n" },
    { "variables' names",
      VENDOR(",\"key_env\":\"\",\"webhook_secret_env\":\"1A\","
             "\"webhook_path_env\":\"A=\""),
      "/vendors/0/key_env: " ENV_FAULT
      "/vendors/0/webhook_secret_env: " ENV_FAULT
      "/vendors/0/webhook_path_env: " ENV_FAULT },
    { "members of another type",
      "{\"vendors\":[{\"name\":1,\"adapter\":null,\"base_url\":[],"
      "\"burst\":\"1\",\"datasets\":[],\"timeout_seconds\":1.5}]}",
      "/vendors/0/name: must be a string\n"
      "/vendors/0/base_url: must be a string\n"
      "/vendors/0/burst: must be an integer from 1 to 6000\n"
      "/vendors/0/timeout_seconds: must be an integer from 1 to 600\n"
      "/vendors/0/adapter: must be a string\n"
      "/vendors/0/datasets: must be an object\n" },
    { "names",
      "{\"vendors\":[{\"name\":\"\",\"adapter\":\"x\",\"base_url\":\"x\"},"
      "{\"name\":\"a/b\",\"adapter\":\"x\",\"base_url\":\"http://h\"},"
      "{\"name\":\"..\",\"adapter\":\"x\",\"base_url\":\"https://\"},"
      "{\"name\":\".n\",\"adapter\":\"open\",\"base_url\":\"https://h\"},"
      "{\"name\":\"n" NAME64 "\",\"adapter\":\"open\","
      "\"base_url\":\"https://h\"}]}",
      "/vendors/0/name: " NAME_FAULT
      "/vendors/0/base_url: the URL must begin with \"https://\" or "
      "\"http://\"\n"
      "/vendors/0/adapter: there is no such adapter\n"
      "/vendors/1/name: " NAME_FAULT
      "/vendors/1/base_url: the URL must begin with \"https://\": only this "
      "machine may be asked by \"http://\"\n"
      "/vendors/1/adapter: there is no such adapter\n"
      "/vendors/2/name: " DOTS_FAULT
      "/vendors/2/base_url: the URL has no host that is a name or an address\n"
      "/vendors/2/adapter: there is no such adapter\n"
      "/vendors/3/name: " DOTS_FAULT "/vendors/4/name: " NAME_FAULT },
    { "a name twice",
      "{\"vendors\":[{\"name\":\"v\",\"adapter\":\"open\","
      "\"base_url\":\"https://h\"},{\"name\":\"V\",\"adapter\":\"open\","
      "\"base_url\":\"https://h\"},{\"name\":\"v\",\"adapter\":\"open\","
      "\"base_url\":\"https://h\"}]}",
      "/vendors/2/name: another vendor has this name\n" },
    { "two keys", VENDOR(",\"key_env\":\"K\",\"key_file\":\"f\""),
      "/vendors/0: has both \"key_env\" and \"key_file\"\n" },
    { "no key where one is needed",
      "{\"vendors\":[{\"name\":\"v\",\"adapter\":\"massive\","
      "\"base_url\":\"https://h\"}]}",
      "/vendors/0: \"key_env\" or \"key_file\" is missing\n" },
    { "an empty file's name", VENDOR(",\"key_file\":\"\""),
      "/vendors/0/key_file: must be a file's name of 1 to 4095 bytes\n" },
    { "a path of an adapter with several", VENDOR(",\"path\":\"/x\""),
      "/vendors/0/path: adapter open has no one path\n" },
    { "a path that is none", VENDOR(",\"path\":\"x\""),
      "/vendors/0/path: the path must begin with \"/\"\n"
      "/vendors/0/path: adapter open has no one path\n" },
    { "a burst over a minute's", VENDOR(",\"burst\":61"),
      "/vendors/0/burst: must not be over \"requests_per_minute\"\n" },
    { "a dataset that there is not", DATASET("massive", "trades", ""),
      "/vendors/0/datasets/trades: adapter massive has no such dataset\n" },
    { "a dataset with a long name", DATASET("massive", NAME64 "n", ""),
      "/vendors/0/datasets: a dataset with a long name\n" },
    { "a dataset that is no object",
      VENDOR(",\"adapters\":1,\"datasets\":{\"x~\":1}"),
      "/vendors/0/adapters: unknown member\n"
      "/vendors/0/datasets/x~0: adapter open has no such dataset\n" },
    { "a dataset's members", DATASET("massive", "tickers", "\"every\":1"),
      "/vendors/0/datasets/tickers/every: unknown member\n" },
    { "two times",
      DATASET("massive", "tickers", "\"at\":\"06:00\",\"after\":\"x\""),
      "/vendors/0/datasets/tickers: has both \"at\" and \"after\"\n" },
    { "a dataset's types",
      DATASET("massive", "open-close", "\"at\":6,\"universe\":null"),
      "/vendors/0/datasets/open-close/at: must be a string\n"
      "/vendors/0/datasets/open-close/universe: must be \"traded\", \"all\" or "
      "an array of tickers\n" },
    { "after a name that is none",
      DATASET("massive", "tickers", "\"after\":\"a/b\""),
      "/vendors/0/datasets/tickers/after: " NAME_FAULT },
    { "after a number", DATASET("massive", "tickers", "\"after\":1"),
      "/vendors/0/datasets/tickers/after: must be a string\n" },
    { "another universe",
      DATASET("massive", "open-close", "\"universe\":\"some\""),
      "/vendors/0/datasets/open-close/universe: must be \"traded\", \"all\" or "
      "an array of tickers\n" },
    { "a universe of none", DATASET("massive", "tickers", "\"universe\":[]"),
      "/vendors/0/datasets/tickers/universe: the dataset has no universe\n" },
    { "no tickers", DATASET("massive", "open-close", "\"universe\":[]"),
      "/vendors/0/datasets/open-close/universe: must have 1 to 10000 "
      "tickers\n" },
    { "tickers that are none",
      DATASET("massive", "open-close",
              "\"universe\":[\"A\",1,\"\",\"A "
              "B\",\"\\u00e9\",\"\\u007f\",\"A\",\"B\","
              "\"A\"]"),
      "/vendors/0/datasets/open-close/universe/1: must be a string\n"
      "/vendors/0/datasets/open-close/universe/2: a ticker must be 1 to 128 "
      "bytes long\n"
      "/vendors/0/datasets/open-close/universe/3: a ticker must be of visible "
      "ASCII characters\n"
      "/vendors/0/datasets/open-close/universe/4: a ticker must be of visible "
      "ASCII characters\n"
      "/vendors/0/datasets/open-close/universe/5: a ticker must be of visible "
      "ASCII characters\n"
      "/vendors/0/datasets/open-close/universe/6: the ticker is in this list "
      "already\n"
      "/vendors/0/datasets/open-close/universe/8: the ticker is in this list "
      "already\n" },
    { "a lookback of none",
      DATASET("massive", "tickers", "\"lookback_days\":7"),
      "/vendors/0/datasets/tickers/lookback_days: the dataset has no "
      "lookback\n" },
};

static const struct row malformed[] = {
    { "nothing", "", "the text is empty" },
    { "not JSON", "{\"vendors\":[}",
      "line 1, byte 13: parse error: unallowed token at this point in JSON "
      "text" },
    { "a member twice", "{\"vendors\":[],\"vendors\":[]}",
      "duplicate member \"vendors\"" },
    { "a dataset twice", VENDOR(",\"datasets\":{\"x\":{},\"x\":{}}"),
      "duplicate member \"x\"" },
};

static void
put_optional(struct out *out, const char *name, struct str text)
{
    if (text.data == NULL)
        return;
    cr_expect_eq(text.data[text.len], '\0', "%s is terminated", name);
    out_print(out, " %s=%.*s", name, STR_ARG(text));
}

static void
put_dataset(struct out *out, const struct dataset_config *dataset)
{
    out_print(out, "  %s", dataset->shape->name);
    if (dataset->at_minute != AT_NONE)
        out_print(out, " at %d", dataset->at_minute);
    if (dataset->after.data != NULL)
        out_print(out, " after %.*s", STR_ARG(dataset->after));
    switch (dataset->universe) {
    case UNIVERSE_TRADED:
        out_print(out, " traded");
        break;
    case UNIVERSE_ALL:
        out_print(out, " all");
        break;
    case UNIVERSE_LIST:
        for (uint32_t i = 0; i < dataset->ticker_count; i++)
            out_print(out, "%s%.*s", i == 0 ? " [" : " ",
                      STR_ARG(dataset->tickers[i]));
        out_char(out, ']');
        break;
    }
    out_print(out, " %u\n", dataset->lookback_days);
}

static void
put_vendor(struct out *out, const struct vendor_config *vendor)
{
    cr_expect_eq(vendor->base_url.data[vendor->base_url.len], '\0');
    out_print(out, "%.*s %s %.*s", STR_ARG(vendor->name), vendor->adapter->name,
              STR_ARG(vendor->base_url));
    put_optional(out, "path", vendor->path);
    put_optional(out, "key_env", vendor->key_env);
    put_optional(out, "key_file", vendor->key_file);
    put_optional(out, "webhook_secret_env", vendor->webhook_secret_env);
    put_optional(out, "webhook_path_env", vendor->webhook_path_env);
    out_print(out, " %u/%u %u..%u %u\n", vendor->requests_per_minute,
              vendor->burst, vendor->retry_initial_seconds,
              vendor->retry_max_seconds, vendor->timeout_seconds);
    for (uint32_t i = 0; i < vendor->dataset_count; i++)
        put_dataset(out, &vendor->datasets[i]);
}

/* Read text, append what it comes to, and say how it ended. */
static enum err
put_reading(struct out *out, struct str text, struct why *why)
{
    struct complaints complaints;
    struct vendors_config config;
    struct arena arena;
    struct vendor_config_context context = { &shapes, &arena, &complaints };
    enum err err;

    arena_init(&arena, 8 * REQUEST_ARENA_BYTES_MAX);
    complaints_init(&complaints, &arena);
    err = vendor_config_read(text, &context, &config, why);
    for (uint32_t i = 0; err == OK && i < config.count; i++)
        put_vendor(out, &config.vendors[i]);
    for (size_t i = 0; i < complaints.listed; i++)
        out_print(out, "%s: %s\n", complaints.items[i].pointer,
                  complaints.items[i].detail);
    arena_fini(&arena);
    return err;
}

static void
expect_readings(const struct row *rows, size_t count, enum err wanted)
{
    for (size_t i = 0; i < count; i++) {
        struct why why = { "" };
        struct out got;
        enum err err;

        out_init(&got, SIZE_MAX);
        err = put_reading(&got, str_of(rows[i].text), &why);
        if (err == ERR_MALFORMED)
            out_print(&got, "%s", why.text);
        cr_expect_eq(err, wanted, "%s: err %d, %s", rows[i].name, (int)err,
                     why.text);
        cr_expect(str_equal(out_text(&got), str_of(rows[i].reading)),
                  "%s:\n%.*s\nwanted:\n%s", rows[i].name,
                  STR_ARG(out_text(&got)), rows[i].reading);
        out_fini(&got);
    }
}

#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])

Test(vendor_config, reads_vendors_and_refuses_the_rest_at_its_place)
{
    expect_readings(good, COUNT(good), OK);
    expect_readings(refused, COUNT(refused), ERR_INVALID);
    expect_readings(malformed, COUNT(malformed), ERR_MALFORMED);
}

Test(vendor_config, says_the_first_fault)
{
    static const struct {
        const char *text, *why;
    } rows[] = {
        { "[]", "/: must be an object" },
        { "{\"vendors\":[{}]}", "/vendors/0: \"name\" is missing" },
        { VENDOR(",\"x\":1,\"y\":1"), "/vendors/0/x: unknown member" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct why why = { "" };
        struct out got;

        out_init(&got, SIZE_MAX);
        cr_expect_eq(put_reading(&got, str_of(rows[i].text), &why), ERR_INVALID,
                     "%s", rows[i].text);
        cr_expect_str_eq(why.text, rows[i].why, "%s", rows[i].text);
        out_fini(&got);
    }
}

#define OPEN_CLOSE(key)                                                        \
    "{\"vendors\":[{\"name\":\"v\",\"adapter\":\"massive\",\"base_url\":"      \
    "\"https://h\",\"key_env\":\"K\",\"datasets\":{\"open-close\":{" key

/* Each time of day that there is, and what is none. */
Test(vendor_config, reads_times_of_the_day_only)
{
    static const char *const wrong[] = {
        "24:00", "23:60", "6:00",   "06:0",  "06-00", "0600",   "06:00:00",
        "",      "+6:00", "06:00Z", "0a:00", "06:0/", "::::: ", "06:00 "
    };

    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct out text, got;

        out_init(&text, SIZE_MAX);
        out_init(&got, SIZE_MAX);
        out_print(&text, OPEN_CLOSE("\"at\":\"%s\"}}}]}"), wrong[i]);
        cr_expect_eq(put_reading(&got, out_text(&text), NULL), ERR_INVALID,
                     "%s", wrong[i]);
        cr_expect(str_equal(out_text(&got),
                            STR("/vendors/0/datasets/open-close/at: must be "
                                "\"HH:MM\", a time of the day in UTC\n")),
                  "%s: %.*s", wrong[i], STR_ARG(out_text(&got)));
        out_fini(&text);
        out_fini(&got);
    }
}

/* Wherever memory ends, it says so, and leaves nothing behind. */
Test(vendor_config, survives_an_arena_that_fails)
{
    for (size_t n = 1; n < 100; n++) {
        struct complaints complaints;
        struct vendors_config config;
        struct arena arena;
        struct vendor_config_context context = { &shapes, &arena, &complaints };
        enum err err;

        arena_init(&arena, REQUEST_ARENA_BYTES_MAX);
        complaints_init(&complaints, &arena);
        arena.fail_after = n;
        err = vendor_config_read(str_of(good[0].text), &context, &config, NULL);
        arena_fini(&arena);
        if (err == OK) {
            cr_expect_gt(n, 10, "%zu allocations", n);
            return;
        }
        cr_expect_eq(err, ERR_TOO_LARGE, "allocation %zu: err %d", n, (int)err);
    }
    cr_expect(false, "it never succeeded");
}
