/* What an append leaves behind: whole parts, a chain, room, or a stop. */
#include <criterion/criterion.h>
#include <openssl/evp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "secmaster/bounds.h"
#include "secmaster/store_lmdb.h"
#include "secmaster/wire.h"
#include "src/store/journal.h"
#include "tests/store/journal_edit.h"
#include "tests/support/batch_maker.h"
#include "tests/support/temp_dir.h"

static struct store *
open_with(const struct store_lmdb_options *options)
{
    struct store *store = NULL;
    struct why why = { 0 };
    enum err err = store_lmdb_open(options, &store, &why);

    cr_assert_eq(err, OK, "err %d: %s", (int)err, why.text);
    return store;
}

static struct store *
open_store(const struct temp_dir *dir)
{
    return open_with(&(struct store_lmdb_options){ .dir = dir->path });
}

/* One record of about so many bytes, and a short one. */
static enum err
append_bytes(struct store *store, uint64_t tx, size_t bytes, struct why *why)
{
    struct batch_maker maker;
    struct str fact;
    size_t count;
    char *many;
    enum err err;

    maker_init(&maker, tx, (int64_t)tx);
    if (tx == 1)
        maker_first_names(&maker);
    fact = maker_payload(&maker.arena, "9.75");
    count = bytes / fact.len + 1;
    many = arena_alloc(&maker.arena, count * fact.len);
    for (size_t i = 0; i < count; i++)
        memcpy(many + i * fact.len, fact.data, fact.len);
    maker_record(&maker, 1, 1, (struct str){ many, count * fact.len });
    maker_fact(&maker, 2, 2, "1");
    err = maker_append(store, &maker, why);
    maker_fini(&maker);
    return err;
}

/* State alone: one key with so many bytes. */
static enum err
put_bytes(struct store *store, const char *key, size_t bytes, struct why *why)
{
    char *value = calloc(bytes, 1);
    const struct state_change change = {
        .space = STATE_RUNS,
        .key = str_of(key),
        .value = { value, bytes },
    };
    enum err err;

    cr_assert_not_null(value);
    err = store_put_state(store, &change, 1, why);
    free(value);
    return err;
}

static bool
has_state(struct store *store, const char *key)
{
    struct arena arena;
    struct str value;
    enum err err;

    arena_init(&arena, 1UL << 20);
    err = store_state_get(store, STATE_RUNS, str_of(key), &arena, &value, NULL);
    arena_fini(&arena);
    return err == OK;
}

static enum visit
count_one(void *context, const struct record *record)
{
    (void)record;
    *(size_t *)context += 1;
    return VISIT_NEXT;
}

static size_t
count_records(struct store *store)
{
    const struct scan_range all = SCAN_ALL(RECORD_FACTS);
    struct view view;
    size_t count = 0;

    cr_assert_eq(store_view_begin(store, KNOWN_NEWEST, &view, NULL), OK);
    cr_expect_eq(store_scan(&view, &all, count_one, &count, NULL), OK);
    store_view_end(&view);
    return count;
}

/* The bytes of a batch out of its parts; caller frees. */
static char *
read_batch(struct journal_edit *edit, uint64_t tx, size_t *len, uint32_t *parts)
{
    char *bytes = malloc(64UL << 20);

    cr_assert_not_null(bytes);
    *len = 0;
    for (*parts = 0;; *parts += 1) {
        struct str value = edit_get(edit, "parts", edit_part_key(tx, *parts));

        if (value.data == NULL)
            return bytes;
        cr_expect_leq(value.len, JOURNAL_PART_BYTES_MAX);
        cr_assert_gt(value.len, 4);
        memcpy(bytes + *len, value.data + 4, value.len - 4);
        *len += value.len - 4;
    }
}

Test(journal_append, cuts_a_batch_into_parts)
{
    static const struct {
        size_t bytes;
        uint32_t parts;
    } cases[] = {
        { 10, 1 },
        { (1UL << 20) - 4096, 1 },
        { (1UL << 20) + 1, 2 },
        { (2UL << 20) - 4096, 2 },
        { 5UL << 20, 6 },
    };
    struct journal_edit edit;
    struct store *store;
    struct temp_dir dir;

    temp_dir_make(&dir);
    store = open_store(&dir);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_assert_eq(append_bytes(store, i + 1, cases[i].bytes, NULL), OK);
    store_close(store);

    edit_begin(&edit, dir.path);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t parts;
        size_t len;
        char *bytes = read_batch(&edit, i + 1, &len, &parts);

        cr_expect_eq(parts, cases[i].parts, "case %zu: %u parts", i, parts);
        cr_expect_eq(get_le32((unsigned char *)bytes + 36), parts, "case %zu",
                     i);
        cr_expect_gt(len, cases[i].bytes, "case %zu", i);
        free(bytes);
    }
    edit_commit(&edit);
    store = open_store(&dir);
    cr_expect_eq(count_records(store), 10);
    store_close(store);
    temp_dir_remove(&dir);
}

Test(journal_append, chains_each_batch_to_the_one_before)
{
    enum { COUNT = 6 };
    unsigned char digest[32] = { 0 };
    struct journal_edit edit;
    struct store *store;
    struct temp_dir dir;

    temp_dir_make(&dir);
    store = open_store(&dir);
    for (uint64_t tx = 1; tx <= COUNT; tx++) {
        /* The chain goes on over a restart, and over a large batch. */
        if (tx == 4) {
            store_close(store);
            store = open_store(&dir);
        }
        cr_assert_eq(append_bytes(store, tx, tx == 3 ? 3UL << 20 : 100, NULL),
                     OK);
    }
    store_close(store);

    edit_begin(&edit, dir.path);
    for (uint64_t tx = 1; tx <= COUNT; tx++) {
        uint32_t parts;
        size_t len;
        char *bytes = read_batch(&edit, tx, &len, &parts);

        cr_expect_eq(memcmp(bytes + 60, digest, 32), 0, "tx %d", (int)tx);
        cr_assert_eq(EVP_Digest(bytes, len, digest, NULL, EVP_sha256(), NULL),
                     1);
        free(bytes);
    }
    edit_commit(&edit);
    temp_dir_remove(&dir);
}

Test(journal_append, refuses_what_the_map_cannot_hold)
{
    struct store_lmdb_options options = { .map_bytes = 256 * 1024 };
    struct why why = { 0 };
    struct store_health health;
    struct store *store;
    struct temp_dir dir;
    uint64_t tx = 1;
    enum err err;

    temp_dir_make(&dir);
    options.dir = dir.path;
    store = open_with(&options);
    while ((err = append_bytes(store, tx, 10000, &why)) == OK && tx < 100)
        tx++;
    cr_expect_eq(err, ERR_FULL, "err %d after %d", (int)err, (int)tx);
    cr_expect_not_null(strstr(why.text, "no room"), "%s", why.text);
    cr_expect_gt(tx, 3);
    cr_expect_eq(store_newest(store), tx - 1);
    cr_expect_eq(count_records(store), 2 * (tx - 1));
    store_health(store, &health);
    cr_expect(health.full);
    cr_expect(!health.failed);
    cr_expect_eq(health.memtable_records, 2 * (tx - 1));
    store_close(store);

    options.map_bytes = 8UL << 20;
    store = open_with(&options);
    cr_expect_eq(count_records(store), 2 * (tx - 1));
    cr_expect_eq(append_bytes(store, tx, 10000, NULL), OK);
    /* One that does not fit, one that does. */
    cr_expect_eq(append_bytes(store, tx + 1, 9UL << 20, NULL), ERR_FULL);
    cr_expect_eq(put_bytes(store, "large", 9UL << 20, NULL), ERR_FULL);
    cr_expect(!has_state(store, "large"));
    cr_expect_eq(put_bytes(store, "small", 10000, NULL), OK);
    cr_expect(has_state(store, "small"));
    cr_expect_eq(append_bytes(store, tx + 1, 10000, NULL), OK);
    store_health(store, &health);
    cr_expect(!health.full);
    cr_expect_eq(store_newest(store), tx + 1);
    store_close(store);
    store = open_with(&options);
    cr_expect_eq(count_records(store), 2 * (tx + 1));
    store_close(store);
    temp_dir_remove(&dir);
}

Test(journal_append, keeps_the_reserve_of_the_disk)
{
    struct store_lmdb_options options = { .disk_reserve_bytes = 1UL << 60 };
    struct store_health health;
    struct why why = { 0 };
    struct store *store;
    struct temp_dir dir;

    temp_dir_make(&dir);
    options.dir = dir.path;
    store = open_with(&options);
    cr_expect_eq(append_bytes(store, 1, 10, &why), ERR_FULL);
    cr_expect_not_null(strstr(why.text, "nearly full"), "%s", why.text);
    cr_expect_eq(put_bytes(store, "key", 1, NULL), ERR_FULL);
    cr_expect(!has_state(store, "key"));
    store_health(store, &health);
    cr_expect(health.full);
    cr_expect_eq(store_newest(store), 0);
    store_close(store);

    options.disk_reserve_bytes = 1;
    store = open_with(&options);
    store_health(store, &health);
    cr_expect(!health.full);
    cr_expect_eq(put_bytes(store, "key", 1, NULL), OK);
    cr_expect(has_state(store, "key"));
    cr_expect_eq(append_bytes(store, 1, 10, &why), OK, "%s", why.text);
    store_close(store);
    temp_dir_remove(&dir);
}

/* A service that is not ready is sent no write that could find out. */
Test(journal_append, is_not_full_once_the_disk_has_room)
{
    const struct append_batch *batches[1];
    struct store_lmdb_options options = { 0 };
    struct batch_maker maker;
    struct journal *journal;
    struct temp_dir dir;

    temp_dir_make(&dir);
    options.dir = dir.path;
    cr_assert_eq(journal_open(&options, &journal, NULL), OK);
    maker_init(&maker, 1, 1);
    maker_first_names(&maker);
    maker_fact(&maker, 1, 1, "1");
    batches[0] = &maker.batch;
    journal->disk_reserve_bytes = SIZE_MAX;
    cr_expect_eq(journal_append(journal, batches, 1, NULL), ERR_FULL);
    cr_expect(journal_is_full(journal));
    journal->disk_reserve_bytes = 1;
    cr_expect(!journal_is_full(journal));
    maker_fini(&maker);
    journal_close(journal);
    temp_dir_remove(&dir);
}

static rlim_t
limit_file_size(rlim_t bytes)
{
    struct rlimit limit;
    rlim_t before;

    cr_assert_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    before = limit.rlim_cur;
    limit.rlim_cur = bytes;
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    return before;
}

static enum err
append_more(struct store *store, size_t bytes, struct why *why)
{
    return append_bytes(store, 2, bytes, why);
}

static enum err
put_more(struct store *store, size_t bytes, struct why *why)
{
    return put_bytes(store, "key", bytes, why);
}

static void fail_and_stop(enum err (*commit)(struct store *store, size_t bytes,
                                             struct why *why))
{
    struct why why = { 0 };
    struct store_health health;
    struct store *store;
    struct temp_dir dir;
    struct stat st;
    char path[PATH_MAX];
    rlim_t before;

    (void)signal(SIGXFSZ, SIG_IGN);
    temp_dir_make(&dir);
    store = open_store(&dir);
    cr_assert_eq(append_bytes(store, 1, 10, NULL), OK);
    cr_assert_eq(stat(temp_path(path, dir.path, "journal/data.mdb"), &st), 0);
    before = limit_file_size((rlim_t)st.st_size);
    cr_expect_eq(commit(store, 100000, &why), ERR_STORE);
    cr_expect_not_null(strstr(why.text, "is stored is unknown"), "%s",
                       why.text);
    (void)limit_file_size(before);

    cr_expect_eq(append_bytes(store, 2, 10, &why), ERR_STORE);
    cr_expect_not_null(strstr(why.text, "failed before"), "%s", why.text);
    cr_expect_eq(put_bytes(store, "key", 1, NULL), ERR_STORE);
    store_health(store, &health);
    cr_expect(health.failed);
    cr_expect_eq(store_newest(store), 1);
    cr_expect_eq(count_records(store), 2);
    store_close(store);

    store = open_store(&dir);
    cr_expect_eq(store_newest(store), 1);
    cr_expect_eq(append_bytes(store, 2, 10, NULL), OK);
    store_close(store);
    temp_dir_remove(&dir);
}

Test(journal_append, stops_for_good_after_an_unknown_commit)
{
    fail_and_stop(append_more);
    fail_and_stop(put_more);
}

/* The last page by the newer of the two meta pages. */
static uint64_t
last_page(const char *path)
{
    size_t len;
    char *data = temp_read(path, &len);
    const unsigned char *metas[] = { (unsigned char *)data,
                                     (unsigned char *)data + 4096 };
    uint64_t first = get_le64(metas[0] + 144),
             second = get_le64(metas[1] + 144);
    uint64_t last = get_le64(metas[second > first] + 136);

    free(data);
    return last;
}

/* A page made and freed in one transaction is never written, even if it is
 * the last: the file must be as long as it says all the same. */
Test(journal_append, leaves_a_file_as_long_as_it_says)
{
    char path[PATH_MAX], key[32], *large = malloc(20001);
    struct temp_dir dir;
    struct store *store;

    srand(5);
    memset(large, 'x', 20000);
    large[20000] = '\0';
    temp_dir_make(&dir);
    temp_path(path, dir.path, "journal/data.mdb");
    store = open_store(&dir);
    for (uint64_t tx = 1; tx <= 40; tx++) {
        struct batch_maker maker;
        struct stat st;

        maker_init(&maker, tx, 0);
        /* More each time, so that freed pages never suffice. */
        for (int i = 0; i < (int)tx; i++) {
            (void)snprintf(key, sizeof key, "%d.%d", (int)tx, i);
            maker_state(&maker, STATE_MINT, key, large + rand() % 20000);
            maker_state(&maker, STATE_MINT, key, NULL);
        }
        cr_assert_eq(
            store_put_state(store, maker.state, maker.batch.state_count, NULL),
            OK);
        cr_assert_eq(stat(path, &st), 0);
        cr_expect_gt((uint64_t)st.st_size / 4096, last_page(path),
                     "before tx %d", (int)tx);
        cr_assert_eq(maker_append(store, &maker, NULL), OK);
        maker_fini(&maker);
        cr_assert_eq(stat(path, &st), 0);
        cr_expect_gt((uint64_t)st.st_size / 4096, last_page(path), "tx %d",
                     (int)tx);
    }
    store_close(store);
    store = open_store(&dir);
    cr_expect_eq(store_newest(store), 40);
    store_close(store);
    free(large);
    temp_dir_remove(&dir);
}

Test(journal_append, tells_sources_that_fill_more_than_a_part)
{
    enum { COUNT = 400000 };
    uint32_t *sources = malloc(COUNT * sizeof *sources);
    struct batch_maker maker;
    struct tx_info info;
    struct arena arena;
    struct store *store;
    struct temp_dir dir;

    cr_assert_not_null(sources);
    for (uint32_t i = 0; i < COUNT; i++)
        sources[i] = i * 3;
    temp_dir_make(&dir);
    store = open_store(&dir);
    maker_init(&maker, 1, 0);
    maker.batch.info.sources = sources;
    maker.batch.info.source_count = COUNT;
    maker.batch.info.idempotency_key = STR("behind them");
    maker_fact(&maker, 1, 1, "1");
    cr_assert_eq(maker_append(store, &maker, NULL), OK);
    maker_fini(&maker);

    arena_init(&arena, 8UL << 20);
    cr_assert_eq(store_transaction(store, 1, &arena, &info, NULL), OK);
    cr_assert_eq(info.source_count, COUNT);
    cr_expect_eq(memcmp(info.sources, sources, COUNT * sizeof *sources), 0);
    cr_expect(str_equal(info.idempotency_key, STR("behind them")));
    arena_fini(&arena);

    arena_init(&arena, 1UL << 20);
    cr_expect_eq(store_transaction(store, 1, &arena, &info, NULL),
                 ERR_TOO_LARGE);
    arena_fini(&arena);
    free(sources);
    store_close(store);
    temp_dir_remove(&dir);
}
