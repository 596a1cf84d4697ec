/* Content codings from Accept-Encoding and Content-Encoding. */
#include "coding.h"

#include "field.h"

#define WEIGHT_MAX 1000
#define UNNAMED (-1)

/* x-gzip is the same by RFC 9110, 8.4.1.3. */
static bool
is_gzip(struct str name)
{
    return field_is(name, "gzip") || field_is(name, "x-gzip");
}

/* Weights in thousandths, of those that were named. */
struct weights {
    int of[CODING_COUNT];
    int others; /* "*" */
};

static void
weigh(struct str element, struct weights *weights)
{
    struct str name = field_trim(field_cut(&element, ';'));
    int weight = WEIGHT_MAX;

    while (element.len > 0) {
        struct str value = field_trim(field_cut(&element, ';'));

        if (field_is(field_trim(field_cut(&value, '=')), "q"))
            weight = field_weight(field_trim(value));
    }
    /* What cannot be understood is passed over. */
    if (weight < 0)
        return;
    if (is_gzip(name))
        weights->of[CODING_GZIP] = weight;
    else if (field_is(name, "identity"))
        weights->of[CODING_IDENTITY] = weight;
    else if (field_is(name, "*"))
        weights->others = weight;
}

static int
weight_of(const struct weights *weights, enum coding coding)
{
    if (weights->of[coding] != UNNAMED)
        return weights->of[coding];
    return weights->others;
}

bool
coding_accepted(struct request *request)
{
    struct weights weights = { { UNNAMED, UNNAMED }, UNNAMED };
    int gzip, identity;
    struct str list;
    size_t at = 0;

    while (field_next(request, "Accept-Encoding", &at, &list))
        while (list.len > 0)
            weigh(field_cut(&list, ','), &weights);
    gzip = weight_of(&weights, CODING_GZIP);
    identity = weight_of(&weights, CODING_IDENTITY);

    /* Who names gzip and not what is plain would rather have gzip. */
    request->codings[CODING_GZIP] = gzip > 0;
    request->codings[CODING_IDENTITY] = identity != 0;
    request->coding =
        gzip > 0 && gzip >= identity ? CODING_GZIP : CODING_IDENTITY;
    return gzip > 0 || identity != 0;
}

bool
coding_of_body(struct request *request)
{
    struct str list;
    size_t at = 0;

    request->body_coding = CODING_IDENTITY;
    while (field_next(request, "Content-Encoding", &at, &list)) {
        while (list.len > 0) {
            struct str name = field_trim(field_cut(&list, ','));

            if (name.len == 0 || field_is(name, "identity"))
                continue;
            if (!is_gzip(name) || request->body_coding != CODING_IDENTITY)
                return false;
            request->body_coding = CODING_GZIP;
        }
    }
    return true;
}
