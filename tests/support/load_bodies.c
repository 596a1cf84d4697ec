/* Cut a mapped file into bodies as they are asked for. */
#include "load_bodies.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Behind the next line that ends at or after at. */
static size_t
line_end(const struct load_bodies *bodies, size_t at)
{
    const char *end = memchr(bodies->data + at, '\n', bodies->len - at);

    return end == NULL ? bodies->len : (size_t)(end - bodies->data) + 1;
}

bool
load_bodies_open(struct load_bodies *bodies, const char *path, uint64_t lines,
                 bool has_header)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    void *data;

    if (fd < 0)
        return false;
    if (fstat(fd, &status) != 0 || status.st_size == 0) {
        close(fd);
        errno = ENODATA;
        return false;
    }
    /* Read ahead: the disk is not what is measured. */
    data = mmap(NULL, (size_t)status.st_size, PROT_READ,
                MAP_PRIVATE | MAP_POPULATE, fd, 0);
    close(fd);
    if (data == MAP_FAILED)
        return false;
    *bodies = (struct load_bodies){
        .data = data,
        .len = (size_t)status.st_size,
        .lines = lines,
    };
    if (has_header) {
        bodies->at = line_end(bodies, 0);
        bodies->header = (struct load_piece){ data, bodies->at };
    }
    return true;
}

bool
load_bodies_next(struct load_bodies *bodies, struct load_piece *out)
{
    size_t end = bodies->at;

    if (bodies->at == bodies->len)
        return false;
    if (bodies->lines == 0)
        end = bodies->len;
    for (uint64_t i = 0; i < bodies->lines && end < bodies->len; i++)
        end = line_end(bodies, end);
    *out = (struct load_piece){ bodies->data + bodies->at, end - bodies->at };
    bodies->at = end;
    return true;
}
