/* Answers of every vendor and dataset: whatever they hold, no more than rows or
 * reasons comes of it, and no link that carries a key. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tests/vendor/answers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* By the first byte: of 200, and behind them of 404. */
static const struct {
    const char *vendor, *dataset;
} doors[] = {
    { "massive", "tickers" },
    { "massive", "open-close" },
    { "massive", "splits" },
    { "benzinga", "trades" },
    { "senate-stock-watcher", "trades" },
};
#define DOORS (sizeof doors / sizeof doors[0])

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct answer_case answer;
    struct out out;
    const char *query;
    char *line;
    size_t door;

    if (size == 0 || (data[0] & 15) >= 2 * DOORS)
        return 0;
    door = (data[0] & 15) % DOORS;
    answer = (struct answer_case){
        .vendor = doors[door].vendor,
        .dataset = doors[door].dataset,
        .status = (data[0] & 15) < DOORS ? 200 : 404,
        .body = { (const char *)data + 1, size - 1 },
    };
    out_init(&out, SIZE_MAX);
    answer_put(&out, &answer);
    out_char(&out, '\0');
    assert(out_finish(&out) == OK);
    line = memchr(out.data, '\n', out.len);
    assert(line != NULL);
    *line = '\0';
    query = strchr(out.data, '?');
    assert(query == NULL || strncmp(query, "?apiKey=", 8) != 0);
    assert(query == NULL || strstr(query, "&apiKey=") == NULL);
    out_fini(&out);
    return 0;
}
