/* Vendors' bodies in files, and beside each what it comes to. */
#include "tests/vendor/golden.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#define FILE_BYTES_MAX (1UL << 20)
#define PATH_BYTES_MAX 512

/* A whole file; as long as out lives. */
static struct str
read_file(struct out *out, const char *path)
{
    FILE *file = fopen(path, "rb");
    char bytes[4096];
    size_t len;

    cr_assert_not_null(file, "%s cannot be read", path);
    while ((len = fread(bytes, 1, sizeof bytes, file)) > 0)
        out_bytes(out, bytes, len);
    (void)fclose(file);
    cr_assert_eq(out_finish(out), OK, "%s", path);
    return out_text(out);
}

static void
write_file(const char *path, struct str text)
{
    FILE *file = fopen(path, "wb");

    cr_assert_not_null(file, "%s cannot be written", path);
    cr_assert_eq(fwrite(text.data, 1, text.len, file), text.len, "%s", path);
    cr_assert_eq(fclose(file), 0, "%s", path);
}

void
expect_golden(vendor_reading *read, const char *dir, const char *name)
{
    char body_path[PATH_BYTES_MAX], text_path[PATH_BYTES_MAX];
    struct out body, got, wanted;

    (void)snprintf(body_path, sizeof body_path, "%s/%s.json", dir, name);
    (void)snprintf(text_path, sizeof text_path, "%s/%s.txt", dir, name);
    out_init(&body, FILE_BYTES_MAX);
    out_init(&got, FILE_BYTES_MAX);
    out_init(&wanted, FILE_BYTES_MAX);
    read(&got, read_file(&body, body_path));
    if (getenv("GOLDEN_UPDATE") != NULL)
        write_file(text_path, out_text(&got));
    cr_expect(str_equal(out_text(&got), read_file(&wanted, text_path)),
              "%s:\n%.*s", name, STR_ARG(out_text(&got)));
    out_fini(&body);
    out_fini(&got);
    out_fini(&wanted);
}
