/* A corpus once more, without a fuzzer: replay FOLDER ... */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_BYTES_MAX 4096
#define FILE_BYTES_MAX (16UL << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
die(const char *what, const char *path)
{
    fprintf(stderr, "%s %s\n", what, path);
    exit(1);
}

/* On the heap and no larger than it is, so that who reads past its end is
 * reported. */
static void
replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = malloc(FILE_BYTES_MAX), *exact;
    size_t size;

    if (file == NULL || bytes == NULL)
        die("cannot open", path);
    /* A crash leaves it as the last line. */
    fprintf(stderr, "%s\n", path);
    size = fread(bytes, 1, FILE_BYTES_MAX, file);
    if (ferror(file) != 0 || size == FILE_BYTES_MAX)
        die("cannot read", path);
    (void)fclose(file);
    exact = malloc(size);
    if (size > 0 && exact == NULL)
        die("no memory for", path);
    if (size > 0)
        memcpy(exact, bytes, size);
    free(bytes);
    (void)LLVMFuzzerTestOneInput(exact, size);
    free(exact);
}

static size_t
replay_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    size_t count = 0;

    if (dir == NULL)
        die("cannot open", folder);
    while ((entry = readdir(dir)) != NULL) {
        char path[PATH_BYTES_MAX];
        int len = snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);

        if (entry->d_name[0] == '.')
            continue;
        if (len < 0 || (size_t)len >= sizeof path)
            die("too long a path in", folder);
        replay_file(path);
        count++;
    }
    (void)closedir(dir);
    return count;
}

int
main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (replay_folder(argv[i]) == 0)
            die("nothing is in", argv[i]);
    return argc > 1 ? 0 : 1;
}
