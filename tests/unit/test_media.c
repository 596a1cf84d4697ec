/* Media types by name and by type. */
#include <criterion/criterion.h>

#include "secmaster/media.h"

Test(media, each_has_a_name_and_a_type)
{
    static const struct {
        enum media media;
        const char *name, *type;
    } cases[] = {
        { MEDIA_JSON, "json", "application/json" },
        { MEDIA_NDJSON, "ndjson", "application/x-ndjson" },
        { MEDIA_CSV, "csv", "text/csv; charset=utf-8" },
        { MEDIA_TEXT, "text", "text/plain; charset=utf-8" },
        { MEDIA_YAML, "yaml", "application/yaml" },
        { MEDIA_HTML, "html", "text/html; charset=utf-8" },
    };

    cr_assert_eq(sizeof cases / sizeof cases[0], MEDIA_COUNT);
    for (size_t i = 0; i < MEDIA_COUNT; i++) {
        cr_expect_str_eq(media_name(cases[i].media), cases[i].name);
        cr_expect_str_eq(media_type(cases[i].media), cases[i].type);
    }
}

Test(media, format_names_are_those_of_tables)
{
    static const struct {
        const char *name;
        enum media media;
    } cases[] = {
        { "json", MEDIA_JSON },  { "ndjson", MEDIA_NDJSON },
        { "csv", MEDIA_CSV },    { "text", MEDIA_NONE },
        { "yaml", MEDIA_NONE },  { "JSON", MEDIA_NONE },
        { "jso", MEDIA_NONE },   { "jsonx", MEDIA_NONE },
        { "", MEDIA_NONE },      { "xml", MEDIA_NONE },
        { "arrow", MEDIA_NONE },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum media got = media_by_name(str_of(cases[i].name));

        cr_expect_eq(got, cases[i].media, "\"%s\": %u", cases[i].name, got);
    }
}

Test(media, types_are_known_in_any_case)
{
    static const struct {
        const char *type;
        enum media media;
    } cases[] = {
        { "application/json", MEDIA_JSON },
        { "Application/JSON", MEDIA_JSON },
        { "application/x-ndjson", MEDIA_NDJSON },
        { "application/ndjson", MEDIA_NDJSON },
        { "APPLICATION/NDJSON", MEDIA_NDJSON },
        { "text/csv", MEDIA_CSV },
        { "text/plain", MEDIA_TEXT },
        { "application/yaml", MEDIA_YAML },
        { "text/html", MEDIA_HTML },
        { "text/csv; charset=utf-8", MEDIA_NONE },
        { "application/jso", MEDIA_NONE },
        { "application/jsonx", MEDIA_NONE },
        { "application/x-www-form-urlencoded", MEDIA_NONE },
        { "json", MEDIA_NONE },
        { "*/*", MEDIA_NONE },
        { "", MEDIA_NONE },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum media got = media_by_type(str_of(cases[i].type));

        cr_expect_eq(got, cases[i].media, "\"%s\": %u", cases[i].type, got);
    }
}
