/* What a run does next, told as the steps that it takes. */
#include <criterion/criterion.h>
#include <string.h>

#include "src/pipeline/run.h"

static const struct run_shape whole = { .is_whole = true,
                                        .has_links = true,
                                        .backoff = { 12000000, 600000000 } };
static const struct run_shape numbered = { .backoff = { 12000000, 600000000 } };
static const struct run_shape list = { .is_list = true,
                                       .backoff = { 12000000, 600000000 } };

/*
 * What happens, a letter each, and where it leads, a letter for each step:
 * events p planned (total 3), r/R recalled (not there, there), s sent, a/e
 * answered (a page, none), m missed, k archived; page read: g good with more
 * behind it, l good and last, n nothing there, b bad; w published with a row,
 * u with none new, x refused, q quarantined, f finished.
 */
static char
name_of(enum run_step step)
{
    static const char names[] = {
        [RUN_STEP_PLAN] = 'P',    [RUN_STEP_RECALL] = 'R',
        [RUN_STEP_FETCH] = 'F',   [RUN_STEP_WAIT] = 'W',
        [RUN_STEP_ARCHIVE] = 'A', [RUN_STEP_READ] = 'D',
        [RUN_STEP_PUBLISH] = 'U', [RUN_STEP_QUARANTINE] = 'Q',
        [RUN_STEP_FINISH] = 'E',  [RUN_STEP_OVER] = '.',
    };

    return names[step];
}

static void
miss(struct run *run)
{
    const struct run_miss miss = { .what = "no answer",
                                   .draw = UINT64_C(1) << 63 };

    (void)run_missed(run, &miss);
}

static void
read_page(struct run *run, char event)
{
    const struct run_reading reading = {
        .verdict = event == 'n'   ? RUN_PAGE_EMPTY
                   : event == 'b' ? RUN_PAGE_BAD
                                  : RUN_PAGE_GOOD,
        .has_next = event == 'g' || event == 'b',
        .highest = 7,
    };

    run_read(run, &reading);
}

static void
happen(struct run *run, char event)
{
    const struct run_counts one = { .stored = event == 'w',
                                    .unchanged = event == 'u' };
    const struct instant now = { 99 };

    switch (event) {
    case 'p':
        run_planned(run, &(struct run_plan){ run->shape.is_list ? 3 : 0, 7 });
        break;
    case 'r':
    case 'R':
        run_recalled(run, event == 'R');
        break;
    case 's':
        run_sent(run);
        break;
    case 'a':
    case 'e':
        run_answered(run, event == 'a');
        break;
    case 'm':
        miss(run);
        break;
    case 'k':
        run_archived(run);
        break;
    case 'w':
    case 'u':
        run_published(run, &one, now);
        break;
    case 'x':
        run_refused(run);
        break;
    case 'q':
        run_quarantined(run);
        break;
    case 'f':
        run_finished(run, now);
        break;
    default:
        read_page(run, event);
        break;
    }
}

static const struct {
    const char *name;
    const struct run_shape *shape;
    const char *events, *steps;
    enum run_state end;
    uint64_t done, pages;
} cases[] = {
    { "a listing of two pages", &whole, "prsakgsaklw", "RFWADFWADU.",
      RUN_SUCCEEDED, 2, 2 },
    { "one that says nothing new", &whole, "prsaklu", "RFWADU.", RUN_UNCHANGED,
      1, 1 },
    { "one that goes on from the archive", &whole, "pRgRgrsaklw", "RDRDRFWADU.",
      RUN_SUCCEEDED, 3, 3 },
    { "one that is refused", &whole, "prsaklxqf", "RFWADUQE.", RUN_QUARANTINED,
      1, 1 },
    { "one that is refused behind an empty page", &whole, "prsakgsaknxqf",
      "RFWADFWADUQE.", RUN_QUARANTINED, 2, 2 },
    { "one with a bad page", &whole, "prsakgsakbqf", "RFWADFWADQE.",
      RUN_QUARANTINED, 2, 2 },
    { "two pages and the empty one", &numbered, "psakgwsakgusaknf",
      "FWADUFWADUFWADE.", RUN_SUCCEEDED, 2, 2 },
    { "nothing at all", &numbered, "psaknf", "FWADE.", RUN_UNCHANGED, 0, 0 },
    { "a bad page before a good one", &numbered, "psakbqsakgwsaknf",
      "FWADQFWADUFWADE.", RUN_QUARANTINED, 2, 2 },
    { "three asks, one without a page", &list, "psaklwsenusaklwf",
      "FWADUFWDUFWADUE.", RUN_SUCCEEDED, 3, 2 },
    { "an ask that is sent three times", &list, "psmsmsaklw", "FWFWFWADUF",
      RUN_RUNNING, 1, 1 },
    { "ten times", &numbered, "psmsmsmsmsmsmsmsmsmsmf",
      "FWFWFWFWFWFWFWFWFWFWE.", RUN_FAILED, 0, 0 },
};

Test(run, steps)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct run_record record = { .info = { .id = 1 } };
        char steps[64] = "";
        struct run run;

        run_begin(&run, &record, cases[i].shape);
        for (size_t k = 0; cases[i].events[k] != '\0'; k++) {
            happen(&run, cases[i].events[k]);
            steps[k] = name_of(run.step);
        }
        cr_expect_str_eq(steps, cases[i].steps, "%s: %s", cases[i].name, steps);
        cr_expect_eq(run.record.info.state, cases[i].end, "%s: %s",
                     cases[i].name, run_state_name(run.record.info.state));
        cr_expect_eq(run.record.info.done, cases[i].done, "%s: done %lu",
                     cases[i].name, run.record.info.done);
        cr_expect_eq(run.record.info.pages, cases[i].pages, "%s: pages %lu",
                     cases[i].name, run.record.info.pages);
    }
}

/* What is kept with a commit is what the run is behind it. */
Test(run, a_preview_is_what_comes)
{
    const struct run_counts one = { .stored = 1 }, none = { 0 };
    const struct instant now = { 99 };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct run_record record = { .info = { .id = 1 } };
        struct run run;

        run_begin(&run, &record, cases[i].shape);
        for (size_t k = 0; cases[i].events[k] != '\0'; k++) {
            const char event = cases[i].events[k];
            struct run_record preview;

            run_preview(&run, event == 'w' ? &one : &none, now, &preview);
            happen(&run, event);
            if (strchr("wqf", event) == NULL)
                continue;
            cr_expect_eq(preview.info.state, run.record.info.state, "%s at %zu",
                         cases[i].name, k);
            cr_expect_eq(preview.info.done, run.record.info.done, "%s at %zu",
                         cases[i].name, k);
            cr_expect_eq(preview.info.stored, run.record.info.stored,
                         "%s at %zu", cases[i].name, k);
        }
    }
}

/* A run that was cut off begins with the page that it had not published; one
 * that is a whole, or led on by links, with the first one of the archive. */
Test(run, goes_on_where_it_was)
{
    const struct run_record record = {
        .info = { .id = 1, .state = RUN_RUNNING, .done = 2, .pages = 2 }
    };
    struct run run;

    run_begin(&run, &record, &list);
    run_planned(&run, &(struct run_plan){ 3, 7 });
    cr_expect(run.step == RUN_STEP_FETCH && run.page == 2);
    run_begin(&run, &record, &list);
    run_planned(&run, &(struct run_plan){ 2, 7 });
    cr_expect(run.step == RUN_STEP_FINISH && run.end == RUN_UNCHANGED);
    run_begin(&run, &record, &numbered);
    run_planned(&run, &(struct run_plan){ 0, 7 });
    cr_expect(run.step == RUN_STEP_FETCH && run.page == 2);
    run_begin(&run, &record, &whole);
    run_planned(&run, &(struct run_plan){ 0, 7 });
    cr_expect(run.step == RUN_STEP_RECALL && run.page == 0);
}

/* Under another configuration a page is another one: all are asked for, and
 * none is looked for in the archive. */
Test(run, begins_again_where_its_plan_has_changed)
{
    static const struct {
        const char *name;
        const struct run_shape *shape;
        uint64_t plan, quarantined;
        struct run_plan now;
        enum run_step step;
        uint64_t page;
    } rows[] = {
        { "the same list", &list, 7, 0, { 3, 7 }, RUN_STEP_FETCH, 2 },
        { "no plan was kept", &list, 0, 0, { 3, 7 }, RUN_STEP_FETCH, 2 },
        { "as long a list", &list, 7, 0, { 3, 8 }, RUN_STEP_FETCH, 0 },
        { "a longer list", &list, 7, 0, { 4, 8 }, RUN_STEP_FETCH, 0 },
        { "a shorter list", &list, 7, 0, { 1, 8 }, RUN_STEP_FETCH, 0 },
        { "a list of none", &list, 7, 0, { 0, 8 }, RUN_STEP_FINISH, 0 },
        { "with bad pages", &list, 7, 1, { 3, 8 }, RUN_STEP_FINISH, 2 },
        { "the same pages", &numbered, 7, 0, { 0, 7 }, RUN_STEP_FETCH, 2 },
        { "other pages", &numbered, 7, 0, { 0, 8 }, RUN_STEP_FETCH, 0 },
        { "the same whole", &whole, 7, 0, { 0, 7 }, RUN_STEP_RECALL, 0 },
        { "another whole", &whole, 7, 0, { 0, 8 }, RUN_STEP_FETCH, 0 },
        { "another, that is bad", &whole, 7, 1, { 0, 8 }, RUN_STEP_FINISH, 2 },
        { "another whole, at a second start",
          &whole,
          RUN_PLAN_MIXED,
          0,
          { 0, 8 },
          RUN_STEP_FETCH,
          0 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct run_record record = {
            .info = { .id = 1,
                      .state = RUN_RUNNING,
                      .done = 2,
                      .total = 3,
                      .pages = 2 },
            .plan = rows[i].plan,
            .quarantined = rows[i].quarantined,
        };
        const bool has_failed =
            rows[i].quarantined > 0 && !rows[i].shape->is_whole;
        struct run run;

        run_begin(&run, &record, rows[i].shape);
        run_planned(&run, &rows[i].now);
        cr_expect_eq(run.step, rows[i].step, "%s: %d", rows[i].name, run.step);
        cr_expect_eq(run.page, rows[i].page, "%s: %lu", rows[i].name, run.page);
        cr_expect_eq(run.record.info.done, rows[i].page, "%s: %lu",
                     rows[i].name, run.record.info.done);
        cr_expect_eq(run.record.info.pages, rows[i].page, "%s: %lu",
                     rows[i].name, run.record.info.pages);
        cr_expect_eq(run.end == RUN_FAILED, has_failed, "%s: %s", rows[i].name,
                     run.record.info.error);
        if (rows[i].quarantined == 0)
            cr_expect_eq(run.record.plan,
                         rows[i].shape->is_whole && run.step == RUN_STEP_FETCH
                             ? RUN_PLAN_MIXED
                             : rows[i].now.print,
                         "%s: %lu", rows[i].name, run.record.plan);
    }
}

/* Where it stops for too many bad pages it says so, as there was more. */
Test(run, tells_that_it_was_given_up)
{
    static const struct {
        const char *name;
        bool has_next;
        const char *error;
    } rows[] = {
        { "more to come", true,
          "given up: 32 pages are in quarantine, those after them were not "
          "asked for" },
        { "the last one", false, "" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct run_record record = {
            .info = { .id = 1, .state = RUN_RUNNING, .done = 31 },
            .quarantined = RUN_QUARANTINE_MAX - 1,
        };
        const struct run_reading bad = { .verdict = RUN_PAGE_BAD,
                                         .has_next = rows[i].has_next };
        struct run_record preview;
        struct run run;

        run_begin(&run, &record, &numbered);
        run_planned(&run, &(struct run_plan){ 0, 7 });
        run_sent(&run);
        run_answered(&run, true);
        run_archived(&run);
        run_read(&run, &bad);
        run_preview(&run, NULL, (struct instant){ 99 }, &preview);
        run_quarantined(&run);
        cr_expect(run.step == RUN_STEP_FINISH && run.end == RUN_QUARANTINED,
                  "%s", rows[i].name);
        cr_expect_str_eq(run.record.info.error, rows[i].error, "%s: %s",
                         rows[i].name, run.record.info.error);
        cr_expect_str_eq(preview.info.error, rows[i].error, "%s: %s",
                         rows[i].name, preview.info.error);
    }
}
