/* What opening a store refuses, and in which words. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "secmaster/store_lmdb.h"
#include "secmaster/wire.h"
#include "src/store/journal_check.h"
#include "tests/store/journal_edit.h"
#include "tests/support/batch_maker.h"
#include "tests/support/temp_dir.h"

/* Open, expect err, and words where it is one. */
static void
expect_open(const char *dir, enum err expected, const char *words,
            const char *row)
{
    const struct store_lmdb_options options = { .dir = dir };
    struct store *store = NULL;
    struct why why = { 0 };
    enum err err = store_lmdb_open(&options, &store, &why);

    cr_expect_eq(err, expected, "%s: err %d: %s", row, (int)err, why.text);
    if (expected != OK)
        cr_expect_not_null(strstr(why.text, words), "%s: %s", row, why.text);
    if (err == OK)
        store_close(store);
}

static struct store *
must_open(const char *dir)
{
    const struct store_lmdb_options options = { .dir = dir };
    struct store *store = NULL;
    struct why why = { 0 };
    enum err err = store_lmdb_open(&options, &store, &why);

    cr_assert_eq(err, OK, "err %d: %s", (int)err, why.text);
    return store;
}

/* A store of a few transactions, closed. */
static void
make_store(const char *dir, uint64_t transactions)
{
    struct store *store = must_open(dir);

    for (uint64_t tx = 1; tx <= transactions; tx++) {
        struct batch_maker maker;

        maker_init(&maker, tx, (int64_t)tx);
        if (tx == 1)
            maker_first_names(&maker);
        for (int i = 0; i < 100; i++)
            maker_fact(&maker, i, (int32_t)tx, "12.5");
        cr_assert_eq(maker_append(store, &maker, NULL), OK);
        maker_fini(&maker);
    }
    store_close(store);
}

Test(journal_open, makes_what_is_missing_for_its_owner_only)
{
    char path[PATH_MAX], file[PATH_MAX];
    struct temp_dir dir;
    struct stat st;

    temp_dir_make(&dir);
    temp_path(path, dir.path, "store");
    expect_open(path, OK, NULL, "missing");
    cr_assert_eq(stat(path, &st), 0);
    cr_expect_eq(st.st_mode & 0777, 0700, "mode %o", st.st_mode & 0777);
    cr_assert_eq(stat(temp_path(file, path, "journal/data.mdb"), &st), 0);
    cr_expect_eq(st.st_mode & 0777, 0600, "mode %o", st.st_mode & 0777);
    cr_expect_neq(stat(temp_path(file, path, "journal.new"), &st), 0);
    expect_open(path, OK, NULL, "again");
    temp_dir_remove(&dir);
}

Test(journal_open, refuses_a_path_it_cannot_make)
{
    char path[PATH_MAX];
    struct temp_dir dir;

    temp_dir_make(&dir);
    expect_open(temp_path(path, dir.path, "no/such"), ERR_INVALID,
                "No such file or directory", "no parent");
    temp_path(path, dir.path, "file");
    temp_write(path, "x", 1);
    expect_open(path, ERR_INVALID, "Not a directory", "a file");
    temp_dir_remove(&dir);
}

Test(journal_open, refuses_a_second_opener)
{
    struct temp_dir dir;
    struct store *store;

    temp_dir_make(&dir);
    store = must_open(dir.path);
    expect_open(dir.path, ERR_BUSY, "another process holds", "held");
    /* The refused one must not have let go of the first one's lock. */
    expect_open(dir.path, ERR_BUSY, "another process holds", "still held");
    store_close(store);
    expect_open(dir.path, OK, NULL, "let go");
    temp_dir_remove(&dir);
}

Test(journal_open, leaves_a_foreign_directory_alone)
{
    char path[PATH_MAX];
    struct temp_dir dir;
    struct stat st;

    temp_dir_make(&dir);
    temp_write(temp_path(path, dir.path, "thesis.txt"), "x", 1);
    expect_open(dir.path, ERR_INVALID, "holds \"thesis.txt\" and no journal",
                "foreign");
    cr_expect_neq(stat(temp_path(path, dir.path, "lock"), &st), 0);
    cr_expect_neq(stat(temp_path(path, dir.path, "journal"), &st), 0);
    cr_assert_eq(remove(temp_path(path, dir.path, "thesis.txt")), 0);
    cr_assert_eq(mkdir(temp_path(path, dir.path, "lost+found"), 0700), 0);
    expect_open(dir.path, OK, NULL, "the root of a disk");
    temp_dir_remove(&dir);
}

Test(journal_open, begins_again_where_making_was_cut_off)
{
    static const char *const leftovers[] = {
        NULL,
        "",
        "cut off in the middle",
    };

    for (size_t i = 0; i < sizeof leftovers / sizeof leftovers[0]; i++) {
        char path[PATH_MAX], row[32];
        struct temp_dir dir;

        (void)snprintf(row, sizeof row, "leftover %zu", i);
        temp_dir_make(&dir);
        cr_assert_eq(mkdir(temp_path(path, dir.path, "journal.new"), 0700), 0);
        temp_path(path, dir.path, "journal.new/data.mdb");
        if (leftovers[i] != NULL)
            temp_write(path, leftovers[i], strlen(leftovers[i]));
        expect_open(dir.path, OK, NULL, row);
        temp_dir_remove(&dir);
    }
}

Test(journal_open, refuses_a_foreign_file)
{
    static char page[8192];
    static const char text[] =
        "security_id,attribute,value\n1,name,\"Not a database, but longer than "
        "one meta page of an LMDB file is: so that only its content tells it "
        "apart from one of ours that was cut off.\"\n";
    const struct {
        const char *name, *words;
        struct str bytes;
    } cases[] = {
        { "text", "not a secmaster store", STR(text) },
        { "zeroes", "not a secmaster store", { page, sizeof page } },
        { "empty", "truncated", { page, 0 } },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char path[PATH_MAX];
        struct temp_dir dir;

        temp_dir_make(&dir);
        cr_assert_eq(mkdir(temp_path(path, dir.path, "journal"), 0700), 0);
        expect_open(dir.path, ERR_INVALID, "data.mdb is missing",
                    cases[i].name);
        temp_write(temp_path(path, dir.path, "journal/data.mdb"),
                   cases[i].bytes.data, cases[i].bytes.len);
        expect_open(dir.path, ERR_INVALID, cases[i].words, cases[i].name);
        temp_dir_remove(&dir);
    }
}

Test(journal_open, refuses_a_foreign_lmdb_file)
{
    char path[PATH_MAX];
    struct journal_edit edit;
    struct temp_dir dir;

    temp_dir_make(&dir);
    cr_assert_eq(mkdir(temp_path(path, dir.path, "journal"), 0700), 0);
    edit_begin(&edit, dir.path);
    edit_commit(&edit);
    expect_open(dir.path, ERR_INVALID, "has no table \"meta\"", "no tables");
    edit_begin(&edit, dir.path);
    edit_put(&edit, "meta", STR("format "), STR("x"));
    edit_commit(&edit);
    expect_open(dir.path, ERR_INVALID, "names no format", "no format");
    temp_dir_remove(&dir);
}

Test(journal_open, refuses_another_format_by_name)
{
    static const struct {
        uint32_t format;
        enum err err;
        const char *words;
    } cases[] = {
        { 1, OK, "" },
        { 2, ERR_INVALID, "has journal format 2" },
        { 70000, ERR_INVALID, "has journal format 70000" },
    };
    struct temp_dir dir;

    temp_dir_make(&dir);
    make_store(dir.path, 1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned char value[8] = { 0 };
        struct journal_edit edit;

        put_le32(value + 4, cases[i].format);
        edit_reseal(STR("format"), (char *)value, sizeof value);
        edit_begin(&edit, dir.path);
        edit_put(&edit, "meta", STR("format"),
                 (struct str){ (const char *)value, sizeof value });
        edit_commit(&edit);
        expect_open(dir.path, cases[i].err, cases[i].words, cases[i].words);
    }
    temp_dir_remove(&dir);
}

/* LMDB itself would die of SIGBUS on each of these. */
Test(journal_open, refuses_a_truncated_file)
{
    char path[PATH_MAX], row[64];
    struct temp_dir dir;
    struct stat st;

    temp_dir_make(&dir);
    make_store(dir.path, 5);
    temp_path(path, dir.path, "journal/data.mdb");
    cr_assert_eq(stat(path, &st), 0);
    for (off_t size = st.st_size; size >= 0;) {
        bool is_whole = size == st.st_size;

        (void)snprintf(row, sizeof row, "%lld of %lld bytes", (long long)size,
                       (long long)st.st_size);
        cr_assert_eq(truncate(path, size), 0);
        expect_open(dir.path, is_whole ? OK : ERR_INVALID, "truncated", row);
        /* Around each page's edge, and through the first meta page. */
        if (size <= 200)
            size -= 8;
        else if (size % 4096 == 1)
            size -= 2;
        else if (size % 4096 == 0)
            size -= 1;
        else if (size > 4096)
            size -= size % 4096 - 1;
        else
            size = 200;
    }
    temp_dir_remove(&dir);
}

Test(journal_open, refuses_a_damaged_meta_page)
{
    const struct {
        const char *name;
        off_t at;
        struct str bytes;
        const char *words;
    } cases[] = {
        { "magic", 16, STR("\x11"), "not a secmaster store" },
        { "second magic", 4096 + 16, STR("\x11"), "not a secmaster store" },
        { "version", 20, STR("\x02"), "another version" },
        { "flags", 10, STR("\x01"), "not a secmaster store" },
        { "page size 0", 40, STR("\0\0\0\0"), "not a secmaster store" },
        { "page size 4097", 40, STR("\x01\x10\0\0"), "not a secmaster store" },
        { "page size 2^31", 40, STR("\0\0\0\x80"), "not a secmaster store" },
        { "last page", 136, STR("\xff\xff\xff\xff\xff\xff\xff\xff"),
          "truncated" },
        { "second last page", 4096 + 136, STR("\xff\xff\xff\x7f"),
          "truncated" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char path[PATH_MAX];
        struct temp_dir dir;
        FILE *file;

        temp_dir_make(&dir);
        make_store(dir.path, 2);
        file = fopen(temp_path(path, dir.path, "journal/data.mdb"), "r+b");
        cr_assert_not_null(file);
        cr_assert_eq(fseek(file, (long)cases[i].at, SEEK_SET), 0);
        cr_assert_eq(fwrite(cases[i].bytes.data, 1, cases[i].bytes.len, file),
                     cases[i].bytes.len);
        cr_assert_eq(fclose(file), 0);
        expect_open(dir.path, ERR_INVALID, cases[i].words, cases[i].name);
        temp_dir_remove(&dir);
    }
}

Test(journal_open, refuses_file_systems_that_break_locks_and_maps)
{
    static const struct {
        uint64_t magic;
        const char *fault; /* NULL: taken */
    } cases[] = {
        { 0x6969, "NFS" },      { 0xff534d42, "CIFS" }, { 0x517b, "SMB" },
        { 0xfe534d42, "SMB2" }, { 0x65735546, "FUSE" }, { 0x01021997, "9p" },
        { 0xef53, NULL },       { 0x58465342, NULL },   { 0x01021994, NULL },
        { 0x794c7630, NULL },   { 0x9123683e, NULL },   { 0x2fc12fc1, NULL },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *fault = journal_file_system_fault(cases[i].magic);

        if (cases[i].fault == NULL)
            cr_expect_null(fault, "%#zx", (size_t)cases[i].magic);
        else
            cr_expect_str_eq(fault, cases[i].fault);
    }
}

Test(journal_open, knows_when_a_disk_is_short)
{
    const uint64_t mib = 1UL << 20;
    const struct {
        uint64_t free_bytes, total_bytes, reserve_bytes;
        bool is_short;
    } cases[] = {
        { 256 * mib, 1000000 * mib, 0, false },
        { 256 * mib - 1, 1000000 * mib, 0, true },
        { 50 * mib, 1000 * mib, 0, false },
        { 50 * mib - 1, 1000 * mib, 0, true },
        { 0, 0, 0, false },
        { 10, 1000 * mib, 10, false },
        { 9, 1000 * mib, 10, true },
        { 900 * mib, 1000 * mib, 901 * mib, true },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_expect_eq(journal_disk_is_short(cases[i].free_bytes,
                                           cases[i].total_bytes,
                                           cases[i].reserve_bytes),
                     cases[i].is_short, "case %zu", i);
}

/* Meta pages that count no page behind themselves, in half a page more. */
Test(journal_open, refuses_a_file_without_its_second_page)
{
    char path[PATH_MAX], *data;
    struct temp_dir dir;
    size_t len;

    temp_dir_make(&dir);
    make_store(dir.path, 1);
    data = temp_read(temp_path(path, dir.path, "journal/data.mdb"), &len);
    memset(data + 136, 0, 8);
    memset(data + 4096 + 136, 0, 8);
    temp_write(path, data, 6000);
    free(data);
    expect_open(dir.path, ERR_INVALID, "truncated", "a page and a half");
    temp_dir_remove(&dir);
}
