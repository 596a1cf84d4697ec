/* Take a head apart in place, with the library's own leniency. */
#include "tests/api/heads.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* The line at *rest, terminated; *rest moves behind its end. */
static char *
next_line(char **rest)
{
    char *line = *rest, *feed = strpbrk(line, "\n");

    /* A NUL is no end of a line. */
    while (feed == NULL)
        feed = strpbrk(line += strlen(line) + 1, "\n");
    line = *rest;
    *feed = '\0';
    if (feed > line && feed[-1] == '\r')
        feed[-1] = '\0';
    *rest = feed + 1;
    return line;
}

static void
take_request_line(struct parsed_head *parsed, char *line, size_t len)
{
    struct gate_head *head = &parsed->head;
    char *target = memchr(line, ' ', len), *version = line + len;

    assert(target != NULL);
    *target++ = '\0';
    while (*target == ' ')
        target++;
    while (version[-1] != ' ' && version > target)
        version--;
    if (version > target)
        version[-1] = '\0';
    strncpy(parsed->target, target, sizeof parsed->target - 1);
    head->method = str_of(line);
    head->version = str_of(version);
    head->target = str_of(parsed->target);
    head->target_at = target;
}

static void
add(struct parsed_head *parsed, const char *name, const char *value)
{
    struct gate_head *head = &parsed->head;

    assert(head->header_count < HEAD_TEST_HEADERS);
    parsed->headers[head->header_count++] =
        (struct pair){ str_of(name), str_of(value) };
}

static void
take_headers(struct parsed_head *parsed, char **rest)
{
    char *name = NULL, *value = NULL;

    for (;;) {
        char *line = next_line(rest);

        if (name != NULL && (*line == ' ' || *line == '\t')) {
            /* The name grows, not the value. */
            snprintf(parsed->folded, sizeof parsed->folded, "%s%s", name,
                     line + strspn(line, " \t"));
            name = parsed->folded;
            continue;
        }
        if (name != NULL)
            add(parsed, name, value);
        if (*line == '\0')
            return;
        name = line;
        value = strchr(line, ':');
        assert(value != NULL);
        *value++ = '\0';
        value += strspn(value, " \t");
    }
}

void
head_parse(struct parsed_head *parsed, const char *text, size_t len)
{
    char *rest = parsed->buffer, *line;
    size_t line_len;

    assert(len < HEAD_TEST_BYTES);
    memset(parsed, 0, sizeof *parsed);
    memcpy(parsed->buffer, text, len);
    parsed->head.headers = parsed->headers;

    line = next_line(&rest);
    line_len = (size_t)(rest - line) - 1;
    if (line_len > 0 && text[line_len - 1] == '\r')
        line_len--;
    take_request_line(parsed, line, line_len);
    take_headers(parsed, &rest);
    parsed->head.head_bytes = (size_t)(rest - parsed->buffer);
}
