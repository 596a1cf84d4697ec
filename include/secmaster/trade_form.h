/* A trade put together out of the nodes of a tree, each of them checked. */
#ifndef SECMASTER_TRADE_FORM_H
#define SECMASTER_TRADE_FORM_H

#include <stdbool.h>
#include <stdint.h>

#include "secmaster/arena.h"
#include "secmaster/complaint.h"
#include "secmaster/json_tree.h"
#include "secmaster/trade_batch.h"

/*
 * Filled in row by row, whatever shape the rows have: what must be there and
 * what a field may be is the same for all. A node that is NULL was not sent;
 * one of null says the same. Names are of places below the row, "ticker" or
 * "security/ticker".
 */
struct trade_form {
    struct trade_batch *into; /* borrowed, as is the next */
    struct complaints *complaints;
    const char *list; /* pointer of what the rows are in; NULL: lines count */
    struct out scratch;

    /* Of the row. */
    struct arena texts;    /* that are not in its tree */
    uint64_t number, line; /* from 0, from 1 */
    struct trade trade;
    const struct tree_node *filer_info, *committees;
    bool is_bad;
    enum err err;
};

void trade_form_init(struct trade_form *form, struct trade_batch *into,
                     struct complaints *complaints);
void trade_form_fini(struct trade_form *form);

/* The next row; all is null so far. Set number or line before. */
void trade_form_begin(struct trade_form *form);

/* 1 to 255 bytes, or a number, which then is its digits. Required. */
void trade_form_transaction_id(struct trade_form *form,
                               const struct tree_node *node);

/* Required where it is the transaction's; a day of the calendar. A text without
 * characters is none, as null is. */
void trade_form_date(struct trade_form *form, const struct tree_node *node,
                     const char *name, struct date *out);

/* Integers, or texts of one: 0 to 2^32 - 1, and a second of our calendar. */
void trade_form_amendment(struct trade_form *form,
                          const struct tree_node *node);
void trade_form_updated(struct trade_form *form, const struct tree_node *node);

/* A text or a number; of an id a number is its digits as text. */
void trade_form_field(struct trade_form *form, enum trade_field field,
                      const struct tree_node *node, const char *name);

/* A list of names; or those of an object's committees, whose members are their
 * names. */
void trade_form_committees(struct trade_form *form,
                           const struct tree_node *node);
void trade_form_committees_of(struct trade_form *form,
                              const struct tree_node *filer_info);

/* An object, which is kept whole. */
void trade_form_filer_info(struct trade_form *form,
                           const struct tree_node *node);

/* A member that a row may not have, or (data NULL) what the row itself is. */
void trade_form_complain(struct trade_form *form, struct str member,
                         const char *detail);

/* Of a member beside the rows' list. */
void trade_form_complain_beside(struct trade_form *form, struct str member,
                                const char *detail);

/*
 * The row is whole: it goes into the batch unless it is bad. With a member_id
 * goes who filed it: what filer_info says of the member and, where that says
 * nothing, the row; as of filer_info's updated, else the row's, else the report
 * date, else the transaction's. ERR_BUSY, ERR_TOO_LARGE: memory.
 */
enum err trade_form_end(struct trade_form *form);

#endif
