/* Directories that a test makes and removes. */
#include "tests/support/temp_dir.h"

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void
must(int ok, const char *what)
{
    if (ok)
        return;
    perror(what);
    abort();
}

void
temp_dir_make(struct temp_dir *dir)
{
    const char *base = getenv("TMPDIR");
    int n = snprintf(dir->path, sizeof dir->path, "%s/secmaster.XXXXXX",
                     base != NULL ? base : "/tmp");

    must(n > 0 && (size_t)n < sizeof dir->path, "a path is too long");
    must(mkdtemp(dir->path) != NULL, dir->path);
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st;
    (void)type;
    (void)where;
    return remove(path);
}

void
temp_dir_remove(const struct temp_dir *dir)
{
    must(nftw(dir->path, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0, dir->path);
}

const char *
temp_path(char buffer[static PATH_MAX], const char *path, const char *name)
{
    int n = snprintf(buffer, PATH_MAX, "%s/%s", path, name);

    must(n > 0 && n < PATH_MAX, "a path is too long");
    return buffer;
}

void
temp_write(const char *path, const void *data, size_t len)
{
    FILE *file = fopen(path, "wb");

    must(file != NULL, path);
    must(fwrite(data, 1, len, file) == len, path);
    must(fclose(file) == 0, path);
}

char *
temp_read(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    struct stat st;
    char *data;

    must(file != NULL, path);
    must(fstat(fileno(file), &st) == 0, path);
    data = malloc((size_t)st.st_size + 1);
    must(data != NULL, path);
    *len = fread(data, 1, (size_t)st.st_size, file);
    must(*len == (size_t)st.st_size, path);
    must(fclose(file) == 0, path);
    return data;
}

void
temp_copy(const char *from, const char *to)
{
    DIR *entries = opendir(from);
    const struct dirent *entry;

    must(entries != NULL, from);
    must(mkdir(to, 0700) == 0, to);
    while ((entry = readdir(entries)) != NULL) {
        char source[PATH_MAX], target[PATH_MAX];
        struct stat st;
        size_t len;
        char *data;

        temp_path(source, from, entry->d_name);
        must(stat(source, &st) == 0, source);
        if (!S_ISREG(st.st_mode))
            continue;
        data = temp_read(source, &len);
        temp_write(temp_path(target, to, entry->d_name), data, len);
        free(data);
    }
    must(closedir(entries) == 0, from);
}
