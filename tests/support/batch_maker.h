/* Batches for a store, put together by hand. */
#ifndef SUPPORT_BATCH_MAKER_H
#define SUPPORT_BATCH_MAKER_H

#include "secmaster/arena.h"
#include "secmaster/store.h"

#define MAKER_ITEMS_MAX 4096

/* All it holds lives until maker_fini. */
struct batch_maker {
    struct append_batch batch;
    struct arena arena;
    struct record *records;
    struct name_change *names;
    struct state_change *state;
};

void maker_init(struct batch_maker *maker, uint64_t tx, int64_t recorded_us);
void maker_fini(struct batch_maker *maker);

/* A record of one fact: attribute 0 of source 0 is number. */
void maker_fact(struct batch_maker *maker, int64_t security, int32_t days,
                const char *number);

/* A record with a payload of its own (copied). */
void maker_record(struct batch_maker *maker, int64_t security, int32_t days,
                  struct str payload);

/* The batch becomes one of positions; a record of a portfolio's on a day:
 * security 1 with a quantity, none where it is NULL. */
void maker_positions(struct batch_maker *maker, int64_t portfolio, int32_t days,
                     const char *quantity);
void maker_name(struct batch_maker *maker, enum name_space space, uint32_t id,
                const char *text);

/* value NULL: remove the key. */
void maker_state(struct batch_maker *maker, enum state_space space,
                 const char *key, const char *value);

/* Attribute 0 "price" and source 0 "default", which maker_fact needs. */
void maker_first_names(struct batch_maker *maker);

/* Append one batch by itself. */
enum err maker_append(struct store *store, const struct batch_maker *maker,
                      struct why *why);

/* The payload of one fact, in arena. */
struct str maker_payload(struct arena *arena, const char *number);

#endif
