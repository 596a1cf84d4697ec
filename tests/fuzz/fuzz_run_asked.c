/* What a client asks to be fetched: days that are days, or complaints. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "secmaster/bounds.h"
#include "secmaster/run_asked.h"
#include "secmaster/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_day(bool is_there, struct date day)
{
    char text[DATE_TEXT_BYTES];
    struct date back;

    if (!is_there)
        return;
    date_format(day, text);
    assert(date_parse((struct str){ text, sizeof text }, &back) == OK);
    assert(back.days == day.days);
}

static void
check_complaints(const struct complaints *complaints)
{
    for (size_t i = 0; i < complaints->listed; i++) {
        const struct str detail = str_of(complaints->items[i].detail);

        assert(detail.len > 0);
        assert(utf8_span(detail) == detail.len);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct complaints complaints;
    struct run_asked asked;
    struct why why = { "" };
    struct arena arena;
    enum err err;

    arena_init(&arena, REQUEST_ARENA_BYTES_MAX);
    complaints_init(&complaints, &arena);
    err = run_asked_read((struct str){ (const char *)data, size }, &arena,
                         &complaints, &asked, &why);
    assert(err == OK || err == ERR_MALFORMED || err == ERR_INVALID);
    assert((err == OK) == (why.text[0] == '\0'));
    assert((err == ERR_INVALID) == (complaints.total > 0));
    check_complaints(&complaints);
    if (err == OK) {
        assert(asked.dataset.data != NULL);
        assert(utf8_span(asked.dataset) == asked.dataset.len);
        check_day(asked.has_from, asked.from);
        check_day(asked.has_to, asked.to);
    }
    arena_fini(&arena);
    return 0;
}
