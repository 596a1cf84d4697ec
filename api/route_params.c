/* What a query string and an Accept header say, as far as a route cares. */
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "field.h"
#include "route.h"
#include "secmaster/utf8.h"

/* Formats that the API names but no endpoint gives: 406, not unknown. */
static const char *const formats_known[] = { "arrow", "parquet" };

/* With ", " before it: "ndjson" is the longest. */
#define MEDIA_NAME_BYTES_MAX 16

/* Of a name that nobody knows; the known ones stand behind it. */
#define UNKNOWN_NAME_BYTES_MAX 40

/* All names that a call knows, with ", " between them. */
#define KNOWN_NAMES_BYTES_MAX 170

/* The one parameter that is a switch and may stand alone. */
#define PARAM_SWITCH "verbose"

/* The one parameter that may be repeated. */
#define PARAM_REPEATED "where"

static int
hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

enum err
percent_decode(struct arena *arena, struct str in, enum plus plus,
               struct str *out)
{
    char *to = arena_alloc(arena, in.len + 1);
    size_t len = 0;

    if (to == NULL)
        return ERR_TOO_LARGE;
    for (size_t i = 0; i < in.len; i++) {
        char c = in.data[i];

        if (c == '%') {
            int high = i + 2 < in.len ? hex_digit(in.data[i + 1]) : -1;
            int low = i + 2 < in.len ? hex_digit(in.data[i + 2]) : -1;

            if (high < 0 || low < 0)
                return ERR_MALFORMED;
            c = (char)(high * 16 + low);
            i += 2;
        } else if (c == '+' && plus == PLUS_IS_SPACE) {
            c = ' ';
        }
        if (c == '\0')
            return ERR_MALFORMED;
        to[len++] = c;
    }
    to[len] = '\0';
    *out = (struct str){ to, len };
    return utf8_span(*out) == len ? OK : ERR_MALFORMED;
}

static bool
is_known(const struct endpoint *endpoint, struct str name)
{
    if (str_equal(name, STR("format")))
        return endpoint->gives != 0;
    for (size_t i = 0; endpoint->params != NULL && endpoint->params[i] != NULL;
         i++) {
        if (str_equal(name, str_of(endpoint->params[i])))
            return true;
    }
    return false;
}

static void
add_name(char names[static KNOWN_NAMES_BYTES_MAX], const char *name)
{
    size_t len = strlen(names), room = KNOWN_NAMES_BYTES_MAX - len;
    int n = snprintf(names + len, room, "%s%s", len == 0 ? "" : ", ", name);

    assert(n > 0);
    assert((size_t)n < room);
}

static enum err
refuse_unknown(const struct endpoint *endpoint, struct str name,
               struct why *why)
{
    bool is_cut = name.len > UNKNOWN_NAME_BYTES_MAX;
    char known[KNOWN_NAMES_BYTES_MAX] = "";

    for (size_t i = 0; endpoint->params != NULL && endpoint->params[i] != NULL;
         i++)
        add_name(known, endpoint->params[i]);
    if (endpoint->gives != 0)
        add_name(known, "format");
    if (is_cut) {
        name.len = UNKNOWN_NAME_BYTES_MAX;
        name.len = utf8_span(name);
    }
    return why_set(
        why, ERR_MALFORMED, "unknown parameter \"%.*s%s\"; this call takes %s",
        STR_ARG(name), is_cut ? "..." : "", known[0] == '\0' ? "none" : known);
}

static enum err
decode_param(struct arena *arena, struct str piece, struct pair *out)
{
    struct str rest = piece, name = field_cut(&rest, '=');

    TRY(percent_decode(arena, name, PLUS_IS_SPACE, &out->name));
    return percent_decode(arena, rest, PLUS_IS_SPACE, &out->value);
}

static enum err
check_param(const struct request *request, const struct pair *param,
            struct why *why)
{
    if (!is_known(request->route->endpoint, param->name))
        return refuse_unknown(request->route->endpoint, param->name, why);
    if (param->value.len == 0 && !str_equal(param->name, STR(PARAM_SWITCH)))
        return why_set(why, ERR_MALFORMED, "parameter \"%.*s\" has no value",
                       STR_ARG(param->name));
    if (str_equal(param->name, STR(PARAM_REPEATED)))
        return OK;
    for (size_t i = 0; i < request->param_count; i++) {
        if (str_equal(request->params[i].name, param->name))
            return why_set(why, ERR_MALFORMED,
                           "parameter \"%.*s\" is given twice",
                           STR_ARG(param->name));
    }
    return OK;
}

/* Room for as many as there can be. */
static enum err
params_reserve(struct request *request)
{
    size_t count = 1;

    for (size_t i = 0; i < request->query.len; i++)
        count += request->query.data[i] == '&';
    if (count > QUERY_PARAMS_MAX)
        count = QUERY_PARAMS_MAX;
    request->params =
        arena_zalloc(request->arena, count, sizeof *request->params);
    return request->params == NULL ? ERR_TOO_LARGE : OK;
}

enum err
route_params(struct request *request, struct why *why)
{
    struct str rest = request->query;

    assert(request->route != NULL);
    request->param_count = 0;
    TRY(params_reserve(request));
    while (rest.len > 0) {
        bool trails = rest.data[rest.len - 1] == '&';
        struct str piece = field_cut(&rest, '&');
        struct pair param;
        enum err err;

        if (piece.len == 0 || (trails && rest.len == 0))
            return why_set(why, ERR_MALFORMED,
                           "the query has an empty parameter");
        err = decode_param(request->arena, piece, &param);
        if (err == ERR_MALFORMED)
            return why_set(why, err,
                           "the query has a bad escape or is not UTF-8");
        if (err != OK)
            return err;
        TRY(check_param(request, &param, why));
        if (request->param_count == QUERY_PARAMS_MAX)
            return why_set(why, ERR_MALFORMED, "over %d parameters",
                           QUERY_PARAMS_MAX);
        request->params[request->param_count++] = param;
    }
    return OK;
}

static bool
gives(const struct request *request, enum media media)
{
    return media != MEDIA_NONE &&
           (request->route->endpoint->gives & MEDIA_BIT(media)) != 0;
}

/* Say what there is instead of what was asked for. */
static enum err
refuse_media(const struct request *request, struct why *why)
{
    char names[MEDIA_COUNT * MEDIA_NAME_BYTES_MAX] = "";
    size_t len = 0;

    for (enum media m = 0; m < MEDIA_COUNT; m++) {
        if (gives(request, m))
            len += (size_t)snprintf(names + len, sizeof names - len, "%s%s",
                                    len == 0 ? "" : ", ", media_name(m));
    }
    return why_set(why, ERR_INVALID, "this is given as %s only", names);
}

/* ?format=. */
static enum err
format_media(struct request *request, struct str format, struct why *why)
{
    enum media media = media_by_name(format);
    bool known = media != MEDIA_NONE && (MEDIA_TABLES & MEDIA_BIT(media)) != 0;

    if (gives(request, media)) {
        request->media = media;
        return OK;
    }
    for (size_t i = 0; i < sizeof formats_known / sizeof formats_known[0]; i++)
        known = known || str_equal(format, str_of(formats_known[i]));
    if (!known)
        return why_set(why, ERR_MALFORMED, "unknown format \"%.*s\"",
                       STR_ARG(format));
    return refuse_media(request, why);
}

/* One element of an Accept header. */
struct range {
    struct str type; /* "text/csv", "text/" for all of text, "" for all */
    int q;           /* thousandths */
};

/* How well a medium is accepted: the most specific range decides. */
struct liking {
    int q;
    size_t specific; /* length of the range's type + 1; 0: none fits */
    size_t place;    /* of the range in the header */
};

/* False: no media range; such an element is passed over. */
static bool
read_range(struct str element, struct range *out)
{
    struct str rest = element;
    struct str type = field_trim(field_cut(&rest, ';'));

    out->q = 1000;
    while (rest.len > 0) {
        struct str param = field_trim(field_cut(&rest, ';'));
        struct str value = param, name = field_cut(&value, '=');

        /* Other parameters name variants that we do not tell apart. */
        if (name.len != 1 || (name.data[0] | ' ') != 'q')
            continue;
        out->q = field_weight(value);
        if (out->q < 0)
            return false;
    }
    if (str_equal(type, STR("*/*")))
        type = (struct str){ "", 0 };
    else if (type.len < 3 || memchr(type.data, '/', type.len) == NULL)
        return false;
    else if (type.data[type.len - 1] == '*' && type.data[type.len - 2] == '/')
        type.len--;
    out->type = type;
    return true;
}

static bool
range_fits(const struct range *range, enum media media)
{
    struct str type = range->type;

    if (type.len == 0)
        return true;
    if (type.data[type.len - 1] == '/')
        return strncasecmp(media_type(media), type.data, type.len) == 0;
    return media_by_type(type) == media;
}

/* Let one Accept header have its say on every medium that is given. */
static void
weigh(const struct request *request, struct str accept, struct liking *likings,
      size_t *place)
{
    while (accept.len > 0) {
        struct range range;

        if (!read_range(field_cut(&accept, ','), &range))
            continue;
        (*place)++;
        for (enum media m = 0; m < MEDIA_COUNT; m++) {
            if (!gives(request, m) || !range_fits(&range, m) ||
                likings[m].specific > range.type.len)
                continue;
            likings[m] = (struct liking){ range.q, range.type.len + 1, *place };
        }
    }
}

/* By q, then by how specific the range was, then by place. */
static bool
is_better(const struct liking *a, const struct liking *b)
{
    if (a->q != b->q)
        return a->q > b->q;
    if (a->specific != b->specific && (a->specific == 1 || b->specific == 1))
        return a->specific > b->specific;
    return a->place < b->place;
}

/* The first of an endpoint's media: a page for people where there is one, else
 * JSON wherever it is given. */
static enum media
first_media(unsigned given)
{
    enum media media = 0;

    if ((given & MEDIA_BIT(MEDIA_HTML)) != 0)
        return MEDIA_HTML;
    while (media < MEDIA_COUNT && (given & MEDIA_BIT(media)) == 0)
        media++;
    return media;
}

static enum err
accepted_media(struct request *request, struct why *why)
{
    struct liking likings[MEDIA_COUNT] = { 0 };
    enum media best = first_media(request->route->endpoint->gives);
    size_t place = 0, at = 0;
    struct str accept;

    while (field_next(request, "Accept", &at, &accept))
        weigh(request, accept, likings, &place);
    for (enum media m = 0; m < MEDIA_COUNT; m++)
        if (is_better(&likings[m], &likings[best]))
            best = m;
    if (likings[best].q == 0)
        return refuse_media(request, why);
    request->media = best;
    return OK;
}

enum err
route_media(struct request *request, struct why *why)
{
    struct str format = request_param(request, "format");
    unsigned given = request->route->endpoint->gives;

    if (format.data != NULL)
        return format_media(request, format, why);
    request->media = first_media(given);

    /* A probe's one line is never withheld for its type. */
    if (given == MEDIA_BIT(MEDIA_TEXT) ||
        field_trim(request_header(request, "accept")).len == 0)
        return OK;
    return accepted_media(request, why);
}
