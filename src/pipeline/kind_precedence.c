/* A change of precedence: names become ids, and the rule a piece of state. */
#include <assert.h>
#include <stdlib.h>

#include "kind.h"
#include "secmaster/rulebook.h"
#include "secmaster/wire.h"

#define KEY_BYTES 8 /* the tx, big-endian */

static struct str
key_of(unsigned char bytes[static KEY_BYTES], uint64_t tx)
{
    put_be64(bytes, tx);
    return (struct str){ (const char *)bytes, KEY_BYTES };
}

static enum err
use_list(struct commit *commit, const struct rule_names_list *names,
         struct rule_list *list, uint32_t *sources)
{
    struct name_use use;

    *list = (struct rule_list){ 0, sources, names->source_count };
    if (names->attribute.data != NULL) {
        TRY(name_changes_use(&commit->names, NAMES_ATTRIBUTES, names->attribute,
                             TX_NEVER, &use));
        list->attribute = use.id;
    }
    for (uint32_t i = 0; i < names->source_count; i++) {
        TRY(name_changes_use(&commit->names, NAMES_SOURCES, names->sources[i],
                             TX_NEVER, &use));
        sources[i] = use.id;
    }
    return OK;
}

/* The bytes of a rule, by the ids that its names have or will have. */
static enum err
encode(struct commit *commit, const struct rule_names *names, struct out *out)
{
    struct rule_list *lists = calloc(names->list_count, sizeof *lists);
    uint32_t count = 0, *sources;
    enum err err = OK;

    for (uint32_t i = 0; i < names->list_count; i++)
        count += names->lists[i].source_count;
    sources = calloc(count + 1, sizeof *sources);
    if (lists == NULL || sources == NULL)
        err = ERR_BUSY;
    for (uint32_t i = 0, at = 0; i < names->list_count && err == OK; i++) {
        err = use_list(commit, &names->lists[i], &lists[i], sources + at);
        at += names->lists[i].source_count;
    }
    if (err == OK) {
        rule_encode(out, lists, names->list_count);
        err = out_finish(out);
    }
    free(lists);
    free(sources);
    return err;
}

/* Readers do not meet the rule before its tx is published. */
static enum err
add_rule(struct store *store, uint64_t tx, struct str bytes)
{
    struct rule *rule;
    enum err err;

    TRY(rule_decode(bytes, store->seed, &rule));
    err = rulebook_add(store->rules, tx, rule);
    if (err != OK)
        rule_free(rule);
    return err;
}

static enum err
admit(struct commit *commit, struct write_job *job, struct tx_info *info)
{
    unsigned char key[KEY_BYTES];
    struct out bytes;
    enum err err;

    assert(job->rule->list_count > 0);

    out_init(&bytes, SIZE_MAX);
    err = encode(commit, job->rule, &bytes);
    if (err == OK)
        err = commit_put_state(commit,
                               &(struct state_change){ STATE_PRECEDENCE,
                                                       key_of(key, info->tx),
                                                       out_text(&bytes) });
    if (err == OK)
        err = add_rule(commit->store, info->tx, out_text(&bytes));
    out_fini(&bytes);
    return err;
}

/* The names it brings in are known when the next batch asks for them. */
static bool
always(const struct write_job *job)
{
    (void)job;
    return true;
}

const struct job_kind kind_precedence = { NULL, always, admit };

/* What a walk through the state carries along. */
struct loading {
    struct store *store;
    struct why *why;
    enum err err;
};

static const char *
names_fault(const struct store *store, const struct rule *rule)
{
    uint32_t attributes = names_count(store->attributes);
    uint32_t sources = names_count(store->sources), count;
    const struct rule_list *lists = rule_lists(rule, &count);

    for (uint32_t i = 0; i < count; i++) {
        if (i > 0 && lists[i].attribute >= attributes)
            return "an attribute is missing";
        for (uint32_t s = 0; s < lists[i].source_count; s++)
            if (lists[i].sources[s] >= sources)
                return "a source is missing";
    }
    return NULL;
}

static enum err
load_rule(struct store *store, struct str key, struct str value,
          struct why *why)
{
    const char *fault = "its key is malformed";
    uint64_t tx = 0;

    if (key.len == KEY_BYTES) {
        tx = get_be64((const unsigned char *)key.data);
        fault =
            tx == 0 || tx > store_newest(store) ? "its tx is not there" : NULL;
    }
    if (fault == NULL) {
        enum err err = add_rule(store, tx, value);

        if (err != OK && err != ERR_STORE)
            return why_set(why, err, "out of memory");
        fault = err == ERR_STORE
                    ? "its bytes are malformed"
                    : names_fault(store, rulebook_at(store->rules, tx));
    }
    if (fault == NULL)
        return OK;
    return why_set(why, ERR_STORE,
                   "the rule of precedence of tx %llu is damaged: %s",
                   (unsigned long long)tx, fault);
}

static enum visit
visit_rule(void *context, struct str key, struct str value)
{
    struct loading *loading = context;

    loading->err = load_rule(loading->store, key, value, loading->why);
    return loading->err == OK ? VISIT_NEXT : VISIT_STOP;
}

enum err
precedence_load(struct store *store, struct why *why)
{
    struct loading loading = { store, why, OK };

    rulebook_cut(store->rules, 0);
    TRY(store_state_scan(store, STATE_PRECEDENCE, visit_rule, &loading, why));
    return loading.err;
}
