/* Ids for requests that bring none. */
#include <string.h>
#include <sys/random.h>

#include "exchange.h"

enum err
origin_init(struct origin *origin, struct service *service, struct inbox *home,
            struct why *why)
{
    static const char hex[] = "0123456789abcdef";
    uint64_t random;

    *origin = (struct origin){ .service = service, .home = home };
    if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random)
        return why_set(why, ERR_INTERNAL, "no random numbers");
    for (size_t i = 0; i < ID_PREFIX_BYTES - 1; i++, random >>= 4)
        origin->id_prefix[i] = hex[random & 0xf];
    origin->id_prefix[ID_PREFIX_BYTES - 1] = '-';
    return OK;
}

struct str
origin_new_id(struct origin *origin, struct arena *arena)
{
    char *text = arena_alloc(arena, ID_PREFIX_BYTES + NUMBER_TEXT_BYTES);
    struct str number;

    if (text == NULL)
        return (struct str){ NULL, 0 };
    memcpy(text, origin->id_prefix, ID_PREFIX_BYTES);
    number = number_text(++origin->requests, text + ID_PREFIX_BYTES);
    memmove(text + ID_PREFIX_BYTES, number.data, number.len + 1);
    return (struct str){ text, ID_PREFIX_BYTES + number.len };
}
