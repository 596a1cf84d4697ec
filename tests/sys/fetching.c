/* What the fetcher's tests share. */
#include "fetching.h"

#include <assert.h>
#include <stdio.h>

#include "secmaster/gzip.h"

const struct fetcher_options plain_options = {
    .unpack = gzip_unpack_whole,
    .user_agent = "secmaster/test",
};

struct fetch
fetch_of(const char *base, const char *path)
{
    static char url[256];

    snprintf(url, sizeof url, "%s%s", base, path);
    return (struct fetch){ .url = url,
                           .bearer = KEY,
                           .timeout_ms = FETCH_TIMEOUT_MS,
                           .body_bytes_max = FETCHED_BYTES_MAX };
}

struct fetch_answer
fetch_one(const struct fetcher_options *options, const struct fetch *fetch)
{
    struct fetcher *fetcher = fetcher_new(options);
    struct fetch_answer answer;
    struct why why = { "no memory" };

    if (fetcher == NULL || fetcher_start(fetcher, fetch, &why) != OK) {
        fprintf(stderr, "%s: %s\n", fetch->url, why.text);
        assert(false && "a fetch starts");
    }
    do
        fetcher_turn(fetcher, 1000);
    while (!fetcher_done(fetcher, &answer));
    assert(fetcher_count(fetcher) == 0);
    fetcher_free(fetcher);
    return answer;
}
