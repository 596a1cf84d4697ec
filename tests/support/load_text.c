/* Paths and bodies that are another one each time. */
#include "load_text.h"

#include <assert.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t
load_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545f4914f6cdd1dU;
}

/* Read "LO-HI}"; NULL: it is something else. */
static const char *
read_span(const char *text, uint64_t *low, uint64_t *high)
{
    char *end;

    *low = strtoull(text, &end, 10);
    if (*end != '-')
        return NULL;
    *high = strtoull(end + 1, &end, 10);
    return *end == '}' && *high >= *low ? end + 1 : NULL;
}

static int
print_day(char *to, size_t size, uint64_t year, uint64_t random)
{
    return snprintf(to, size, "%04u-%02u-%02u", (unsigned)year,
                    (unsigned)(random % 12 + 1),
                    (unsigned)(random / 12 % 28 + 1));
}

/* What a place becomes; its end in the text, or NULL: it is none. */
static const char *
fill_place(const char *text, uint64_t n, uint64_t *random, char to[static 24])
{
    bool is_day = strncmp(text, "{day:", 5) == 0;
    uint64_t low, high, drawn;
    const char *end;

    if (strncmp(text, "{n}", 3) == 0) {
        snprintf(to, 24, "%" PRIu64, n);
        return text + 3;
    }
    if (!is_day && strncmp(text, "{r:", 3) != 0)
        return NULL;
    end = read_span(strchr(text, ':') + 1, &low, &high);
    if (end == NULL)
        return NULL;
    drawn = low + load_random(random) % (high - low + 1);
    if (is_day)
        print_day(to, 24, drawn, load_random(random) >> 32);
    else
        snprintf(to, 24, "%" PRIu64, drawn);
    return end;
}

static void
append(char *to, size_t size, size_t *len, const char *text, size_t text_len)
{
    assert(*len + text_len < size);
    memcpy(to + *len, text, text_len);
    *len += text_len;
}

size_t
load_text_fill(const char *text, uint64_t n, uint64_t *random, char *to,
               size_t size)
{
    char place[24];
    size_t len = 0;

    while (*text != '\0') {
        size_t plain = strcspn(text, "{");
        const char *end;

        append(to, size, &len, text, plain);
        text += plain;
        if (*text == '\0')
            break;
        end = fill_place(text, n, random, place);
        if (end != NULL) {
            append(to, size, &len, place, strlen(place));
            text = end;
        } else {
            append(to, size, &len, text++, 1);
        }
    }
    to[len] = '\0';
    return len;
}
