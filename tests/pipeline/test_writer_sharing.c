/* Publications that wait together: one commit where none is judged by what
 * another has brought. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/pipeline/publishing.h"
#include "tests/support/store_memory.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define STEPS_MAX 8
#define STEP_BYTES_MAX 64

/*
 * Steps between bars, as test_writer_publications.c has them, that wait while
 * a=7 of security 1 and day 1 is committed. What each is answered: its
 * transaction, 0 where its state alone was put, "same" where nothing, "again"
 * where its guard was there, x where it is refused; of the commits behind the
 * first the number of transactions; then the state.
 */
static const struct {
    const char *name, *steps, *answers, *commits, *state;
} cases[] = {
    { "one", "F+b;G1=x", "2 ", "1", "1=x " },
    { "other records under other guards",
      "F+a#2;G1=x|F+a#2/2;G2=x|+a#4|F+a=7#3 +b#3;G3=x|F+c#5", "2 3 4 5 6 ", "5",
      "1=x 2=x 3=x " },
    { "the same guard", "F+a#2;G1=x|F+a#3;G1=y|F+a#3;G2=x", "2 again 3 ", "11",
      "1=x 2=x " },
    { "the same record", "F+a=1#2;G1=x|F+a=1#2;G2=x|F+b=1#2;G3=x", "2 0 3 ",
      "11", "1=x 2=x 3=x " },
    { "a record that is posted in front", "+b=1|F+b=1;G1=x", "2 0 ", "10",
      "1=x " },
    { "and one behind", "F+b=1;G1=x|+b=1", "2 3 ", "2", "1=x " },
    { "nothing new in front, between and behind",
      "F+a=7;G1=x|F+a=7;G2=x|F+b#2;G3=x|F+a=7;G4=x|+c", "0 0 2 0 3 ", "2",
      "1=x 2=x 3=x 4=x " },
    { "nothing new in any", "F+a=7;G1=x|F+a=7;G2=x|F+a=7;G2=x|F+a=7",
      "0 0 again same ", "0", "1=x 2=x " },
    { "a retraction, by what was there and what is behind it",
      "F+b#2;G1=x|F-a;G2=x|F+a=7;G3=x", "2 3 4 ", "111", "1=x 2=x 3=x " },
    { "new securities", "F+a#N;G1=x|F+a#N;G2=x|F+a=7#N +a#1000000000003;G3=x",
      "2 3 4 ", "3", "1=x 2=x 3=x " },
    { "bars of other months", "B#1/1=7;G1=x|B#2/1=7;G2=x|B#1/40=7;G3=x",
      "2 3 4 ", "3", "1=x 2=x 3=x " },
    { "bars of one month", "B#1/1=7;G1=x|B#1/2=7;G2=x", "2 3 ", "11",
      "1=x 2=x " },
    { "whose a ticker is", "F+ticker=0#2;G1=x|B0/20=7;G2=x", "2 3 ", "11",
      "1=x 2=x " },
    { "trades", "Tt/1.0=A;G1=x|Tt/1.0=A;G2=x|Tu/1.0=A;G3=x|F+a#2;G4=x",
      "2 0 3 4 ", "102", "1=x 2=x 3=x 4=x " },
    { "state of a run", "F+a#2;G1=x|S2=x|F+a#3;G3=x", "2 0 3 ", "101",
      "1=x 2=x 3=x " },
    { "one that is refused takes nothing along",
      "F+a#2;G1=x|BX/20=7;G2=x|F+a#3;G3=x|F-q#4;G4=x|F+a#5;G5=x", "2 x 3 x 4 ",
      "111", "1=x 3=x 5=x " },
};

struct step {
    char text[STEP_BYTES_MAX];
    struct published published;
    struct test_job *job;
};

static size_t
make_steps(const char *rest, struct step steps[static STEPS_MAX])
{
    size_t count = 0;

    while (rest != NULL) {
        struct step *step = &steps[count++];
        const size_t len = strcspn(rest, "|");

        cr_assert_leq(count, STEPS_MAX);
        snprintf(step->text, sizeof step->text, "%.*s", (int)len, rest);
        step->published = (struct published){ 0 };
        step->job = step->text[0] == '+'
                        ? test_job_new(step->text)
                        : publication_new(&step->published, step->text);
        rest = rest[len] == '|' ? rest + len + 1 : NULL;
    }
    return count;
}

static void
put_answer(struct out *out, const struct test_job *job)
{
    const struct publication *publication = job->job.publication;

    if (job->job.err != OK)
        out_print(out, "x ");
    else if (publication != NULL && publication->is_repeated)
        out_print(out, "again ");
    else if (job->job.is_known)
        out_print(out, "same ");
    else
        out_print(out, "%lu ", job->job.tx);
}

static enum visit
put_key(void *context, struct str key, struct str value)
{
    out_print(context, "%.*s=%.*s ", STR_ARG(key), STR_ARG(value));
    return VISIT_NEXT;
}

static void
expect_text(struct out *out, const char *expected, const char *name)
{
    cr_expect(str_equal(out_text(out), str_of(expected)), "%s: %.*s, not %s",
              name, STR_ARG(out_text(out)), expected);
    out_reset(out);
}

/* All at once, while the first job is held in its commit. */
static void
run_together(struct step *steps, size_t count)
{
    struct test_job *first = test_job_new("+a=7"), *back[1 + STEPS_MAX];

    writing.held = true;
    test_job_submit(first);
    writing_entered();
    for (size_t i = 0; i < count; i++)
        test_job_submit(steps[i].job);
    writing_release();
    test_jobs_wait(back, 1 + count);
    test_job_free(first);
}

Test(writer_sharing, one_commit_for_those_that_do_not_know_of_each_other)
{
    static struct step steps[STEPS_MAX];
    struct out out;

    out_init(&out, 4096);
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t count = make_steps(cases[i].steps, steps);

        writing_start(store_memory_new());
        run_together(steps, count);
        for (size_t s = 0; s < count; s++)
            put_answer(&out, steps[s].job);
        expect_text(&out, cases[i].answers, cases[i].name);
        for (size_t c = 1; c < atomic_load(&writing.calls); c++)
            out_print(&out, "%zu", writing.batches[c]);
        expect_text(&out, cases[i].commits, cases[i].name);
        cr_assert_eq(
            store_state_scan(writing.store, STATE_RUNS, put_key, &out, NULL),
            OK);
        expect_text(&out, cases[i].state, cases[i].name);
        for (size_t s = 0; s < count; s++)
            publication_free(&steps[s].published, steps[s].job);
        writing_stop();
    }
    out_fini(&out);
}
