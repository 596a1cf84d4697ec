/* Behind each door of the engine: what it opens to. */
#include "poller_doors.h"

#include "secmaster/entropy.h"
#include "secmaster/gzip.h"
#include "secmaster/log.h"

static struct instant
door_now(void *context)
{
    const struct poller_doors *doors = context;

    return doors->now();
}

static int64_t
door_monotonic_us(void *context)
{
    (void)context;
    return clock_monotonic_us();
}

static uint64_t
door_draw(void *context)
{
    uint64_t draw = 0;

    (void)context;
    /* Without it a wait is as short as it may be, no more. */
    (void)!entropy_draw(&draw, NULL);
    return draw;
}

static enum err
door_fetch(void *context, const struct fetch *fetch, struct why *why)
{
    struct poller_doors *doors = context;

    return fetcher_start(doors->fetcher, fetch, why);
}

static void
door_cancel(void *context, const void *fetch)
{
    struct poller_doors *doors = context;

    fetcher_cancel(doors->fetcher, fetch);
}

static enum err
door_keep(void *context, const struct archive_page *page, struct str body,
          struct why *why)
{
    struct poller_doors *doors = context;
    struct gzip_packer *packer = gzip_packer_new(body.len);
    struct why fault = { "" };
    struct out packed;
    enum err err;

    if (packer == NULL)
        return ERR_BUSY;
    out_init(&packed, VENDOR_BODY_BYTES_MAX + GZIP_PACKER_BYTES);
    err = gzip_pack(packer, body, GZIP_END, &packed);
    if (err == OK)
        err = archive_put(doors->archive, page, out_text(&packed), &fault);
    if (err == ERR_FULL || err == ERR_STORE)
        log_event(LOG_WARN, "archive", "a page could not be kept: %s",
                  fault.text);
    if (err != OK)
        err = why_set(why, err, "%s", fault.text);
    out_fini(&packed);
    gzip_packer_free(packer);
    return err;
}

static enum err
door_recall(void *context, const struct archive_page *page, struct out *body,
            struct why *why)
{
    struct poller_doors *doors = context;
    struct out packed;
    enum err err;

    out_init(&packed, VENDOR_BODY_BYTES_MAX + GZIP_PACKER_BYTES);
    err = archive_get(doors->archive, page, &packed, why);
    if (err == OK)
        err = gzip_unpack_whole(out_text(&packed), body, why);
    out_fini(&packed);
    return err;
}

static void
door_prune(void *context, const struct archive_prune *prune)
{
    struct poller_doors *doors = context;
    size_t removed = 0;
    struct why fault = { "" };
    enum err err = archive_prune(doors->archive, prune, &removed, &fault);

    if (err != OK)
        log_event(LOG_WARN, "archive", "old pages stay: %s", fault.text);
    if (removed > 0)
        log_event(LOG_INFO, "archive", "%zu old pages are removed", removed);
}

static size_t
bytes_of(const struct publication *publication)
{
    size_t bytes = 4096;

    for (size_t i = 0; i < publication->state_count; i++)
        bytes += publication->state[i].value.len;
    if (publication->facts != NULL)
        bytes += publication->facts->text.len +
                 publication->facts->fact_count * sizeof(struct batch_fact);
    if (publication->bars != NULL)
        bytes += publication->bars->count * sizeof(struct bar_row);
    if (publication->trades != NULL)
        bytes += trade_batch_bytes(publication->trades);
    return bytes;
}

/* The thread waits: what it does next goes by what this has made so. */
static enum err
door_publish(void *context, struct publication *publication,
             struct complaints *complaints, struct why *why)
{
    struct poller_doors *doors = context;
    struct write_job job = {
        .item = { .home = &doors->inbox },
        .publication = publication,
        .bytes = bytes_of(publication),
        .complaints = complaints,
    };

    if (writer_submit(doors->writer, &job) != OK)
        return why_set(why, ERR_BUSY, "the writer's queue is full");
    (void)inbox_wait(&doors->inbox);
    if (job.err != OK && why != NULL)
        *why = job.why;
    return job.err;
}

static void
door_ended(void *context, const struct run_info *run)
{
    (void)context;
    log_event(run_state_is_good(run->state) ? LOG_INFO : LOG_WARN, "run",
              "%.*s/%.*s run %llu %s: %llu stored, %llu unchanged%s%s",
              STR_ARG(run->vendor), STR_ARG(run->dataset),
              (unsigned long long)run->id, run_state_name(run->state),
              (unsigned long long)run->stored,
              (unsigned long long)run->unchanged,
              run->error[0] == '\0' ? "" : ": ", run->error);
}

struct engine_doors
poller_doors(struct poller_doors *doors)
{
    return (struct engine_doors){
        .context = doors,
        .now = door_now,
        .monotonic_us = door_monotonic_us,
        .draw = door_draw,
        .fetch = door_fetch,
        .cancel = door_cancel,
        .keep = door_keep,
        .recall = door_recall,
        .prune = door_prune,
        .publish = door_publish,
        .ended = door_ended,
    };
}
