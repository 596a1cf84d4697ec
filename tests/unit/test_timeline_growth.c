/* The fold of a date that was asserted and taken back again and again. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "secmaster/factset.h"
#include "secmaster/timeline.h"

enum { ATTRIBUTES = 13, SOURCES = 11, DATES = 3, FIRST_DATE = 10 };

struct told {
    uint32_t attribute, source;
    char value[48]; /* empty: a retraction */
};

/* What is live of one date, and when it was told. */
struct live {
    struct told told;
    size_t place; /* 0: nothing */
};

/* All of one date is pushed in records of so many facts. */
struct story {
    const char *what;
    uint32_t attributes, sources;
    size_t facts, record_facts;
    unsigned retractions; /* of 16 facts */
};

static const struct story stories[] = {
    { "one fact a record", 1, 1, 100000, 1, 0 },
    { "all in one record", 1, 1, 100000, 100000, 0 },
    { "with retractions", 1, 1, 100000, 7, 5 },
    { "of all, all in one record", ATTRIBUTES, SOURCES, 100000, 100000, 0 },
    { "of all, with retractions", ATTRIBUTES, SOURCES, 100000, 50, 8 },
    { "of all, one fact a record", ATTRIBUTES, SOURCES, 5000, 1, 3 },
    { "of all, mostly retracted", ATTRIBUTES, SOURCES, 100000, 3000, 15 },
};

/* The last that was told of each date, held against each row. */
struct model {
    const char *what;
    struct live live[DATES][ATTRIBUTES][SOURCES];
    size_t rows;
};

static uint32_t
rank_of(const void *rule, uint32_t attribute, uint32_t source)
{
    (void)rule;
    return (attribute + source) % 4;
}

/* The live fact that wins an attribute by date, NULL: there is none. */
static const struct live *
winner_of(const struct model *model, int32_t date, uint32_t attribute)
{
    const struct live *best = NULL;

    for (int32_t d = 0; d <= date; d++) {
        for (uint32_t source = 0; source < SOURCES; source++) {
            const struct live *live = &model->live[d][attribute][source];
            uint32_t rank = rank_of(NULL, attribute, source);
            uint32_t old =
                best == NULL ? 9 : rank_of(NULL, attribute, best->told.source);

            if (live->place == 0 || live->told.value[0] == '\0')
                continue;
            if (rank < old || (rank == old && live->place > best->place))
                best = live;
        }
    }
    return best;
}

static enum visit
check_row(void *context, const struct row *row)
{
    struct model *model = context;
    size_t count = 0;

    model->rows++;
    for (uint32_t a = 0; a < ATTRIBUTES; a++)
        count += winner_of(model, row->start.days - FIRST_DATE, a) != NULL;
    cr_expect_eq(row->cell_count, count, "%s: %zu cells, not %zu", model->what,
                 row->cell_count, count);
    for (size_t i = 0; i < row->cell_count; i++) {
        const struct cell *cell = &row->cells[i];
        const struct live *live =
            winner_of(model, row->start.days - FIRST_DATE, cell->attribute);

        cr_assert_not_null(live, "%s: %u", model->what, cell->attribute);
        cr_expect_eq(cell->source, live->told.source, "%s: source %u",
                     model->what, cell->source);
        cr_expect(str_equal(cell->value.text, str_of(live->told.value)),
                  "%s: %.*s, not %s", model->what, STR_ARG(cell->value.text),
                  live->told.value);
    }
    return VISIT_NEXT;
}

/* Numbers of many lengths, so that a text that is moved wrongly shows. */
static struct told
told_at(const struct story *story, size_t place)
{
    uint64_t dice = place * 0x9e3779b97f4a7c15U;
    struct told told = { (uint32_t)(dice >> 40) % story->attributes,
                         (uint32_t)(dice >> 20) % story->sources, "" };

    if ((dice >> 60) >= story->retractions)
        (void)snprintf(told.value, sizeof told.value, "%0*zu",
                       (int)(dice >> 56 & 31) + 1, place);
    return told;
}

static void
push_record(struct timeline *t, int32_t date, struct out *facts)
{
    struct record record = {
        RECORD_FACTS, 1, { FIRST_DATE + date }, 1, out_text(facts)
    };

    cr_assert_eq(out_finish(facts), OK);
    cr_assert_eq(timeline_record(t, &record), VISIT_NEXT);
    memset(facts->data, 0xee, facts->len);
    out_reset(facts);
}

static void
push_date(struct timeline *t, const struct story *story, int32_t date,
          struct model *model)
{
    struct out facts;

    out_init(&facts, 1 << 24);
    for (size_t i = 1; i <= story->facts; i++) {
        size_t place = (size_t)date * story->facts + i;
        struct told told = told_at(story, place);
        struct factset_item item = { told.attribute, told.source, FACT_RETRACT,
                                     VALUE_OF_NULL };

        if (told.value[0] != '\0') {
            item.op = FACT_ASSERT;
            item.value = (struct value){ VALUE_NUMBER, str_of(told.value) };
        }
        factset_put(&facts, &item);
        model->live[date][told.attribute][told.source] =
            (struct live){ told, place };
        if (i % story->record_facts == 0 || i == story->facts)
            push_record(t, date, &facts);
    }
    out_fini(&facts);
}

Test(timeline_growth, holds_what_stands_and_not_what_was_told, .timeout = 20)
{
    for (size_t i = 0; i < sizeof stories / sizeof stories[0]; i++) {
        struct model model = { .what = stories[i].what };
        struct timeline *t =
            timeline_new(1, WINDOW_ALL, (struct precedence){ rank_of, NULL },
                         check_row, &model);

        for (int32_t date = 0; date < DATES; date++)
            push_date(t, &stories[i], date, &model);
        cr_expect_leq(timeline_held(t), 256UL << 10, "%s: %zu bytes",
                      stories[i].what, timeline_held(t));
        cr_expect_eq(timeline_finish(t), OK);
        cr_expect_gt(model.rows, 0, "%s", stories[i].what);
        timeline_free(t);
    }
}
