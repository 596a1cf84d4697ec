/* A member of Congress as bytes: pinned, read back, damage refused. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "secmaster/member.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])
#define TEXT "\"name\":\"V\""

/* On disk: these bytes may never change their meaning. */
static const struct {
    const char *name;
    struct member_version member;
    struct str bytes;
} layouts[] = {
    { "1970", { 0, { TEXT, 10 } }, { "\x00" TEXT, 11 } },
    { "a second before", { -1, { TEXT, 10 } }, { "\x01" TEXT, 11 } },
    { "a second behind", { 1, { TEXT, 10 } }, { "\x02" TEXT, 11 } },
    { "two bytes", { 64, { TEXT, 10 } }, { "\x80\x01" TEXT, 12 } },
    { "2024-12-12",
      { 1734012113, { TEXT, 10 } },
      { "\xa2\xb3\xd7\xf5\x0c" TEXT, 15 } },
    { "the earliest",
      { INT64_MIN, { "x", 1 } },
      { "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01x", 11 } },
    { "the latest",
      { INT64_MAX, { "x", 1 } },
      { "\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01x", 11 } },
};

Test(member, bytes_are_pinned_and_read_back)
{
    struct out out;

    out_init(&out, SIZE_MAX);
    for (size_t i = 0; i < COUNT(layouts); i++) {
        const struct member_version *member = &layouts[i].member;
        struct member_version got = { 0 };

        out_reset(&out);
        member_put(&out, member);
        cr_expect(str_equal(out_text(&out), layouts[i].bytes), "%s",
                  layouts[i].name);
        cr_assert(member_read(layouts[i].bytes, &got), "%s", layouts[i].name);
        cr_expect_eq(got.updated, member->updated, "%s: %ld", layouts[i].name,
                     got.updated);
        cr_expect(str_equal(got.text, member->text), "%s", layouts[i].name);
    }
    out_fini(&out);
}

Test(member, damage_is_refused)
{
    static const struct {
        const char *name;
        struct str payload;
    } cases[] = {
        { "nothing", { "", 0 } },
        { "a time alone", { "\x00", 1 } },
        { "a long time alone", { "\xa2\xb3\xd7\xf5\x0c", 5 } },
        { "a time cut short", { "\xa2\xe9", 2 } },
        { "a time over 64 bits",
          { "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02x", 11 } },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct member_version got;

        cr_expect_not(member_read(cases[i].payload, &got), "%s", cases[i].name);
    }
}
