/* Answers as vendors sent them, and what they come to. */
#include <criterion/criterion.h>

#include "tests/vendor/answers.h"
#include "tests/vendor/golden.h"

static void
tickers(struct out *out, struct str body)
{
    answer_put(out, &(struct answer_case){ "massive", "tickers", 200, body });
}

static void
splits(struct out *out, struct str body)
{
    answer_put(out, &(struct answer_case){ "massive", "splits", 200, body });
}

static void
senate(struct out *out, struct str body)
{
    answer_put(out, &(struct answer_case){ "senate-stock-watcher", "trades",
                                           200, body });
}

static const struct {
    vendor_reading *read;
    const char *dir, *name;
} golden[] = {
    { tickers, GOLDEN_VENDOR_DIR "/massive", "tickers" },
    { splits, GOLDEN_VENDOR_DIR "/massive", "splits" },
    { senate, GOLDEN_VENDOR_DIR "/senate-stock-watcher", "all_transactions" },
};

Test(vendor_golden, answers_as_they_were_sent)
{
    for (size_t i = 0; i < sizeof golden / sizeof golden[0]; i++)
        expect_golden(golden[i].read, golden[i].dir, golden[i].name);
}
