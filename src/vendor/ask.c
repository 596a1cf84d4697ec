/* URLs put together piece by piece. */
#include "ask.h"

static bool
is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
           c == '~';
}

void
ask_escape(struct out *url, struct str text)
{
    static const char digits[] = "0123456789ABCDEF";

    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];

        if (is_unreserved(text.data[i])) {
            out_char(url, text.data[i]);
            continue;
        }
        out_char(url, '%');
        out_char(url, digits[c >> 4]);
        out_char(url, digits[c & 15]);
    }
}

void
ask_segment(struct out *url, struct str text)
{
    out_char(url, '/');
    ask_escape(url, text);
}

void
ask_day_segment(struct out *url, struct date day)
{
    out_char(url, '/');
    out_date(url, day);
}

static void
begin_param(struct out *url, const char *name)
{
    struct str before = out_text(url);
    bool is_first =
        before.len == 0 || memchr(before.data, '?', before.len) == NULL;

    out_char(url, is_first ? '?' : '&');
    out_str(url, str_of(name));
    out_char(url, '=');
}

void
ask_param(struct out *url, const char *name, struct str value)
{
    begin_param(url, name);
    ask_escape(url, value);
}

void
ask_int_param(struct out *url, const char *name, int64_t value)
{
    begin_param(url, name);
    out_int(url, value);
}

void
ask_day_param(struct out *url, const char *name, struct date day)
{
    begin_param(url, name);
    out_date(url, day);
}
