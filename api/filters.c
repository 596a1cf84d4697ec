/* Filters in words: attribute names with escapes, values as they are. */
#include "filters.h"

#include <assert.h>
#include <string.h>

#include "problem.h"

/* Escaping makes at most six bytes of one. */
#define ESCAPED_BYTES_MAX (6 * (size_t)HEAD_BYTES_MAX)

/* What is being read, and what it becomes. */
struct filters {
    struct request *request;
    struct response *response;
    const struct reading *reading;
    struct condition *conditions; /* room for one a parameter and a class */
    size_t condition_count;
    uint32_t *attributes; /* room for as many as the list has commas */
    size_t attribute_count;
};

static bool
no_room(struct filters *filters)
{
    problem_err(filters->request, filters->response, ERR_TOO_LARGE, NULL);
    return false;
}

/*
 * Take an attribute's name off the front of *rest, up to and with the first
 * end that no backslash precedes; *ended tells whether it was there. False:
 * the response is set.
 */
static bool
take_name(struct filters *filters, struct str *rest, char end, struct str *out,
          bool *ended)
{
    char *to = arena_alloc(filters->request->arena, rest->len + 1);
    size_t len = 0, i = 0;

    if (to == NULL)
        return no_room(filters);
    for (; i < rest->len && rest->data[i] != end; i++) {
        if (rest->data[i] == '\\') {
            i++;
            if (i == rest->len || strchr(":,\\", rest->data[i]) == NULL) {
                problem_set(filters->request, filters->response,
                            PROBLEM_MALFORMED_PARAMETER,
                            "in an attribute's name a backslash stands before "
                            "a colon, a comma or a backslash alone");
                return false;
            }
        }
        to[len++] = rest->data[i];
    }
    *ended = i < rest->len;
    i += *ended;
    rest->data += i;
    rest->len -= i;
    *out = (struct str){ to, len };
    return true;
}

bool
attribute_is_known(const struct reading *reading, struct str name,
                   uint32_t *out)
{
    const struct names *names = reading->store->attributes;

    *out = names_find(names, name);
    return *out != NAME_NONE &&
           names_first_assertion(names, *out) <= reading->known_tx;
}

bool
attribute_find(struct request *request, struct response *response,
               const struct reading *reading, struct str name, uint32_t *out)
{
    if (attribute_is_known(reading, name, out))
        return true;
    problem_set(request, response, PROBLEM_MALFORMED_PARAMETER,
                "by transaction %llu nobody has asserted the attribute "
                "\"%.*s\"",
                (unsigned long long)reading->known_tx, STR_ARG(name));
    return false;
}

static bool
find_attribute(struct filters *filters, struct str name, uint32_t *out)
{
    return attribute_find(filters->request, filters->response, filters->reading,
                          name, out);
}

bool
equality_make(struct request *request, struct response *response,
              uint32_t attribute, struct str text, struct condition *out)
{
    struct out escaped;

    *out = (struct condition){ .attribute = attribute, .text = text };
    out_init(&escaped, ESCAPED_BYTES_MAX);
    value_escape(&escaped, text);
    if (out_finish(&escaped) == OK)
        out->escaped = arena_copy(request->arena, out_text(&escaped));
    out_fini(&escaped);
    if (out->escaped.data == NULL)
        problem_err(request, response, ERR_TOO_LARGE, NULL);
    return out->escaped.data != NULL;
}

/* Add an equality of an attribute. False: the response is set. */
static bool
add_equality(struct filters *filters, uint32_t attribute, struct str text)
{
    return equality_make(filters->request, filters->response, attribute, text,
                         &filters->conditions[filters->condition_count++]);
}

static void
add_null(struct filters *filters, uint32_t attribute)
{
    filters->conditions[filters->condition_count++] =
        (struct condition){ .attribute = attribute, .is_null = true };
}

/* attribute:value, or attribute alone. */
static bool
read_where(struct filters *filters, struct str text)
{
    struct str name;
    uint32_t attribute;
    bool has_value;

    if (!take_name(filters, &text, ':', &name, &has_value) ||
        !find_attribute(filters, name, &attribute))
        return false;
    if (has_value)
        return add_equality(filters, attribute, text);
    add_null(filters, attribute);
    return true;
}

bool
is_fixed_column(struct str name)
{
    return str_equal(name, STR("security_id")) ||
           str_equal(name, STR("effective_start_date")) ||
           str_equal(name, STR("effective_end_date"));
}

static bool
add_attribute(struct filters *filters, struct str name)
{
    uint32_t attribute;

    if (is_fixed_column(name)) {
        problem_set(
            filters->request, filters->response, PROBLEM_MALFORMED_PARAMETER,
            "%.*s is in every row: attributes leaves it out", STR_ARG(name));
        return false;
    }
    if (!find_attribute(filters, name, &attribute))
        return false;
    for (size_t i = 0; i < filters->attribute_count; i++) {
        if (filters->attributes[i] != attribute)
            continue;
        problem_set(filters->request, filters->response,
                    PROBLEM_MALFORMED_PARAMETER,
                    "attributes names \"%.*s\" twice", STR_ARG(name));
        return false;
    }
    filters->attributes[filters->attribute_count++] = attribute;
    return true;
}

/* a,b,c */
static bool
read_attributes(struct filters *filters, struct str text)
{
    struct str name;
    bool more = true;

    filters->attributes = arena_zalloc(filters->request->arena, text.len + 1,
                                       sizeof *filters->attributes);
    if (filters->attributes == NULL)
        return no_room(filters);
    while (more) {
        if (!take_name(filters, &text, ',', &name, &more) ||
            !add_attribute(filters, name))
            return false;
    }
    return true;
}

static bool
read_class(struct filters *filters, struct str class)
{
    uint32_t attribute =
        names_find(filters->reading->store->attributes, STR("asset_class"));

    if (!str_equal(class, STR("none")))
        return add_equality(filters, attribute, class);
    add_null(filters, attribute);
    return true;
}

bool
filters_read(struct request *request, struct response *response,
             struct str class, struct reading *reading)
{
    struct filters filters = { request, response, reading, NULL, 0, NULL, 0 };
    struct str attributes = request_param(request, "attributes");

    filters.conditions = arena_zalloc(request->arena, request->param_count + 1,
                                      sizeof *filters.conditions);
    if (filters.conditions == NULL)
        return no_room(&filters);
    if (class.data != NULL && !read_class(&filters, class))
        return false;
    for (size_t i = 0; i < request->param_count; i++) {
        if (str_equal(request->params[i].name, STR("where")) &&
            !read_where(&filters, request->params[i].value))
            return false;
    }
    if (attributes.data != NULL && !read_attributes(&filters, attributes))
        return false;
    reading->selection =
        (struct selection){ filters.conditions, filters.condition_count };
    reading->is_class_view = class.data != NULL;
    reading->projection =
        (struct projection){ filters.attributes, filters.attribute_count };
    return true;
}
