/* The media types of bodies and answers: one row a format. */
#include "secmaster/media.h"

#include <assert.h>
#include <strings.h>

/* RFC 2046 types compare without regard to case. */
static const struct {
    const char *name, *type, *content_type;
} rows[] = {
    [MEDIA_JSON] = { "json", "application/json", "application/json" },
    [MEDIA_NDJSON] = { "ndjson", "application/x-ndjson",
                       "application/x-ndjson" },
    [MEDIA_CSV] = { "csv", "text/csv", "text/csv; charset=utf-8" },
    [MEDIA_TEXT] = { "text", "text/plain", "text/plain; charset=utf-8" },
    [MEDIA_YAML] = { "yaml", "application/yaml", "application/yaml" },
    [MEDIA_HTML] = { "html", "text/html", "text/html; charset=utf-8" },
};

static_assert(sizeof rows / sizeof rows[0] == MEDIA_COUNT, "a row a format");

/* What some clients send for NDJSON: never registered, widely used. */
#define NDJSON_ALIAS "application/ndjson"

const char *
media_name(enum media media)
{
    assert(media < MEDIA_COUNT);

    return rows[media].name;
}

const char *
media_type(enum media media)
{
    assert(media < MEDIA_COUNT);

    return rows[media].content_type;
}

enum media
media_by_name(struct str name)
{
    for (enum media media = 0; media < MEDIA_COUNT; media++) {
        if ((MEDIA_BIT(media) & MEDIA_TABLES) != 0 &&
            str_equal(name, str_of(rows[media].name)))
            return media;
    }
    return MEDIA_NONE;
}

static bool
is_type(struct str type, const char *known)
{
    struct str other = str_of(known);

    return type.len == other.len &&
           strncasecmp(type.data, other.data, type.len) == 0;
}

enum media
media_by_type(struct str type)
{
    for (enum media media = 0; media < MEDIA_COUNT; media++) {
        if (is_type(type, rows[media].type))
            return media;
    }
    return is_type(type, NDJSON_ALIAS) ? MEDIA_NDJSON : MEDIA_NONE;
}
