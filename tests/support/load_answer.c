/* What a load client must see of an answer: its ends, and a few headers. */
#include "load_answer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void
load_answer_begin(struct load_answer *answer)
{
    answer->part = LOAD_HEAD;
    answer->must_close = false;
    answer->tx = 0;
    answer->body_bytes = 0;
    answer->body_lines = 0;
    answer->head_len = 0;
}

/* The value where the line is of this header; else NULL. */
static const char *
header_value(const char *line, const char *name)
{
    size_t len = strlen(name);

    return strncasecmp(line, name, len) == 0 ? line + len : NULL;
}

/* False: neither a length nor chunks. */
static bool
read_headers(struct load_answer *answer)
{
    bool has_length = false;
    const char *line = answer->head, *value;

    while ((line = strstr(line, "\r\n")) != NULL) {
        line += 2;
        if ((value = header_value(line, "Content-Length: ")) != NULL) {
            has_length = true;
            answer->left = strtoull(value, NULL, 10);
            answer->part = LOAD_BODY;
        } else if (header_value(line, "Transfer-Encoding: chunked") != NULL) {
            has_length = true;
            answer->part = LOAD_CHUNK_SIZE;
        } else if (header_value(line, "Connection: close") != NULL) {
            answer->must_close = true;
        } else if ((value = header_value(line, "Secmaster-Tx: ")) != NULL) {
            answer->tx = strtoull(value, NULL, 10);
        }
    }
    return has_length;
}

static void
end_head(struct load_answer *answer)
{
    bool is_http = strncmp(answer->head, "HTTP/1.1 ", 9) == 0;
    bool has_end = read_headers(answer);

    answer->status = is_http ? (int)strtol(answer->head + 9, NULL, 10) : 0;
    if (answer->status == 0 || (!has_end && answer->status != 204)) {
        answer->part = LOAD_UNREADABLE;
        return;
    }
    answer->head_len = 0;
    if (!has_end || (answer->part == LOAD_BODY && answer->left == 0))
        answer->part = LOAD_WHOLE;
}

static void
end_chunk_size(struct load_answer *answer)
{
    char *end;

    answer->left = strtoull(answer->head, &end, 16);
    answer->head_len = 0;
    answer->is_last = answer->left == 0;
    if (end == answer->head || *end != '\r')
        answer->part = LOAD_UNREADABLE;
    else
        answer->part = answer->is_last ? LOAD_CHUNK_END : LOAD_CHUNK;
}

/* Nothing may stand between a chunk and the end of its line. */
static void
end_chunk(struct load_answer *answer, const char *end)
{
    if (end != answer->head)
        answer->part = LOAD_UNREADABLE;
    else
        answer->part = answer->is_last ? LOAD_WHOLE : LOAD_CHUNK_SIZE;
    answer->head_len = 0;
}

/* Collect up to a mark, over as many pieces as it takes. */
static size_t
take_words(struct load_answer *answer, const char *data, size_t len,
           const char *mark)
{
    size_t had = answer->head_len, room = LOAD_HEAD_BYTES - 1 - had;
    size_t added = len < room ? len : room, mark_len = strlen(mark);
    size_t from = had < mark_len ? 0 : had - mark_len;
    const char *found;

    memcpy(answer->head + had, data, added);
    answer->head_len += added;
    answer->head[answer->head_len] = '\0';
    found =
        memmem(answer->head + from, answer->head_len - from, mark, mark_len);
    if (found == NULL) {
        if (added == room)
            answer->part = LOAD_UNREADABLE;
        return added;
    }
    answer->head_len = (size_t)(found - answer->head) + mark_len;
    added = answer->head_len - had;
    answer->head[answer->head_len] = '\0';
    if (answer->part == LOAD_HEAD)
        end_head(answer);
    else if (answer->part == LOAD_CHUNK_SIZE)
        end_chunk_size(answer);
    else
        end_chunk(answer, found);
    return added;
}

static uint64_t
count_lines(const char *data, size_t len)
{
    const char *end = data + len;
    uint64_t count = 0;

    while ((data = memchr(data, '\n', (size_t)(end - data))) != NULL) {
        count++;
        data++;
    }
    return count;
}

static size_t
take_bytes(struct load_answer *answer, const char *data, size_t len)
{
    if (len > answer->left)
        len = answer->left;
    if (answer->part == LOAD_CHUNK)
        answer->body_lines += count_lines(data, len);
    answer->left -= len;
    answer->body_bytes += len;
    if (answer->left == 0) {
        answer->part = answer->part == LOAD_CHUNK ? LOAD_CHUNK_END : LOAD_WHOLE;
        answer->head_len = 0;
    }
    return len;
}

size_t
load_answer_take(struct load_answer *answer, const char *data, size_t len)
{
    size_t used = 0;

    while (used < len && answer->part != LOAD_WHOLE &&
           answer->part != LOAD_UNREADABLE) {
        if (answer->part == LOAD_BODY || answer->part == LOAD_CHUNK)
            used += take_bytes(answer, data + used, len - used);
        else
            used += take_words(answer, data + used, len - used,
                               answer->part == LOAD_HEAD ? "\r\n\r\n" : "\r\n");
    }
    return used;
}
