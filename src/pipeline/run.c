/* What a run does next: page by page to its end. */
#include "run.h"

#include <assert.h>
#include <stdio.h>

#include "secmaster/utf8.h"

/* The page at hand is looked for, or asked for at once. */
static void
begin_page(struct run *run)
{
    run->tries = 0;
    run->not_before_us = 0;
    run->is_backing_off = false;
    run->has_next = false;
    run->step = run->is_recalling ? RUN_STEP_RECALL : RUN_STEP_FETCH;
}

static void
end_as(struct run *run, enum run_state end)
{
    run->end = end;
    run->step = RUN_STEP_FINISH;
}

/* What a run that came to its end by itself is. */
static enum run_state
good_end(const struct run *run)
{
    if (run->record.quarantined > 0)
        return RUN_QUARANTINED;
    return run->record.info.stored > 0 ? RUN_SUCCEEDED : RUN_UNCHANGED;
}

/* Of a whole nothing is taken that has a bad page; of others not too many. */
static bool
is_given_up(const struct run *run)
{
    const uint64_t most = run->shape.is_whole ? 1 : RUN_QUARANTINE_MAX;

    return run->record.quarantined >= most;
}

void
run_begin(struct run *run, const struct run_record *record,
          const struct run_shape *shape)
{
    assert(!run_state_is_end(record->info.state));

    *run = (struct run){ .record = *record, .shape = *shape };
    /* Pages that are in the archive and of which something may hang are read
     * from there again: what they bring is known, or not published yet. */
    if ((shape->is_whole || shape->has_links) && !is_given_up(run))
        run->record.info.done = run->record.info.pages = 0;
    run->page = run->record.info.done;
    run->is_recalling = shape->is_whole || shape->has_links;
    run->step = RUN_STEP_PLAN;
}

/* Nothing that is in the archive is of these asks; with the next page something
 * will be, and no start can tell which. */
static void
begin_anew(struct run *run)
{
    run->page = run->record.info.done = run->record.info.pages = 0;
    run->is_recalling = false;
}

void
run_planned(struct run *run, const struct run_plan *plan)
{
    const bool is_another =
        run->record.plan != 0 && run->record.plan != plan->print;

    assert(run->step == RUN_STEP_PLAN);
    assert(plan->print != 0);

    run->record.info.state = RUN_RUNNING;
    if (is_given_up(run)) {
        end_as(run, RUN_QUARANTINED);
        return;
    }
    if (is_another && run->record.quarantined > 0) {
        run_fail(run, "the configuration has changed what it asks for, and "
                      "pages of it are in quarantine");
        return;
    }
    run->record.plan =
        is_another && run->is_recalling ? RUN_PLAN_MIXED : plan->print;
    if (is_another)
        begin_anew(run);
    run->record.info.total = plan->total;
    if (run->shape.is_list && run->page >= plan->total)
        end_as(run, good_end(run));
    else
        begin_page(run);
}

void
run_recalled(struct run *run, bool is_there)
{
    assert(run->step == RUN_STEP_RECALL);

    run->is_recalling = is_there;
    run->step = is_there ? RUN_STEP_READ : RUN_STEP_FETCH;
}

void
run_sent(struct run *run)
{
    assert(run->step == RUN_STEP_FETCH);

    run->tries++;
    run->step = RUN_STEP_WAIT;
}

void
run_redirected(struct run *run)
{
    assert(run->step == RUN_STEP_WAIT);

    run->tries--;
    run->step = RUN_STEP_FETCH;
}

void
run_answered(struct run *run, bool is_page)
{
    assert(run->step == RUN_STEP_WAIT);

    run->is_backing_off = false;
    run->step = is_page ? RUN_STEP_ARCHIVE : RUN_STEP_READ;
}

int64_t
run_missed(struct run *run, const struct run_miss *miss)
{
    const struct backoff_failure failure = {
        .tries = run->tries,
        .retry_after = miss->retry_after,
        .now = miss->now,
        .draw = miss->draw,
    };
    char error[RUN_ERROR_BYTES];
    int64_t wait_us;

    assert(run->step == RUN_STEP_WAIT);

    if (run->tries >= BACKOFF_TRIES) {
        (void)snprintf(error, sizeof error, "%.200s, %d times in a row",
                       miss->what, run->tries);
        run_fail(run, error);
        return 0;
    }
    wait_us = backoff_wait_us(&run->shape.backoff, &failure);
    run->is_backing_off = true;
    run->not_before_us = miss->now_us + wait_us;
    run->step = RUN_STEP_FETCH;
    return wait_us;
}

void
run_archived(struct run *run)
{
    assert(run->step == RUN_STEP_ARCHIVE);

    run->step = RUN_STEP_READ;
}

static void
count_page(struct run *run)
{
    run->record.info.done++;
    run->record.info.pages += !run->is_empty;
}

void
run_read(struct run *run, const struct run_reading *reading)
{
    assert(run->step == RUN_STEP_READ);

    run->has_next = reading->has_next;
    run->is_empty = reading->verdict == RUN_PAGE_EMPTY;
    if (reading->highest > run->record.highest)
        run->record.highest = reading->highest;
    if (reading->verdict == RUN_PAGE_BAD) {
        run->step = RUN_STEP_QUARANTINE;
        return;
    }
    if (reading->verdict == RUN_PAGE_EMPTY && !run->shape.is_list)
        run->has_next = false;
    if (run->shape.is_whole && run->has_next) {
        count_page(run);
        run->page++;
        begin_page(run);
        return;
    }
    /* The empty page behind the last one has nothing to publish. */
    if (reading->verdict == RUN_PAGE_EMPTY && !run->shape.is_list &&
        !run->shape.is_whole) {
        end_as(run, good_end(run));
        return;
    }
    run->step = RUN_STEP_PUBLISH;
}

/* By its error everyone knows that there was more, who releases it too. */
static void
give_up(struct run *run)
{
    (void)snprintf(run->record.info.error, RUN_ERROR_BYTES,
                   "given up: %d pages are in quarantine, those after them "
                   "were not asked for",
                   RUN_QUARANTINE_MAX);
    end_as(run, RUN_QUARANTINED);
}

/* Behind the page at hand: the next one, or the end. */
static void
go_on(struct run *run)
{
    bool is_last = run->shape.is_list
                       ? run->record.info.done >= run->record.info.total
                       : !run->has_next;

    run->page++;
    if (is_last)
        end_as(run, good_end(run));
    else if (run->record.quarantined >= RUN_QUARANTINE_MAX)
        give_up(run);
    else
        begin_page(run);
}

void
run_published(struct run *run, const struct run_counts *counts,
              struct instant now)
{
    assert(run->step == RUN_STEP_PUBLISH);

    count_page(run);
    run->record.info.stored += counts->stored;
    run->record.info.unchanged += counts->unchanged;
    if (!run->shape.is_whole) {
        go_on(run);
        return;
    }
    end_as(run, good_end(run));
    run_finished(run, now);
}

void
run_refused(struct run *run)
{
    assert(run->step == RUN_STEP_PUBLISH);

    run->step = RUN_STEP_QUARANTINE;
}

void
run_quarantined(struct run *run)
{
    assert(run->step == RUN_STEP_QUARANTINE);

    run->is_empty = false; /* a release takes it out of the archive, too */
    count_page(run);
    run->record.quarantined++;
    run->record.info.open++;
    if (run->shape.is_whole)
        end_as(run, RUN_QUARANTINED);
    else
        go_on(run);
}

void
run_finished(struct run *run, struct instant now)
{
    struct run_info *info = &run->record.info;

    assert(run->step == RUN_STEP_FINISH);
    assert(run_state_is_end(run->end));

    info->state = run->end;
    info->finished_at = now;
    if (info->total < info->done)
        info->total = info->done;
    run->step = RUN_STEP_OVER;
}

void
run_fail(struct run *run, const char *error)
{
    assert(run->step != RUN_STEP_OVER);

    utf8_copy(run->record.info.error, RUN_ERROR_BYTES, error);
    end_as(run, RUN_FAILED);
}

void
run_cancel(struct run *run)
{
    assert(run->step != RUN_STEP_OVER);

    run->record.info.error[0] = '\0';
    end_as(run, RUN_CANCELLED);
}

void
run_preview(const struct run *run, const struct run_counts *counts,
            struct instant now, struct run_record *out)
{
    struct run copy = *run;

    if (copy.step == RUN_STEP_PUBLISH)
        run_published(&copy, counts, now);
    else if (copy.step == RUN_STEP_QUARANTINE)
        run_quarantined(&copy);
    if (copy.step == RUN_STEP_FINISH && run->step == RUN_STEP_FINISH)
        run_finished(&copy, now);
    *out = copy.record;
}
