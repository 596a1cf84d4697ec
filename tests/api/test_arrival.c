/* Facts of a batch come out in the order in which they came in. */
#include <criterion/criterion.h>
#include <string.h>

#include "api/arrival.h"
#include "secmaster/arena.h"

#define RECORDS_MAX 4
#define DISPLACED_MAX 8

/* Records of facts that are letters; a letter is a fact of that attribute. */
struct made {
    struct stored_batch batch;
    struct record records[RECORDS_MAX];
    struct displaced displaced[DISPLACED_MAX];
    struct arena arena;
};

static struct str
payload_of(struct arena *arena, const char *letters, size_t len)
{
    struct out out;
    struct str payload;

    out_init(&out, SIZE_MAX);
    for (size_t i = 0; i < len; i++)
        factset_put(&out, &(struct factset_item){
                              .attribute = (uint32_t)(letters[i] - 'a'),
                              .value = { VALUE_NUMBER, STR("12") },
                          });
    payload = arena_copy(arena, out_text(&out));
    out_fini(&out);
    return payload;
}

static void
make(struct made *made, const char *records, const struct displaced *displaced,
     uint32_t displaced_count)
{
    uint32_t count = 0, facts = 0;

    *made = (struct made){ 0 };
    arena_init(&made->arena, 1 << 16);
    while (*records != '\0') {
        size_t len = strcspn(records, " ");

        made->records[count] = (struct record){
            .kind = RECORD_FACTS,
            .security_id = count,
            .payload = payload_of(&made->arena, records, len),
        };
        count++;
        facts += (uint32_t)len;
        records += len + (records[len] == ' ');
    }
    for (uint32_t i = 0; i < displaced_count; i++)
        made->displaced[i] = displaced[i];
    made->batch = (struct stored_batch){
        .info = { .kind = BATCH_FACTS, .facts = facts },
        .records = made->records,
        .record_count = count,
        .displaced = made->displaced,
        .displaced_count = displaced_count,
    };
}

/* The letters as they arrived, or "!" where there is no telling. */
static void
put_arrival(struct out *out, const struct stored_batch *batch)
{
    const struct record *record;
    struct factset_item item;
    struct arrival arrival;
    enum err err = arrival_begin(&arrival, batch);

    while (err == OK && arrival_next(&arrival, batch, &record, &item, &err)) {
        out_char(out, (char)('a' + item.attribute));
        cr_expect_eq(record->kind, RECORD_FACTS);
        cr_expect(str_equal(item.value.text, STR("12")));
    }
    if (err != OK)
        out_char(out, '!');
    cr_expect(err == OK || err == ERR_STORE);
    cr_expect_eq(arrival_bytes(&arrival, batch),
                 arrival.places == NULL ? 0 : batch->info.facts * 8);
    arrival_fini(&arrival);
}

static const struct {
    const char *name, *records;
    struct displaced displaced[DISPLACED_MAX];
    uint32_t displaced_count;
    const char *arrived;
} cases[] = {
    { "one", "a", { { 0, 0 } }, 0, "a" },
    { "record by record", "ab c de", { { 0, 0 } }, 0, "abcde" },
    { "back and forth", "ac b", { { 1, 2 } }, 1, "abc" },
    { "two records in turn", "ace bdf", { { 1, 2 }, { 2, 4 } }, 2, "abcdef" },
    { "later ones of both",
      "ace bdf",
      { { 1, 2 }, { 2, 4 }, { 4, 3 }, { 5, 5 } },
      4,
      "abcdef" },
    { "all of them", "cb a", { { 0, 2 }, { 1, 1 }, { 2, 0 } }, 3, "abc" },
    { "turned around", "cb a", { { 0, 2 }, { 2, 0 } }, 2, "abc" },
    { "a place past the end", "ab c", { { 1, 3 } }, 1, "!" },
    { "a place twice", "ab c", { { 0, 1 }, { 1, 1 } }, 2, "!" },
    { "a sequence past the end", "ab c", { { 3, 1 } }, 1, "!" },
    { "more listed than there are", "a", { { 0, 0 }, { 1, 0 } }, 2, "!" },
};

Test(arrival, is_as_sent)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct made made;
        struct out out;

        make(&made, cases[i].records, cases[i].displaced,
             cases[i].displaced_count);
        out_init(&out, 4096);
        put_arrival(&out, &made.batch);
        cr_expect(str_equal(out_text(&out), str_of(cases[i].arrived)),
                  "%s: %.*s", cases[i].name, STR_ARG(out_text(&out)));
        out_fini(&out);
        arena_fini(&made.arena);
    }
}

Test(arrival, notices_what_cannot_be)
{
    const struct displaced one = { 1, 2 };
    static const struct {
        const char *name;
        int facts; /* more than there are */
        bool is_listed, is_cut;
        const char *arrived;
    } rows[] = {
        { "sound", 0, true, false, "acb" },
        { "a fact too few", 1, true, false, "!" },
        { "a fact too many", -1, true, false, "!" },
        { "a cut payload", 0, true, true, "!" },
        { "a cut payload, in order", 0, false, true, "ab!" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct made made;
        struct out out;

        make(&made, "ab c", &one, rows[i].is_listed);
        made.batch.info.facts += (uint32_t)rows[i].facts;
        made.records[1].payload.len -= rows[i].is_cut;
        out_init(&out, 4096);
        put_arrival(&out, &made.batch);
        cr_expect(str_equal(out_text(&out), str_of(rows[i].arrived)),
                  "%s: %.*s", rows[i].name, STR_ARG(out_text(&out)));
        out_fini(&out);
        arena_fini(&made.arena);
    }
}
