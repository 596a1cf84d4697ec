/* Runs and entries as they are kept: what is read is exactly what was put. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "secmaster/bounds.h"
#include "src/pipeline/run_record.h"

#define TEXT_BYTES_MAX (16UL << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum err
put_run_back(struct str text, struct arena *arena, struct out *back,
             struct why *why)
{
    struct run_record record;
    enum err err = run_record_read(7, text, arena, &record, why);

    if (err != OK)
        return err;
    assert(record.info.id == 7);
    assert(record.info.state < RUN_STATES);
    run_record_put(back, &record);
    return OK;
}

static enum err
put_entry_back(struct str text, struct arena *arena, struct out *back,
               struct why *why)
{
    struct quarantine_record record;
    enum err err = quarantine_record_read(7, text, arena, &record, why);

    if (err != OK)
        return err;
    assert(record.info.id == 7);
    assert(record.info.state < QUARANTINE_STATES);
    assert(record.info.reason_count <= QUARANTINE_REASONS_MAX);
    quarantine_record_put(back, &record);
    return OK;
}

/* The first byte says which of the two it is. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct why why = { "" };
    struct arena arena;
    struct str text;
    struct out back;
    enum err err;

    if (size == 0)
        return 0;
    text = (struct str){ (const char *)data + 1, size - 1 };
    arena_init(&arena, REQUEST_ARENA_BYTES_MAX);
    out_init(&back, TEXT_BYTES_MAX);
    err = data[0] < 0x80 ? put_run_back(text, &arena, &back, &why)
                         : put_entry_back(text, &arena, &back, &why);
    assert(err == OK || err == ERR_STORE);
    assert((err == OK) == (why.text[0] == '\0'));
    if (err == OK) {
        assert(out_finish(&back) == OK);
        assert(str_equal(out_text(&back), text));
    }
    out_fini(&back);
    arena_fini(&arena);
    return 0;
}
