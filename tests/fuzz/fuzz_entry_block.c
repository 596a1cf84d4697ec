/* Blocks of inverted entries: what is taken is in order, is put back the same,
 * and a search ends where one step at a time does. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "secmaster/bounds.h"
#include "secmaster/crc32c.h"
#include "secmaster/wire.h"
#include "src/store/entry_block.h"

#define CHECKSUM_BYTES 4
/* An entry takes a byte at least. */
#define ENTRIES_MAX (BLOCK_BYTES_MAX - ENTRY_HEAD_BYTES)
/* Searches of a block, each from two places. */
#define SEARCHES 5

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct entry entries[ENTRIES_MAX];

/* All of a block; NULL, or what is wrong with an entry. */
static const char *
take_all(struct str key, struct str value, size_t *count)
{
    struct entry_block block;
    const char *fault = NULL;

    *count = 0;
    if (entry_block_open(key, value, &block) != NULL)
        return "its head";
    while (entry_block_next(&block, &entries[*count], &fault)) {
        const struct entry *entry = &entries[*count];

        assert(entry->security_id >= 0);
        assert(entry_compare(&block.fence, entry) <= 0);
        assert(!block.has_next || entry_compare(entry, &block.next) < 0);
        assert(*count == 0 || entry_compare(&entry[-1], entry) < 0);
        ++*count;
        assert(*count < ENTRIES_MAX || block.bytes.len == 0);
    }
    return fault;
}

/* From the block's beginning, or behind an entry that was taken before. */
static void
expect_search(struct str key, struct str value, size_t count, size_t taken,
              const struct entry *sought)
{
    struct entry_block block;
    struct entry got = { 0, 0 };
    const char *fault;
    size_t at = 0;
    bool is_found;

    assert(entry_block_open(key, value, &block) == NULL);
    for (size_t i = 0; i < taken; i++)
        assert(entry_block_next(&block, &got, &fault));
    if (taken > 0 && entry_compare(&got, sought) >= 0)
        return;
    while (at < count && entry_compare(&entries[at], sought) < 0)
        at++;
    is_found = entry_block_seek(&block, sought, &got, &fault);
    assert(fault == NULL);
    assert(is_found == (at < count));
    for (; is_found; at++) {
        assert(entry_compare(&got, &entries[at]) == 0);
        is_found = entry_block_next(&block, &got, &fault);
        assert(fault == NULL);
        assert(is_found == (at + 1 < count));
    }
}

static void
expect_searches(struct str key, struct str value, size_t count)
{
    const size_t step = count / SEARCHES + 1;

    for (size_t i = 0; i < count; i += step) {
        struct entry sought = entries[i];

        expect_search(key, value, count, 0, &sought);
        expect_search(key, value, count, i / 2, &sought);
        if (sought.security_id < SECURITY_ID_MAX)
            sought.security_id++;
        expect_search(key, value, count, i, &sought);
        sought = (struct entry){ entries[i].term + 1, 0 };
        expect_search(key, value, count, i / 2, &sought);
    }
}

/* What is taken is put in no more bytes, and read back. */
static void
expect_kept(struct str key, struct str value, size_t count)
{
    static struct entry_block_maker maker;
    static struct entry before[ENTRIES_MAX];
    struct entry_block block;
    struct str put;
    size_t again;

    assert(entry_block_open(key, value, &block) == NULL);
    memcpy(before, entries, count * sizeof entries[0]);
    entry_block_begin(&maker, &block.fence);
    for (size_t i = 0; i < count; i++)
        assert(entry_block_put(&maker, &entries[i]));
    put = entry_block_end(&maker, block.has_next ? &block.next : NULL);
    assert(put.len <= value.len);
    assert(take_all(key, put, &again) == NULL);
    assert(again == count);
    for (size_t i = 0; i < count; i++)
        assert(entry_compare(&before[i], &entries[i]) == 0);
}

/* A search through damage ends, too. */
static void
search_damaged(struct str key, struct str value, uint64_t term)
{
    const struct entry sought = { term, 0 };
    struct entry_block block;
    struct entry got;
    const char *fault;

    if (entry_block_open(key, value, &block) == NULL)
        (void)entry_block_seek(&block, &sought, &got, &fault);
}

/* The key, the key of the block after it, and entries, under a right checksum.
 */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct str key = { (const char *)data, ENTRY_KEY_BYTES };
    unsigned char bytes[BLOCK_BYTES_MAX];
    struct str value = { (const char *)bytes, 0 };
    size_t count;

    if (size < ENTRY_KEY_BYTES + ENTRY_KEY_BYTES ||
        size - ENTRY_KEY_BYTES > sizeof bytes - CHECKSUM_BYTES)
        return 0;
    value.len = CHECKSUM_BYTES + size - ENTRY_KEY_BYTES;
    /* At the array's end, so that who reads past it is reported. */
    value.data = (const char *)bytes + sizeof bytes - value.len;
    memcpy(bytes + sizeof bytes - value.len + CHECKSUM_BYTES,
           data + ENTRY_KEY_BYTES, size - ENTRY_KEY_BYTES);
    put_le32(bytes + sizeof bytes - value.len,
             crc32c(crc32c(0, key.data, key.len), value.data + CHECKSUM_BYTES,
                    value.len - CHECKSUM_BYTES));
    if (take_all(key, value, &count) != NULL) {
        search_damaged(key, value, get_be64(data + size - sizeof(uint64_t)));
        return 0;
    }
    expect_searches(key, value, count);
    expect_kept(key, value, count);
    return 0;
}
