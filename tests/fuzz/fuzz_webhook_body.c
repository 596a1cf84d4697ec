/* What vendors push, whatever it is: rows of one shape, or one reason. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "api/webhook_body.h"
#include "secmaster/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const adapters[] = { "massive", "benzinga",
                                        "senate-stock-watcher" };
static const enum media medias[] = { MEDIA_JSON, MEDIA_JSON, MEDIA_NDJSON,
                                     MEDIA_CSV };

/* One shape at the most, and where there is none a reason that can be told. */
static void
check(const struct webhook_parts *parts, enum err err, const struct why *why)
{
    const int shapes = (parts->facts != NULL) + (parts->bars != NULL) +
                       (parts->trades != NULL);
    const struct str reason = str_of(why->text);

    assert(err == OK || err == ERR_INVALID);
    assert(shapes <= 1);
    assert(err != OK || shapes == 1);
    assert(err == OK || reason.len > 0);
    assert(utf8_span(reason) == reason.len);
    (void)webhook_parts_bytes(parts);
}

/* The first byte says whose it is, the next what it is sent as. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct complaints complaints;
    struct webhook_door door = { .vendor = STR("vendor") };
    struct webhook_body body = { .door = &door, .complaints = &complaints };
    struct webhook_parts parts;
    struct why why = { "" };
    struct arena arena;
    enum err err;

    if (size < 2)
        return 0;
    door.adapter = vendor_find(str_of(adapters[data[0] % 3]));
    body.media = medias[data[1] % 4];
    body.text = (struct str){ (const char *)data + 2, size - 2 };
    body.arena = &arena;
    arena_init(&arena, REQUEST_ARENA_BYTES_MAX);
    complaints_init(&complaints, &arena);
    err = webhook_body_read(&body, &parts, &why);
    check(&parts, err, &why);
    webhook_parts_fini(&parts);
    arena_fini(&arena);
    return 0;
}
