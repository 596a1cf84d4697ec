/* Listings: rows page by page, and a page taken back. */
#include "secmaster/listing.h"

#include <criterion/criterion.h>
#include <string.h>

static void
add(struct listing *listing, char *name, uint32_t row)
{
    const struct listed listed = {
        .place = { .row = row },
        .fields = { [LISTED_TICKER] = { VALUE_STRING, str_of(name) },
                    [LISTED_NAME] = VALUE_OF_NULL,
                    [LISTED_ACTIVE] = VALUE_OF_TRUE },
    };
    const struct listed_split split = {
        .place = { .row = row },
        .ticker = str_of(name),
        .execution = { 7 },
        .from = str_of(name),
        .to = str_of(name),
    };

    cr_assert_eq(listing_add(listing, &listed), OK);
    cr_assert_eq(listing_add_split(listing, &split), OK);
}

/* "PAGE.ROW TICKER" of rows, then "PAGE.ROW TICKER FROM TO" of splits. */
static void
expect(const struct listing *listing, const char *wanted)
{
    struct out got;

    out_init(&got, 1UL << 16);
    for (uint32_t i = 0; i < listing->count; i++)
        out_print(&got, "%u.%u %.*s\n", listing->rows[i].place.page,
                  listing->rows[i].place.row,
                  STR_ARG(listing->rows[i].fields[LISTED_TICKER].text));
    for (uint32_t i = 0; i < listing->split_count; i++) {
        const struct listed_split *split = &listing->splits[i];

        out_print(&got, "%u.%u %.*s %.*s %.*s\n", split->place.page,
                  split->place.row, STR_ARG(split->ticker),
                  STR_ARG(split->from), STR_ARG(split->to));
    }
    cr_expect(str_equal(out_text(&got), str_of(wanted)), "%.*s",
              STR_ARG(out_text(&got)));
    out_fini(&got);
}

Test(listing, keeps_copies_and_takes_back_the_last_page)
{
    struct listing listing;
    char name[] = "A";

    listing_init(&listing);
    add(&listing, name, 0);
    listing.page = 1;
    name[0] = 'B';
    add(&listing, name, 0);
    name[0] = 'C';
    add(&listing, name, 1);
    expect(&listing, "0.0 A\n1.0 B\n1.1 C\n0.0 A A A\n1.0 B B B\n1.1 C C C\n");
    listing_drop_page(&listing, 0);
    cr_expect_eq(listing.count, 3, "that is not the last one");
    listing_drop_page(&listing, 1);
    expect(&listing, "0.0 A\n0.0 A A A\n");
    listing_drop_page(&listing, 1);
    expect(&listing, "0.0 A\n0.0 A A A\n");
    name[0] = 'D';
    add(&listing, name, 5);
    expect(&listing, "0.0 A\n1.5 D\n0.0 A A A\n1.5 D D D\n");
    listing_fini(&listing);
}

Test(listing, grows_and_has_an_end)
{
    static char text[1024];
    struct listing listing;
    uint32_t count = 0;
    struct listed row = {
        .fields = { [LISTED_TICKER] = { VALUE_STRING, { text, sizeof text } } },
    };

    memset(text, 'A', sizeof text);
    listing_init(&listing);
    listing.arena.budget = 1UL << 20;
    while (listing_add(&listing, &row) == OK)
        count++;
    cr_expect_gt(count, 900, "%u", count);
    cr_expect_lt(count, 1025, "%u", count);
    cr_expect_eq(listing.count, count, "what does not fit is not there");
    cr_expect_eq(listing_add(&listing, &row), ERR_TOO_LARGE);
    cr_expect(str_equal(listing.rows[count - 1].fields[LISTED_TICKER].text,
                        row.fields[LISTED_TICKER].text));
    listing_fini(&listing);
}
