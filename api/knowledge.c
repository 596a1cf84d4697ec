/* The two clocks of a read, its pages, and the cursors that pin them. */
#include <assert.h>
#include <string.h>

#include "knowledge.h"
#include "number.h"
#include "problem.h"
#include "route.h"
#include "secmaster/crc32c.h"
#include "secmaster/wire.h"
#include "service.h"
#include "validator.h"

/*
 * A cursor's bytes: format, known_tx, as_of, key, start, the query's hash, and
 * a CRC-32C of all before it. Numbers are big-endian.
 */
#define CURSOR_FORMAT 1
#define CURSOR_KNOWN 1
#define CURSOR_AS_OF 9
#define CURSOR_KEY 13
#define CURSOR_START 21
#define CURSOR_QUERY 25
#define CURSOR_CRC 33
#define CURSOR_BYTES 37
#define CURSOR_TEXT_BYTES 50

static_assert(CURSOR_TEXT_BYTES == (CURSOR_BYTES * 8 + 5) / 6, "base64");

static const char base64url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "abcdefghijklmnopqrstuvwxyz"
                                "0123456789-_";

/* FNV-1a, here because a cursor survives a restart and a new version. */
#define HASH_FIRST 0xcbf29ce484222325U

static uint64_t
hash_more(uint64_t hash, struct str s)
{
    /* The byte behind each text keeps "ab" + "c" from being "a" + "bc". */
    for (size_t i = 0; i <= s.len; i++) {
        hash ^= i < s.len ? (unsigned char)s.data[i] : 0;
        hash *= 0x100000001b3U;
    }
    return hash;
}

/* Parameters that may change from page to page. */
static bool
is_paging(struct str name)
{
    return str_equal(name, STR("limit")) || str_equal(name, STR("format")) ||
           str_equal(name, STR("cursor"));
}

/* The parameters are summed, so that their order does not matter. */
static uint64_t
query_hash(const struct request *request)
{
    uint64_t hash = hash_more(HASH_FIRST, str_of(request->route->path));

    for (size_t i = 0; i < request->segment_count; i++)
        hash = hash_more(hash, request->segments[i]);
    for (size_t i = 0; i < request->param_count; i++) {
        const struct pair *param = &request->params[i];

        if (!is_paging(param->name))
            hash += hash_more(hash_more(HASH_FIRST, param->name), param->value);
    }
    return hash;
}

struct str
cursor_text(struct request *request, const struct cursor *cursor)
{
    unsigned char bytes[CURSOR_BYTES + 1] = { CURSOR_FORMAT };
    char *text = arena_alloc(request->arena, CURSOR_TEXT_BYTES);

    if (text == NULL)
        return (struct str){ NULL, 0 };
    put_be64(bytes + CURSOR_KNOWN, cursor->known_tx);
    put_be32(bytes + CURSOR_AS_OF, (uint32_t)cursor->as_of.days);
    put_be64(bytes + CURSOR_KEY, (uint64_t)cursor->key);
    put_be32(bytes + CURSOR_START, (uint32_t)cursor->start.days);
    put_be64(bytes + CURSOR_QUERY, query_hash(request));
    put_be32(bytes + CURSOR_CRC, crc32c(0, bytes, CURSOR_CRC));
    for (size_t i = 0; i < CURSOR_TEXT_BYTES; i++) {
        size_t bit = i * 6, at = bit / 8;
        unsigned pair = (unsigned)bytes[at] << 8 | bytes[at + 1];

        text[i] = base64url[pair >> (10 - bit % 8) & 63];
    }
    return (struct str){ text, CURSOR_TEXT_BYTES };
}

/* False: not base64url of this length, or bits that no byte holds are set. */
static bool
cursor_decode(struct str text, unsigned char bytes[static CURSOR_BYTES + 1])
{
    if (text.len != CURSOR_TEXT_BYTES)
        return false;
    memset(bytes, 0, CURSOR_BYTES + 1);
    for (size_t i = 0; i < text.len; i++) {
        const char *found = memchr(base64url, text.data[i], 64);
        size_t bit = i * 6, at = bit / 8;
        unsigned pair;

        if (found == NULL)
            return false;
        pair = (unsigned)(found - base64url) << (10 - bit % 8);
        bytes[at] |= (unsigned char)(pair >> 8);
        bytes[at + 1] |= (unsigned char)pair;
    }
    return bytes[CURSOR_BYTES] == 0;
}

static bool
is_day(struct date date)
{
    return date.days >= DATE_FIRST_DAYS && date.days <= DATE_LAST_DAYS;
}

enum err
cursor_read(struct request *request, bool *given, struct cursor *out)
{
    struct str text = request_param(request, "cursor");
    unsigned char bytes[CURSOR_BYTES + 1];

    *given = text.data != NULL;
    if (!*given)
        return OK;
    if (!cursor_decode(text, bytes) || bytes[0] != CURSOR_FORMAT ||
        get_be32(bytes + CURSOR_CRC) != crc32c(0, bytes, CURSOR_CRC) ||
        get_be64(bytes + CURSOR_QUERY) != query_hash(request))
        return ERR_MALFORMED;
    out->known_tx = get_be64(bytes + CURSOR_KNOWN);
    out->as_of.days = (int32_t)get_be32(bytes + CURSOR_AS_OF);
    out->key = (int64_t)get_be64(bytes + CURSOR_KEY);
    out->start.days = (int32_t)get_be32(bytes + CURSOR_START);

    /* A CRC keeps accidents out, not forgers. */
    if (out->key < 0 || !is_day(out->as_of) || !is_day(out->start))
        return ERR_MALFORMED;
    return OK;
}

/*
 * The last transaction recorded by then. *settled: none that comes later can be
 * recorded by then. That is so where a later one is there already, or where
 * this one was recorded at that very moment, which no other will be. The wall
 * clock says nothing of it: the writer reads it before its commit is seen, and
 * it can be put back.
 */
static enum err
known_at_read(struct store *store, struct instant at, uint64_t *out,
              bool *settled, struct why *why)
{
    uint64_t newest = store_newest(store); /* what the search has seen */
    struct arena arena;
    struct tx_info info;
    enum err err;

    TRY(store_tx_at(store, at, out, why));
    *settled = *out < newest;
    if (*settled || *out == 0)
        return OK;
    arena_init(&arena, TX_INFO_BYTES_MAX);
    err = store_transaction(store, *out, &arena, &info, why);
    if (err == OK)
        *settled = info.recorded_at.us == at.us;
    arena_fini(&arena);
    return err;
}

/* False: the response is set. *settled: it is given, and will name the same
 * transaction for ever. */
static bool
known_read(struct request *request, struct response *response, uint64_t newest,
           uint64_t *out, bool *settled)
{
    struct str at = request_param(request, "known_at");
    struct str tx = request_param(request, "known_tx");
    struct instant instant;
    struct why why = { 0 };
    enum err err;

    *settled = tx.data != NULL;
    *out = newest;
    if (at.data != NULL && tx.data != NULL) {
        problem_set(request, response, PROBLEM_MALFORMED_PARAMETER,
                    "known_at and known_tx exclude each other");
        return false;
    }
    if (tx.data != NULL && (!number_read(tx, out) || *out > newest)) {
        problem_set(request, response, PROBLEM_MALFORMED_PARAMETER,
                    "known_tx is a transaction from 0 to the newest, %llu",
                    (unsigned long long)newest);
        return false;
    }
    if (at.data == NULL)
        return true;
    if (instant_parse(at, &instant) != OK) {
        problem_set(request, response, PROBLEM_MALFORMED_PARAMETER,
                    "known_at is a moment like 2026-11-20T20:00:00.000001Z");
        return false;
    }
    err = known_at_read(request->service->store, instant, out, settled, &why);
    if (err != OK)
        problem_err(request, response, err, &why);
    return err == OK;
}

/* Endpoints that are about all days have no day: not in their cursors, and not
 * in what their answers are called. */
static bool
takes_day(const struct request *request)
{
    const char *const *name = request->route->endpoint->params;

    while (*name != NULL && strcmp(*name, "as_of") != 0)
        name++;
    return *name != NULL;
}

bool
clocks_read(struct request *request, struct response *response,
            struct clocks *out)
{
    uint64_t newest = store_newest(request->service->store);
    struct date today = instant_date(request->service->now());
    bool has_day = takes_day(request), paged, dated, settled;
    struct cursor cursor;

    if (cursor_read(request, &paged, &cursor) != OK ||
        (paged && cursor.known_tx > newest)) {
        problem_set(request, response, PROBLEM_INVALID_CURSOR,
                    "the cursor is damaged, or another query's");
        return false;
    }
    out->as_of = has_day ? today : (struct date){ 0 };
    if (!known_read(request, response, newest, &out->known_tx, &settled) ||
        !date_read(request, response, "as_of", &dated, &out->as_of))
        return false;
    response->is_final =
        settled && (!has_day || (dated && out->as_of.days < today.days));
    if (paged) {
        out->known_tx = cursor.known_tx;
        out->as_of = cursor.as_of;
    }
    response->tx = out->known_tx;
    response->tx_set = true;
    return validator_begin(request, response, out);
}

bool
limit_read(struct request *request, struct response *response, bool *given,
           uint32_t *out)
{
    struct str text = request_param(request, "limit");
    uint64_t limit = PAGE_ROWS_DEFAULT;

    *given = text.data != NULL;
    if (*given && (!number_read(text, &limit) || limit == 0)) {
        problem_set(request, response, PROBLEM_MALFORMED_PARAMETER,
                    "limit is a number of rows from 1 to %d", PAGE_ROWS_MAX);
        return false;
    }
    *out = limit > PAGE_ROWS_MAX ? PAGE_ROWS_MAX : (uint32_t)limit;
    return true;
}

bool
date_read(struct request *request, struct response *response, const char *name,
          bool *given, struct date *out)
{
    struct str text = request_param(request, name);

    *given = text.data != NULL;
    if (!*given || date_parse(text, out) == OK)
        return true;
    problem_set(request, response, PROBLEM_MALFORMED_PARAMETER,
                "%s must be a day that exists, as YYYY-MM-DD", name);
    return false;
}
