/* What an answer means for its run: rows, reasons, where it goes on. */
#include <assert.h>
#include <stdio.h>

#include "audit_page.h"
#include "bars_borne.h"
#include "engine_inside.h"
#include "identity.h"
#include "key_mask.h"
#include "listed_before.h"
#include "live_commit.h"
#include "retry_after.h"
#include "secmaster/url.h"
#include "split_facts.h"

/* Where rows of the page go. ERR_BUSY: memory. */
static enum err
make_room(struct engine *engine, struct live *live,
          struct vendor_reading *reading)
{
    const uint64_t seed = engine->options.seed;

    switch (live->dataset->shape->brings) {
    case BRINGS_LISTING:
    case BRINGS_SPLITS:
        live->listing.page = (uint32_t)live->run.page;
        listing_drop_page(&live->listing, live->listing.page);
        reading->listing = &live->listing;
        return OK;
    case BRINGS_BARS:
        reading->bars = live->bars = bar_batch_new(seed);
        if (live->bars == NULL)
            return ERR_BUSY;
        /* Where a listing says who bears what, a bar mints nobody. */
        live->bars->creates = !engine->has_listing;
        return OK;
    case BRINGS_TRADES:
        reading->trades = live->trades = trade_batch_new(seed);
        return live->trades == NULL ? ERR_BUSY : OK;
    }
    assert(false);
    return ERR_INTERNAL;
}

static enum err
audit_page(struct engine *engine, struct live *live,
           const struct vendor_reading *reading)
{
    const struct date today = instant_date(engine_now(engine));
    struct audit_bars ask = { .day = live_day(live), .today = today };

    switch (live->dataset->shape->brings) {
    case BRINGS_LISTING:
    case BRINGS_SPLITS:
        return OK; /* as a whole */
    case BRINGS_BARS:
        if (live->run.shape.is_list &&
            live->plan.asks[live->run.page].ticker != PLAN_MARKET)
            ask.ticker = live->plan.tickers
                             .items[live->plan.asks[live->run.page].ticker];
        return audit_bars(live->bars, &ask, &live->complaints);
    case BRINGS_TRADES:
        audit_trades(live->trades, reading->updated_last, today,
                     &live->complaints);
        return OK;
    }
    assert(false);
    return ERR_INTERNAL;
}

enum err
live_leave_out(struct engine *engine, struct live *live, struct why *why)
{
    struct view view;
    enum err err;

    if (!engine->has_listing || live->bars == NULL || live->bars->count == 0 ||
        live->dataset->config->universe != UNIVERSE_ALL)
        return OK;
    TRY(store_view_begin(engine->options.store, KNOWN_NEWEST, &view, why));
    err = bars_borne(&live->bars, &view, why);
    store_view_end(&view);
    return err;
}

/* What the whole listing says that is new. */
static enum err
find_facts(struct engine *engine, struct live *live, struct why *why)
{
    const struct engine_dataset *dataset = live->dataset;
    const bool is_listing = dataset->shape->brings == BRINGS_LISTING;
    struct view view;
    uint32_t unmatched;
    enum err err;

    batch_free(live->facts);
    live->facts = batch_new(engine->options.seed);
    if (live->facts == NULL)
        return ERR_BUSY;
    TRY(store_view_begin(engine->options.store, KNOWN_NEWEST, &view, why));
    if (is_listing) {
        const struct identity_ask ask = {
            .view = &view,
            .listing = &live->listing,
            .source = dataset->vendor->config->name,
            .day = live->run.record.info.from,
            .is_whole = true,
        };

        err = identity_facts(&ask, live->facts, &live->complaints, why);
    } else {
        const struct split_ask ask = {
            .view = &view,
            .listing = &live->listing,
            .source = dataset->vendor->config->name,
            .reasons = &live->complaints,
        };

        err = split_facts(&ask, live->facts, &unmatched, why);
    }
    if (err == OK)
        live->judged_tx = view.known_tx;
    store_view_end(&view);
    return err;
}

static enum err
audit_whole(struct engine *engine, struct live *live, struct why *why)
{
    uint64_t published;

    if (live->dataset->shape->brings == BRINGS_SPLITS) {
        audit_splits(&live->listing, instant_date(engine_now(engine)),
                     &live->complaints);
        return OK;
    }
    TRY(listed_before(engine->options.store, &live->run.record.info, &published,
                      why));
    audit_listing(&live->listing, (uint32_t)published, &live->complaints);
    return OK;
}

enum err
live_whole(struct engine *engine, struct live *live, bool is_audited,
           struct why *why)
{
    enum err err;

    if (is_audited)
        TRY(audit_whole(engine, live, why));
    if (live->complaints.total > 0)
        return OK;
    err = find_facts(engine, live, why);
    return err == ERR_INVALID && live->complaints.total > 0 ? OK : err;
}

/* A page leads on within the vendor's own origin, or nowhere. */
static enum err
take_next(struct live *live, const struct vendor_reading *reading,
          struct run_reading *out)
{
    const struct vendor_config *config = live->dataset->vendor->config;

    out_reset(&live->next);
    if (reading->next.data == NULL)
        return OK;
    if (!url_same_origin(reading->next, config->base_url)) {
        complaints_add(&live->complaints, NULL, 0,
                       "the next page is on another server");
        return OK;
    }
    out_str(&live->next, reading->next);
    out->has_next = true;
    return out_finish(&live->next);
}

/* A page that is read twice, as memory was short, is no other. */
static bool
is_alike(const struct page_mark *earlier, const struct page_mark *mark)
{
    return mark->rows > 0 && mark->rows == earlier->rows &&
           mark->print == earlier->print && mark->page > earlier->page;
}

/* A page whose rows are those of an earlier one leads nowhere. Pages that go
 * round in a circle come by the mark, which is set anew at 1, 3, 7, 15 ... */
static bool
is_repeated(struct live *live, const struct vendor_reading *reading)
{
    const uint64_t page = live->run.page;
    const struct page_mark mark = { page, reading->rows, reading->print };
    bool is_again =
        !live->run.shape.is_list &&
        (is_alike(&live->before, &mark) || is_alike(&live->circle, &mark));

    live->before = mark;
    if ((page & (page + 1)) == 0)
        live->circle = mark;
    return is_again;
}

static enum err
take_rows(struct engine *engine, struct live *live,
          const struct vendor_reading *reading, struct run_reading *out,
          struct why *why)
{
    const bool is_numbered = live->dataset->shape->paging == PAGING_NUMBER;

    if (is_numbered && reading->rows == 0) {
        out->verdict = RUN_PAGE_EMPTY;
        return OK;
    }
    out->has_next = is_numbered;
    if (is_repeated(live, reading)) {
        complaints_add(&live->complaints, NULL, 0,
                       "the page is an earlier one once more");
        out->has_next = false;
        return OK;
    }
    TRY(take_next(live, reading, out));
    out->highest = reading->updated_last;
    TRY(audit_page(engine, live, reading));
    TRY(live_leave_out(engine, live, why));
    if (live->complaints.total == 0 && live->run.shape.is_whole &&
        !out->has_next)
        return live_whole(engine, live, true, why);
    return OK;
}

static enum err
judge(struct engine *engine, struct live *live,
      const struct vendor_reading *reading, struct run_reading *out,
      struct why *why)
{
    switch (reading->verdict) {
    case VENDOR_ROWS:
        return take_rows(engine, live, reading, out, why);
    case VENDOR_EMPTY:
        /* The page before it has said that there is one. */
        if (live->status != 200 && live->next.len > 0)
            return why_set(why, ERR_UPSTREAM,
                           "the vendor answered %d to page %llu", live->status,
                           (unsigned long long)live->run.page + 1);
        out->verdict = RUN_PAGE_EMPTY;
        if (live->run.shape.is_whole)
            return live_whole(engine, live, true, why);
        return OK;
    case VENDOR_UNDECODABLE:
        out->has_next = live->dataset->shape->paging == PAGING_NUMBER;
        return OK;
    case VENDOR_REFUSED:
    case VENDOR_FAILED:
        break;
    }
    return why_set(why, ERR_UPSTREAM, "the vendor answered %d", live->status);
}

enum err
live_decode(struct engine *engine, struct live *live,
            struct vendor_reading *reading)
{
    const struct engine_vendor *vendor = live->dataset->vendor;
    const struct vendor_answer answer = {
        .asked = out_text(&live->asked),
        .status = live->status,
        .content_type = str_of(live->content_type),
        .body = out_text(&live->body),
        .source = vendor->config->name,
    };
    enum err err;

    live_drop_page(live);
    *reading = (struct vendor_reading){
        .reasons = &live->complaints,
        .arena = &live->arena,
    };
    err = make_room(engine, live, reading);
    if (err == OK)
        err = vendor_read(vendor->adapter, live->dataset->shape, &answer,
                          reading);
    if (err != OK && reading->listing != NULL)
        listing_drop_page(reading->listing, reading->listing->page);
    return err;
}

enum err
live_read(struct engine *engine, struct live *live, struct run_reading *out,
          struct why *why)
{
    struct vendor_reading reading;

    TRY(live_decode(engine, live, &reading));
    TRY(judge(engine, live, &reading, out, why));
    if (live->complaints.total == 0)
        return OK;
    live_complaints(live);
    out->verdict = RUN_PAGE_BAD;
    return OK;
}

/* How a request came to its end, for metrics. */
static enum poller_outcome
outcome_of(const struct fetch_answer *answer)
{
    switch (answer->outcome) {
    case FETCH_OK:
        if (answer->status == 429)
            return OUTCOME_THROTTLED;
        if (answer->status >= 500)
            return OUTCOME_SERVER;
        return answer->status >= 400 && answer->status != 404 ? OUTCOME_REFUSED
                                                              : OUTCOME_OK;
    case FETCH_TIMEOUT:
        return OUTCOME_TIMEOUT;
    case FETCH_UNREACHABLE:
    case FETCH_TLS:
    case FETCH_RESET:
    case FETCH_FAILED:
        return OUTCOME_CONNECTION;
    case FETCH_REDIRECTED:
        return answer->is_within ? OUTCOME_OK : OUTCOME_UNUSABLE;
    case FETCH_NOT_HTTP:
    case FETCH_TOO_LARGE:
    case FETCH_BAD_ENCODING:
        return OUTCOME_UNUSABLE;
    }
    assert(false);
    return OUTCOME_UNUSABLE;
}

/* The status has the word, whatever became of the body behind it. */
static bool
asks_for_patience(const struct fetch_answer *answer)
{
    return backoff_is_retried(BACKOFF_ANSWERED, answer->status);
}

static bool
is_retried(const struct fetch_answer *answer, enum poller_outcome outcome)
{
    if (asks_for_patience(answer))
        return true;
    switch (outcome) {
    case OUTCOME_OK:
    case OUTCOME_THROTTLED:
    case OUTCOME_REFUSED:
    case OUTCOME_SERVER:
        return false;
    case OUTCOME_TIMEOUT:
        return backoff_is_retried(BACKOFF_TIMEOUT, 0);
    case OUTCOME_CONNECTION:
        return backoff_is_retried(BACKOFF_CONNECTION, 0);
    case OUTCOME_UNUSABLE:
        return false;
    }
    assert(false);
    return false;
}

/*
 * All of a vendor's runs wait where it asks for patience, and for as long as it
 * says even behind a last try. It is kept at once: a restart does not ask
 * before. Where that fails the vendor is asked once more at worst.
 */
static void
hold(struct engine *engine, struct engine_vendor *vendor,
     const struct run_miss *miss, int64_t wait_us)
{
    const int64_t max_us = vendor->config->retry_max_seconds * INT64_C(1000000);

    (void)retry_after_read(miss->retry_after, miss->now, max_us, &wait_us);
    if (wait_us == 0)
        return;
    rate_limit_hold(&vendor->limit, miss->now_us, wait_us);
    (void)!engine_put_pace(engine, vendor, NULL);
}

/* Wait, or fail behind the last try. */
static void
miss(struct engine *engine, struct live *live,
     const struct fetch_answer *answer)
{
    const struct engine_doors *doors = &engine->options.doors;
    struct engine_vendor *vendor = live->dataset->vendor;
    char what[RUN_ERROR_BYTES];
    struct run_miss miss = {
        .what = what,
        .now = engine_now(engine),
        .now_us = engine_now_us(engine),
        .draw = doors->draw(doors->context),
    };
    int64_t wait_us;

    if (asks_for_patience(answer))
        (void)snprintf(what, sizeof what, "the vendor answered %d",
                       answer->status);
    else
        (void)snprintf(what, sizeof what, "%s: %.200s",
                       fetch_outcome_name(answer->outcome), answer->why.text);
    if (answer->retry_after[0] != '\0')
        miss.retry_after = str_of(answer->retry_after);
    wait_us = run_missed(&live->run, &miss);
    if (asks_for_patience(answer) &&
        (answer->status == 429 || answer->retry_after[0] != '\0'))
        hold(engine, vendor, &miss, wait_us);
    if (live->run.step == RUN_STEP_FINISH)
        return;
    vendor->stats.retries++;
    vendor->stats.backoff_us += (uint64_t)wait_us;
}

static struct live *
find_live(struct engine *engine, const void *context)
{
    for (size_t i = 0; i < engine->dataset_count; i++)
        if (engine->datasets[i].live == context)
            return engine->datasets[i].live;
    return NULL;
}

/* False: it is not followed. */
static bool
redirect(struct live *live, struct fetch_answer *answer)
{
    const int redirects = live->redirects;

    live_forget_elsewhere(live);
    if (!answer->is_within)
        return false;
    if (redirects == FETCH_REDIRECTS_MAX) {
        why_print(&answer->why, "redirected too often");
        return false;
    }
    out_str(&live->elsewhere, out_text(&answer->body));
    if (out_finish(&live->elsewhere) != OK) {
        live_forget_elsewhere(live);
        return false;
    }
    live->redirects = redirects + 1;
    run_redirected(&live->run);
    return true;
}

/* Its key goes before anything is kept of it. */
static void
take_answer(struct live *live, struct fetch_answer *answer)
{
    const struct str key = live->dataset->vendor->key;

    out_fini(&live->body);
    live->body = answer->body;
    answer->body = (struct out){ 0 };
    live->status = answer->status;
    memcpy(live->content_type, answer->content_type, sizeof live->content_type);
    key_mask(key, live->body.data, live->body.len);
    key_mask(key, live->content_type, strlen(live->content_type));
}

void
engine_answer(struct engine *engine, struct fetch_answer *answer)
{
    struct live *live = find_live(engine, answer->context);

    if (live == NULL || live->run.step != RUN_STEP_WAIT) {
        fetch_answer_fini(answer);
        return;
    }
    live->dataset->vendor->stats.requests[outcome_of(answer)]++;
    if (redirect(live, answer)) {
        fetch_answer_fini(answer);
        return;
    }
    if (is_retried(answer, outcome_of(answer))) {
        miss(engine, live, answer);
    } else if (answer->outcome != FETCH_OK) {
        run_fail(&live->run, answer->why.text);
    } else {
        take_answer(live, answer);
        live->has_heard = true;
        run_answered(&live->run, answer->status == 200);
    }
    fetch_answer_fini(answer);
}
