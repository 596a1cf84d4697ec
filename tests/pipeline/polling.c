/* An engine whose clock, network and disk a test owns. */
#include "tests/pipeline/polling.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "secmaster/bar_fold.h"
#include "secmaster/factset.h"
#include "secmaster/trade.h"
#include "secmaster/vendor.h"
#include "secmaster/writer.h"
#include "tests/support/store_memory.h"

struct polling polling;

/* Whether a door still opens. */
static bool
pass(void)
{
    if (polling.is_over)
        return false;
    if (polling.fuse != POLLING_FOREVER && polling.fuse-- == 0) {
        polling.is_over = true;
        return false;
    }
    return true;
}

static struct instant
now(void *context)
{
    (void)context;
    return (struct instant){ polling.start.us + polling.now_us };
}

static struct instant
writer_now(void)
{
    return now(NULL);
}

static int64_t
monotonic_us(void *context)
{
    (void)context;
    return polling.now_us;
}

static uint64_t
draw(void *context)
{
    (void)context;
    return polling.draw;
}

static enum err
fetch(void *context, const struct fetch *fetch, struct why *why)
{
    (void)context;
    if (!pass())
        return why_set(why, ERR_BUSY, "over");
    assert(polling.request_count < POLLING_LOG_MAX);
    assert(polling.pending_count < 8);
    snprintf(polling.requests[polling.request_count].url, 256, "%s",
             fetch->url);
    polling.requests[polling.request_count].at_us = polling.now_us;
    polling.requests[polling.request_count++].has_bearer =
        fetch->bearer != NULL;
    snprintf(polling.pending[polling.pending_count].url, 256, "%s", fetch->url);
    polling.pending[polling.pending_count++].context = fetch->context;
    return OK;
}

static void
cancel(void *context, const void *fetch)
{
    (void)context;
    for (size_t i = 0; i < polling.pending_count; i++)
        if (polling.pending[i].context == fetch)
            polling.pending[i--] = polling.pending[--polling.pending_count];
}

static size_t
find_page(const struct archive_page *page)
{
    size_t i = 0;

    while (i < polling.page_count &&
           (polling.pages[i].page.run != page->run ||
            polling.pages[i].page.page != page->page ||
            !str_equal(polling.pages[i].page.dataset, page->dataset)))
        i++;
    return i;
}

static enum err
keep(void *context, const struct archive_page *page, struct str body,
     struct why *why)
{
    size_t i = find_page(page);

    (void)context;
    if (!pass())
        return why_set(why, ERR_STORE, "over");
    assert(i < POLLING_PAGES_MAX);
    if (i == polling.page_count)
        polling.page_count++;
    else
        free(polling.pages[i].body);
    polling.pages[i].page = *page;
    /* Names outlive an engine here. */
    polling.pages[i].page.vendor = arena_copy(&polling.arena, page->vendor);
    polling.pages[i].page.dataset = arena_copy(&polling.arena, page->dataset);
    polling.pages[i].body = strndup(body.data, body.len);
    return OK;
}

static enum err
recall(void *context, const struct archive_page *page, struct out *body,
       struct why *why)
{
    size_t i = find_page(page);

    (void)context;
    if (!pass())
        return why_set(why, ERR_STORE, "over");
    if (i == polling.page_count)
        return why_set(why, ERR_NOT_FOUND, "no such page");
    if (polling.recalled != OK)
        return why_set(why, polling.recalled, "as asked for");
    out_str(body, str_of(polling.pages[i].body));
    return out_finish(body);
}

static void
prune(void *context, const struct archive_prune *prune)
{
    size_t kept = 0;

    (void)context;
    for (size_t i = 0; i < polling.page_count; i++) {
        const struct archive_page *page = &polling.pages[i].page;

        if (page->date.days >= prune->before.days ||
            prune->is_wanted(prune->context, page))
            polling.pages[kept++] = polling.pages[i];
        else
            free(polling.pages[i].body);
    }
    polling.page_count = kept;
}

static enum err
publish(void *context, struct publication *publication,
        struct complaints *complaints, struct why *why)
{
    struct write_job job = {
        .item = { .home = &polling.inbox },
        .publication = publication,
        .bytes = 1000,
        .complaints = complaints,
    };
    enum err err;

    (void)context;
    if (!pass())
        return why_set(why, ERR_BUSY, "over");
    if (polling.refusals > 0) {
        polling.refusals--;
        return why_set(why, ERR_FULL, "full");
    }
    if (polling.fails)
        return why_set(why, ERR_STORE, "broken");
    polling.publications++;
    err = writer_submit(polling.writer, &job);
    assert(err == OK);
    (void)inbox_wait(&polling.inbox);
    if (job.err != OK && why != NULL)
        *why = job.why;
    return job.err;
}

static void
ended(void *context, const struct run_info *run)
{
    (void)context;
    (void)run;
    polling.ended++;
}

static void
fail(void *context, const char *why)
{
    (void)context;
    fprintf(stderr, "the store has failed: %s\n", why);
    abort();
}

static void
make_engine(void)
{
    static const struct str keys[VENDORS_MAX] = { { "key-one", 7 },
                                                  { "key-two", 7 },
                                                  { "key-three", 9 } };
    const struct engine_options options = {
        .store = polling.store,
        .config = &polling.config,
        .keys = keys,
        .board = polling.board = board_new(),
        .doors = { NULL, now, monotonic_us, draw, fetch, cancel, keep, recall,
                   prune, publish, ended },
    };
    struct why why = { "" };
    enum err err = engine_new(&options, &polling.engine, &why);

    if (err != OK)
        fprintf(stderr, "engine_new: %s\n", why.text);
    assert(err == OK);
}

static void
read_config(const char *config)
{
    struct complaints complaints;
    struct adapter_shapes *shapes =
        arena_zalloc(&polling.arena, 1, sizeof *shapes);
    const struct vendor_config_context context = { shapes, &polling.arena,
                                                   &complaints };
    struct why why = { "" };
    enum err err = vendor_shapes(&polling.arena, shapes);

    assert(err == OK);
    complaints_init(&complaints, &polling.arena);
    err = vendor_config_read(str_of(config), &context, &polling.config, &why);
    if (err != OK)
        fprintf(stderr, "config: %s\n", why.text);
    assert(err == OK);
}

void
polling_start(const char *config, const char *moment)
{
    struct writer_options options = { .now = writer_now, .failed = fail };
    struct why why;
    enum err err;

    memset(&polling, 0, sizeof polling);
    polling.fuse = POLLING_FOREVER;
    polling.draw = UINT64_C(1) << 63;
    arena_init(&polling.arena, 16 << 20);
    err = instant_parse(str_of(moment), &polling.start);
    assert(err == OK);
    read_config(config);
    polling.store = options.store = store_memory_new();
    err = inbox_init(&polling.inbox, &why);
    assert(err == OK);
    err = writer_start(&options, &polling.writer, &why);
    assert(err == OK);
    make_engine();
}

static void
drop_engine(void)
{
    engine_free(polling.engine);
    board_free(polling.board);
    polling.pending_count = 0;
}

void
polling_restart(void)
{
    drop_engine();
    polling.fails = polling.is_over = false;
    polling.fuse = POLLING_FOREVER;
    make_engine();
}

void
polling_restart_with(const char *config)
{
    polling.config = (struct vendors_config){ 0 };
    read_config(config);
    polling_restart();
}

void
polling_stop(void)
{
    drop_engine();
    writer_stop(polling.writer);
    inbox_fini(&polling.inbox);
    store_close(polling.store);
    for (size_t i = 0; i < polling.page_count; i++)
        free(polling.pages[i].body);
    arena_fini(&polling.arena);
}

/* The row of the script that has the word, or NULL. */
static const struct scripted *
find_script(const char *url)
{
    const struct scripted *found = NULL;

    for (size_t i = 0; i < polling.script_count; i++) {
        const struct scripted *one = &polling.script[i];

        if (one->where != NULL && strstr(url, one->where) == NULL)
            continue;
        polling.met[i]++;
        if (polling.met[i] >= one->from && polling.met[i] <= one->to)
            found = one;
    }
    return found;
}

static void
answer_one(void)
{
    struct fetch_answer answer = {
        .context = (void *)(uintptr_t)polling.pending[0].context,
        .requests = 1,
        .is_end_known = true,
        .status = 200,
    };
    const struct scripted *script = find_script(polling.pending[0].url);
    const char *body = NULL;

    if (script == NULL) {
        body = polling.serve(polling.pending[0].url);
        if (body == NULL) {
            answer.status = 404;
            body = "{\"status\":\"NOT_FOUND\",\"message\":\"Data not found.\"}";
        }
    } else {
        answer.status = script->status;
        answer.outcome = script->outcome;
        body = script->body;
        snprintf(answer.retry_after, sizeof answer.retry_after, "%s",
                 script->retry_after == NULL ? "" : script->retry_after);
        snprintf(answer.why.text, sizeof answer.why.text, "as scripted");
    }
    out_init(&answer.body, 1 << 20);
    if (polling.sent_on > 0) {
        polling.sent_on--;
        answer.outcome = FETCH_REDIRECTED;
        answer.status = 302;
        answer.is_within = true;
        body = "https://api.massive.com/v3/reference/tickers?cursor=2";
    }
    if (body != NULL)
        out_str(&answer.body, str_of(body));
    polling.pending_count--;
    memmove(&polling.pending[0], &polling.pending[1],
            polling.pending_count * sizeof polling.pending[0]);
    engine_answer(polling.engine, &answer);
}

void
polling_run_until(double seconds)
{
    const int64_t end_us = (int64_t)(seconds * 1e6);
    int still = 0;

    while (!polling.is_over && still < 100000) {
        int64_t wait_us = engine_turn(polling.engine);

        still++;
        if (polling.pending_count > 0 && !polling.is_silent) {
            answer_one();
            continue;
        }
        if (wait_us == 0)
            continue;
        if (polling.now_us + wait_us > end_us) {
            polling.now_us = end_us;
            return;
        }
        polling.now_us += wait_us;
        still = 0;
    }
    assert(polling.is_over);
}

struct run_info
polling_run_info(uint64_t id)
{
    struct run_info info = { 0 };

    for (uint32_t i = 0; i < polling.config.count; i++)
        if (board_run(polling.board, polling.config.vendors[i].name, id,
                      &info) == OK)
            return info;
    return info;
}

struct quarantine_info
polling_entry(uint64_t id)
{
    struct quarantine_info info = { 0 };
    enum err err = board_entry(polling.board, id, &info);

    assert(err == OK);
    return info;
}

enum err
polling_request(const char *vendor, const char *dataset, const char *from,
                const char *to)
{
    struct poller_request request = { .vendor = str_of(vendor),
                                      .dataset = str_of(dataset) };
    struct poller_answer answer;
    struct why why;

    request.has_from = date_parse(str_of(from), &request.from) == OK;
    request.has_to = date_parse(str_of(to), &request.to) == OK;
    return engine_request(polling.engine, &request, &answer, &why);
}

enum err
polling_release(uint64_t id, struct why *why)
{
    struct engine_release release = { .id = id };

    engine_release(polling.engine, &release);
    while (!release.is_over)
        (void)engine_turn(polling.engine);
    *why = release.why;
    return release.err;
}

static enum visit
tell_facts(void *context, const struct record *record)
{
    struct out *out = context;

    out_print(out, "facts %lld %d:", (long long)record->security_id,
              record->effective.days);
    for (size_t i = 0; i < record->payload.len; i++)
        out_print(out, "%02x", (unsigned char)record->payload.data[i]);
    out_char(out, '\n');
    return VISIT_NEXT;
}

static void
tell_kind(struct out *out, struct view *view, enum record_kind kind,
          const char *name)
{
    const struct scan_range range = SCAN_ALL(kind);
    enum err err;

    out_print(out, "%s\n", name);
    err = store_scan(view, &range, tell_facts, out, NULL);
    assert(err == OK);
}

const char *
polling_contents(struct arena *arena)
{
    struct view view;
    struct out out;
    struct str text;
    enum err err = store_view_begin(polling.store, KNOWN_NEWEST, &view, NULL);

    assert(err == OK);
    out_init(&out, 1 << 20);
    out_print(&out, "newest %llu\n",
              (unsigned long long)store_newest(polling.store));
    tell_kind(&out, &view, RECORD_FACTS, "FACTS");
    tell_kind(&out, &view, RECORD_BARS, "BARS");
    tell_kind(&out, &view, RECORD_TRADES, "TRADES");
    tell_kind(&out, &view, RECORD_MEMBERS, "MEMBERS");
    store_view_end(&view);
    text = arena_copy(arena, out_text(&out));
    assert(text.data != NULL);
    out_fini(&out);
    return text.data;
}
