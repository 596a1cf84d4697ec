/* A writer over a store whose appends a test can hold up and make fail. */
#include "tests/pipeline/writing.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "secmaster/positionset.h"

struct writing writing;

static struct store_ops ops;
static enum err (*real_append)(struct store *store,
                               const struct append_batch *const *batches,
                               size_t count, struct why *why);
static enum err (*real_put_state)(struct store *store,
                                  const struct state_change *changes,
                                  size_t count, struct why *why);

static enum err
scripted_append(struct store *store, const struct append_batch *const *batches,
                size_t count, struct why *why)
{
    size_t call = atomic_load(&writing.calls);

    assert(call < WRITING_CALLS_MAX);
    if (writing.inspect != NULL)
        writing.inspect(batches, count);
    writing.batches[call] = count;
    atomic_store(&writing.calls, call + 1);
    if (atomic_load(&writing.held)) {
        sem_post(&writing.entered);
        sem_wait(&writing.released);
    }
    if (writing.err[call] != OK)
        return why_set(why, writing.err[call], "as scripted");
    return real_append(store, batches, count, why);
}

static enum err
scripted_put_state(struct store *store, const struct state_change *changes,
                   size_t count, struct why *why)
{
    size_t call = atomic_load(&writing.calls);

    assert(call < WRITING_CALLS_MAX);
    writing.batches[call] = 0;
    atomic_store(&writing.calls, call + 1);
    if (writing.err[call] != OK)
        return why_set(why, writing.err[call], "as scripted");
    return real_put_state(store, changes, count, why);
}

static struct instant
scripted_now(void)
{
    return (struct instant){ writing.clock_us };
}

static void
note_failure(void *context, const char *why)
{
    assert(context == &writing);
    assert(strcmp(why, "as scripted") == 0);
    atomic_fetch_add(&writing.failures, 1);
}

static void
start_writer(void)
{
    const struct writer_options options = { writing.store, scripted_now,
                                            note_failure, &writing, NULL };
    struct why why;
    enum err err = writer_start(&options, &writing.writer, &why);

    assert(err == OK);
}

void
writing_start(struct store *store)
{
    struct why why;
    enum err err;

    memset(&writing, 0, sizeof writing);
    writing.store = store;
    ops = *store->ops;
    real_append = ops.append;
    ops.append = scripted_append;
    real_put_state = ops.put_state;
    ops.put_state = scripted_put_state;
    store->ops = &ops;
    sem_init(&writing.entered, 0, 0);
    sem_init(&writing.released, 0, 0);
    err = inbox_init(&writing.inbox, &why);
    assert(err == OK);
    start_writer();
}

void
writing_restart(void)
{
    writer_stop(writing.writer);
    start_writer();
}

void
writing_stop(void)
{
    writer_stop(writing.writer);
    inbox_fini(&writing.inbox);
    sem_destroy(&writing.entered);
    sem_destroy(&writing.released);
    store_close(writing.store);
}

void
writing_entered(void)
{
    sem_wait(&writing.entered);
}

void
writing_release(void)
{
    atomic_store(&writing.held, false);
    sem_post(&writing.released);
}

/* The number behind mark in a fact's text, or 1. */
static int64_t
number_behind(const char *text, size_t len, char mark)
{
    const char *at = memchr(text, mark, len);

    return at == NULL ? 1 : strtoll(at + 1, NULL, 10);
}

/* The security of a fact, a new one where it is a letter. */
static int64_t
security_of(struct batch *batch, const char *text, size_t len)
{
    const char *at = memchr(text, '#', len);
    int64_t id;
    enum err err;

    if (at == NULL || (at[1] >= '0' && at[1] <= '9'))
        return number_behind(text, len, '#');
    err = batch_label(batch, (struct str){ at + 1, strcspn(at + 1, "=/@ ") },
                      &id);
    assert(err == OK);
    return id;
}

static void
add_fact(struct batch *batch, const char *text, size_t len)
{
    const char *source = memchr(text, '@', len);
    const char *value = memchr(text, '=', len);
    char digits[16];
    struct fact fact = {
        .security_id = security_of(batch, text, len),
        .effective = { (int32_t)number_behind(text, len, '/') },
        .attribute = { text + 1, strcspn(text + 1, "=#/@ ") },
        .op = text[0] == '-' ? FACT_RETRACT : FACT_ASSERT,
        .value = VALUE_OF_NULL,
    };
    enum err err;

    if (fact.op == FACT_ASSERT && (value == NULL || value[1] != 'n')) {
        snprintf(digits, sizeof digits, "%ld",
                 value == NULL ? (long)batch->fact_count
                               : strtol(value + 1, NULL, 10));
        fact.value = (struct value){ VALUE_NUMBER, str_of(digits) };
    }
    if (value != NULL && value[1] >= 'A' && value[1] <= 'Z')
        fact.value =
            (struct value){ VALUE_STRING,
                            { value + 1, strcspn(value + 1, "#/@ ") } };
    if (source != NULL)
        fact.source =
            (struct str){ source + 1, len - (size_t)(source + 1 - text) };
    err = batch_add(batch, &fact, 0);
    assert(err == OK);
}

static struct test_job *
job_new(enum batch_kind kind)
{
    struct test_job *job = calloc(1, sizeof *job);

    assert(job != NULL);
    arena_init(&job->arena, 1 << 20);
    complaints_init(&job->complaints, &job->arena);
    job->job.item.home = &writing.inbox;
    job->job.complaints = &job->complaints;
    job->job.bytes = 100;
    job->job.err = ERR_INTERNAL;
    job->job.kind = kind;
    return job;
}

struct test_job *
test_job_new(const char *facts)
{
    struct test_job *job = job_new(BATCH_FACTS);
    enum err err;

    job->job.batch = batch_new(0);
    assert(job->job.batch != NULL);
    job->job.batch->pointer_prefix = "/facts";
    while (*facts != '\0') {
        size_t len = strcspn(facts, " ");

        add_fact(job->job.batch, facts, len);
        facts += len + strspn(facts + len, " ");
    }
    err = batch_seal(job->job.batch);
    assert(err == OK);
    return job;
}

static void
print_answer(const struct write_job *job, struct out *out)
{
    out_print(out, "tx %lu of %u facts", job->tx, job->facts);
}

void
test_job_key(struct test_job *job, const char *key, const char *text)
{
    struct write_once *once = &job->job.once;

    once->key = str_of(key);
    once->status = 201;
    once->print = print_answer;
    snprintf((char *)once->digest, sizeof once->digest, "%s", text);
}

struct test_job *
test_job_keyed(const char *facts, const char *key)
{
    struct test_job *job = test_job_new(facts);

    test_job_key(job, key, facts);
    return job;
}

/* Cut off the front of *text what stands before mark, or all of it. */
static struct str
cut(struct str *text, char mark)
{
    const char *at = memchr(text->data, mark, text->len);
    struct str front = { text->data,
                         at == NULL ? text->len : (size_t)(at - text->data) };

    text->data += front.len + (at != NULL);
    text->len -= front.len + (at != NULL);
    return front;
}

static void
read_list(struct arena *arena, struct str text, struct rule_names_list *out)
{
    struct str *sources = arena_zalloc(arena, text.len + 1, sizeof *sources);

    assert(sources != NULL);
    out->sources = sources;
    while (text.len > 0)
        sources[out->source_count++] = cut(&text, ',');
}

struct test_job *
test_rule_new(const char *rule)
{
    struct test_job *job = job_new(BATCH_PRECEDENCE);
    struct rule_names *names = arena_zalloc(&job->arena, 1, sizeof *names);
    struct str text = str_of(rule);
    struct rule_names_list *lists =
        arena_zalloc(&job->arena, text.len + 1, sizeof *lists);

    assert(names != NULL);
    assert(lists != NULL);
    read_list(&job->arena, cut(&text, ' '), &lists[names->list_count++]);
    while (text.len > 0) {
        struct rule_names_list *list = &lists[names->list_count++];
        struct str words = cut(&text, ' ');

        list->attribute = cut(&words, ':');
        read_list(&job->arena, words, list);
    }
    names->lists = lists;
    job->job.rule = names;
    return job;
}

struct test_job *
test_day_new(const char *portfolio, int day, const char *quantity)
{
    struct test_job *job = job_new(BATCH_POSITIONS);
    struct portfolio_day *made = arena_zalloc(&job->arena, 1, sizeof *made);
    struct out payload;

    assert(made != NULL);
    out_init(&payload, 1000);
    if (quantity[0] != '\0')
        positionset_put(&payload,
                        &(struct positionset_item){ 1, str_of(quantity) });
    *made = (struct portfolio_day){
        .portfolio = str_of(portfolio),
        .date = { day },
        .payload = arena_copy(&job->arena, out_text(&payload)),
    };
    assert(made->payload.data != NULL);
    out_fini(&payload);
    job->job.day = made;
    return job;
}

static void
add_bar(struct bar_batch *batch, struct str text)
{
    const struct str whose = cut(&text, '/'), day = cut(&text, '=');
    const struct str price = cut(&text, '@');
    struct bar_row row = {
        .security_id = strtoll(whose.data + 1, NULL, 10),
        .bar = { .date = { (int32_t)strtol(day.data, NULL, 10) } },
    };
    enum err err = OK;

    if (whose.data[0] != '#')
        err = bar_batch_ticker(batch, whose, &row.security_id);
    assert(err == OK);
    if (text.len > 0)
        err = bar_batch_source(batch, text, &row.bar.source);
    assert(err == OK);
    for (unsigned field = BAR_OPEN; field <= BAR_CLOSE; field++)
        bar_set(&row.bar, field,
                (struct decimal){ strtoll(price.data, NULL, 10), 0 });
    err = bar_batch_add(batch, &row);
    assert(err == OK);
}

struct test_job *
test_bars_new(const char *bars)
{
    struct test_job *job = job_new(BATCH_PRICES);
    struct bar_batch *batch = bar_batch_new(0);
    struct str text = str_of(bars + (bars[0] == '*'));

    assert(batch != NULL);
    batch->pointer_prefix = "/prices";
    batch->creates = bars[0] == '*';
    while (text.len > 0)
        add_bar(batch, cut(&text, ' '));
    job->job.bars = batch;
    return job;
}

static void
add_trade(struct trade_batch *batch, struct str text)
{
    const struct str id = cut(&text, '/'), day = cut(&text, '.');
    const struct str amendment = cut(&text, '=');
    struct str ticker = cut(&text, '@');
    const struct str amount = cut(&ticker, '%');
    const struct str member = cut(&text, '/'), since = cut(&text, ':');
    const struct str updated = cut(&text, '=');
    const struct trade_filer filer = {
        .member_id = member,
        .day = { (int32_t)strtol(since.data, NULL, 10) },
        .version = { strtoll(updated.data, NULL, 10), text },
    };
    struct trade trade = {
        .transaction_id = id,
        .transaction_date = { (int32_t)strtol(day.data, NULL, 10) },
        .notification_date = TRADE_NO_DATE,
        .report_date = TRADE_NO_DATE,
        .amendment_number = (uint32_t)strtoul(amendment.data, NULL, 10),
    };
    enum err err;

    for (size_t i = 0; i < TRADE_FIELDS; i++)
        trade.fields[i] = VALUE_OF_NULL;
    trade.fields[TRADE_AMOUNT] = (struct value){ VALUE_STRING, amount };
    if (ticker.data > amount.data + amount.len)
        trade.fields[TRADE_TICKER] = (struct value){ VALUE_STRING, ticker };
    err = trade_batch_add(batch, &trade, member.len > 0 ? &filer : NULL);
    assert(err == OK);
}

struct test_job *
test_trades_new(const char *trades)
{
    struct test_job *job = job_new(BATCH_TRADES);
    struct trade_batch *batch = trade_batch_new(0);
    struct str text = str_of(trades);
    enum err err;

    assert(batch != NULL);
    while (text.len > 0)
        add_trade(batch, cut(&text, ' '));
    err = trade_batch_seal(batch);
    assert(err == OK);
    job->job.trades = batch;
    return job;
}

struct test_job *
test_publication_new(struct publication *publication)
{
    struct test_job *job = job_new((enum batch_kind)0);

    job->job.publication = publication;
    return job;
}

void
test_job_free(struct test_job *job)
{
    if (job->job.kind == BATCH_TRADES)
        trade_batch_free(job->job.trades);
    if (job->job.kind == BATCH_PRICES)
        bar_batch_free(job->job.bars);
    out_fini(&job->job.once.answer);
    if (job->job.kind == BATCH_FACTS)
        batch_free(job->job.batch);
    arena_fini(&job->arena);
    free(job);
}

void
test_job_submit(struct test_job *job)
{
    enum err err = writer_submit(writing.writer, &job->job);

    assert(err == OK);
}

void
test_jobs_wait(struct test_job **out, size_t count)
{
    size_t got = 0;

    while (got < count) {
        struct inbox_item *item = inbox_wait(&writing.inbox);

        for (; item != NULL; item = item->next) {
            assert(got < count);
            out[got++] = (struct test_job *)item;
        }
    }
}

static struct test_job *
run(struct test_job *job)
{
    test_job_submit_and_wait(job);
    return job;
}

void
test_job_submit_and_wait(struct test_job *job)
{
    test_job_submit(job);
    test_jobs_wait(&job, 1);
}

struct test_job *
test_job_run(const char *facts)
{
    return run(test_job_new(facts));
}

struct test_job *
test_rule_run(const char *rule)
{
    return run(test_rule_new(rule));
}
