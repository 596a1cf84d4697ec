/* From texts to publications. */
#include "tests/pipeline/publishing.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static struct state_change
change_of(const char *text, size_t len)
{
    const size_t key = strcspn(text, "=-");
    struct state_change change = { .space = STATE_RUNS, .key = { text, key } };

    if (text[key] == '=')
        change.value = (struct str){ text + key + 1, len - key - 1 };
    return change;
}

static void
add_state(struct published *published, const char *text)
{
    while (*text != '\0') {
        const size_t len = strcspn(text, " ");

        assert(published->publication.state_count < CHANGES_MAX);
        published->state[published->publication.state_count++] =
            change_of(text, len);
        text += len + strspn(text + len, " ");
    }
}

/* text outlives it. */
static void
add_part(struct published *published, const char *text)
{
    struct publication *publication = &published->publication;

    switch (text[0]) {
    case 'F':
        published->facts = test_job_new(text + 1);
        publication->facts = published->facts->job.batch;
        break;
    case 'B':
        published->bars = test_bars_new(text + 1);
        publication->bars = published->bars->job.bars;
        break;
    case 'T':
        published->trades = test_trades_new(text + 1);
        publication->trades = published->trades->job.trades;
        break;
    case 'S':
        add_state(published, text + 1);
        break;
    case 'G':
        publication->guard = change_of(text + 1, strlen(text + 1));
        break;
    default:
        abort();
    }
}

struct test_job *
publication_new(struct published *published, char *text)
{
    *published = (struct published){ 0 };
    published->publication.state = published->state;
    while (*text != '\0') {
        char *end = text + strcspn(text, ";");
        const bool is_last = *end == '\0';

        *end = '\0';
        add_part(published, text);
        text = is_last ? end : end + 1;
    }
    return test_publication_new(&published->publication);
}

void
publication_free(struct published *published, struct test_job *job)
{
    struct test_job *jobs[] = { published->facts, published->bars,
                                published->trades, job };

    for (size_t i = 0; i < sizeof jobs / sizeof jobs[0]; i++)
        if (jobs[i] != NULL)
            test_job_free(jobs[i]);
}
