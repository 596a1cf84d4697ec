/* Runs and entries as they are kept: read back whole, or refused. */
#include <criterion/criterion.h>
#include <string.h>

#include "src/pipeline/run_record.h"

static const char run_text[] =
    "{\"format\":2,\"vendor\":\"polygon\",\"dataset\":\"open-close\",\"state\":"
    "\"running\","
    "\"from\":\"2024-12-02\",\"to\":\"2024-12-13\",\"by_range\":1,"
    "\"queued_us\":1,\"started_us\":2,\"finished_us\":3,\"done\":40,"
    "\"total\":96,\"pages\":39,\"stored\":38,\"unchanged\":1,\"known_tx\":12,"
    "\"updated_since\":5,\"highest\":6,\"rows\":7,\"quarantined\":8,"
    "\"open\":4,\"plan\":9007199254740991,\"error\":\"a \\\"word\\\"\"}";
static const char entry_text[] =
    "{\"vendor\":\"polygon\",\"dataset\":\"tickers\",\"run\":7,"
    "\"date\":\"2024-12-02\",\"page\":2,\"state\":\"released\","
    "\"quarantined_us\":9,\"archived\":\"2024-12-03\","
    "\"reasons\":[\"one\",\"two\"]}";

Test(run_record, a_run_comes_back_as_it_was)
{
    struct run_record record;
    struct arena arena;
    struct out out;
    struct why why;

    arena_init(&arena, 1 << 16);
    out_init(&out, 1 << 16);
    cr_assert_eq(run_record_read(7, str_of(run_text), &arena, &record, &why),
                 OK, "%s", why.text);
    cr_expect_eq(record.info.id, 7);
    cr_expect_eq(record.info.state, RUN_RUNNING);
    cr_expect(record.is_by_range);
    cr_expect(record.info.done == 40 && record.info.total == 96 &&
              record.info.pages == 39 && record.info.stored == 38 &&
              record.info.unchanged == 1);
    cr_expect(record.known_tx == 12 && record.updated_since == 5 &&
              record.highest == 6 && record.rows == 7 &&
              record.quarantined == 8 && record.info.open == 4 &&
              record.plan == 9007199254740991);
    cr_expect_str_eq(record.info.error, "a \"word\"");
    run_record_put(&out, &record);
    cr_expect(str_equal(out_text(&out), str_of(run_text)), "%.*s",
              STR_ARG(out_text(&out)));
    out_fini(&out);
    arena_fini(&arena);
}

Test(run_record, an_entry_comes_back_as_it_was)
{
    struct quarantine_record record;
    struct arena arena;
    struct out out;
    struct why why;

    arena_init(&arena, 1 << 16);
    out_init(&out, 1 << 16);
    cr_assert_eq(
        quarantine_record_read(3, str_of(entry_text), &arena, &record, &why),
        OK, "%s", why.text);
    cr_expect_eq(record.info.state, QUARANTINE_RELEASED);
    cr_expect_eq(record.info.reason_count, 2);
    cr_expect_str_eq(record.info.reasons[1], "two");
    quarantine_record_put(&out, &record);
    cr_expect(str_equal(out_text(&out), str_of(entry_text)), "%.*s",
              STR_ARG(out_text(&out)));
    out_fini(&out);
    arena_fini(&arena);
}

/* A text with its first `from` replaced. */
static struct str
changed(struct arena *arena, const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);

    cr_assert(at != NULL, "%s is not there", from);
    return arena_print(arena, "%.*s%s%s", (int)(at - text), text, to,
                       at + strlen(from));
}

Test(run_record, anything_else_is_damage)
{
    static const struct {
        const char *from, *to;
        enum err err;
    } cases[] = {
        { "\"done\":40", "\"done\":41", OK },
        { "\"done\":40", "\"done\":\"40\"", ERR_STORE },
        { "\"done\":40,", "", ERR_STORE },
        { "\"done\":40", "\"done\":-1", ERR_STORE },
        { "\"done\":40", "\"done\":4e400", ERR_STORE },
        { "\"done\":40", "\"done\":4e1", ERR_STORE },
        { "\"done\":40", "\"done\":40.0", ERR_STORE },
        { "\"done\":40", "\"done\": 40", ERR_STORE },
        { "\"unchanged\":1", "\"unchanged\":-0", ERR_STORE },
        { "a \\\"word", "\\u0061 \\\"word", ERR_STORE },
        { "\"by_range\":1", "\"by_range\":2", ERR_STORE },
        { "\"state\":\"running\"", "\"state\":\"walking\"", ERR_STORE },
        { "2024-12-13", "2024-12-32", ERR_STORE },
        { "\"to\":\"2024-12-13\",", "", ERR_STORE },
        { "\"from\":\"2024-12-02\",\"to\":\"2024-12-13\",", "", OK },
        { "\"quarantined\":8", "\"quarantined\":8,\"more\":1", ERR_STORE },
        { "\"plan\":9007199254740991,", "", ERR_STORE },
        { "\"open\":4,", "", ERR_STORE },
        { "\"format\":2", "\"format\":1", ERR_STORE },
        { "\"format\":2", "\"format\":3", ERR_STORE },
        { "\"vendor\"", "\"Vendor\"", ERR_STORE },
        { "}", "", ERR_STORE },
        { "}", "}}", ERR_STORE },
        { "{\"format\"", "[{\"format\"", ERR_STORE },
    };
    struct run_record record;
    struct arena arena;

    arena_init(&arena, 1 << 20);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct str text = changed(&arena, run_text, cases[i].from, cases[i].to);
        enum err err = run_record_read(1, text, &arena, &record, NULL);

        cr_expect_eq(err, cases[i].err, "%s -> %s: err %d", cases[i].from,
                     cases[i].to, err);
    }
    arena_fini(&arena);
}

Test(run_record, any_other_entry_is_damage)
{
    static const struct {
        const char *from, *to;
        enum err err;
    } cases[] = {
        { "\"page\":2", "\"page\":4294967295", OK },
        { "\"page\":2", "\"page\":4294967296", ERR_STORE },
        { "\"page\":2", "\"page\":2.0", ERR_STORE },
        { "[\"one\",\"two\"]", "[]", OK },
        { "[\"one\",\"two\"]", "{}", ERR_STORE },
        { "[\"one\",\"two\"]", "[\"one\",2]", ERR_STORE },
        { "[\"one\",\"two\"]", "[\"one\", \"two\"]", ERR_STORE },
        { "\"one\"", "\"\\u006fne\"", ERR_STORE },
        { "released", "lost", ERR_STORE },
        { "2024-12-03", "2024-12-3", ERR_STORE },
        { "]}", "]}\n", ERR_STORE },
    };
    struct quarantine_record record;
    struct arena arena;

    arena_init(&arena, 1 << 20);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct str text =
            changed(&arena, entry_text, cases[i].from, cases[i].to);
        enum err err = quarantine_record_read(1, text, &arena, &record, NULL);

        cr_expect_eq(err, cases[i].err, "%s -> %s: err %d", cases[i].from,
                     cases[i].to, err);
    }
    arena_fini(&arena);
}

Test(run_record, a_key_is_a_number_from_1)
{
    static const struct {
        struct str key;
        uint64_t number; /* 0: none */
    } cases[] = {
        { { "\0\0\0\0\0\0\0\1", 8 }, 1 },
        { { "\0\0\0\0\0\0\1\2", 8 }, 258 },
        { { "\377\0\0\0\0\0\0\0", 8 }, UINT64_C(255) << 56 },
        { { "\0\0\0\0\0\0\0\0", 8 }, 0 },
        { { "\0\0\0\0\0\0\1", 7 }, 0 },
        { { "\0\0\0\0\0\0\0\0\1", 9 }, 0 },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char key[NUMBER_KEY_BYTES];
        uint64_t number = 0;
        bool is_read = number_key_read(cases[i].key, &number);

        cr_expect_eq(is_read, cases[i].number != 0, "key %zu", i);
        if (!is_read)
            continue;
        cr_expect_eq(number, cases[i].number, "key %zu", i);
        number_key_put(number, key);
        cr_expect_eq(memcmp(key, cases[i].key.data, sizeof key), 0, "key %zu",
                     i);
    }
}
