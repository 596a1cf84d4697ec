/*
 * Entity tags, made from what an answer depends on and not from its bytes, so
 * that a client which has it costs no reading.
 *
 * A tag is "HASH", then "-LENGTH" where the length is known before the first
 * byte is sent, then "-gzip" where it is packed; the hash covers these too. The
 * length stands there because a 304 may not tell a Content-Length but the
 * 200's, and the server's library always tells one: the client brings it along.
 */
#include "validator.h"

#include <assert.h>
#include <string.h>

#include "field.h"
#include "problem.h"
#include "route.h"
#include "secmaster/wire.h"
#include "secmaster/xxh64.h"
#include "service.h"

#define GZIP_SUFFIX "-gzip"
#define HASH_DIGITS 16
#define LENGTH_DIGITS_MAX 8 /* 4 GiB, above ANSWER_BYTES_MAX */

static_assert(ANSWER_BYTES_MAX <= UINT32_MAX, "a length in eight digits");

/* What an answer depends on, as bytes. */
#define INPUT_BUILD 0
#define INPUT_TARGET 8
#define INPUT_HISTORY 16
#define INPUT_TX 24
#define INPUT_DAY 32
#define INPUT_MEDIA 36
#define INPUT_BYTES 40

/* What a representation of it depends on. */
#define FORM_TAG 0
#define FORM_LENGTH 8
#define FORM_CODING 16
#define FORM_BYTES 20

static bool
is_read(const struct request *request)
{
    return request->method == METHOD_GET || request->method == METHOD_HEAD;
}

/* Take hexadecimal digits off the front of *text, so many at most: how many
 * there were. */
static size_t
take_digits(struct str *text, size_t digits_max, uint64_t *out)
{
    size_t i = 0;

    *out = 0;
    for (; i < text->len && i < digits_max; i++) {
        char c = text->data[i];

        if (c >= '0' && c <= '9')
            *out = *out * 16 + (uint64_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            *out = *out * 16 + (uint64_t)(c - 'a' + 10);
        else
            break;
    }
    text->data += i;
    text->len -= i;
    return i;
}

static uint64_t
form_hash(uint64_t tag, uint64_t length, enum coding coding)
{
    unsigned char form[FORM_BYTES];

    put_le64(form + FORM_TAG, tag);
    put_le64(form + FORM_LENGTH, length);
    put_le32(form + FORM_CODING, (uint32_t)coding);
    return hash_xxh64((struct str){ (const char *)form, sizeof form });
}

/* "-LENGTH", without a leading zero. */
static bool
take_length(struct str *text, uint64_t *out)
{
    if (*text->data != '-')
        return false;
    text->data++;
    text->len--;
    if (text->len == 0 || *text->data == '0')
        return false;
    return take_digits(text, LENGTH_DIGITS_MAX, out) > 0;
}

/* Whether text, without its quotes, is a tag of this answer's. */
static bool
is_ours(struct str text, uint64_t tag, enum coding *coding, uint64_t *length)
{
    uint64_t hash;

    *coding = CODING_IDENTITY;
    *length = 0;
    if (take_digits(&text, HASH_DIGITS, &hash) != HASH_DIGITS)
        return false;
    if (text.len > 0 && !str_equal(text, STR(GZIP_SUFFIX)) &&
        !take_length(&text, length))
        return false;
    if (str_equal(text, STR(GZIP_SUFFIX)))
        *coding = CODING_GZIP;
    else if (text.len > 0)
        return false;
    return hash == form_hash(tag, *length, *coding);
}

/* The next entity tag of a list, without its quotes; weak ones are as good.
 * False: no more, or no list of tags. */
static bool
next_tag(struct str *list, struct str *out)
{
    const char *end;

    while (list->len > 0 && strchr(" \t,", list->data[0]) != NULL) {
        list->data++;
        list->len--;
    }
    if (list->len > 2 && memcmp(list->data, "W/", 2) == 0) {
        list->data += 2;
        list->len -= 2;
    }
    if (list->len < 2 || list->data[0] != '"')
        return false;
    end = memchr(list->data + 1, '"', list->len - 1);
    if (end == NULL)
        return false;
    *out = (struct str){ list->data + 1, (size_t)(end - list->data) - 1 };
    list->len -= out->len + 2;
    list->data = end + 1;
    return list->len == 0 || strchr(" \t,", list->data[0]) != NULL;
}

/* Look for the tag in If-None-Match: with an acceptable ending, with the best
 * of them if there are several. */
static bool
has_tag(const struct request *request, struct response *response)
{
    bool found = false;
    struct str list, text;
    size_t at = 0;

    while (field_next(request, "If-None-Match", &at, &list)) {
        while (next_tag(&list, &text)) {
            enum coding coding;
            uint64_t length;

            if (!is_ours(text, response->tag, &coding, &length) ||
                !request->codings[coding] ||
                (found && coding != request->coding))
                continue;
            found = true;
            response->coding = coding;
            response->length = length;
        }
    }
    return found;
}

static bool
begin(const struct request *request, struct response *response, uint64_t tag)
{
    response->tag = tag;
    response->has_tag = true;
    if (!has_tag(request, response))
        return true;
    response->status = 304;
    return false;
}

static uint64_t
hash_of(const struct request *request, const struct clocks *clocks,
        uint64_t history)
{
    unsigned char input[INPUT_BYTES];

    put_le64(input + INPUT_BUILD, request->service->build);
    put_le64(input + INPUT_TARGET, hash_xxh64(request->target));
    put_le64(input + INPUT_HISTORY, history);
    put_le64(input + INPUT_TX, clocks->known_tx);
    put_le32(input + INPUT_DAY, (uint32_t)clocks->as_of.days);
    put_le32(input + INPUT_MEDIA, (uint32_t)request->media);
    return hash_xxh64((struct str){ (const char *)input, sizeof input });
}

bool
validator_begin(struct request *request, struct response *response,
                const struct clocks *clocks)
{
    struct why why = { "" };
    uint64_t history;
    enum err err;

    if (!is_read(request))
        return true;
    err = store_history(request->service->store, clocks->known_tx, &history,
                        &why);
    if (err == OK)
        return begin(request, response, hash_of(request, clocks, history));
    problem_err(request, response, err, &why);
    return false;
}

bool
validator_begin_fixed(struct request *request, struct response *response,
                      const char *name)
{
    return !is_read(request) ||
           begin(request, response, hash_xxh64(str_of(name)));
}

void
validator_name_body(struct request *request, struct response *response)
{
    assert(response->status == 200);
    assert(response->stream == NULL);

    if (!is_read(request) ||
        begin(request, response, hash_xxh64(out_text(&response->body))))
        return;
    response->header_count = 0; /* so far they are about the body */
    out_reset(&response->body);
}

/* Of the body, where it is whole. */
static uint64_t
length_of(const struct response *response)
{
    if (response->stream != NULL)
        return 0;
    return response->fixed.data != NULL ? response->fixed.len
                                        : response->body.len;
}

static bool
has_star(const struct request *request)
{
    struct str list;
    size_t at = 0;

    while (field_next(request, "If-None-Match", &at, &list))
        if (str_equal(field_trim(list), STR("*")))
            return true;
    return false;
}

void
validator_end(struct request *request, struct response *response)
{
    if (!response->has_tag || response->status != 200 || !has_star(request))
        return;
    response->status = 304;
    response->header_count = 0; /* so far they are about the body */
    if (response->stream != NULL) {
        response->stream->free(response->stream);
        response->stream = NULL;
        return;
    }
    response->length = length_of(response);
    response->fixed = (struct str){ NULL, 0 };
    out_reset(&response->body);
}

/* At least so many digits. printf would take as long as all the rest. */
static char *
put_hex(char *to, uint64_t number, size_t digits)
{
    static const char hex[] = "0123456789abcdef";

    while (digits < HASH_DIGITS && number >> (4 * digits) != 0)
        digits++;
    while (digits-- > 0)
        *to++ = hex[number >> (4 * digits) & 15];
    return to;
}

bool
validator_print(const struct response *response,
                char out[static ETAG_BYTES_MAX])
{
    uint64_t length =
        response->status == 304 ? response->length : length_of(response);
    char *to = out;

    if (!response->has_tag)
        return false;
    *to++ = '"';
    to = put_hex(to, form_hash(response->tag, length, response->coding),
                 HASH_DIGITS);
    if (length > 0) {
        *to++ = '-';
        to = put_hex(to, length, 1);
    }
    if (response->coding == CODING_GZIP)
        to = stpcpy(to, GZIP_SUFFIX);
    *to++ = '"';
    *to = '\0';
    return true;
}
