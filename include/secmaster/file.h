/* Files, as far as the program needs them whole. */
#ifndef SECMASTER_FILE_H
#define SECMASTER_FILE_H

#include <stddef.h>

#include "secmaster/err.h"
#include "secmaster/str.h"

/*
 * A file read forwards in pieces; "-" is standard input. size is -1 where it
 * cannot be known.
 */
struct file_reader {
    int fd;
    long long size, offset;
};

enum err file_open(const char *path, struct file_reader *out, struct why *why);

/* Read up to size bytes; *got 0 is the end. */
enum err file_read(struct file_reader *file, char *to, size_t size, size_t *got,
                   struct why *why);
void file_close(struct file_reader *file);

#endif
