/* Texts are unescaped one behind the other, each then copied. */
#include "listed_names.h"

#include <stdlib.h>

static enum err
add(struct listed_names *listed, uint32_t row, struct str escaped,
    struct out *scratch)
{
    struct str text;

    out_reset(scratch);
    value_unescape(scratch, escaped);
    TRY(out_finish(scratch));
    text = arena_copy(&listed->kept, out_text(scratch));
    if (text.data == NULL)
        return ERR_BUSY;
    listed->rows[listed->names.count] = row;
    listed->texts[listed->names.count++] = text;
    return OK;
}

static enum err
add_all(struct listed_names *listed, const struct listing *listing,
        enum listed_field field)
{
    struct out scratch;
    enum err err = OK;

    out_init(&scratch, SIZE_MAX);
    for (uint32_t i = 0; i < listing->count && err == OK; i++) {
        const struct value *value = &listing->rows[i].fields[field];

        if (value->type != VALUE_NULL)
            err = add(listed, i, value->text, &scratch);
    }
    out_fini(&scratch);
    return err;
}

enum err
listed_names_init(struct listed_names *listed, const struct listing *listing,
                  enum listed_field field)
{
    *listed = (struct listed_names){
        .rows = calloc(listing->count + 1U, sizeof *listed->rows),
        .texts = calloc(listing->count + 1U, sizeof *listed->texts),
    };
    arena_init(&listed->kept, SIZE_MAX);
    if (listed->rows == NULL || listed->texts == NULL)
        return ERR_BUSY;
    listed->names.texts = listed->texts;
    return add_all(listed, listing, field);
}

void
listed_names_fini(struct listed_names *listed)
{
    free(listed->rows);
    free(listed->texts);
    arena_fini(&listed->kept);
}
