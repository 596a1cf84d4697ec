/*
 * Entity tags, made from what an answer depends on and not from its bytes, so
 * that a client which has it costs no reading.
 *
 * A tag is "TX-HASH", then "-LENGTH" where the length is known before the
 * first byte is sent, then "-gzip" where it is packed. The length stands there
 * because a 304 may not tell a Content-Length but the 200's, and the server's
 * library always tells one; so the client brings it along.
 */
#include "validator.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "field.h"
#include "problem.h"
#include "route.h"
#include "secmaster/wire.h"
#include "secmaster/xxh64.h"
#include "service.h"

#define GZIP_SUFFIX "-gzip"
#define LENGTH_DIGITS_MAX 8 /* 4 GiB, above ANSWER_BYTES_MAX */

static_assert(ANSWER_BYTES_MAX <= UINT32_MAX, "a length in eight digits");

/* What an answer depends on, as bytes. */
#define INPUT_PROGRAM 0
#define INPUT_TARGET 8
#define INPUT_HISTORY 16
#define INPUT_TX 24
#define INPUT_DAY 32
#define INPUT_MEDIA 36
#define INPUT_BYTES 40

static bool
is_read(const struct request *request)
{
    return request->method == METHOD_GET || request->method == METHOD_HEAD;
}

/* Take digits off the front of *text: their number, or -1 where there are
 * none, too many, or a leading zero. */
static int64_t
take_length(struct str *text)
{
    int64_t length = 0;
    size_t i = 0;

    for (; i < text->len && i <= LENGTH_DIGITS_MAX; i++) {
        char c = text->data[i];

        if (c >= '0' && c <= '9')
            length = length * 16 + (c - '0');
        else if (c >= 'a' && c <= 'f')
            length = length * 16 + (c - 'a' + 10);
        else
            break;
    }
    if (i == 0 || i > LENGTH_DIGITS_MAX || text->data[0] == '0')
        return -1;
    text->data += i;
    text->len -= i;
    return length;
}

/* Whether text, without its quotes, is the tag with one of its endings. */
static bool
is_ours(struct str text, struct str tag, enum coding *coding, int64_t *length)
{
    *coding = CODING_IDENTITY;
    *length = 0;
    if (text.len < tag.len || memcmp(text.data, tag.data, tag.len) != 0)
        return false;
    text.data += tag.len;
    text.len -= tag.len;
    if (text.len > 0 && !str_equal(text, STR(GZIP_SUFFIX))) {
        if (*text.data != '-')
            return false;
        text.data++;
        text.len--;
        *length = take_length(&text);
        if (*length < 0)
            return false;
    }
    if (str_equal(text, STR(GZIP_SUFFIX)))
        *coding = CODING_GZIP;
    return text.len == 0 || *coding == CODING_GZIP;
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
    return true;
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
            int64_t length;

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
begin(const struct request *request, struct response *response, struct str tag)
{
    response->tag = tag;
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

    put_le64(input + INPUT_PROGRAM, hash_xxh64(STR(SECMASTER_VERSION)));
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
    struct str tag;
    enum err err;

    if (!is_read(request))
        return true;
    err = store_history(request->service->store, clocks->known_tx, &history,
                        &why);
    if (err != OK) {
        problem_err(request, response, err, &why);
        return false;
    }
    tag = arena_print(request->arena, "%llu-%016llx",
                      (unsigned long long)clocks->known_tx,
                      (unsigned long long)hash_of(request, clocks, history));
    if (tag.data == NULL) {
        problem_err(request, response, ERR_TOO_LARGE, NULL);
        return false;
    }
    return begin(request, response, tag);
}

bool
validator_begin_fixed(struct request *request, struct response *response,
                      const char *name)
{
    return !is_read(request) || begin(request, response, str_of(name));
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
    if (response->tag.len == 0 || response->status != 200 || !has_star(request))
        return;
    response->status = 304;
    if (response->stream != NULL) {
        response->stream->free(response->stream);
        response->stream = NULL;
        return;
    }
    response->length =
        (int64_t)(response->fixed.data != NULL ? response->fixed.len
                                               : response->body.len);
    response->fixed = (struct str){ NULL, 0 };
    out_reset(&response->body);
}

bool
validator_print(const struct response *response,
                char out[static ETAG_BYTES_MAX])
{
    uint64_t length = (uint64_t)response->length;
    const char *ending = response->coding == CODING_GZIP ? GZIP_SUFFIX : "";

    if (response->tag.len == 0)
        return false;
    if (response->status == 200 && response->stream == NULL)
        length = response->fixed.data != NULL ? response->fixed.len
                                              : response->body.len;
    if (length > 0)
        (void)snprintf(out, ETAG_BYTES_MAX, "\"%.*s-%llx%s\"",
                       STR_ARG(response->tag), (unsigned long long)length,
                       ending);
    else
        (void)snprintf(out, ETAG_BYTES_MAX, "\"%.*s%s\"",
                       STR_ARG(response->tag), ending);
    return true;
}
