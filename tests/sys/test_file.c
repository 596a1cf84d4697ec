/* Reading files forwards. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "secmaster/file.h"
#include "tests/support/temp_dir.h"

Test(file, is_read_in_pieces)
{
    struct temp_dir dir;
    struct file_reader file;
    struct why why;
    char path[PATH_MAX], piece[4];
    size_t got;

    temp_dir_make(&dir);
    temp_write(temp_path(path, dir.path, "f"), "0123456789", 10);
    cr_assert_eq(file_open(path, &file, &why), OK);
    cr_expect_eq(file.size, 10);
    for (long long at = 0; at < 10; at += 4) {
        size_t expected = at < 8 ? 4 : 2;

        cr_expect_eq(file.offset, at);
        cr_expect_eq(file_read(&file, piece, sizeof piece, &got, &why), OK);
        cr_expect_eq(got, expected);
        cr_expect_eq(memcmp(piece, &"0123456789"[at], got), 0, "at %lld", at);
    }
    cr_expect_eq(file_read(&file, piece, sizeof piece, &got, &why), OK);
    cr_expect_eq(got, 0);
    file_close(&file);
    temp_dir_remove(&dir);
}

Test(file, refusals_name_the_path)
{
    struct temp_dir dir;
    struct file_reader file;
    struct why why;
    char path[PATH_MAX];

    temp_dir_make(&dir);
    cr_expect_eq(file_open(temp_path(path, dir.path, "none"), &file, &why),
                 ERR_NOT_FOUND);
    cr_expect_neq(strstr(why.text, "/none: No such file"), NULL, "%s",
                  why.text);
    cr_expect_eq(file_open(dir.path, &file, &why), ERR_INVALID);
    cr_expect_neq(strstr(why.text, ": is a directory"), NULL, "%s", why.text);
    temp_dir_remove(&dir);
}

/* A pipe has no size; a file on standard input has one. */
Test(file, dash_is_standard_input)
{
    struct temp_dir dir;
    struct file_reader file;
    struct why why;
    char path[PATH_MAX], text[16];
    size_t got;
    int ends[2], fd;

    cr_assert_eq(pipe(ends), 0);
    cr_assert_eq(write(ends[1], "abc", 3), 3);
    close(ends[1]);
    dup2(ends[0], STDIN_FILENO);
    cr_assert_eq(file_open("-", &file, &why), OK);
    cr_expect_eq(file.size, -1);
    cr_expect_eq(file_read(&file, text, sizeof text, &got, &why), OK);
    cr_expect_eq(got, 3);
    file_close(&file);

    temp_dir_make(&dir);
    temp_write(temp_path(path, dir.path, "f"), "0123456789", 10);
    fd = open(path, O_RDONLY);
    dup2(fd, STDIN_FILENO);
    cr_expect_eq(lseek(STDIN_FILENO, 4, SEEK_SET), 4);
    cr_assert_eq(file_open("-", &file, &why), OK);
    cr_expect_eq(file.size, 6);
    cr_expect_eq(file_read(&file, text, sizeof text, &got, &why), OK);
    cr_expect_eq(got, 6);
    file_close(&file);
    cr_expect_eq(fcntl(STDIN_FILENO, F_GETFD) >= 0, true);
    close(fd);

    fd = open(dir.path, O_RDONLY);
    dup2(fd, STDIN_FILENO);
    cr_expect_eq(file_open("-", &file, &why), ERR_INVALID);
    cr_expect_eq(strcmp(why.text, "standard input: is a directory"), 0, "%s",
                 why.text);
    close(fd);
    temp_dir_remove(&dir);
}
