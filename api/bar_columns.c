/* columns=: names of columns with commas between them, each once. */
#include "bar_columns.h"

#include <assert.h>
#include <stdio.h>

#include "field.h"
#include "problem.h"

/* All names of a table, with ", " between them. */
#define NAMES_BYTES_MAX 256

void
bar_columns_add(struct bar_columns *columns, const char *name, unsigned code)
{
    assert(columns->count < CELLS_MAX);
    assert(code <= UINT8_MAX);

    columns->names[columns->count] = name;
    columns->codes[columns->count] = (uint8_t)code;
    columns->count++;
}

/* Where the name stands; count: nowhere. */
static unsigned
find(const struct bar_columns *columns, struct str name)
{
    unsigned i = 0;

    while (i < columns->count && !str_equal(name, str_of(columns->names[i])))
        i++;
    return i;
}

static void
refuse_unknown(struct request *request, struct response *response,
               const struct bar_columns *all, unsigned fixed, struct str name)
{
    char names[NAMES_BYTES_MAX];
    size_t len = 0;

    for (unsigned i = fixed; i < all->count; i++) {
        int n = snprintf(names + len, sizeof names - len, "%s%s",
                         i == fixed ? "" : ", ", all->names[i]);

        assert(n > 0);
        assert((size_t)n < sizeof names - len);
        len += (size_t)n;
    }
    /* The client's own text last: it may be cut off. */
    problem_set(request, response, PROBLEM_MALFORMED_PARAMETER,
                "columns are some of %s, with commas between them; there is "
                "no \"%.*s\"",
                names, STR_ARG(name));
}

bool
bar_columns_read(struct request *request, struct response *response,
                 unsigned fixed, struct bar_columns *columns)
{
    const struct bar_columns all = *columns;
    struct str rest = request_param(request, "columns");

    assert(fixed < all.count);

    if (rest.data == NULL)
        return true;
    columns->count = fixed;
    /* Behind the last name nothing is left, not even an empty one. */
    while (rest.data != NULL) {
        struct str name = field_cut(&rest, ',');
        unsigned at = find(&all, name);

        if (at == all.count) {
            refuse_unknown(request, response, &all, fixed, name);
            return false;
        }
        if (find(columns, name) < columns->count) {
            problem_set(request, response, PROBLEM_MALFORMED_PARAMETER,
                        at < fixed
                            ? "%.*s is in every row: columns does not name it"
                            : "columns names \"%.*s\" twice",
                        STR_ARG(name));
            return false;
        }
        bar_columns_add(columns, all.names[at], all.codes[at]);
    }
    return true;
}

void
bar_columns_name(const struct bar_columns *columns, struct cells_writer *cells)
{
    for (unsigned i = 0; i < columns->count; i++)
        cells_add(cells, str_of(columns->names[i]));
}
