/* The words that go with an error code. */
#include "secmaster/err.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "secmaster/str.h"
#include "secmaster/utf8.h"

void
why_print(struct why *why, const char *format, ...)
{
    va_list args;
    int length;

    assert(format != NULL);

    if (why == NULL)
        return;
    va_start(args, format);
    length = vsnprintf(why->text, sizeof why->text, format, args);
    va_end(args);
    if (length < 0)
        why->text[0] = '\0';
    /* The words end in JSON: a cut must not leave half a character. */
    if (length >= (int)sizeof why->text)
        why->text[utf8_span(str_of(why->text))] = '\0';
}
