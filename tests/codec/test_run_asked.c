/* What a client asks to be fetched: members, days, and nothing else. */
#include <criterion/criterion.h>
#include <string.h>

#include "secmaster/run_asked.h"

#define ARENA_BYTES (1UL << 20)

Test(run_asked, is_read_strictly)
{
    static const struct {
        const char *text;
        enum err err;
        const char *place;     /* of the first complaint */
        bool has_from, has_to; /* where it is OK */
    } rows[] = {
        { "{\"dataset\":\"trades\"}", OK, NULL, false, false },
        { "{\"dataset\":\"trades\",\"from\":\"2024-02-29\"}", OK, NULL, true,
          false },
        { "{\"to\":\"2024-03-01\",\"from\":\"2024-02-29\",\"dataset\":"
          "\"trades\"}",
          OK, NULL, true, true },
        { "{}", ERR_INVALID, "/dataset", false, false },
        { "{\"dataset\":null}", ERR_INVALID, "/dataset", false, false },
        { "{\"dataset\":\"trades\",\"from\":null}", ERR_INVALID, "/from", false,
          false },
        { "{\"dataset\":\"trades\",\"from\":\"2023-02-29\"}", ERR_INVALID,
          "/from", false, false },
        { "{\"dataset\":\"trades\",\"to\":20240101}", ERR_INVALID, "/to", false,
          false },
        { "{\"dataset\":\"trades\",\"since\":1}", ERR_INVALID, "/since", false,
          false },
        { "[]", ERR_INVALID, "", false, false },
        { "\"trades\"", ERR_INVALID, "", false, false },
        { "{\"dataset\":\"a\",\"dataset\":\"a\"}", ERR_MALFORMED, NULL, false,
          false },
        { "{\"dataset\":\"a\"", ERR_MALFORMED, NULL, false, false },
        { "{\"dataset\":\"a\"}x", ERR_MALFORMED, NULL, false, false },
        { "", ERR_MALFORMED, NULL, false, false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct complaints complaints;
        struct run_asked asked;
        struct arena arena;
        struct why why;
        enum err err;

        arena_init(&arena, ARENA_BYTES);
        complaints_init(&complaints, &arena);
        err = run_asked_read(str_of(rows[i].text), &arena, &complaints, &asked,
                             &why);
        cr_expect_eq(err, rows[i].err, "%s: %d", rows[i].text, err);
        if (err == OK) {
            cr_expect(str_equal(asked.dataset, STR("trades")), "%s",
                      rows[i].text);
            cr_expect_eq(asked.has_from, rows[i].has_from, "%s", rows[i].text);
            cr_expect_eq(asked.has_to, rows[i].has_to, "%s", rows[i].text);
        }
        if (rows[i].place != NULL) {
            cr_assert_gt(complaints.listed, 0, "%s", rows[i].text);
            cr_expect_str_eq(complaints.items[0].pointer, rows[i].place, "%s",
                             rows[i].text);
        }
        if (rows[i].has_to)
            cr_expect_eq(asked.to.days, asked.from.days + 1);
        arena_fini(&arena);
    }
}
