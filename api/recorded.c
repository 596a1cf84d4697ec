/* When transactions were recorded, remembered by their number. */
#include "recorded.h"

#include "secmaster/bounds.h"

void
recorded_init(struct recorded *recorded, struct store *store)
{
    *recorded = (struct recorded){ .store = store };
    arena_init(&recorded->arena, TX_INFO_BYTES_MAX);
}

void
recorded_fini(struct recorded *recorded)
{
    arena_fini(&recorded->arena);
}

enum err
recorded_at(struct recorded *recorded, uint64_t tx, struct instant *out,
            struct why *why)
{
    size_t i = tx % RECORDED_KEPT;
    struct tx_info info;

    if (recorded->kept[i].tx != tx) {
        recorded->reads++;
        arena_reset(&recorded->arena);
        TRY(store_transaction(recorded->store, tx, &recorded->arena, &info,
                              why));
        recorded->kept[i].tx = tx;
        recorded->kept[i].at = info.recorded_at;
    }
    *out = recorded->kept[i].at;
    return OK;
}
