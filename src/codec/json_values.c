/* yajl's events as values: what is wanted is told, the rest passed over. */
#include "json_values.h"

#include <stdio.h>

/* What an event answers: go on? */
enum { STOP = 0, GO_ON = 1 };

static int
answer(struct json_values *values, enum err err)
{
    values->err = err;
    return err == OK ? GO_ON : STOP;
}

static int
take(struct json_values *values, struct token token)
{
    if (json_skip_is_on(&values->skip))
        return GO_ON;
    return answer(values, values->hooks->take(values->context, token));
}

static int
on_null(void *context)
{
    return take(context, (struct token){ .type = TOKEN_NULL });
}

static int
on_boolean(void *context, int truth)
{
    struct token token = { .type = truth ? TOKEN_TRUE : TOKEN_FALSE };

    return take(context, token);
}

static int
on_number(void *context, const char *text, size_t len)
{
    return take(context, (struct token){ TOKEN_NUMBER, { text, len } });
}

static int
on_string(void *context, const unsigned char *text, size_t len)
{
    struct token token = { TOKEN_STRING, { (const char *)text, len } };

    return take(context, token);
}

static int
begin(struct json_values *values, enum err (*hook)(void *, bool *))
{
    bool is_wanted = false;
    enum err err = OK;

    if (!json_skip_is_on(&values->skip)) {
        err = hook(values->context, &is_wanted);
        if (err == OK && !is_wanted)
            err = values->hooks->take(values->context,
                                      (struct token){ .type = TOKEN_NESTED });
    }
    if (!is_wanted)
        json_skip_begin(&values->skip);
    return answer(values, err);
}

static int
on_start_map(void *context)
{
    struct json_values *values = context;

    return begin(values, values->hooks->begin_map);
}

static int
on_start_array(void *context)
{
    struct json_values *values = context;

    return begin(values, values->hooks->begin_array);
}

static int
on_map_key(void *context, const unsigned char *text, size_t len)
{
    struct json_values *values = context;
    struct str name = { (const char *)text, len };

    if (!json_skip_is_on(&values->skip))
        return answer(values, values->hooks->key(values->context, name));
    if (json_skip_key(&values->skip, name))
        return answer(values, json_values_duplicate(values, name));
    return GO_ON;
}

static int
on_end(void *context)
{
    struct json_values *values = context;

    if (!json_skip_is_on(&values->skip))
        return answer(values, values->hooks->end(values->context));
    json_skip_end(&values->skip);
    return GO_ON;
}

const yajl_callbacks json_values_callbacks = {
    .yajl_null = on_null,
    .yajl_boolean = on_boolean,
    .yajl_number = on_number,
    .yajl_string = on_string,
    .yajl_start_map = on_start_map,
    .yajl_map_key = on_map_key,
    .yajl_end_map = on_end,
    .yajl_start_array = on_start_array,
    .yajl_end_array = on_end,
};

enum err
json_values_duplicate(struct json_values *values, struct str name)
{
    struct str shown = name_clip(name);

    (void)snprintf(values->fault, sizeof values->fault,
                   "duplicate member \"%.*s\"", STR_ARG(shown));
    return ERR_MALFORMED;
}
