/* The media types of bodies and answers: one row a format. */
#ifndef SECMASTER_MEDIA_H
#define SECMASTER_MEDIA_H

#include <stdbool.h>

#include "secmaster/str.h"

enum media {
    MEDIA_JSON,
    MEDIA_NDJSON,
    MEDIA_CSV,
    MEDIA_TEXT, /* answers only: probes, metrics */
    MEDIA_YAML, /* answers only: openapi.yaml */
    MEDIA_HTML, /* answers only: pages for people */
    MEDIA_COUNT,
    MEDIA_NONE = MEDIA_COUNT,
};

/* A set of media, for endpoints to say what they take and give. */
#define MEDIA_BIT(media) (1U << (media))
#define MEDIA_TABLES                                                           \
    (MEDIA_BIT(MEDIA_JSON) | MEDIA_BIT(MEDIA_NDJSON) | MEDIA_BIT(MEDIA_CSV))

/* "json"; what ?format= says for tables. */
const char *media_name(enum media media);

/* "text/csv; charset=utf-8"; what Content-Type says. */
const char *media_type(enum media media);

/* From the name of a format of tables; MEDIA_NONE: any other. */
enum media media_by_name(struct str name);

/* From a Content-Type's type/subtype without parameters, any case. */
enum media media_by_type(struct str type);

#endif
