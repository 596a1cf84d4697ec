/* Runs and entries of quarantine as compact JSON, read back strictly. */
#include "run_record.h"

#include <assert.h>
#include <stdio.h>

#include "secmaster/json_document.h"

#define RUN_FORMAT 2

void
number_key_put(uint64_t number, char out[static NUMBER_KEY_BYTES])
{
    for (int i = NUMBER_KEY_BYTES - 1; i >= 0; i--) {
        out[i] = (char)(number & 0xff);
        number >>= 8;
    }
}

bool
number_key_read(struct str key, uint64_t *out)
{
    uint64_t number = 0;

    if (key.len != NUMBER_KEY_BYTES)
        return false;
    for (size_t i = 0; i < key.len; i++)
        number = number << 8 | (unsigned char)key.data[i];
    *out = number;
    return number > 0;
}

static void
put_name(struct out *out, const char *name)
{
    out_print(out, ",\"%s\":", name);
}

static void
put_text(struct out *out, const char *name, struct str text)
{
    put_name(out, name);
    out_json(out, text);
}

static void
put_number(struct out *out, const char *name, uint64_t number)
{
    put_name(out, name);
    out_print(out, "%llu", (unsigned long long)number);
}

static void
put_date(struct out *out, const char *name, struct date date)
{
    put_name(out, name);
    out_char(out, '"');
    out_date(out, date);
    out_char(out, '"');
}

static void
put_moment(struct out *out, const char *name, struct instant at)
{
    put_number(out, name, (uint64_t)at.us);
}

void
run_record_put(struct out *out, const struct run_record *record)
{
    const struct run_info *info = &record->info;

    out_print(out, "{\"format\":%d,\"vendor\":", RUN_FORMAT);
    out_json(out, info->vendor);
    put_text(out, "dataset", info->dataset);
    put_text(out, "state", str_of(run_state_name(info->state)));
    if (info->has_range) {
        put_date(out, "from", info->from);
        put_date(out, "to", info->to);
    }
    put_number(out, "by_range", record->is_by_range);
    put_moment(out, "queued_us", info->queued_at);
    put_moment(out, "started_us", info->started_at);
    put_moment(out, "finished_us", info->finished_at);
    put_number(out, "done", info->done);
    put_number(out, "total", info->total);
    put_number(out, "pages", info->pages);
    put_number(out, "stored", info->stored);
    put_number(out, "unchanged", info->unchanged);
    put_number(out, "known_tx", record->known_tx);
    put_number(out, "updated_since", (uint64_t)record->updated_since);
    put_number(out, "highest", (uint64_t)record->highest);
    put_number(out, "rows", record->rows);
    put_number(out, "quarantined", record->quarantined);
    put_number(out, "open", info->open);
    put_number(out, "plan", record->plan);
    put_text(out, "error", str_of(info->error));
    out_char(out, '}');
}

void
quarantine_record_put(struct out *out, const struct quarantine_record *record)
{
    const struct quarantine_info *info = &record->info;

    out_str(out, STR("{\"vendor\":"));
    out_json(out, info->vendor);
    put_text(out, "dataset", info->dataset);
    put_number(out, "run", info->run);
    put_date(out, "date", info->date);
    put_number(out, "page", info->page);
    put_text(out, "state", str_of(quarantine_state_name(info->state)));
    put_moment(out, "quarantined_us", info->quarantined_at);
    put_date(out, "archived", record->archived);
    put_name(out, "reasons");
    for (uint32_t i = 0; i < info->reason_count; i++) {
        out_char(out, i == 0 ? '[' : ',');
        out_json(out, str_of(info->reasons[i]));
    }
    out_str(out, info->reason_count == 0 ? STR("[]}") : STR("]}"));
}

/* Members are taken in the order in which they are put. */
struct reading {
    const struct json_node *at; /* the next member; NULL: no more */
    struct arena *arena;
    bool is_good, is_short; /* of memory */
};

static bool
is_next(const struct reading *reading, const char *name)
{
    return reading->at != NULL &&
           str_equal(json_name(reading->at), str_of(name));
}

/* The member that must come now; NULL: it does not. */
static const struct json_node *
take(struct reading *reading, const char *name)
{
    const struct json_node *node = reading->at;

    if (!reading->is_good || !is_next(reading, name)) {
        reading->is_good = false;
        return NULL;
    }
    reading->at = json_next(node);
    return node;
}

static const char *
take_text(struct reading *reading, const char *name)
{
    const struct json_node *node = take(reading, name);
    const char *text = "";

    if (node != NULL && !json_string(node, &text))
        reading->is_good = false;
    return text;
}

static struct str
take_name(struct reading *reading, const char *name)
{
    struct str text =
        arena_copy(reading->arena, str_of(take_text(reading, name)));

    if (text.data == NULL)
        reading->is_short = true;
    return text;
}

static uint64_t
take_number(struct reading *reading, const char *name)
{
    const struct json_node *node = take(reading, name);
    int64_t number = 0;

    if (node != NULL && !json_integer(node, &number))
        reading->is_good = false;
    return (uint64_t)number;
}

static struct instant
take_moment(struct reading *reading, const char *name)
{
    return (struct instant){ (int64_t)take_number(reading, name) };
}

static struct date
take_date(struct reading *reading, const char *name)
{
    struct date date = { 0 };

    if (date_parse(str_of(take_text(reading, name)), &date) != OK)
        reading->is_good = false;
    return date;
}

static bool
take_flag(struct reading *reading, const char *name)
{
    uint64_t number = take_number(reading, name);

    if (number > 1)
        reading->is_good = false;
    return number == 1;
}

/* The number of the state with that name. */
static unsigned
take_state(struct reading *reading, unsigned states,
           const char *(*name_of)(unsigned state))
{
    struct str text = str_of(take_text(reading, "state"));

    for (unsigned i = 0; i < states; i++)
        if (str_equal(text, str_of(name_of(i))))
            return i;
    reading->is_good = false;
    return 0;
}

static const char *
run_name_of(unsigned state)
{
    return run_state_name((enum run_state)state);
}

static const char *
quarantine_name_of(unsigned state)
{
    return quarantine_state_name((enum quarantine_state)state);
}

static void
copy_text(struct reading *reading, char *to, size_t size, const char *text)
{
    int len = snprintf(to, size, "%s", text);

    if (len < 0 || (size_t)len >= size)
        reading->is_good = false;
}

static void
read_run(struct reading *reading, struct run_record *out)
{
    struct run_info *info = &out->info;

    if (take_number(reading, "format") != RUN_FORMAT)
        reading->is_good = false;
    info->vendor = take_name(reading, "vendor");
    info->dataset = take_name(reading, "dataset");
    info->state = (enum run_state)take_state(reading, RUN_STATES, run_name_of);
    info->has_range = is_next(reading, "from");
    if (info->has_range) {
        info->from = take_date(reading, "from");
        info->to = take_date(reading, "to");
    }
    out->is_by_range = take_flag(reading, "by_range");
    info->queued_at = take_moment(reading, "queued_us");
    info->started_at = take_moment(reading, "started_us");
    info->finished_at = take_moment(reading, "finished_us");
    info->done = take_number(reading, "done");
    info->total = take_number(reading, "total");
    info->pages = take_number(reading, "pages");
    info->stored = take_number(reading, "stored");
    info->unchanged = take_number(reading, "unchanged");
    out->known_tx = take_number(reading, "known_tx");
    out->updated_since = (int64_t)take_number(reading, "updated_since");
    out->highest = (int64_t)take_number(reading, "highest");
    out->rows = take_number(reading, "rows");
    out->quarantined = take_number(reading, "quarantined");
    info->open = take_number(reading, "open");
    out->plan = take_number(reading, "plan");
    copy_text(reading, info->error, sizeof info->error,
              take_text(reading, "error"));
}

static void
read_reasons(struct reading *reading, struct quarantine_info *info)
{
    const struct json_node *list = take(reading, "reasons");

    if (list == NULL || !json_is_array(list)) {
        reading->is_good = false;
        return;
    }
    for (const struct json_node *at = json_first(list); at != NULL;
         at = json_next(at)) {
        const char *text = "";

        if (info->reason_count == QUARANTINE_REASONS_MAX ||
            !json_string(at, &text)) {
            reading->is_good = false;
            return;
        }
        copy_text(reading, info->reasons[info->reason_count++],
                  QUARANTINE_REASON_BYTES, text);
    }
}

static void
read_entry(struct reading *reading, struct quarantine_record *out)
{
    struct quarantine_info *info = &out->info;
    uint64_t page;

    info->vendor = take_name(reading, "vendor");
    info->dataset = take_name(reading, "dataset");
    info->run = take_number(reading, "run");
    info->date = take_date(reading, "date");
    page = take_number(reading, "page");
    if (page > UINT32_MAX)
        reading->is_good = false;
    info->page = (uint32_t)page;
    info->state = (enum quarantine_state)take_state(reading, QUARANTINE_STATES,
                                                    quarantine_name_of);
    info->quarantined_at = take_moment(reading, "quarantined_us");
    out->archived = take_date(reading, "archived");
    read_reasons(reading, info);
}

/* Parse text and begin with its first member. */
static enum err
open_text(struct str text, struct json_document **out, struct reading *reading)
{
    enum err err = json_document_parse(text, out, NULL);
    const struct json_node *root;

    if (err == ERR_BUSY)
        return err;
    if (err != OK)
        return ERR_STORE;
    root = json_document_root(*out);
    reading->is_good = json_is_object(root);
    reading->at = reading->is_good ? json_first(root) : NULL;
    return OK;
}

/* How it went, and nothing may be left. */
static enum err
end_reading(const struct reading *reading)
{
    if (reading->is_short)
        return ERR_BUSY;
    return reading->is_good && reading->at == NULL ? OK : ERR_STORE;
}

/* Bytes that we would not have written are not ours: a space, a number in
 * another form. */
static enum err
compare(const struct out *put, struct str text)
{
    enum err err = out_finish(put);

    if (err == OK && str_equal(out_text(put), text))
        return OK;
    return err == ERR_BUSY ? err : ERR_STORE;
}

static enum err
compare_run(const struct run_record *record, struct str text)
{
    struct out put;
    enum err err;

    out_init(&put, text.len);
    run_record_put(&put, record);
    err = compare(&put, text);
    out_fini(&put);
    return err;
}

static enum err
compare_entry(const struct quarantine_record *record, struct str text)
{
    struct out put;
    enum err err;

    out_init(&put, text.len);
    quarantine_record_put(&put, record);
    err = compare(&put, text);
    out_fini(&put);
    return err;
}

enum err
run_record_read(uint64_t id, struct str text, struct arena *arena,
                struct run_record *out, struct why *why)
{
    struct reading reading = { .arena = arena };
    struct json_document *document;
    enum err err = open_text(text, &document, &reading);

    assert(id > 0);

    *out = (struct run_record){ .info = { .id = id } };
    if (err == OK) {
        read_run(&reading, out);
        err = end_reading(&reading);
        json_document_free(document);
    }
    if (err == OK)
        err = compare_run(out, text);
    if (err == ERR_STORE)
        return why_set(why, err, "the record of run %llu is damaged",
                       (unsigned long long)id);
    return err;
}

enum err
run_record_read_kept(struct str key, struct str value, struct arena *arena,
                     struct run_record *out, struct why *why)
{
    uint64_t id;

    if (!number_key_read(key, &id))
        return why_set(why, ERR_STORE, "a run's key is damaged");
    return run_record_read(id, value, arena, out, why);
}

enum err
quarantine_record_read(uint64_t id, struct str text, struct arena *arena,
                       struct quarantine_record *out, struct why *why)
{
    struct reading reading = { .arena = arena };
    struct json_document *document;
    enum err err = open_text(text, &document, &reading);

    assert(id > 0);

    *out = (struct quarantine_record){ .info = { .id = id } };
    if (err == OK) {
        read_entry(&reading, out);
        err = end_reading(&reading);
        json_document_free(document);
    }
    if (err == OK)
        err = compare_entry(out, text);
    if (err == ERR_STORE)
        return why_set(why, err, "the record of quarantine %llu is damaged",
                       (unsigned long long)id);
    return err;
}
