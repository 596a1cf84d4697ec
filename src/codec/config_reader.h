/* Members of a configuration, read from its tree or refused at their place. */
#ifndef CODEC_CONFIG_READER_H
#define CODEC_CONFIG_READER_H

#include <stddef.h>
#include <stdint.h>

#include "secmaster/arena.h"
#include "secmaster/complaint.h"
#include "secmaster/err.h"
#include "secmaster/json_document.h"

#define CONFIG_PLACE_BYTES_MAX 1024 /* some names of which each byte is two */
#define CONFIG_NAME_BYTES_MAX 64    /* of a member that can be shown */

/* place is where it reads; no complaint repeats a value. */
struct config_reader {
    struct arena *arena;
    struct complaints *complaints;
    char place[CONFIG_PLACE_BYTES_MAX]; /* RFC 6901 */
    size_t place_len;
};

/* Go into a member or an item; config_leave goes back to where it was. */
size_t config_enter(struct config_reader *reader, struct str name);
size_t config_enter_item(struct config_reader *reader, uint32_t index);
void config_leave(struct config_reader *reader, size_t place_len);

/* About where it reads, or about a member of that. */
void config_complain(struct config_reader *reader, const char *member,
                     const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Complain of each member that is not among the names (the last is NULL). */
void config_check_members(struct config_reader *reader,
                          const struct json_node *object,
                          const char *const *names);

/*
 * A string into the arena; NULL of fault is a good one. It stays as it is where
 * there is none or a bad one. ERR_TOO_LARGE: past the arena's budget.
 */
typedef const char *config_fault(struct str text);
struct config_text {
    const char *name;
    config_fault *fault;
    size_t offset; /* of a struct str in what is being filled */
    bool is_required;
};
enum err config_read_text(struct config_reader *reader,
                          const struct json_node *object,
                          const struct config_text *text, void *into);

/* An integer, or its default where there is none. */
struct config_number {
    const char *name;
    size_t offset; /* of a uint32_t */
    uint32_t least, most, otherwise;
};
void config_read_number(struct config_reader *reader,
                        const struct json_node *object,
                        const struct config_number *number, void *into);

/* NULL, or why a name cannot be a vendor's or a dataset's: not 1 to 64 of
 * A-Z, a-z, 0-9, '.', '_' and '-', or "." or "..". */
const char *config_name_fault(struct str text);

/* How many children a node has, counted no further than most + 1. */
uint32_t config_count(const struct json_node *node, uint32_t most);

#endif
