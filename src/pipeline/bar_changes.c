/* Rows in order beside the bars that are known, one scan a security. */
#include "bar_changes.h"

#include <stdlib.h>

#include "secmaster/bar_fold.h"

static int
compare_places(const void *left, const void *right)
{
    const struct placed_bar *a = left, *b = right;

    if (a->security_id != b->security_id)
        return a->security_id < b->security_id ? -1 : 1;
    if (a->day != b->day)
        return a->day < b->day ? -1 : 1;
    return a->row < b->row ? -1 : a->row > b->row;
}

/* Most histories come in order. */
static void
sort_places(struct placed_bar *places, uint32_t count)
{
    uint32_t i = 1;

    while (i < count && compare_places(&places[i - 1], &places[i]) < 0)
        i++;
    if (i < count)
        qsort(places, count, sizeof *places, compare_places);
}

struct bar
bar_changes_bar(const struct bar_changes *changes, uint32_t i)
{
    struct bar bar = changes->batch->rows[changes->places[i].row].bar;

    bar.source = changes->sources[bar.source];
    return bar;
}

/* The rows of one security: those before kept are judged and to be stored,
 * those from at on are not judged yet. */
struct judge {
    struct bar_changes *changes;
    uint32_t kept, at, end;
};

/* Judge the rows of the next day; stored may be NULL. */
static void
judge_day(struct judge *judge, const struct bar *stored)
{
    struct bar_changes *changes = judge->changes;
    struct placed_bar *places = changes->places;
    const struct bar *standing = stored;
    const int32_t day = places[judge->at].day;
    struct placed_bar last = { 0 };
    struct bar newer;

    for (; judge->at < judge->end && places[judge->at].day == day;
         judge->at++) {
        struct bar bar = bar_changes_bar(changes, judge->at);

        if (standing != NULL && bar_equal(standing, &bar))
            continue;
        last = places[judge->at];
        newer = bar;
        standing = &newer;
        changes->rows++;
    }
    if (standing != stored)
        places[judge->kept++] = last;
}

static void
judge_before(struct judge *judge, int64_t day)
{
    while (judge->at < judge->end &&
           judge->changes->places[judge->at].day < day)
        judge_day(judge, NULL);
}

static enum visit
judge_month(void *context, int64_t security_id, const struct bar *bars,
            size_t count)
{
    struct judge *judge = context;

    (void)security_id;
    for (size_t i = 0; i < count; i++) {
        const struct bar *bar = &bars[i];

        judge_before(judge, bar->date.days);
        if (judge->at < judge->end &&
            judge->changes->places[judge->at].day == bar->date.days)
            judge_day(judge, bar);
    }
    return VISIT_NEXT;
}

/* Judge the rows up to judge->end, all of one security. */
static enum err
judge_security(struct judge *judge, struct view *view, struct why *why)
{
    const struct placed_bar *places = judge->changes->places;
    const struct placed_bar *first = &places[judge->at];
    const struct date from = { first->day };
    const struct date last = { places[judge->end - 1].day };
    struct scan_range range = SCAN_SECURITY(RECORD_BARS, first->security_id);
    struct bar_fold fold;

    range.first_date = bar_month(from);
    range.last_date = bar_month(last);
    bar_fold_init(&fold, from, (struct date){ last.days + 1 }, judge_month,
                  judge);
    TRY(store_scan(view, &range, bar_fold_record, &fold, why));
    if (bar_fold_end(&fold) != OK)
        return why_set(why, fold.err, "a record of bars is damaged");
    judge_before(judge, INT64_MAX);
    return OK;
}

enum err
bar_changes_find(struct bar_changes *changes, struct view *view,
                 struct why *why)
{
    const struct placed_bar *places = changes->places;
    struct judge judge = { .changes = changes };

    changes->rows = 0;
    sort_places(changes->places, changes->count);
    while (judge.at < changes->count) {
        const int64_t id = places[judge.at].security_id;

        judge.end = judge.at;
        while (judge.end < changes->count &&
               places[judge.end].security_id == id)
            judge.end++;
        TRY(judge_security(&judge, view, why));
    }
    changes->count = judge.kept;
    return OK;
}
