/* Days of a vendor's listings over a store, written in a line. */
#include "tests/pipeline/listing_steps.h"

#include <assert.h>
#include <stdlib.h>

#include "secmaster/bounds.h"
#include "src/pipeline/identity.h"
#include "tests/pipeline/writing.h"
#include "tests/support/store_memory.h"

static const char letters[LISTED_FIELDS + 1] = "tnacfsxy";

static struct str
cut(struct str *text, char mark)
{
    const char *at =
        text->len == 0 ? NULL : memchr(text->data, mark, text->len);
    struct str front = { text->data,
                         at == NULL ? text->len : (size_t)(at - text->data) };

    text->data += front.len + (at != NULL);
    text->len -= front.len + (at != NULL);
    return front;
}

static size_t
field_of(char letter)
{
    const char *at = strchr(letters, letter);

    assert(at != NULL);
    return (size_t)(at - letters);
}

static struct value
value_of(struct str text)
{
    if (str_equal(text, STR("null")))
        return VALUE_OF_NULL;
    if (str_equal(text, STR("true")))
        return VALUE_OF_TRUE;
    if (str_equal(text, STR("false")))
        return VALUE_OF_FALSE;
    return (struct value){ VALUE_STRING, text };
}

static void
add_row(struct listing *listing, struct str text)
{
    const struct str ticker = cut(&text, ',');
    struct listed row = {
        .place = { .row = listing->count },
        .fields = { [LISTED_TICKER] = { VALUE_STRING, ticker },
                    [LISTED_ACTIVE] = VALUE_OF_TRUE },
    };
    enum err err;

    while (text.len > 0) {
        const struct str part = cut(&text, ',');

        if (part.data[0] == '-')
            row.fields[LISTED_ACTIVE] = VALUE_OF_FALSE;
        else if (part.data[0] == '?')
            row.fields[LISTED_ACTIVE] = VALUE_OF_NULL;
        else
            row.fields[field_of(part.data[0])] =
                value_of((struct str){ part.data + 1, part.len - 1 });
    }
    err = listing_add(listing, &row);
    assert(err == OK);
}

/* Store a batch, and free it. */
static void
store(struct batch *batch)
{
    struct test_job *job;

    if (batch->fact_count == 0) {
        batch_free(batch);
        return;
    }
    job = test_job_new("+in_place_of");
    batch_free(job->job.batch);
    job->job.batch = batch;
    test_job_submit_and_wait(job);
    assert(job->job.err == OK);
    test_job_free(job);
}

static void
put_security(struct out *out, const struct batch *batch, int64_t id)
{
    if (id < 0)
        out_str(out, batch->labels.items[-1 - id]);
    else if (id >= MINTED_FIRST)
        out_print(out, "m%ld", id - MINTED_FIRST);
    else
        out_print(out, "#%ld", id);
}

static void
put_fact(struct out *out, const struct batch *batch, uint32_t i)
{
    const struct batch_fact *fact = &batch->facts[i];
    const struct str attribute = batch->attributes.items[fact->attribute];
    size_t field = 0;

    while (!str_equal(str_of(listed_attributes[field]), attribute))
        field++;
    out_print(out, "%c=%.*s", letters[field],
              STR_ARG(batch_value(batch, fact).text));
}

static void
put_batch(struct out *out, const struct batch *batch)
{
    for (uint32_t i = 0; i < batch->record_count; i++) {
        const struct batch_record *record = &batch->records[i];

        if (i > 0)
            out_char(out, ' ');
        put_security(out, batch, record->security_id);
        out_char(out, '{');
        for (uint32_t at = record->first; at != BATCH_END;
             at = batch->facts[at].next) {
            if (at != record->first)
                out_char(out, ',');
            put_fact(out, batch, at);
        }
        out_char(out, '}');
    }
}

static void
run_identity(const struct identity_ask *ask, struct out *out)
{
    struct batch *batch = batch_new(0);
    struct complaints reasons;
    struct arena arena;
    enum err err;

    assert(batch != NULL);
    arena_init(&arena, 1 << 20);
    complaints_init(&reasons, &arena);
    err = identity_facts(ask, batch, &reasons, NULL);
    assert(err == OK);
    for (size_t i = 0; i < reasons.listed; i++)
        out_print(out, "!%s\n", reasons.items[i].detail);
    if (reasons.total == 0) {
        put_batch(out, batch);
        store(batch);
    } else {
        batch_free(batch);
    }
    arena_fini(&arena);
}

static void
run_listing(struct str text, bool is_whole, struct out *out)
{
    const struct str day = cut(&text, ' ');
    struct listing listing;
    struct view view;
    enum err err;

    listing_init(&listing);
    while (text.len > 0)
        add_row(&listing, cut(&text, ' '));
    err = store_view_begin(writing.store, KNOWN_NEWEST, &view, NULL);
    assert(err == OK);
    run_identity(
        &(struct identity_ask){
            .view = &view,
            .listing = &listing,
            .source = STR("vendor"),
            .day = { (int32_t)strtol(day.data, NULL, 10) },
            .is_whole = is_whole,
        },
        out);
    store_view_end(&view);
    listing_fini(&listing);
}

static void
run_facts(struct str text, enum fact_op op)
{
    const struct str day = cut(&text, '#'), id = cut(&text, '@');
    const struct str source = cut(&text, ' ');
    struct batch *batch = batch_new(0);
    enum err err;

    assert(batch != NULL);
    while (text.len > 0) {
        struct str part = cut(&text, ' ');
        const struct fact fact = {
            .security_id = id.data[0] == 'm'
                               ? MINTED_FIRST + strtoll(id.data + 1, NULL, 10)
                               : strtoll(id.data, NULL, 10),
            .attribute = str_of(listed_attributes[field_of(part.data[0])]),
            .value =
                op == FACT_RETRACT
                    ? VALUE_OF_NULL
                    : value_of((struct str){ part.data + 2, part.len - 2 }),
            .effective = { (int32_t)strtol(day.data, NULL, 10) },
            .source = source,
            .op = op,
        };

        err = batch_add(batch, &fact, 0);
        assert(err == OK);
    }
    err = batch_seal(batch);
    assert(err == OK);
    store(batch);
}

static void
run_step(struct str step, struct out *out)
{
    const struct str rest = { step.data + 1, step.len - 1 };

    switch (step.data[0]) {
    case 'L':
        run_listing(rest, true, out);
        return;
    case 'P':
        run_listing(rest, false, out);
        return;
    case 'F':
        run_facts(rest, FACT_ASSERT);
        return;
    case 'R':
        run_facts(rest, FACT_RETRACT);
        return;
    }
    assert(false);
}

void
listing_steps_run(const char *steps, struct out *out)
{
    struct str rest = str_of(steps);

    writing_start(store_memory_new());
    while (rest.len > 0) {
        run_step(cut(&rest, '|'), out);
        if (rest.len > 0)
            out_char(out, '|');
    }
    writing_stop();
}
