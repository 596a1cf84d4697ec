/* One who reads these words must be able to go on from the right line. */
#include "load_words.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"

/* Whether a request that creates would have done better. */
static bool
is_for_creation(const struct complaints *complaints)
{
    size_t i = 0;

    while (i < complaints->listed &&
           strstr(complaints->items[i].detail, "create=true") == NULL)
        i++;
    return i < complaints->listed;
}

void
load_words_refused(const char *name, const struct load_split *split,
                   const struct complaints *complaints)
{
    for (size_t i = 0; i < complaints->listed; i++) {
        const struct complaint *complaint = &complaints->items[i];
        struct file_place place =
            load_split_place(split, (struct file_place){ complaint->line, 0 });

        fprintf(stderr, "%s:%" PRIu64 ": %s\n", name, place.line,
                complaint->detail);
    }
    if (complaints->total > complaints->listed)
        fprintf(stderr, "%s: and %" PRIu64 " more in this batch\n", name,
                complaints->total - complaints->listed);
    if (is_for_creation(complaints))
        complain("load", "--create makes a security for a ticker that nobody "
                         "bears");
}

void
load_words_header(const char *name)
{
    complain("load", "%s: the header is wrong; the rest was not read", name);
}

/* Read "line N, byte N: " off the front of a reader's words. */
static bool
read_place(const char **words, struct file_place *out)
{
    char *end;

    if (strncmp(*words, "line ", 5) != 0)
        return false;
    out->line = strtoull(*words + 5, &end, 10);
    if (strncmp(end, ", byte ", 7) != 0)
        return false;
    out->byte = strtoull(end + 7, &end, 10);
    if (strncmp(end, ": ", 2) != 0)
        return false;
    *words = end + 2;
    return true;
}

void
load_words_malformed(const char *name, const struct load_split *split,
                     const char *words)
{
    static const char rest[] = "the rest was not read";
    struct file_place place;

    if (!read_place(&words, &place)) {
        fprintf(stderr, "%s:%" PRIu64 ": %s; %s\n", name, split->first.line,
                words, rest);
        return;
    }
    place = load_split_place(split, place);
    fprintf(stderr, "%s:%" PRIu64 ": byte %" PRIu64 ": %s; %s\n", name,
            place.line, place.byte, words, rest);
}

void
load_words_failed(const char *name, const struct load_split *split,
                  const struct load_result *result)
{
    complain("load", "%s", result->why.text);
    complain("load",
             "%s: lines %" PRIu64 " to %" PRIu64
             " %s; the load ends there, the rest was not read",
             name, split->first.line, load_split_last_line(split),
             result->is_unknown ? "may be stored or not: the outcome is unknown"
                                : "are not stored");
}

void
load_words_split(const char *name, const struct load_split *split,
                 const struct load_result *result)
{
    load_words_failed(name, split, result);
    complain("load", "with --create the oldest days come first: sort the file, "
                     "load the older file first, or say by a fact that the "
                     "security bore the ticker by then");
}

void
load_words_unknown(uint64_t records)
{
    if (records > 0)
        complain("load",
                 "of those refused, %" PRIu64 " may be stored: no answer came; "
                 "run the load again",
                 records);
}

void
load_words_ended(const char *name, const struct load_split *split,
                 const char *words)
{
    complain("load", "%s: %s; line %" PRIu64 " and the rest were not sent",
             name, words, load_split_next_line(split));
}
