/* What vendors sent, kept for a while. */
#include "secmaster/archive.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "secmaster/bounds.h"

#define READ_BYTES (16UL * 1024)
#define FILE_NAME_BYTES_MAX 64
#define PAGE_SUFFIX ".json.gz"
#define TEMP_SUFFIX ".tmp"

/* vendor, dataset, date: as deep as directories go. */
#define RAW "raw"
#define LEVELS 3

/* What is below may be taken away at any time, raw/ itself too. */
struct archive {
    int data; /* the directory that raw/ is in */
    size_t reserve_bytes;
};

/* A page's directories and its file, as they are called on disk. */
struct place {
    char dirs[LEVELS][ARCHIVE_NAME_BYTES_MAX + 1];
    char file[FILE_NAME_BYTES_MAX], temp[FILE_NAME_BYTES_MAX];
};

static enum err
fail(struct why *why, const char *what)
{
    enum err err = errno == ENOSPC || errno == EDQUOT || errno == EFBIG
                       ? ERR_FULL
                       : ERR_STORE;

    return why_set(why, err, "the archive: %s: %s", what,
                   strerrordesc_np(errno));
}

static enum err
fail_at(struct why *why, const struct place *place)
{
    char what[sizeof *place + LEVELS];

    snprintf(what, sizeof what, "%s/%s/%s/%s", place->dirs[0], place->dirs[1],
             place->dirs[2], place->file);
    return fail(why, what);
}

/* No way out of the directory, and nothing hidden in it. */
static bool
is_name(struct str name)
{
    if (name.len == 0 || name.len > ARCHIVE_NAME_BYTES_MAX ||
        name.data[0] == '.')
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];

        if ((c < 'a' || c > 'z') && (c < 'A' || c > 'Z') &&
            (c < '0' || c > '9') && c != '.' && c != '_' && c != '-')
            return false;
    }
    return true;
}

static enum err
place_of(const struct archive_page *page, struct place *out, struct why *why)
{
    char date[DATE_TEXT_BYTES];

    if (!is_name(page->vendor) || !is_name(page->dataset))
        return why_set(why, ERR_INVALID,
                       "the archive: a vendor and a dataset are 1 to %d of "
                       "A-Za-z0-9._-, with no dot first",
                       ARCHIVE_NAME_BYTES_MAX);
    date_format(page->date, date);
    snprintf(out->dirs[0], sizeof out->dirs[0], "%.*s", STR_ARG(page->vendor));
    snprintf(out->dirs[1], sizeof out->dirs[1], "%.*s", STR_ARG(page->dataset));
    snprintf(out->dirs[2], sizeof out->dirs[2], "%.*s", DATE_TEXT_BYTES, date);
    snprintf(out->file, sizeof out->file, "%" PRIu64 "-%" PRIu32 PAGE_SUFFIX,
             page->run, page->page);
    snprintf(out->temp, sizeof out->temp, ".%" PRIu64 "-%" PRIu32 TEMP_SUFFIX,
             page->run, page->page);
    return OK;
}

static int
open_dir(int parent, const char *name)
{
    return openat(parent, name,
                  O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* A new directory is on disk before anything is in it. */
static int
make_dir(int parent, const char *name)
{
    int fd = open_dir(parent, name);

    if (fd >= 0 || errno != ENOENT)
        return fd;
    if (mkdirat(parent, name, S_IRWXU) != 0 || fsync(parent) != 0)
        return -1;
    return open_dir(parent, name);
}

/* The directory of a page, or -1 and errno. */
static int
descend(const struct archive *archive, const struct place *place,
        int (*step)(int parent, const char *name))
{
    int fd = step(archive->data, RAW);

    for (int i = 0; i < LEVELS && fd >= 0; i++) {
        int next = step(fd, place->dirs[i]);
        int failed = errno;

        close(fd);
        errno = failed;
        fd = next;
    }
    return fd;
}

static bool
has_suffix(struct str name, struct str suffix)
{
    return name.len > suffix.len && memcmp(name.data + name.len - suffix.len,
                                           suffix.data, suffix.len) == 0;
}

/* Digits off the front, as they are printed: no zero first. */
static bool
take_number(struct str *rest, uint64_t *out)
{
    size_t len = 0;

    *out = 0;
    while (len < rest->len && rest->data[len] >= '0' &&
           rest->data[len] <= '9') {
        if (__builtin_mul_overflow(*out, 10, out) ||
            __builtin_add_overflow(*out, rest->data[len] - '0', out))
            return false;
        len++;
    }
    if (len == 0 || (len > 1 && rest->data[0] == '0'))
        return false;
    rest->data += len;
    rest->len -= len;
    return true;
}

/* Whether a file is a page, and which one of which run. */
static bool
is_page(const char *name, struct archive_page *out)
{
    struct str rest = str_of(name);
    uint64_t page;

    if (!take_number(&rest, &out->run) || rest.len == 0 || rest.data[0] != '-')
        return false;
    rest.data++;
    rest.len--;
    if (!take_number(&rest, &page) || page > UINT32_MAX)
        return false;
    out->page = (uint32_t)page;
    return str_equal(rest, STR(PAGE_SUFFIX));
}

static bool
is_temp(const char *name)
{
    return name[0] == '.' && has_suffix(str_of(name), STR(TEMP_SUFFIX));
}

/* A walk over the files of all directories of dates before a day. */
struct walk {
    bool (*is_unwanted)(const struct walk *walk, const char *name);
    struct date before;
    const struct archive_prune *prune;
    const char *dirs[LEVELS]; /* that it is in */
    size_t removed;
};

static bool
is_left_behind(const struct walk *walk, const char *name)
{
    (void)walk;
    return is_temp(name);
}

static bool
is_past(const struct walk *walk, const char *name)
{
    const struct archive_prune *prune = walk->prune;
    struct archive_page page = { .vendor = str_of(walk->dirs[0]),
                                 .dataset = str_of(walk->dirs[1]) };

    return date_parse(str_of(walk->dirs[2]), &page.date) == OK &&
           is_page(name, &page) && !prune->is_wanted(prune->context, &page);
}

static bool
is_walked(const struct walk *walk, const char *name, int level)
{
    struct date date;

    if (level < LEVELS - 1)
        return is_name(str_of(name));
    return date_parse(str_of(name), &date) == OK &&
           date.days < walk->before.days;
}

static enum err remove_in(int parent, const char *name, int level,
                          struct walk *walk, struct why *why);

/* One entry of a directory of that level: a directory to go into, or at the
 * lowest level a file. */
static enum err
visit(int dir, const char *name, int level, struct walk *walk, struct why *why)
{
    if (level < LEVELS) {
        walk->dirs[level] = name;
        return is_walked(walk, name, level)
                   ? remove_in(dir, name, level + 1, walk, why)
                   : OK;
    }
    if (!walk->is_unwanted(walk, name))
        return OK;
    if (unlinkat(dir, name, 0) != 0)
        return fail(why, name);
    walk->removed++;
    return OK;
}

/* What is not a directory there is somebody else's; what has gone since is
 * nobody's. */
static enum err
remove_in(int parent, const char *name, int level, struct walk *walk,
          struct why *why)
{
    int fd = open_dir(parent, name);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *entry;
    enum err err = OK;

    if (dir == NULL) {
        if (fd < 0 && (errno == ENOTDIR || errno == ELOOP || errno == ENOENT))
            return OK;
        err = fail(why, name);
        if (fd >= 0)
            close(fd);
        return err;
    }
    while (err == OK && (errno = 0, entry = readdir(dir)) != NULL)
        err = visit(fd, entry->d_name, level, walk, why);
    if (err == OK && errno != 0)
        err = fail(why, name);
    closedir(dir);
    /* A day without pages goes; it stays where anything else is in it. */
    if (err == OK && level == LEVELS)
        (void)unlinkat(parent, name, AT_REMOVEDIR);
    return err;
}

enum err
archive_open(const char *data_dir, size_t reserve_bytes, struct archive **out,
             struct why *why)
{
    struct walk walk = { .is_unwanted = is_left_behind,
                         .before = { DATE_LAST_DAYS + 1 } };
    int data = open(data_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct archive *archive;
    enum err err = OK;
    int raw;

    if (data < 0)
        return fail(why, data_dir);
    archive = calloc(1, sizeof *archive);
    if (archive == NULL) {
        close(data);
        return why_set(why, ERR_BUSY, "no memory for the archive");
    }
    *archive = (struct archive){ data, reserve_bytes };
    raw = make_dir(data, RAW);
    if (raw < 0)
        err = fail(why, RAW);
    else
        close(raw);
    if (err == OK)
        err = remove_in(data, RAW, 0, &walk, why);
    if (err != OK) {
        archive_close(archive);
        return err;
    }
    *out = archive;
    return OK;
}

void
archive_close(struct archive *archive)
{
    if (archive == NULL)
        return;
    close(archive->data);
    free(archive);
}

/* The journal needs the rest of the disk more. */
static enum err
check_room(const struct archive *archive, int dir, size_t len, struct why *why)
{
    struct statvfs disk;
    uint64_t free_bytes, twentieth, reserve = archive->reserve_bytes;

    if (fstatvfs(dir, &disk) != 0)
        return fail(why, RAW);
    free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
    twentieth = (uint64_t)disk.f_blocks * disk.f_frsize / 20;
    if (reserve == 0)
        reserve =
            DISK_RESERVE_BYTES < twentieth ? DISK_RESERVE_BYTES : twentieth;
    if (free_bytes < reserve || free_bytes - reserve < len)
        return why_set(why, ERR_FULL,
                       "the archive: the disk is nearly full; %" PRIu64
                       " bytes of it stay free",
                       reserve);
    return OK;
}

static bool
write_whole(int fd, struct str bytes)
{
    while (bytes.len > 0) {
        ssize_t written = write(fd, bytes.data, bytes.len);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        bytes.data += written;
        bytes.len -= (size_t)written;
    }
    return true;
}

/* Under another name until it is whole and flushed; false: see errno. */
static bool
replace(int dir, const struct place *place, struct str packed)
{
    int fd, failed = 0;

    (void)unlinkat(dir, place->temp, 0);
    fd = openat(dir, place->temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                S_IRUSR | S_IWUSR);
    if (fd < 0)
        return false;
    if (!write_whole(fd, packed) || fsync(fd) != 0)
        failed = errno;
    if (close(fd) != 0 && failed == 0)
        failed = errno;
    if (failed == 0 && renameat(dir, place->temp, dir, place->file) == 0)
        return fsync(dir) == 0;
    if (failed == 0)
        failed = errno;
    (void)unlinkat(dir, place->temp, 0);
    errno = failed;
    return false;
}

enum err
archive_put(struct archive *archive, const struct archive_page *page,
            struct str packed, struct why *why)
{
    struct place place;
    enum err err = OK;
    int dir;

    TRY(place_of(page, &place, why));
    dir = descend(archive, &place, make_dir);
    if (dir < 0)
        return fail_at(why, &place);
    err = check_room(archive, dir, packed.len, why);
    if (err == OK && !replace(dir, &place, packed))
        err = fail_at(why, &place);
    close(dir);
    return err;
}

static enum err
read_whole(int fd, const struct place *place, struct out *to, struct why *why)
{
    char piece[READ_BYTES];
    ssize_t got;

    do {
        got = read(fd, piece, sizeof piece);
        if (got > 0)
            out_bytes(to, piece, (size_t)got);
    } while ((got > 0 && out_finish(to) == OK) || (got < 0 && errno == EINTR));
    if (got < 0)
        return fail_at(why, place);
    return out_finish(to);
}

enum err
archive_get(struct archive *archive, const struct archive_page *page,
            struct out *packed, struct why *why)
{
    struct place place;
    enum err err;
    int dir, fd = -1;

    TRY(place_of(page, &place, why));
    dir = descend(archive, &place, open_dir);
    if (dir >= 0)
        fd = openat(dir, place.file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    err = fd >= 0 ? OK : errno == ENOENT ? ERR_NOT_FOUND : ERR_STORE;
    if (err != OK)
        (void)fail_at(why, &place);
    else
        err = read_whole(fd, &place, packed, why);
    if (fd >= 0)
        close(fd);
    if (dir >= 0)
        close(dir);
    return err;
}

enum err
archive_prune(struct archive *archive, const struct archive_prune *prune,
              size_t *removed, struct why *why)
{
    struct walk walk = { .is_unwanted = is_past,
                         .before = prune->before,
                         .prune = prune };
    enum err err = remove_in(archive->data, RAW, 0, &walk, why);

    *removed = walk.removed;
    return err;
}
