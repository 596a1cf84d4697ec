/* The asset classes of a day, and the type-2 rows of one class. */
#include <assert.h>
#include <stdlib.h>

#include "filters.h"
#include "knowledge.h"
#include "problem.h"
#include "service.h"
#include "table.h"

/* Securities counted by the JSON text of their class. */
struct count {
    struct names *classes; /* id -> JSON text */
    uint64_t *securities;  /* by id */
    uint32_t capacity;
    uint64_t without;   /* null or no class */
    uint32_t attribute; /* asset_class's id, or NAME_NONE */
    struct out text;    /* of the present row's class */
    enum err err;
};

static enum err
count_init(struct count *count, const struct store *store)
{
    *count = (struct count){
        .classes = names_new(store->seed),
        .attribute = names_find(store->attributes, STR("asset_class")),
    };
    out_init(&count->text, 8 * (size_t)VALUE_BYTES_MAX);
    return count->classes == NULL ? ERR_BUSY : OK;
}

static void
count_fini(struct count *count)
{
    names_free(count->classes);
    free(count->securities);
    out_fini(&count->text);
}

static enum err
count_class(struct count *count, struct value class)
{
    struct str text;
    uint32_t id;

    out_reset(&count->text);
    value_json(&count->text, class);
    TRY(out_finish(&count->text));
    text = out_text(&count->text);
    id = names_find(count->classes, text);
    if (id != NAME_NONE) {
        count->securities[id]++;
        return OK;
    }
    id = names_count(count->classes);
    if (id == count->capacity) {
        uint32_t capacity = id == 0 ? 16 : id * 2;
        uint64_t *bigger =
            realloc(count->securities, capacity * sizeof *bigger);

        if (bigger == NULL)
            return ERR_BUSY;
        count->securities = bigger;
        count->capacity = capacity;
    }
    count->securities[id] = 1;
    return names_add(count->classes, text);
}

static enum visit
visit_row(void *context, const struct row *row)
{
    struct count *count = context;
    struct value class = VALUE_OF_NULL;

    for (size_t i = 0; i < row->cell_count; i++) {
        if (row->cells[i].attribute == count->attribute)
            class = row->cells[i].value;
    }
    if (class.type == VALUE_NULL)
        count->without++;
    else
        count->err = count_class(count, class);
    return count->err == OK ? VISIT_NEXT : VISIT_STOP;
}

static int
by_text(const void *a, const void *b, void *context)
{
    const struct names *classes = context;

    return str_compare(names_text(classes, *(const uint32_t *)a),
                       names_text(classes, *(const uint32_t *)b));
}

static void
put_class(struct out *out, struct str class, uint64_t securities)
{
    if (out->data[out->len - 1] == '}')
        out_char(out, ',');
    out_print(out, "{\"asset_class\":%.*s,\"securities\":%llu}", STR_ARG(class),
              (unsigned long long)securities);
}

static enum err
write_classes(const struct count *count, struct out *out)
{
    uint32_t total = names_count(count->classes);
    uint32_t *order = calloc((size_t)total + 1, sizeof *order);

    if (order == NULL)
        return ERR_BUSY;
    for (uint32_t i = 0; i < total; i++)
        order[i] = i;
    qsort_r(order, total, sizeof *order, by_text, count->classes);
    out_str(out, STR("{\"asset_classes\":["));
    for (uint32_t i = 0; i < total && out_finish(out) == OK; i++)
        put_class(out, names_text(count->classes, order[i]),
                  count->securities[order[i]]);
    if (count->without > 0 && out_finish(out) == OK)
        put_class(out, STR("null"), count->without);
    out_str(out, STR("]}"));
    free(order);
    return out_finish(out);
}

static void
handle_list(struct request *request, struct response *response)
{
    struct store *store = request->service->store;
    struct turn turn = TURN_WHOLE(0);
    struct why why = { 0 };
    struct reading reading;
    struct clocks clocks;
    struct count count;
    enum err err;

    if (!clocks_read(request, response, &clocks))
        return;
    reading = reading_all(store, clocks.known_tx);
    reading.window.from = clocks.as_of;
    reading.window.to.days = clocks.as_of.days + 1;
    err = count_init(&count, store);
    if (err == OK)
        err = reading_rows(&reading, &turn, visit_row, &count, &why);
    if (err == OK)
        err = count.err;
    if (err == OK)
        err = write_classes(&count, &response->body);
    count_fini(&count);
    if (err != OK) {
        problem_err(request, response, err, &why);
        return;
    }
    response->status = 200;
    response->media = MEDIA_JSON;
}

static void
handle_one(struct request *request, struct response *response)
{
    struct reading reading;
    struct clocks clocks;
    struct window window;

    assert(request->segment_count == 1);
    if (!clocks_read(request, response, &clocks) ||
        !window_read(request, response, &window))
        return;
    reading = reading_all(request->service->store, clocks.known_tx);
    reading.window = window;
    if (filters_read(request, response, request->segments[0], &reading))
        table_answer(request, response, &reading, &clocks);
}

static const char *const list_params[] = {
    "as_of",
    "known_at",
    "known_tx",
    NULL,
};

const struct endpoint endpoint_asset_classes = {
    .place = ON_WORKER,
    .gives = MEDIA_BIT(MEDIA_JSON),
    .params = list_params,
    .handle = handle_list,
};

static const char *const one_params[] = {
    "from",   "to",    "known_at",   "known_tx", "limit",
    "cursor", "where", "attributes", NULL,
};

const struct endpoint endpoint_asset_class = {
    .place = ON_WORKER,
    .gives = MEDIA_TABLES,
    .params = one_params,
    .handle = handle_one,
};
