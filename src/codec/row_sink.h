/* Rows of outside data, member by member, whatever format brought them. */
#ifndef CODEC_ROW_SINK_H
#define CODEC_ROW_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "secmaster/complaint.h"
#include "secmaster/date.h"
#include "secmaster/err.h"
#include "secmaster/out.h"
#include "secmaster/str.h"

/* What stood at a member's place; text is raw UTF-8, unescaped. */
enum token_type {
    TOKEN_ABSENT,
    TOKEN_NULL,
    TOKEN_FALSE,
    TOKEN_TRUE,
    TOKEN_NUMBER, /* a security id of CSV too, digits or not */
    TOKEN_STRING,
    TOKEN_NESTED, /* a JSON array or object; what is inside was passed over */
    TOKEN_FAULTY, /* complained about already, missing ones too: not to be read
                   */
};

struct token {
    enum token_type type;
    struct str text; /* numbers and strings only */
};

enum member_kind {
    MEMBER_ID,     /* see row_id */
    MEMBER_NEW_ID, /* the same, or a string that begins with NEW_SECURITY */
    MEMBER_TEXT,
    MEMBER_NUMBER,
    MEMBER_BARE_NUMBER,         /* in CSV a quoted field is none */
    MEMBER_BARE_NUMBER_OR_NULL, /* the same, or null; in CSV an empty field */
    MEMBER_SCALAR, /* any JSON scalar; CSV: whatever the field reads as */
};

enum member_need {
    MEMBER_OPTIONAL,
    MEMBER_COLUMN, /* a CSV header must name it, a JSON row may lack it */
    MEMBER_REQUIRED,
};

struct row_member {
    const char *name;
    enum member_kind kind;
    enum member_need need;
};

/* A column of somebody else's CSV, and the member that it is. */
struct row_column {
    const char *name;
    size_t member;
};

/* Far above any body's own members. */
#define ROW_MEMBERS_MAX 16

/*
 * What a body of one kind looks like: {"list": [row, ...], and top members},
 * a bare array of rows, rows as lines. A new kind of body is one of these
 * and the functions of its row_sink.
 */
struct row_shape {
    const char *pointer; /* of the list in an object: "/facts" */
    const struct row_member *members;
    size_t member_count;          /* at most ROW_MEMBERS_MAX */
    const struct row_member *top; /* MEMBER_TEXT beside the list */
    size_t top_count;
    const char *empty; /* complaint about a list of nothing; NULL: it may be */
    const struct row_column *foreign; /* a whole CSV header that is taken, too,
                                         just as it is; it has all it must */
    size_t foreign_count;             /* 0: there is none */
};

/*
 * Gathers one row at a time. A row that breaks the shape is complained about
 * and never shown; row, top and header may complain on (row_complain).
 */
struct row_sink {
    const struct row_shape *shape;
    struct complaints *complaints; /* borrowed */
    enum err (*row)(struct row_sink *sink, const struct token *tokens);
    enum err (*top)(struct row_sink *sink, size_t i, struct str text);
    /* A CSV header has a bit for each member it names; NULL: nothing to say. */
    void (*header)(struct row_sink *sink, uint32_t members);
    void *context;

    /* Where we are; set by the source of the rows. */
    const char *pointer; /* of the list; NULL where lines name places */
    uint64_t line;       /* of the body, from 1; where pointer is NULL */

    uint64_t rows; /* begun so far */
    bool row_bad;
    struct token tokens[ROW_MEMBERS_MAX];
    size_t offsets[ROW_MEMBERS_MAX]; /* of the tokens' texts in text */
    struct out text;
};

void row_sink_init(struct row_sink *sink, const struct row_shape *shape,
                   struct complaints *complaints);
void row_sink_fini(struct row_sink *sink);

/* A row begins; its members in any order, each once; it ends. The texts are
 * copied. Errors are those of row, top and memory. */
void row_sink_begin(struct row_sink *sink);
enum err row_sink_member(struct row_sink *sink, size_t i, struct token token);
enum err row_sink_end(struct row_sink *sink);

/*
 * The same in one step: tokens hold a row that has what it must and no fault.
 * The texts are borrowed for the call.
 */
enum err row_sink_whole(struct row_sink *sink);

/* Whether a text begins as the id of a new security does. */
bool is_new_security(struct str text);

/* Whether a token without U+0000 has no fault as a member of this kind. */
bool token_fits(enum member_kind kind, struct token token);

/* A member beside the list. */
enum err row_sink_top(struct row_sink *sink, size_t i, struct token token);

/* The list is whole. */
void row_sink_list_end(struct row_sink *sink);

/* Complain about the row, or a member of it (data NULL: the row itself). */
void row_complain(struct row_sink *sink, struct str member, const char *detail);

/* Complain about what a pointer names, outside of rows. */
void body_complain(struct row_sink *sink, struct str member,
                   const char *detail);

/* Which of the members text names, or count. */
size_t member_find(const struct row_member *members, size_t count,
                   struct str text);

/* Read member i, complaining when it is none: digits alone, at most
 * SECURITY_ID_MAX; a date. False without a word where it is faulty. */
bool row_id(struct row_sink *sink, size_t i, int64_t *out);
bool row_date(struct row_sink *sink, size_t i, struct date *out);

/* What is said of what is no id and no date. */
#define FAULT_ID                                                               \
    "must be an integer from 0 to 9223372036854775807, in digits alone"
#define FAULT_DATE                                                             \
    "must be a date of the calendar as YYYY-MM-DD, 0001-01-01 to 9999-12-31"

/* Read a security's id; false: it is none. */
bool id_read(struct str text, int64_t *out);

/* A stranger's name, cut between characters to a length fit for a message. */
struct str name_clip(struct str name);

#endif
