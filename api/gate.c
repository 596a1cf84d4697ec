/* Refuse a head that another parser could have read another way. */
#include "gate.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "secmaster/utf8.h"

struct verdict {
    enum problem problem;
    const char *detail; /* NULL: no objection */
};

static const struct verdict nothing_wrong = { PROBLEM_MALFORMED_REQUEST, NULL };

static struct verdict
malformed(const char *detail)
{
    return (struct verdict){ PROBLEM_MALFORMED_REQUEST, detail };
}

/* RFC 9110's tchar. */
static bool
is_token(struct str text)
{
    static const char marks[] = "!#$%&'*+-.^_`|~";

    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        bool digit = c >= '0' && c <= '9';

        if (!letter && !digit && (c == '\0' || strchr(marks, c) == NULL))
            return false;
    }
    return text.len > 0;
}

static bool
is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

static bool
is_word(struct str text, const char *word)
{
    return text.len == strlen(word) &&
           strncasecmp(text.data, word, text.len) == 0;
}

static bool
is_digits(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    return text.len > 0;
}

static struct str
trimmed(struct str text)
{
    while (text.len > 0 &&
           (text.data[text.len - 1] == ' ' || text.data[text.len - 1] == '\t'))
        text.len--;
    return text;
}

/* Whether next stands gap bytes behind the end of piece. */
static bool
follows(struct str piece, size_t gap, const char *next)
{
    return (uintptr_t)next == (uintptr_t)piece.data + piece.len + gap;
}

/* Whether only white space stands between a name's colon and its value. */
static bool
is_behind_colon(const struct pair *header)
{
    uintptr_t from = (uintptr_t)header->name.data + header->name.len + 1;
    uintptr_t to = (uintptr_t)header->value.data;

    if (to < from || to - from > HEAD_BYTES_MAX)
        return false;
    for (const char *c = (const char *)from; c < header->value.data; c++)
        if (*c != ' ' && *c != '\t')
            return false;
    return true;
}

/*
 * The parser works in place: each piece must stand exactly as far behind the
 * one before as the grammar's own separators are long. A folded line that it
 * joined, a line that ended in a bare LF, a NUL that cut a piece short, a
 * doubled space: all of them leave another distance, and nothing else here
 * would notice.
 */
static bool
is_seamless(const struct gate_head *head)
{
    const struct str target = { head->target_at, head->target.len };
    struct str last = head->version;
    uintptr_t end = (uintptr_t)head->method.data + head->head_bytes;

    if (!follows(head->method, 1, head->target_at) ||
        !follows(target, 1, head->version.data))
        return false;
    for (size_t i = 0; i < head->header_count; i++) {
        if (!follows(last, 2, head->headers[i].name.data) ||
            !is_behind_colon(&head->headers[i]))
            return false;
        last = head->headers[i].value;
    }
    return follows(last, 4, (const char *)end);
}

static struct verdict
check_method(struct str method)
{
    static const char *const known[] = { "GET",     "POST",  "PUT",
                                         "DELETE",  "HEAD",  "OPTIONS",
                                         "CONNECT", "TRACE", "PATCH" };

    if (!is_token(method))
        return malformed("the method is not a token");
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (str_equal(method, str_of(known[i])))
            return nothing_wrong;
    return (struct verdict){ PROBLEM_NOT_IMPLEMENTED, "the method is unknown" };
}

static struct verdict
check_target(struct str method, struct str target)
{
    if (str_equal(target, STR("*")) && str_equal(method, STR("OPTIONS")))
        return nothing_wrong;
    if (target.len == 0 || target.data[0] != '/')
        return malformed("the target does not begin with a slash");
    for (size_t i = 0; i < target.len; i++) {
        if (is_control(target.data[i]) || target.data[i] == ' ')
            return malformed("a space or control character in the target");
        if (target.data[i] == '#')
            return malformed("a fragment in the target");
        if (target.len - i >= 3 && memcmp(target.data + i, "%00", 3) == 0)
            return malformed("an encoded NUL in the target");
    }
    if (utf8_span(target) < target.len)
        return malformed("the target is not UTF-8");
    return nothing_wrong;
}

static struct verdict
check_header(const struct pair *header)
{
    if (!is_token(header->name))
        return malformed("a header's name is not a token");
    for (size_t i = 0; i < header->value.len; i++)
        if (is_control(header->value.data[i]) && header->value.data[i] != '\t')
            return malformed("a control character in a header's value");
    return nothing_wrong;
}

/* What the framing headers say, taken together. */
struct framing {
    size_t lengths, encodings, types, hosts;
    struct str length, encoding, host;
};

static void
note_framing(struct framing *framing, const struct pair *header)
{
    if (is_word(header->name, "Content-Length")) {
        framing->lengths++;
        framing->length = header->value;
    } else if (is_word(header->name, "Transfer-Encoding")) {
        framing->encodings++;
        framing->encoding = header->value;
    } else if (is_word(header->name, "Content-Type")) {
        framing->types++;
    } else if (is_word(header->name, "Host")) {
        framing->hosts++;
        framing->host = header->value;
    }
}

static struct verdict
check_host(const struct framing *framing, bool is_old)
{
    struct str host = trimmed(framing->host);

    if (framing->hosts > 1)
        return malformed("more than one Host");
    if (framing->hosts == 0)
        return is_old ? nothing_wrong : malformed("no Host");
    assert(host.data != NULL);
    for (size_t i = 0; i < host.len; i++)
        if (strchr(" \t,/@?#", host.data[i]) != NULL)
            return malformed("the Host is not one host");
    return nothing_wrong;
}

static struct verdict
check_framing(const struct framing *framing, bool is_old)
{
    if (framing->lengths > 1)
        return malformed("more than one Content-Length");
    if (framing->lengths == 1 && !is_digits(trimmed(framing->length)))
        return malformed("the Content-Length is not a number");
    if (framing->types > 1)
        return malformed("more than one Content-Type");
    if (framing->encodings == 0)
        return nothing_wrong;
    if (framing->encodings > 1)
        return malformed("more than one Transfer-Encoding");
    if (framing->lengths > 0)
        return malformed("both Content-Length and Transfer-Encoding");
    if (is_old)
        return malformed("a Transfer-Encoding in HTTP/1.0");
    if (!is_word(trimmed(framing->encoding), "chunked"))
        return (struct verdict){ PROBLEM_NOT_IMPLEMENTED,
                                 "the only Transfer-Encoding is chunked" };
    /* The parser compares the value as it stands. */
    if (!is_word(framing->encoding, "chunked"))
        return malformed("white space behind the Transfer-Encoding");
    return nothing_wrong;
}

static struct verdict
check_headers(const struct gate_head *head)
{
    bool is_old = str_equal(head->version, STR("HTTP/1.0"));
    struct framing framing = { 0 };
    struct verdict verdict;

    for (size_t i = 0; i < head->header_count; i++) {
        verdict = check_header(&head->headers[i]);
        if (verdict.detail != NULL)
            return verdict;
        note_framing(&framing, &head->headers[i]);
    }
    verdict = check_framing(&framing, is_old);
    if (verdict.detail != NULL)
        return verdict;
    return check_host(&framing, is_old);
}

/* What the parser keeps of a header, a parameter or a cookie beside its
 * text: its own struct of seven words, aligned. */
#define FIELD_POOL_BYTES 64

/* How many pieces the marks cut the text into, empty ones too. */
static size_t
count_pieces(struct str text, const char *marks)
{
    size_t count = 1;

    for (size_t i = 0; i < text.len; i++)
        count += text.data[i] != '\0' && strchr(marks, text.data[i]) != NULL;
    return count;
}

/* At most so much of its pool the parser has spent on the head. Cookies, which
 * nobody here reads, are copied before they are taken apart. */
static size_t
pool_bytes(const struct gate_head *head)
{
    size_t fields = head->header_count + count_pieces(head->target, "?&");
    size_t copied = 0;

    for (size_t i = 0; i < head->header_count; i++) {
        const struct pair *header = &head->headers[i];

        if (!is_word(header->name, "Cookie"))
            continue;
        fields += count_pieces(header->value, ";,");
        copied += header->value.len + 1;
    }
    return head->head_bytes + copied + FIELD_POOL_BYTES * fields;
}

/* A head that nearly fills the parser's pool leaves no room for the answer's
 * own: the request would be carried out and never answered. */
static struct verdict
check_size(const struct gate_head *head)
{
    bool is_long = head->head_bytes > HEAD_BYTES_MAX;

    if (is_long && head->target.len > HEAD_BYTES_MAX / 2)
        return (struct verdict){ PROBLEM_URI_TOO_LONG,
                                 "the target is too long" };
    if (is_long)
        return (struct verdict){ PROBLEM_HEAD_TOO_LARGE,
                                 "the head is too large" };
    if (pool_bytes(head) > CONNECTION_POOL_BYTES - ANSWER_HEAD_BYTES_MAX)
        return (struct verdict){
            PROBLEM_HEAD_TOO_LARGE,
            "too many headers, parameters or cookies for a head of this size"
        };
    return nothing_wrong;
}

static struct verdict
check_all(const struct gate_head *head)
{
    struct verdict verdict = check_size(head);

    if (verdict.detail == NULL)
        verdict = check_method(head->method);
    if (verdict.detail != NULL)
        return verdict;
    if (!str_equal(head->version, STR("HTTP/1.1")) &&
        !str_equal(head->version, STR("HTTP/1.0")))
        return (struct verdict){ PROBLEM_HTTP_VERSION,
                                 "only HTTP/1.1 and HTTP/1.0 are served" };
    verdict = check_target(head->method, head->target);
    if (verdict.detail == NULL)
        verdict = check_headers(head);
    if (verdict.detail == NULL && !is_seamless(head))
        return malformed("a folded line, a bare line feed, a NUL or a doubled "
                         "space in the head");
    return verdict;
}

/* True: nothing is wrong. */
static bool
give(struct verdict verdict, enum problem *problem, const char **detail)
{
    if (verdict.detail == NULL)
        return true;
    *problem = verdict.problem;
    *detail = verdict.detail;
    return false;
}

bool
gate_check_target(struct str target, enum problem *problem, const char **detail)
{
    const struct gate_head head = { .target = target,
                                    .head_bytes = target.len };

    return give(check_size(&head), problem, detail);
}

bool
gate_check(const struct gate_head *head, enum problem *problem,
           const char **detail)
{
    assert(head->method.data != NULL);
    assert(head->version.data != NULL);

    return give(check_all(head), problem, detail);
}

size_t
gate_field_bytes(size_t name_len, size_t value_len)
{
    return name_len + value_len + FIELD_POOL_BYTES;
}
