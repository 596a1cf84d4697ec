/* Directories that a test makes and removes. */
#ifndef SUPPORT_TEMP_DIR_H
#define SUPPORT_TEMP_DIR_H

#include <limits.h>
#include <stddef.h>

/* Absolute; empty and there until temp_dir_remove. Aborts on failure. */
struct temp_dir {
    char path[PATH_MAX];
};

void temp_dir_make(struct temp_dir *dir);
void temp_dir_remove(const struct temp_dir *dir);

/* path/name, in buffer. */
const char *temp_path(char buffer[static PATH_MAX], const char *path,
                      const char *name);

/* Write a whole file. Aborts on failure. */
void temp_write(const char *path, const void *data, size_t len);

/* Read a whole file; caller frees. Aborts on failure. */
char *temp_read(const char *path, size_t *len);

/* Make directory to, with a copy of every plain file of directory from. */
void temp_copy(const char *from, const char *to);

#endif
