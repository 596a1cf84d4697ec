/* What a load tells those who watch it. */
#include <criterion/criterion.h>

#include "src/load_progress.h"

Test(load_progress, tells_done_rate_and_time_left)
{
    static const struct {
        long long total;
        uint64_t bytes, facts;
        int64_t elapsed_us;
        const char *text;
    } cases[] = {
        { 2000000, 1000000, 30000, 2000000,
          "[############------------]  50 %  1.0 of 2.0 MB  15000 rows/s  "
          "2 s left" },
        { 2000000, 2000000, 60000, 4000000,
          "[########################] 100 %  2.0 of 2.0 MB  15000 rows/s  "
          "0 s left" },
        { 2000000, 3000000, 60000, 4000000,
          "[########################] 100 %  3.0 of 2.0 MB  15000 rows/s  "
          "0 s left" },
        { 2000000, 0, 0, 0,
          "[------------------------]   0 %  0.0 of 2.0 MB  0 rows/s" },
        { -1, 1500000, 500, 1000000, "1.5 MB  500 rows/s" },
        { 0, 0, 0, 1000000, "0.0 MB  0 rows/s" },
    };

    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        const struct load_progress progress = { .bytes_total = cases[c].total };
        char text[128];

        load_progress_text(&progress, cases[c].bytes, cases[c].facts,
                           cases[c].elapsed_us, text, sizeof text);
        cr_expect_str_eq(text, cases[c].text, "row %zu", c);
    }
}
