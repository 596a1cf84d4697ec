/* The archive: whole pages under plain names, for a while. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "secmaster/archive.h"
#include "tests/support/temp_dir.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define TEXT(text)                                                             \
    {                                                                          \
        (text), sizeof(text) - 1                                               \
    }

static struct temp_dir dir;
static struct archive *archive;

static void
set_up(void)
{
    struct why why;

    temp_dir_make(&dir);
    cr_assert_eq(archive_open(dir.path, 1, &archive, &why), OK, "%s", why.text);
}

static void
tear_down(void)
{
    archive_close(archive);
    temp_dir_remove(&dir);
}

static struct archive_page
page_of(const char *date, uint64_t run, uint32_t number)
{
    struct archive_page page = { .vendor = STR("polygon"),
                                 .dataset = STR("open-close"),
                                 .run = run,
                                 .page = number };

    cr_assert_eq(date_parse(str_of(date), &page.date), OK);
    return page;
}

static void
put(struct archive_page page, const char *bytes)
{
    struct why why;

    cr_assert_eq(archive_put(archive, &page, str_of(bytes), &why), OK, "%s",
                 why.text);
}

static bool
is_there(const char *name)
{
    char path[PATH_MAX];
    struct stat status;

    return lstat(temp_path(path, dir.path, name), &status) == 0;
}

static unsigned
mode_of(const char *name)
{
    char path[PATH_MAX];
    struct stat status;

    cr_assert_eq(stat(temp_path(path, dir.path, name), &status), 0, "%s", name);
    return status.st_mode & 07777;
}

static void
make(const char *name)
{
    char path[PATH_MAX];

    temp_write(temp_path(path, dir.path, name), "x", 1);
}

static void
expect_page(struct archive_page page, struct str bytes)
{
    struct out got;
    struct why why;

    out_init(&got, bytes.len);
    cr_expect_eq(archive_get(archive, &page, &got, &why), OK, "%s", why.text);
    cr_expect(str_equal(out_text(&got), bytes), "%zu bytes", got.len);
    out_fini(&got);
}

#define DAY "raw/polygon/open-close/2024-12-02"

Test(archive, gives_back_what_was_put, .init = set_up, .fini = tear_down)
{
    static char large[100000];
    struct archive_page page = page_of("2024-12-02", 7, 0);
    struct archive_page huge = page_of("2024-12-02", UINT64_MAX, UINT32_MAX);
    struct out got;
    struct why why;

    memset(large, '\x8b', sizeof large);
    large[5] = '\0';
    put(page, "first");
    cr_assert_eq(
        archive_put(archive, &huge, (struct str){ large, sizeof large }, &why),
        OK);
    expect_page(page, STR("first"));
    expect_page(huge, (struct str){ large, sizeof large });
    cr_expect(is_there(DAY "/7-0.json.gz"));
    cr_expect(is_there(DAY "/18446744073709551615-4294967295.json.gz"));
    cr_expect_eq(mode_of("raw"), 0700);
    cr_expect_eq(mode_of("raw/polygon"), 0700);
    cr_expect_eq(mode_of("raw/polygon/open-close"), 0700);
    cr_expect_eq(mode_of(DAY), 0700);
    cr_expect_eq(mode_of(DAY "/7-0.json.gz"), 0600);
    cr_expect_not(is_there(DAY "/.7-0.tmp"));

    put(page, "");
    expect_page(page, STR(""));
    put(page, "again, and longer");
    archive_close(archive);
    cr_assert_eq(archive_open(dir.path, 0, &archive, &why), OK, "%s", why.text);
    expect_page(page, STR("again, and longer"));

    out_init(&got, 16);
    cr_expect_eq(archive_get(archive, &page, &got, &why), ERR_TOO_LARGE);
    out_fini(&got);
}

Test(archive, knows_only_its_pages, .init = set_up, .fini = tear_down)
{
    struct archive_page page = page_of("2024-12-02", 7, 1), other;
    struct out got;
    struct why why;

    put(page, "x");
    out_init(&got, 100);
    for (int i = 0; i < 5; i++) {
        other = page;
        switch (i) {
        case 0:
            other.vendor = STR("polygo");
            break;
        case 1:
            other.dataset = STR("tickers");
            break;
        case 2:
            other.date.days++;
            break;
        case 3:
            other.run++;
            break;
        case 4:
            other.page++;
            break;
        }
        why.text[0] = '\0';
        cr_expect_eq(archive_get(archive, &other, &got, &why), ERR_NOT_FOUND,
                     "row %d", i);
        cr_expect_neq(strstr(why.text, "No such file"), NULL, "%s", why.text);
        cr_expect_eq(got.len, 0);
    }
    out_fini(&got);
}

#define LONGEST                                                                \
    "0123456789012345678901234567890123456789012345678901234567890123"

Test(archive, takes_plain_names, .init = set_up, .fini = tear_down)
{
    static const struct {
        struct str name;
        enum err err;
    } names[] = {
        { TEXT("a"), OK },
        { TEXT("A-z_0.9"), OK },
        { TEXT("a..b"), OK },
        { TEXT("-"), OK },
        { TEXT(LONGEST), OK },
        { TEXT(LONGEST "0"), ERR_INVALID },
        { TEXT(""), ERR_INVALID },
        { TEXT("."), ERR_INVALID },
        { TEXT(".."), ERR_INVALID },
        { TEXT(".hidden"), ERR_INVALID },
        { TEXT("a/b"), ERR_INVALID },
        { TEXT("../a"), ERR_INVALID },
        { TEXT("/etc"), ERR_INVALID },
        { TEXT("a\0b"), ERR_INVALID },
        { TEXT("a b"), ERR_INVALID },
        { TEXT("a\n"), ERR_INVALID },
        { TEXT("\xc3\xa9"), ERR_INVALID },
        { TEXT("a\\b"), ERR_INVALID },
    };

    for (size_t i = 0; i < COUNT(names); i++) {
        struct archive_page page = page_of("2024-12-02", 1, 1);
        struct out got;
        enum err err;

        out_init(&got, 100);
        page.vendor = names[i].name;
        err = archive_put(archive, &page, STR("x"), NULL);
        cr_expect_eq(err, names[i].err, "vendor %zu: %d", i, err);
        err = archive_get(archive, &page, &got, NULL);
        cr_expect_eq(err, names[i].err, "vendor %zu: %d", i, err);
        page.vendor = STR("polygon");
        page.dataset = names[i].name;
        err = archive_put(archive, &page, STR("x"), NULL);
        cr_expect_eq(err, names[i].err, "dataset %zu: %d", i, err);
        out_fini(&got);
    }
}

/* What a crash leaves behind goes; nothing else does. */
Test(archive, cleans_up_at_start, .init = set_up, .fini = tear_down)
{
    static const char *const strangers[] = {
        "raw/.7-1.tmp",  DAY "/notes.txt",
        DAY "/.hidden",  DAY "/7-2.tmp",
        "raw/file",      "raw/polygon/.x.tmp",
        DAY "/.tmp-not", "raw/polygon/open-close/.7-3.tmp",
    };
    struct archive_page page = page_of("2024-12-02", 7, 0);
    struct why why;

    put(page, "x");
    for (size_t i = 0; i < COUNT(strangers); i++)
        make(strangers[i]);
    make(DAY "/.7-1.tmp");
    make(DAY "/.7-0.tmp");
    archive_close(archive);
    cr_assert_eq(archive_open(dir.path, 1, &archive, &why), OK, "%s", why.text);
    cr_expect_not(is_there(DAY "/.7-1.tmp"));
    cr_expect_not(is_there(DAY "/.7-0.tmp"));
    expect_page(page, STR("x"));
    for (size_t i = 0; i < COUNT(strangers); i++)
        cr_expect(is_there(strangers[i]), "%s", strangers[i]);

    /* Left by a write of ours that failed before its end. */
    make(DAY "/.7-5.tmp");
    put(page_of("2024-12-02", 7, 5), "y");
    expect_page(page_of("2024-12-02", 7, 5), STR("y"));
    cr_expect_not(is_there(DAY "/.7-5.tmp"));
}

/* Runs 3 and 10 of one vendor's dataset on one day. */
static bool
is_wanted(void *asked, const struct archive_page *page)
{
    ++*(size_t *)asked;
    return str_equal(page->vendor, STR("polygon")) &&
           str_equal(page->dataset, STR("open-close")) &&
           page->date.days == 20058 && (page->run == 3 || page->run == 10) &&
           (page->page == 0 || page->page == 12);
}

static bool
is_never_wanted(void *asked, const struct archive_page *page)
{
    (void)page;
    ++*(size_t *)asked;
    return false;
}

Test(archive, forgets_old_days_but_wanted_pages, .init = set_up,
     .fini = tear_down)
{
    static const struct {
        const char *date, *vendor;
        uint64_t run;
        bool stays;
    } pages[] = {
        { "2024-11-30", "polygon", 1, false },
        { "2024-11-30", "benzinga", 2, false },
        { "2024-12-01", "polygon", 3, true }, /* wanted */
        { "2024-12-01", "benzinga", 3,
          false }, /* another's of the same number */
        { "2024-11-30", "polygon", 3, false },
        { "2024-12-01", "polygon", 4, false },
        { "2024-12-01", "polygon", 33, false },
        { "2024-12-01", "polygon", 10, true }, /* wanted */
        { "2024-12-02", "polygon", 5, true },
        { "2024-12-03", "benzinga", 6, true },
    };
    static const char *const strangers[] = {
        "raw/polygon/open-close/2024-12-01/notes.json.gz",
        "raw/polygon/open-close/2024-12-01/04-0.json.gz",
        "raw/polygon/open-close/2024-12-01/4-00.json.gz",
        "raw/polygon/open-close/2024-12-01/4-0.json",
        "raw/polygon/open-close/2024-12-01/4.json.gz",
        "raw/polygon/open-close/2024-12-01/4-4294967296.json.gz",
        "raw/polygon/open-close/2024-12-01/18446744073709551616-0.json.gz",
        "raw/polygon/open-close/4-0.json.gz",
        "raw/4-0.json.gz",
    };
    size_t removed, asked = 0;
    struct archive_prune prune = { .is_wanted = is_wanted, .context = &asked };
    struct why why;

    for (size_t i = 0; i < COUNT(pages); i++) {
        struct archive_page page = page_of(pages[i].date, pages[i].run, 0);

        page.vendor = str_of(pages[i].vendor);
        put(page, "a");
        page.page = 12;
        put(page, "b");
    }
    for (size_t i = 0; i < COUNT(strangers); i++)
        make(strangers[i]);
    cr_assert_eq(date_parse(STR("2024-12-02"), &prune.before), OK);
    cr_assert_eq(archive_prune(archive, &prune, &removed, &why), OK, "%s",
                 why.text);
    cr_expect_eq(removed, 12, "%zu", removed);
    cr_expect_eq(asked, 16, "pages of old days, no others: %zu", asked);
    for (size_t i = 0; i < COUNT(pages); i++) {
        char name[256];

        for (int page = 0; page <= 12; page += 12) {
            snprintf(name, sizeof name,
                     "raw/%s/open-close/%s/%" PRIu64 "-%d.json.gz",
                     pages[i].vendor, pages[i].date, pages[i].run, page);
            cr_expect_eq(is_there(name), pages[i].stays, "%s", name);
        }
    }
    for (size_t i = 0; i < COUNT(strangers); i++)
        cr_expect(is_there(strangers[i]), "%s", strangers[i]);
    cr_expect_not(is_there("raw/polygon/open-close/2024-11-30"));
    cr_expect_not(is_there("raw/benzinga/open-close/2024-11-30"));
    cr_expect(is_there("raw/benzinga/open-close/2024-12-03"));

    cr_assert_eq(archive_prune(archive, &prune, &removed, &why), OK);
    cr_expect_eq(removed, 0);
    prune.is_wanted = is_never_wanted;
    cr_assert_eq(archive_prune(archive, &prune, &removed, &why), OK);
    cr_expect_eq(removed, 4, "%zu", removed);
}

/* No disk left: said so, and what was there stays. */
Test(archive, says_when_there_is_no_room, .init = set_up, .fini = tear_down)
{
    static char large[5000];
    const struct rlimit small = { 1000, RLIM_INFINITY };
    const struct rlimit unbounded = { RLIM_INFINITY, RLIM_INFINITY };
    struct archive_page page = page_of("2024-12-02", 7, 0);
    struct archive *greedy;
    struct why why = { "" };

    put(page, "old");
    signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    cr_expect_eq(
        archive_put(archive, &page, (struct str){ large, sizeof large }, &why),
        ERR_FULL, "%s", why.text);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &unbounded), 0);
    cr_expect_neq(strstr(why.text, "polygon/open-close/2024-12-02/7-0.json.gz"),
                  NULL, "%s", why.text);
    cr_expect_not(is_there(DAY "/.7-0.tmp"));
    expect_page(page, STR("old"));

    cr_assert_eq(archive_open(dir.path, SIZE_MAX, &greedy, &why), OK);
    cr_expect_eq(archive_put(greedy, &page, STR("new"), &why), ERR_FULL);
    cr_expect_neq(strstr(why.text, "nearly full"), NULL, "%s", why.text);
    archive_close(greedy);
    expect_page(page, STR("old"));
}

/* A link or a file where a directory should be is not gone through. */
Test(archive, is_not_led_astray, .init = set_up, .fini = tear_down)
{
    struct archive_page page = page_of("2024-12-01", 7, 0);
    struct archive_prune prune = { .before = { DATE_LAST_DAYS } };
    struct archive *none = NULL;
    char from[PATH_MAX], to[PATH_MAX];
    struct why why = { "" };
    struct out got;
    size_t removed;

    put(page, "x");
    cr_assert_eq(rename(temp_path(from, dir.path, "raw/polygon"),
                        temp_path(to, dir.path, "elsewhere")),
                 0);
    cr_assert_eq(symlink(to, from), 0);
    out_init(&got, 100);
    cr_expect_eq(archive_get(archive, &page, &got, &why), ERR_STORE);
    cr_expect_eq(archive_put(archive, &page, STR("y"), &why), ERR_STORE);
    cr_expect_eq(archive_prune(archive, &prune, &removed, &why), OK, "%s",
                 why.text);
    cr_expect_eq(removed, 0);
    cr_expect(is_there("elsewhere/open-close/2024-12-01/7-0.json.gz"));

    make("raw/file");
    page.vendor = STR("file");
    cr_expect_eq(archive_put(archive, &page, STR("y"), &why), ERR_STORE);
    cr_expect_neq(strstr(why.text, "file/open-close/"), NULL, "%s", why.text);
    out_fini(&got);

    cr_expect_eq(archive_open("/dev/null", 1, &none, &why), ERR_STORE);
    cr_expect_eq(
        archive_open(temp_path(from, dir.path, "none"), 1, &none, &why),
        ERR_STORE);
    cr_expect_neq(strstr(why.text, "/none: No such file"), NULL, "%s",
                  why.text);
    cr_expect_null(none);
}

/* Pages may be taken away at any time, with their directories too. */
Test(archive, outlives_what_is_taken_away, .init = set_up, .fini = tear_down)
{
    static const char *const rows[] = { "raw", "raw/polygon",
                                        "raw/polygon/open-close",
                                        "raw/polygon/open-close/2024-12-02" };
    const struct archive_page page = page_of("2024-12-02", 7, 0);
    const struct archive_prune prune = { .before = { DATE_LAST_DAYS } };

    for (size_t i = 0; i < COUNT(rows); i++) {
        char path[PATH_MAX], aside[PATH_MAX];
        size_t removed;
        struct out out;
        struct why why;

        put(page, "first");
        (void)temp_path(path, dir.path, rows[i]);
        snprintf(aside, sizeof aside, "%.4000s/aside-%zu", dir.path, i);
        cr_assert_eq(rename(path, aside), 0, "%s", rows[i]);
        cr_expect_eq(archive_prune(archive, &prune, &removed, &why), OK,
                     "%s: %s", rows[i], why.text);
        out_init(&out, 64);
        cr_expect_eq(archive_get(archive, &page, &out, &why), ERR_NOT_FOUND,
                     "%s", rows[i]);
        cr_expect_eq(archive_put(archive, &page, STR("second"), &why), OK,
                     "%s: %s", rows[i], why.text);
        cr_expect_eq(archive_get(archive, &page, &out, &why), OK, "%s: %s",
                     rows[i], why.text);
        cr_expect(str_equal(out_text(&out), STR("second")), "%s", rows[i]);
        out_fini(&out);
        cr_expect(is_there("raw/polygon/open-close/2024-12-02/7-0.json.gz"),
                  "%s", rows[i]);
    }
}
