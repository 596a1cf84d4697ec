/* A progress bar on standard error, on terminals only. */
#include "load_progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "secmaster/clock.h"

#define LINE_BYTES_MAX 128
#define BAR_CELLS 24
#define DRAW_US 100000
#define US_PER_SECOND 1000000.0
#define MB 1e6

void
load_progress_begin(struct load_progress *progress, long long bytes_total)
{
    *progress = (struct load_progress){
        .watched = isatty(STDERR_FILENO) == 1,
        .bytes_total = bytes_total,
        .began_us = clock_monotonic_us(),
    };
}

void
load_progress_text(const struct load_progress *progress, uint64_t bytes,
                   uint64_t facts, int64_t elapsed_us, char *text, int size)
{
    double seconds = (double)elapsed_us / US_PER_SECOND;
    double rate = seconds > 0 ? (double)facts / seconds : 0;
    char bar[BAR_CELLS + 1] = "";

    if (progress->bytes_total <= 0) {
        snprintf(text, (size_t)size, "%.1f MB  %.0f rows/s", (double)bytes / MB,
                 rate);
        return;
    }

    double done = (double)bytes / (double)progress->bytes_total;

    if (done > 1)
        done = 1; /* the file has grown since */
    memset(bar, '-', BAR_CELLS);
    memset(bar, '#', (size_t)(done * BAR_CELLS));
    int len =
        snprintf(text, (size_t)size,
                 "[%s] %3.0f %%  %.1f of %.1f MB  %.0f rows/s", bar, done * 100,
                 (double)bytes / MB, (double)progress->bytes_total / MB, rate);

    if (bytes > 0 && len > 0 && len < size)
        snprintf(text + len, (size_t)(size - len), "  %.0f s left",
                 seconds / done - seconds);
}

void
load_progress_draw(struct load_progress *progress, uint64_t bytes,
                   uint64_t facts)
{
    char text[LINE_BYTES_MAX];
    int64_t now;

    if (!progress->watched)
        return;
    now = clock_monotonic_us();
    if (progress->drawn_us != 0 && now - progress->drawn_us < DRAW_US)
        return;
    progress->drawn_us = now;
    load_progress_text(progress, bytes, facts, now - progress->began_us, text,
                       sizeof text);
    fprintf(stderr, "\r\033[K%s", text);
}

void
load_progress_clear(const struct load_progress *progress)
{
    if (progress->watched)
        fputs("\r\033[K", stderr);
}
