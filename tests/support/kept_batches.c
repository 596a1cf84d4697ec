/* Batches as they arrived, byte for byte, for the store in memory. */
#include "tests/support/kept_batches.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void *
copy(const void *from, size_t bytes)
{
    void *to = malloc(bytes + 1);

    assert(to != NULL);
    if (bytes > 0)
        memcpy(to, from, bytes);
    return to;
}

void
kept_batches_add(struct kept_batches *kept, const struct append_batch *batch)
{
    struct record *records =
        copy(batch->records, batch->record_count * sizeof *records);

    for (uint32_t i = 0; i < batch->record_count; i++)
        records[i].payload.data =
            copy(records[i].payload.data, records[i].payload.len);
    kept->items = realloc(kept->items, (kept->count + 1) * sizeof *kept->items);
    assert(kept->items != NULL);
    kept->items[kept->count] = (struct append_batch){
        .info = { .tx = batch->info.tx,
                  .recorded_at = batch->info.recorded_at,
                  .kind = batch->info.kind,
                  .facts = batch->info.facts,
                  .securities = batch->info.securities },
        .records = records,
        .record_count = batch->record_count,
        .displaced = copy(batch->displaced,
                          batch->displaced_count * sizeof *batch->displaced),
        .displaced_count = batch->displaced_count,
    };
    kept->count++;
}

void
kept_batches_fini(struct kept_batches *kept)
{
    for (size_t i = 0; i < kept->count; i++) {
        const struct append_batch *batch = &kept->items[i];

        for (uint32_t r = 0; r < batch->record_count; r++)
            free((void *)(uintptr_t)batch->records[r].payload.data);
        free((void *)(uintptr_t)batch->records);
        free((void *)(uintptr_t)batch->displaced);
    }
    free(kept->items);
}

enum err
kept_batches_read(const struct kept_batches *kept, uint64_t tx,
                  const struct batch_room *room, struct stored_batch *out,
                  struct why *why)
{
    const struct append_batch *batch = &kept->items[tx - 1];

    out->info = batch->info;
    if (out->info.kind != BATCH_FACTS)
        return OK;
    for (uint32_t i = 0; i < batch->record_count; i++)
        out->bytes += sizeof(struct record) + batch->records[i].payload.len;
    if (out->bytes > room->bytes || out->info.facts > room->facts)
        return why_set(why, ERR_TOO_LARGE, "no room");
    out->records = batch->records;
    out->record_count = batch->record_count;
    out->displaced = batch->displaced;
    out->displaced_count = batch->displaced_count;
    return OK;
}
