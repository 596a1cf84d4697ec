/* Sorted by hash: neighbours are then neighbours on disk, too. */
#include "sought.h"

#include <stdlib.h>

#include "array.h"
#include "secmaster/value.h"
#include "secmaster/xxh64.h"

void
sought_init(struct sought *sought)
{
    *sought = (struct sought){ 0 };
    out_init(&sought->escaped, SIZE_MAX);
    arena_init(&sought->kept, SIZE_MAX);
}

void
sought_fini(struct sought *sought)
{
    free(sought->names);
    free(sought->texts);
    out_fini(&sought->escaped);
    arena_fini(&sought->kept);
}

static int
compare_texts(uint64_t hash, struct str text, uint64_t other_hash,
              struct str other)
{
    if (hash != other_hash)
        return hash < other_hash ? -1 : 1;
    return str_compare(text, other);
}

static int
compare_names(const void *left, const void *right)
{
    const struct sought_name *a = left, *b = right;

    return compare_texts(a->hash, a->text, b->hash, b->text);
}

static enum err
escape(struct sought *sought, struct str text, struct str *out)
{
    *out = text;
    if (value_is_plain(text))
        return OK;
    out_reset(&sought->escaped);
    value_escape(&sought->escaped, text);
    TRY(out_finish(&sought->escaped));
    *out = arena_copy(&sought->kept, out_text(&sought->escaped));
    return out->data == NULL ? ERR_BUSY : OK;
}

static enum err
reserve(struct sought *sought, size_t count)
{
    struct sought_name *names =
        array_reserve(sought->names, &sought->capacity, count, sizeof *names);
    struct str *texts;

    if (names == NULL)
        return ERR_BUSY;
    sought->names = names;
    texts = array_reserve(sought->texts, &sought->text_capacity, count,
                          sizeof *texts);
    if (texts == NULL)
        return ERR_BUSY;
    sought->texts = texts;
    return OK;
}

/* Each text once. */
static void
list_texts(struct sought *sought)
{
    size_t kept = 0;

    for (size_t i = 0; i < sought->count; i++) {
        const struct str text = sought->names[i].text;

        if (kept == 0 || !str_equal(sought->texts[kept - 1], text))
            sought->texts[kept++] = text;
    }
    sought->text_count = kept;
}

enum err
sought_take(struct sought *sought, const struct str *texts, size_t count)
{
    TRY(reserve(sought, count));
    arena_reset(&sought->kept);
    sought->count = count;
    for (size_t i = 0; i < count; i++) {
        struct sought_name *name = &sought->names[i];

        TRY(escape(sought, texts[i], &name->text));
        name->hash = hash_xxh64(name->text);
        name->name = i;
    }
    if (count > 1)
        qsort(sought->names, count, sizeof *sought->names, compare_names);
    list_texts(sought);
    return OK;
}

int
sought_compare(const struct sought *sought, uint64_t hash, struct str text,
               size_t place)
{
    const struct str other = sought->texts[place];

    return compare_texts(hash, text, hash_xxh64(other), other);
}
