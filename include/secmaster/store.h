/*
 * The socket every store plugs into: append batches, read records as known at
 * a transaction. It speaks records, not bytes, so that a store on another
 * engine can stand beside the embedded one.
 */
#ifndef SECMASTER_STORE_H
#define SECMASTER_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "secmaster/arena.h"
#include "secmaster/err.h"
#include "secmaster/instant.h"
#include "secmaster/names.h"
#include "secmaster/record.h"
#include "secmaster/rulebook.h"
#include "secmaster/str.h"

/* What a transaction did. On disk: never renumber. */
enum batch_kind {
    BATCH_FACTS = 1,
    BATCH_PRECEDENCE = 2, /* its state says all; it has no records */
    BATCH_POSITIONS = 3,  /* one record: a portfolio's positions of a day */
    BATCH_PRICES = 4,
    BATCH_TRADES = 5, /* trades and members */
};

/* The metadata of one transaction (GET /v1/transactions/{tx}). */
struct tx_info {
    uint64_t tx;                /* 1, 2, 3 ... without gaps */
    struct instant recorded_at; /* never goes backwards */
    enum batch_kind kind;
    uint32_t facts; /* as sent */
    uint32_t securities;
    const uint32_t *sources; /* dictionary ids, ascending */
    uint32_t source_count;
    struct str idempotency_key; /* len 0: none */
};

/* On disk: never renumber. */
enum name_space {
    NAMES_ATTRIBUTES = 1,
    NAMES_SOURCES = 2,
    NAMES_PORTFOLIOS = 3, /* first asserted: its first positions */
    NAMES_TRADES = 4,     /* transaction ids; first asserted: its first row */
    NAMES_MEMBERS = 5,    /* of Congress; first asserted: as above */
};
#define NAME_SPACES 5
#define NAME_SPACE_PLACE(space) ((size_t)(space)-1) /* in a table of them */

/* A space that is read from disk may be any number. */
static inline bool
name_space_is_known(unsigned space)
{
    return space >= 1 && space <= NAME_SPACES;
}

/* A name that the batch brings in, or an attribute's new milestones. */
struct name_change {
    enum name_space space;
    uint32_t id;     /* names_count() and up for new ones, ascending */
    struct str text; /* also where the name is there already */
    uint64_t first_assertion, first_retraction; /* TX_NEVER: not so far */
};

/*
 * State beside the records that must change with them or not at all: what a
 * space holds and how its keys look is its owner's affair. Keys are 1..256
 * bytes. On disk: never renumber.
 */
enum state_space {
    STATE_IDEMPOTENCY = 1,
    STATE_WEBHOOKS = 2,
    STATE_WATERMARKS = 3,
    STATE_PRECEDENCE = 4,
    STATE_MINT = 5,
    STATE_IDEMPOTENCY_AGE = 6,
    STATE_RUNS = 7,
    STATE_QUARANTINE = 8,
    STATE_PACES = 9, /* of vendors: how often they are asked */
};
struct state_change {
    enum state_space space;
    struct str key;
    struct str value; /* data NULL: remove the key */
};

/* Shown one key at a time, in order of their bytes; it dies with the call.
 * VISIT_SKIP is as VISIT_NEXT. */
typedef enum visit state_visitor(void *context, struct str key,
                                 struct str value);

/*
 * A fact that did not stand behind its record's earlier ones: where it stands
 * counting record by record, and where it stood as sent. Both from 0; ascending
 * by sequence. The others fill the remaining places in order.
 */
struct displaced {
    uint32_t sequence, ordinal;
};

struct append_batch {
    struct tx_info info;
    const struct record *records; /* in order of arrival, tx = info.tx; one
                                     record a (kind, security, date) */
    uint32_t record_count;
    const struct displaced *displaced;
    uint32_t displaced_count;
    const struct name_change *names;
    uint32_t name_count;
    const struct state_change *state;
    uint32_t state_count;
};

/*
 * For a visitor that folds, and wants no row that ends by a date: records up
 * to that date may be cut down to those that a fold at it or later needs, each
 * with the facts that it needs. What else would be shown is not counted on.
 */
struct scan_fold {
    struct date first;  /* of first_security */
    struct date others; /* of every other one */
};

/* A batch of facts read back. Owned: stored_batch_fini. */
struct stored_batch {
    struct tx_info info;          /* without sources and key */
    const struct record *records; /* in order of arrival; of another kind than
                                     facts none are read */
    uint32_t record_count;
    const struct displaced *displaced;
    uint32_t displaced_count;
    size_t bytes; /* that it holds */
    void *memory[3];
};

/* How much a batch that is read back may have. */
struct batch_room {
    size_t bytes;
    uint32_t facts;
};
#define BATCH_ANY_SIZE ((struct batch_room){ SIZE_MAX, UINT32_MAX })

/* Records of one kind, from first to last, both included. */
struct scan_range {
    enum record_kind kind;
    int64_t first_security, last_security;
    struct date first_date;       /* of first_security */
    struct date last_date;        /* of last_security */
    const struct scan_fold *fold; /* NULL: every record is to be shown */
};

#define SCAN_SECURITY(kind_, id)                                               \
    ((struct scan_range){                                                      \
        (kind_), (id), (id), { DATE_FIRST_DAYS }, { DATE_LAST_DAYS }, NULL })
#define SCAN_ALL(kind_)                                                        \
    ((struct scan_range){ (kind_),                                             \
                          0,                                                   \
                          INT64_MAX,                                           \
                          { DATE_FIRST_DAYS },                                 \
                          { DATE_LAST_DAYS },                                  \
                          NULL })

/*
 * Who asserted, of one attribute, a value with this text: struct value's,
 * whatever its type. Of securities from first to last, both included.
 */
struct lookup_range {
    uint32_t attribute; /* dictionary id */
    struct str text;
    int64_t first_security, last_security;
};

#define LOOKUP_ALL(attribute_, text_)                                          \
    ((struct lookup_range){ (attribute_), (text_), 0, INT64_MAX })

/*
 * The same for several texts of one attribute: all securities of each, but of
 * the first text from first_security on, of the last one up to last_security.
 * In any order and more than once; a text that is behind the one before it by
 * hash_xxh64 costs a step, another one a search.
 */
struct lookup_names {
    uint32_t attribute;
    const struct str *texts;
    size_t count;
    int64_t first_security, last_security;
};

/* Shown one candidate at a time; VISIT_SKIP is as VISIT_NEXT. name is its
 * text's place. */
typedef enum visit candidate_visitor(void *context, int64_t security_id);
typedef enum visit name_visitor(void *context, size_t name,
                                int64_t security_id);

struct store;

/*
 * Exactly the records with tx <= known_tx, for as long as it is open. Lives
 * in the caller's storage; belongs to one thread; short (microseconds to a
 * chunk of a stream): never held while a client is waited for.
 */
struct view {
    struct store *store;
    uint64_t known_tx;
    void *handle; /* the store's own */
};

#define KNOWN_NEWEST UINT64_MAX

struct store_health {
    bool failed; /* a commit's outcome is unknown: stop */
    bool full;   /* the disk is, or the last append found it or the map so */
    uint64_t newest_tx;
    uint64_t disk_bytes;     /* files of the store; 0 where there are none */
    uint64_t memtable_bytes; /* memory that holds records */
    uint64_t memtable_records;
    uint64_t sealed_memtables; /* on their way into the index */
    uint64_t index_bytes;      /* of disk_bytes */
    uint64_t merged_tx;        /* what the index has whole */
    uint64_t merges, merge_us_total;
    bool merge_failed; /* the index cannot be written any more; appends go on
                          while there is memory, then get ERR_BUSY */
};

/* A store is this table and a struct that begins with struct store. */
struct store_ops {
    const char *name;
    enum err (*append)(struct store *store,
                       const struct append_batch *const *batches, size_t count,
                       struct why *why);
    enum err (*view_begin)(struct view *view, struct why *why);
    void (*view_end)(struct view *view);
    enum err (*scan)(struct view *view, const struct scan_range *range,
                     record_visitor *visitor, void *context, struct why *why);
    enum err (*lookup)(struct view *view, const struct lookup_names *names,
                       name_visitor *visitor, void *context, struct why *why);
    enum err (*transaction)(struct store *store, uint64_t tx,
                            struct arena *arena, struct tx_info *out,
                            struct why *why);
    enum err (*batch)(struct store *store, uint64_t tx,
                      const struct batch_room *room, struct stored_batch *out,
                      struct why *why);
    enum err (*history)(struct store *store, uint64_t tx, uint64_t *out,
                        struct why *why);
    enum err (*state_get)(struct store *store, enum state_space space,
                          struct str key, struct arena *arena, struct str *out,
                          struct why *why);
    enum err (*state_scan)(struct store *store, enum state_space space,
                           state_visitor *visitor, void *context,
                           struct why *why);
    enum err (*put_state)(struct store *store,
                          const struct state_change *changes, size_t count,
                          struct why *why);
    void (*health)(struct store *store, struct store_health *out);
    void (*close)(struct store *store);
};

/*
 * What a history's number was, for those asked last: check is tx ^ number, so
 * that a pair of which two threads wrote one half each is not believed.
 */
#define HISTORY_SLOTS 64
struct history_slot {
    _Atomic uint64_t number, check;
};

struct store {
    const struct store_ops *ops;
    uint64_t seed; /* of tables whose keys a client chooses (hash.h) */
    struct names *attributes, *sources, *portfolios; /* of every batch */
    struct names *trades, *members;
    struct rulebook *rules; /* the writer's to fill */
    _Atomic uint64_t published_tx;
    struct history_slot histories[HISTORY_SLOTS]; /* by tx modulo */
};

/* The dictionary of a space. */
struct names *store_dictionary(const struct store *store,
                               enum name_space space);

/* For stores: make all of them, free those that there are. ERR_BUSY: out of
 * memory. */
enum err store_dictionaries_new(struct store *store, uint64_t seed);
void store_dictionaries_free(struct store *store);

/*
 * Make batches durable in one commit, then visible, then return: all of them
 * or none. Their tx go on from the newest without a gap, recorded_at does not
 * go backwards. Called by one thread only (the writer).
 * ERR_FULL: disk or map full. ERR_BUSY: out of memory, or the index is
 * behind. ERR_TOO_LARGE: more than one commit holds. All three: nothing stored,
 * the store goes on. ERR_STORE: the outcome is unknown or the store had failed
 * before: stop the process.
 */
enum err store_append(struct store *store,
                      const struct append_batch *const *batches, size_t count,
                      struct why *why);

/* The newest transaction that is durable and visible; 0: none. Any thread. */
uint64_t store_newest(struct store *store);

/*
 * Open a view of what was known at known_tx, or at KNOWN_NEWEST.
 * ERR_INVALID: above the newest. ERR_BUSY: no room for another reader.
 */
enum err store_view_begin(struct store *store, uint64_t known_tx,
                          struct view *view, struct why *why);
void store_view_end(struct view *view);

/*
 * Show the visitor every record of the range in key order; with a fold, from
 * the first date on, those that it needs. ERR_STORE: damage,
 * named in why; what was shown before it is good.
 */
enum err store_scan(struct view *view, const struct scan_range *range,
                    record_visitor *visitor, void *context, struct why *why);

/*
 * Show the visitor every candidate, ascending, each once: none that the view
 * has such an assertion of is missing, live or not; more may be shown, which
 * said it later or never. ERR_BUSY: out of memory. ERR_STORE: as of a scan.
 */
enum err store_lookup(struct view *view, const struct lookup_range *lookup,
                      candidate_visitor *visitor, void *context,
                      struct why *why);

/* The same for several texts, in the order in which they are given. */
enum err store_lookup_names(struct view *view, const struct lookup_names *names,
                            name_visitor *visitor, void *context,
                            struct why *why);

/* The metadata of tx, in arena. ERR_NOT_FOUND: no such transaction. */
enum err store_transaction(struct store *store, uint64_t tx,
                           struct arena *arena, struct tx_info *out,
                           struct why *why);

/*
 * Read the batch of tx back. ERR_NOT_FOUND: no such transaction. ERR_TOO_LARGE:
 * there is no room for it; out holds nothing but says its info and how many
 * bytes it would. ERR_BUSY: memory. ERR_STORE: damage.
 */
enum err store_batch(struct store *store, uint64_t tx,
                     const struct batch_room *room, struct stored_batch *out,
                     struct why *why);
void stored_batch_fini(struct stored_batch *batch);

/*
 * A number that stands for transactions 1 to tx and all that is in them: the
 * same after a restart, another where anything was another, as behind a backup
 * that was restored and written to. tx 0 has 0. ERR_NOT_FOUND: above the
 * newest. ERR_STORE: damage. About 10 ns where tx was asked for lately.
 */
enum err store_history(struct store *store, uint64_t tx, uint64_t *out,
                       struct why *why);

/* The last transaction recorded at or before a moment; 0: none. */
enum err store_tx_at(struct store *store, struct instant at, uint64_t *out,
                     struct why *why);

/* The value of a key, in arena. ERR_NOT_FOUND: no such key. */
enum err store_state_get(struct store *store, enum state_space space,
                         struct str key, struct arena *arena, struct str *out,
                         struct why *why);

/* Show the visitor every key of a space and its value. ERR_STORE: damage; what
 * was shown before it is good. */
enum err store_state_scan(struct store *store, enum state_space space,
                          state_visitor *visitor, void *context,
                          struct why *why);

/*
 * Make changes of state durable in one commit that has no batch, and so no tx:
 * all of them or none. By the thread that appends; errors as store_append's.
 */
enum err store_put_state(struct store *store,
                         const struct state_change *changes, size_t count,
                         struct why *why);

/* Any thread, any time. */
void store_health(struct store *store, struct store_health *out);

/* Ends every view first; frees the store. NULL is fine. */
void store_close(struct store *store);

#endif
