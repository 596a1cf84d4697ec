/* A damaged or foreign file kills a process that maps it: look at it first. */
#include "journal_check.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "secmaster/bounds.h"

/* LMDB 0.9's page 0 and 1, in the processor's byte order. */
enum {
    PAGE_FLAGS = 10,
    META_MAGIC = 16,
    META_VERSION = 20,
    META_PAGE_BYTES = 40,
    META_LAST_PAGE = 136,
    META_BYTES = 152,
};
static_assert(META_BYTES == META_LAST_PAGE + 2 * sizeof(uint64_t),
              "a last page and a transaction id end it");
#define PAGE_IS_META 0x08
#define LMDB_MAGIC 0xbeefc0deu
#define LMDB_VERSION 1
#define PAGE_BYTES_MIN 512
#define PAGE_BYTES_MAX (64 * 1024)

const char *
journal_file_system_fault(uint64_t magic)
{
    static const struct {
        uint64_t magic;
        const char *name;
    } refused[] = {
        { 0x6969, "NFS" },        { 0x517b, "SMB" },
        { 0xff534d42, "CIFS" },   { 0xfe534d42, "SMB2" },
        { 0x01021997, "9p" },     { 0x65735546, "FUSE" },
        { 0x5346414f, "AFS" },    { 0x00c36400, "Ceph" },
        { 0x0bd00bd0, "Lustre" },
    };

    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        if (refused[i].magic == magic)
            return refused[i].name;
    return NULL;
}

static bool
is_expected_name(const char *name)
{
    static const char *const expected[] = {
        ".", "..", STORE_LOCK_NAME, STORE_NEW_JOURNAL_NAME, "lost+found",
    };

    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        if (strcmp(name, expected[i]) == 0)
            return true;
    return false;
}

static enum err
look_through(DIR *entries, const char *dir, bool *has_journal, struct why *why)
{
    char foreign[sizeof(((struct dirent *)0)->d_name)] = "";
    const struct dirent *entry;

    *has_journal = false;
    for (errno = 0; (entry = readdir(entries)) != NULL; errno = 0) {
        if (strcmp(entry->d_name, STORE_JOURNAL_NAME) == 0)
            *has_journal = true;
        else if (!is_expected_name(entry->d_name))
            memcpy(foreign, entry->d_name, strlen(entry->d_name) + 1);
    }
    if (errno != 0)
        return why_set(why, ERR_STORE, "cannot list %s: %s", dir,
                       strerrordesc_np(errno));
    if (!*has_journal && foreign[0] != '\0')
        return why_set(why, ERR_INVALID,
                       "%s is not a secmaster store: it holds \"%s\" and no "
                       "journal",
                       dir, foreign);
    return OK;
}

enum err
journal_check_directory(const char *dir, bool *has_journal, struct why *why)
{
    struct statfs fs;
    const char *fault;
    DIR *entries;
    enum err err;

    if (statfs(dir, &fs) != 0)
        return why_set(why, ERR_INVALID, "cannot look at %s: %s", dir,
                       strerrordesc_np(errno));
    /* The type is signed and sign-extended on some systems. */
    fault = journal_file_system_fault((uint32_t)fs.f_type);
    if (fault != NULL)
        return why_set(why, ERR_INVALID,
                       "%s is on %s, where locks and memory maps cannot be "
                       "trusted: use a local disk",
                       dir, fault);
    entries = opendir(dir);
    if (entries == NULL)
        return why_set(why, ERR_INVALID, "cannot open %s: %s", dir,
                       strerrordesc_np(errno));
    err = look_through(entries, dir, has_journal, why);
    (void)closedir(entries);
    return err;
}

static uint64_t
native64(const unsigned char *from)
{
    uint64_t v;

    memcpy(&v, from, sizeof v);
    return v;
}

static uint32_t
native32(const unsigned char *from)
{
    uint32_t v;

    memcpy(&v, from, sizeof v);
    return v;
}

static enum err
not_ours(const char *path, struct why *why)
{
    return why_set(why, ERR_INVALID,
                   "%s is not a secmaster store: no LMDB file", path);
}

static enum err
truncated(const char *path, struct why *why)
{
    return why_set(why, ERR_INVALID,
                   "%s is truncated: it is shorter than its own count of pages",
                   path);
}

struct meta {
    uint32_t page_bytes;
    uint64_t last_page;
};

static enum err
read_meta(int fd, const char *path, off_t offset, struct meta *out,
          struct why *why)
{
    unsigned char page[META_BYTES];
    ssize_t got = pread(fd, page, sizeof page, offset);

    if (got < 0)
        return why_set(why, ERR_STORE, "cannot read %s: %s", path,
                       strerrordesc_np(errno));
    /* What is too short for a magic number cannot be told from a torn file. */
    if (got < META_VERSION + 4)
        return truncated(path, why);
    if (native32(page + META_MAGIC) != LMDB_MAGIC)
        return not_ours(path, why);
    if ((native32(page + META_VERSION) & 0xffff) != LMDB_VERSION)
        return why_set(why, ERR_INVALID,
                       "%s is an LMDB file of another version", path);
    if ((page[PAGE_FLAGS] & PAGE_IS_META) == 0)
        return not_ours(path, why);
    if ((size_t)got < sizeof page)
        return truncated(path, why);
    out->page_bytes = native32(page + META_PAGE_BYTES);
    out->last_page = native64(page + META_LAST_PAGE);
    if (out->page_bytes < PAGE_BYTES_MIN || out->page_bytes > PAGE_BYTES_MAX ||
        (out->page_bytes & (out->page_bytes - 1)) != 0)
        return not_ours(path, why);
    return OK;
}

/*
 * Both meta pages must be whole: LMDB reads both, and goes by the newer. The
 * last page never moves back, so holding the file to the larger of the two
 * asks no more than the newer one does.
 */
static enum err
check_pages(int fd, const char *path, struct why *why)
{
    struct meta first, second;
    struct stat st;

    if (fstat(fd, &st) != 0)
        return why_set(why, ERR_STORE, "cannot look at %s: %s", path,
                       strerrordesc_np(errno));
    if (!S_ISREG(st.st_mode))
        return not_ours(path, why);
    TRY(read_meta(fd, path, 0, &first, why));
    TRY(read_meta(fd, path, (off_t)first.page_bytes, &second, why));
    if (second.page_bytes != first.page_bytes)
        return not_ours(path, why);

    uint64_t pages = (uint64_t)st.st_size / first.page_bytes;
    if (pages < 2 || first.last_page >= pages || second.last_page >= pages)
        return truncated(path, why);
    return OK;
}

enum err
journal_check_file(const char *path, struct why *why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    enum err err;

    if (fd < 0 && errno == ENOENT)
        return why_set(why, ERR_INVALID, "%s is missing", path);
    if (fd < 0)
        return why_set(why, ERR_STORE, "cannot open %s: %s", path,
                       strerrordesc_np(errno));
    err = check_pages(fd, path, why);
    (void)close(fd);
    return err;
}

bool
journal_disk_is_short(uint64_t free_bytes, uint64_t total_bytes,
                      uint64_t reserve_bytes)
{
    uint64_t twentieth = total_bytes / 20;

    if (reserve_bytes == 0)
        reserve_bytes =
            DISK_RESERVE_BYTES < twentieth ? DISK_RESERVE_BYTES : twentieth;
    return free_bytes < reserve_bytes;
}
