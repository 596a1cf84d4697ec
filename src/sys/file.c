/* Reading a file forwards in pieces. */
#include "secmaster/file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum err
fail(struct why *why, enum err code, const char *what)
{
    return why_set(why, code, "%s: %s", what, strerrordesc_np(errno));
}

/* What is left of a regular file from where it stands; -1: cannot be known. */
static long long
size_left(int fd, const struct stat *status)
{
    if (!S_ISREG(status->st_mode))
        return -1;

    off_t at = lseek(fd, 0, SEEK_CUR);

    return at < 0 || at > status->st_size ? -1 : status->st_size - at;
}

enum err
file_open(const char *path, struct file_reader *out, struct why *why)
{
    struct stat status;

    assert(path != NULL);
    assert(out != NULL);

    bool is_stdin = strcmp(path, "-") == 0;
    const char *name = is_stdin ? "standard input" : path;
    int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 && errno == ENOENT)
        return fail(why, ERR_NOT_FOUND, name);
    if (fd < 0)
        return fail(why, ERR_INVALID, name);

    *out = (struct file_reader){ fd, -1, 0 };
    if (fstat(fd, &status) != 0) {
        enum err err = fail(why, ERR_INVALID, name);

        file_close(out);
        return err;
    }
    if (S_ISDIR(status.st_mode)) {
        file_close(out);
        return why_set(why, ERR_INVALID, "%s: is a directory", name);
    }
    out->size = size_left(fd, &status);
    return OK;
}

enum err
file_read(struct file_reader *file, char *to, size_t size, size_t *got,
          struct why *why)
{
    ssize_t count;

    assert(file->fd >= 0);
    assert(size > 0);

    do
        count = read(file->fd, to, size);
    while (count < 0 && errno == EINTR);
    if (count < 0)
        return fail(why, ERR_INVALID, "reading failed");

    *got = (size_t)count;
    file->offset += count;
    return OK;
}

void
file_close(struct file_reader *file)
{
    if (file->fd > STDIN_FILENO)
        close(file->fd);
    file->fd = -1;
}
