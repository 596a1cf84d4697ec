/* What a fact's names may be. */
#include "secmaster/fact.h"

#include <stdbool.h>

#include "secmaster/bounds.h"
#include "secmaster/utf8.h"

/* The limits stand in texts that are static, so they are spelled here. */
#define SPELL(number) #number
#define SPELLED(number) SPELL(number)

#define NAME(literal)                                                          \
    {                                                                          \
        literal, sizeof(literal) - 1                                           \
    }

/* Columns of our own tables: an attribute of that name would be two columns. */
static bool
is_reserved(struct str name)
{
    static const struct str reserved[] = {
        NAME("security_id"),
        NAME("effective_start_date"),
        NAME("effective_end_date"),
        NAME("quantity"),
        NAME("date"),
        NAME("portfolio"),
        NAME("source"),
    };

    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
        if (str_equal(name, reserved[i]))
            return true;
    }
    return false;
}

static bool
is_label_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

const char *
attribute_name_fault(struct str name)
{
    if (name.len == 0)
        return "an attribute's name is empty";
    if (name.len > ATTRIBUTE_BYTES_MAX)
        return "an attribute's name is longer than " SPELLED(
            ATTRIBUTE_BYTES_MAX) " bytes";
    if (utf8_span(name) != name.len)
        return "an attribute's name is not UTF-8";
    if (utf8_has_control(name))
        return "an attribute's name has a control character";
    if (is_reserved(name))
        return "this attribute name is reserved";
    return NULL;
}

const char *
source_name_fault(struct str name)
{
    if (name.len == 0)
        return "a source's name is empty";
    if (name.len > SOURCE_BYTES_MAX)
        return "a source's name is longer than " SPELLED(
            SOURCE_BYTES_MAX) " bytes";
    if (utf8_span(name) != name.len)
        return "a source's name is not UTF-8";
    if (utf8_has_control(name))
        return "a source's name has a control character";
    return NULL;
}

const char *
label_fault(struct str text)
{
    static const char fault[] = "a label behind \"new:\" must be 1 to " SPELLED(
        LABEL_BYTES_MAX) " of A-Z, a-z, 0-9, '.', '_' and '-'";

    if (text.len == 0 || text.len > LABEL_BYTES_MAX)
        return fault;
    for (size_t i = 0; i < text.len; i++) {
        if (!is_label_char(text.data[i]))
            return fault;
    }
    return NULL;
}
