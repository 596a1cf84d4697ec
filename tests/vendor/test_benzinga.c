/* Benzinga's bodies: what is taken from them, and what is refused where. */
#include <criterion/criterion.h>

#include "secmaster/vendor.h"
#include "tests/codec/reading.h"
#include "tests/vendor/benzinga_reading.h"

/* all_seen has each value that was ever seen in a field. */
static const char *const golden[] = {
    "published",
    "all_seen",
    "in_a_list",
    "past_the_end",
};

Test(benzinga, bodies_as_they_were_sent)
{
    for (size_t i = 0; i < sizeof golden / sizeof golden[0]; i++)
        expect_golden(benzinga_reading, GOLDEN_VENDOR_DIR "/benzinga",
                      golden[i]);
}

Test(benzinga, is_found_by_its_name_and_has_no_bars)
{
    const struct vendor_adapter *adapter = vendor_find(STR("benzinga"));

    cr_assert_not_null(adapter);
    cr_expect_str_eq(adapter->name, "benzinga");
    cr_expect_null(adapter->decode_bars);
    cr_expect_null(vendor_find(STR("Benzinga")));
}

#define KEY "\"transaction_id\":\"t\",\"transaction_date\":\"2024-02-29\""
#define ROW(rest) "{" KEY rest "}"
#define DATA(rows) BODY("{\"data\":[" rows "]}")
#define READ(rest) "t 2024-02-29" rest "\n"
#define FIELD_FAULT "must be a text, a number or null\n"

static const struct reading_case cases[] = {
    { "the least", DATA(ROW("")), READ("") },
    { "a bare list", BODY("[" ROW("") "]"), READ("") },
    { "a list of an envelope", BODY("[{\"data\":[" ROW("") "]}]"), READ("") },
    { "no rows", DATA(""), "" },
    { "no rows in a list", BODY("[{\"data\":[]}]"), "" },
    { "members that are not kept, however they are",
      DATA(ROW(",\"ticker\":\"X\",\"amount_low\":[],\"headshot\":{}")),
      READ("") },
    { "what a row says of the chamber comes first",
      DATA(ROW(",\"chamber\":\"House\",\"filer_info\":{\"chamber\":"
               "\"Senate\"}")),
      READ(" chamber=\"House\" filer_info={\"chamber\":\"Senate\"}") },
    { "committees without names",
      DATA(ROW(",\"filer_info\":{\"committees\":7}")),
      READ(" filer_info={\"committees\":7}") },
    { "committees and their parts",
      DATA(ROW(",\"filer_info\":{\"committees\":{\"A\":[\"a\"],\"B\\\"\":"
               "null}}")),
      READ(" committees=[\"A\",\"B\\\"\"] filer_info={\"committees\":{\"A\":"
           "[\"a\"],\"B\\\"\":null}}") },

    { "nothing that it must have", DATA("{}"),
      "invalid 2\n/data/0/transaction_id: is missing\n"
      "/data/0/transaction_date: is missing\n" },
    { "a row that is none", DATA(ROW("") ",null"),
      "invalid 1\n/data/1: must be an object\n" },
    { "fields that are none",
      DATA(ROW(",\"amount\":{},\"security\":{\"ticker\":[]},\"filer_info\":"
               "{\"party\":true}")),
      "invalid 3\n/data/0/filer_info/party: " FIELD_FAULT
      "/data/0/amount: " FIELD_FAULT "/data/0/security/ticker: " FIELD_FAULT },
    { "objects that are none",
      DATA(ROW(",\"security\":\"X\",\"filer_info\":7")),
      "invalid 2\n/data/0/security: must be an object, or null\n"
      "/data/0/filer_info: must be an object, or null\n" },
    { "an impossible day, in a list of an envelope",
      BODY("[{\"data\":[" ROW("") "," ROW(",\"report_date\":\"--\"") "]}]"),
      "invalid 1\n/0/data/1/report_date: must be a date of the calendar as "
      "YYYY-MM-DD, 0001-01-01 to 9999-12-31\n" },
    { "no envelope", BODY("{\"error\":\"no_data_found\"}"),
      "invalid 1\n/data: is missing\n" },
    { "data that are none", BODY("{\"data\":null}"),
      "invalid 1\n/data: must be a list of trades\n" },
    { "neither", BODY("\"\""), "invalid 1\n: must be an object or a list\n" },
    { "U+0000", DATA(ROW(",\"amount\":\"\\u0000\"")),
      "invalid 1\n: line 1, byte 80: a string holds U+0000\n" },
    { "a member twice", BODY("{\"data\":[],\"data\":[]}"),
      "malformed: line 1, byte 21: duplicate member \"data\"\n" },
    { "no JSON", BODY("{\"data\":["),
      "malformed: line 1, byte 9: the text ends too early\n" },
};

Test(benzinga, all_that_it_has_is_read_or_refused_at_its_place)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct out got;

        out_init(&got, 1UL << 20);
        benzinga_reading(&got, cases[i].body);
        cr_expect(str_equal(out_text(&got), str_of(cases[i].reading)),
                  "%s:\n%.*s\nwanted:\n%s", cases[i].name,
                  STR_ARG(out_text(&got)), cases[i].reading);
        out_fini(&got);
    }
}
