/* A poller that does as a test says. */
#include "tests/api/scripted_polling.h"

#include <stdio.h>
#include <string.h>

static const struct poller_vendor vendors[] = {
    { .name = { "polygon", 7 },
      .adapter = { "massive", 7 },
      .state = VENDOR_RUNNING,
      .last_run = 5,
      .next_run_at = { 1718517600000000 },
      .watermark = "2024-06-13",
      .tokens_left = 4,
      .breaker = "closed" },
    { .name = { "benzinga", 8 },
      .adapter = { "benzinga", 8 },
      .state = VENDOR_IDLE,
      .consecutive_failures = 5,
      .breaker = "open" },
};

static size_t
list_vendors(struct poller *poller, struct poller_vendor *out)
{
    (void)poller;
    memcpy(out, vendors, sizeof vendors);
    return sizeof vendors / sizeof vendors[0];
}

static bool
has_vendor(const struct poller *poller, struct str vendor)
{
    (void)poller;
    for (size_t i = 0; i < sizeof vendors / sizeof vendors[0]; i++)
        if (str_equal(vendor, vendors[i].name))
            return true;
    return false;
}

static size_t
list_runs(struct poller *poller, const struct poller_run_page *page,
          struct run_info *out)
{
    size_t count = 0;

    for (size_t i = SCRIPTED_RUNS; i-- > 0 && count < page->limit;) {
        const struct run_info *run = &poller->runs[i];

        if (str_equal(run->vendor, page->vendor) &&
            (page->before == 0 || run->id < page->before))
            out[count++] = *run;
    }
    return count;
}

static enum err
find_run(struct poller *poller, struct str vendor, uint64_t id,
         struct run_info *out)
{
    if (id < 1 || id > SCRIPTED_RUNS ||
        !str_equal(poller->runs[id - 1].vendor, vendor))
        return ERR_NOT_FOUND;
    *out = poller->runs[id - 1];
    return OK;
}

static enum err
come_to(struct poller *poller, struct why *why)
{
    if (poller->err == OK)
        return OK;
    return why_set(why, poller->err, "%s", poller->why);
}

static int
put_day(char *to, bool has_day, struct date date)
{
    if (!has_day)
        return 0;
    to[0] = ' ';
    date_format(date, to + 1);
    return 1 + DATE_TEXT_BYTES;
}

static enum err
ask_for_run(struct poller *poller, const struct poller_request *request,
            struct poller_answer *answer, struct why *why)
{
    int len = snprintf(poller->asked, sizeof poller->asked, "%.*s %.*s",
                       STR_ARG(request->vendor), STR_ARG(request->dataset));

    len += put_day(poller->asked + len, request->has_from, request->from);
    len += put_day(poller->asked + len, request->has_to, request->to);
    poller->asked[len] = '\0';
    *answer = poller->answer;
    return come_to(poller, why);
}

static enum err
cancel(struct poller *poller, struct str vendor, uint64_t run,
       struct run_info *out, struct why *why)
{
    enum err err = find_run(poller, vendor, run, out);

    if (err != OK)
        return err;
    out->state = RUN_CANCELLED;
    return come_to(poller, why);
}

static bool
is_meant(struct str asked, struct str is)
{
    return asked.data == NULL || str_equal(asked, is);
}

static size_t
list_quarantine(struct poller *poller,
                const struct poller_quarantine_page *page,
                struct quarantine_info *out)
{
    size_t count = 0;

    for (size_t i = SCRIPTED_ENTRIES; i-- > 0 && count < page->limit;) {
        const struct quarantine_info *entry = &poller->entries[i];

        if (is_meant(page->vendor, entry->vendor) &&
            is_meant(page->dataset, entry->dataset) &&
            (page->before == 0 || entry->id < page->before))
            out[count++] = *entry;
    }
    return count;
}

static enum err
decide(struct poller *poller, uint64_t id, enum quarantine_state state,
       struct quarantine_info *out, struct why *why)
{
    if (id < 1 || id > SCRIPTED_ENTRIES)
        return ERR_NOT_FOUND;
    *out = poller->entries[id - 1];
    out->state = state;
    return come_to(poller, why);
}

static enum err
release(struct poller *poller, uint64_t id, struct quarantine_info *out,
        struct why *why)
{
    return decide(poller, id, QUARANTINE_RELEASED, out, why);
}

static enum err
discard(struct poller *poller, uint64_t id, struct quarantine_info *out,
        struct why *why)
{
    return decide(poller, id, QUARANTINE_DISCARDED, out, why);
}

static enum err
quarantine_stray(struct poller *poller, const struct poller_stray *stray,
                 uint64_t *id, struct why *why)
{
    size_t i = poller->stray_count++ % SCRIPTED_STRAYS;

    /* A guard's key is a vendor, a NUL and an id. */
    snprintf(
        poller->strays[i], sizeof poller->strays[i], "%.*s|%.*s|%s|%s|%.*s",
        STR_ARG(stray->vendor), STR_ARG(stray->dataset), stray->reason,
        stray->guard->key.data + stray->vendor.len + 1, STR_ARG(stray->body));
    *id = poller->stray_count;
    return come_to(poller, why);
}

static void
tell_stats(struct poller *poller, struct poller_stats *out)
{
    *out = poller->stats;
}

static void
fill_runs(struct poller *poller)
{
    static const enum run_state states[SCRIPTED_RUNS] = {
        RUN_SUCCEEDED, RUN_UNCHANGED, RUN_FAILED, RUN_QUARANTINED, RUN_RUNNING,
    };

    for (size_t i = 0; i < SCRIPTED_RUNS; i++)
        poller->runs[i] = (struct run_info){
            .id = i + 1,
            .vendor = i == 1 ? STR("benzinga") : STR("polygon"),
            .dataset = i == 1 ? STR("trades") : STR("open-close"),
            .state = states[i],
            .started_at = { 1718452800000000 + (int64_t)i },
            .finished_at = { i == 4 ? 0 : 1718452900000000 },
        };
    poller->runs[4].has_range = true;
    poller->runs[4].from = (struct date){ 20059 };
    poller->runs[4].to = (struct date){ 20070 };
    poller->runs[4].done = 40;
    poller->runs[4].total = 96;
    poller->runs[4].estimated_end.us = 1718453400000000;
    poller->runs[4].pages = 40;
    poller->runs[4].stored = 39;
    poller->runs[4].unchanged = 1;
    (void)stpcpy(poller->runs[2].error, RUN_ERROR_UPSTREAM);
}

static void
fill_entries(struct poller *poller)
{
    for (size_t i = 0; i < SCRIPTED_ENTRIES; i++)
        poller->entries[i] = (struct quarantine_info){
            .id = i + 1,
            .vendor = i == 1 ? STR("benzinga") : STR("polygon"),
            .dataset = i == 1 ? STR("webhook") : STR("tickers"),
            .run = i == 1 ? 0 : 4,
            .date = { 20059 },
            .page = i == 1 ? 1 : 2,
            .quarantined_at = { 1718452800000000 },
            .reason_count = i == 2 ? 2 : 1,
            .reasons = { "the listing shrank from 79 to 54", "\"x\"" },
        };
}

void
scripted_polling_init(struct poller *poller, struct polling *polling)
{
    memset(poller, 0, sizeof *poller);
    poller->why = "";
    fill_runs(poller);
    fill_entries(poller);
    *polling = (struct polling){
        .poller = poller,
        .vendors = list_vendors,
        .has_vendor = has_vendor,
        .runs = list_runs,
        .run = find_run,
        .request = ask_for_run,
        .cancel = cancel,
        .quarantine = list_quarantine,
        .release = release,
        .discard = discard,
        .quarantine_stray = quarantine_stray,
        .stats = tell_stats,
    };
}
