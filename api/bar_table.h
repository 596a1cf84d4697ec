/* Answers that are tables made of bars: pages and streams. */
#ifndef API_BAR_TABLE_H
#define API_BAR_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "bar_reading.h"
#include "request.h"
#include "secmaster/bar.h"
#include "secmaster/cells_writer.h"
#include "secmaster/timeline.h"

struct bar_table;

/* Bars of a security in a month, at least one. Those up to wanted lie before
 * the days that were asked for, or on earlier pages. */
struct bar_span {
    int64_t security_id;
    const struct bar *bars;
    size_t wanted, count;
};

/* The same of a month whose bars are one run (bar.h). */
struct bar_run_span {
    int64_t security_id;
    const struct bar_run *run;
    size_t wanted;
};

/*
 * What rows a kind of table has. It may keep a state of its own between the
 * calls; rows are printed with table->cells into table->out.
 */
struct bar_rows {
    void (*columns)(const void *state, struct cells_writer *cells);

    /* In order of (security, month). VISIT_STOP: the page is full. */
    enum visit (*span)(struct bar_table *table, const struct bar_span *span);

    /* The same; NULL: runs come as bars. */
    enum visit (*run_span)(struct bar_table *table,
                           const struct bar_run_span *span);

    /* There are no more bars; NULL: nothing to do. */
    void (*end)(struct bar_table *table);

    /* Make a copy of a state that is in use that of a table without bars;
     * NULL: the next security does. */
    void (*renew)(void *state);

    void (*free)(void *state); /* NULL: there is none */
};

struct bar_table {
    struct stream stream; /* first: streams are cast back */
    const struct bar_rows *rows;
    void *state; /* owned: so many plain bytes */
    size_t state_bytes;
    struct bar_reading reading;
    struct cells_writer cells;
    struct date from;       /* as asked for */
    int64_t days_before;    /* a bar that comes first may need */
    int64_t resumed;        /* the security that the page begins with; */
    struct date resumed_at; /* and its first day there */
    int64_t whole;          /* the security that is read from its first bar */
    bool is_headed;
    size_t chunk_bytes; /* of a stream; and the records read for them */
    uint64_t chunk_records;

    /* The present turn. */
    struct out *out;
    size_t bytes_max;   /* of out: then the turn is over */
    uint64_t rows_left; /* of the page */
    bool is_full;       /* the page is; the row that it had no room for: */
    int64_t next_security;
    struct date next_day;
    bool is_again; /* the security has to be read from its first bar */
};

/*
 * Whether the page has room for one more row: what is known by this security
 * and day, of which the next page would begin with the same row. False: end the
 * span with VISIT_STOP.
 */
bool bar_table_admit(struct bar_table *table, int64_t security_id,
                     struct date day);

/* Print a field of a bar as the next value of the row. */
static inline void
bar_table_put(struct bar_table *table, const struct bar *bar,
              enum bar_field field)
{
    if ((bar->present & BAR_BIT(field)) == 0) {
        cells_null(&table->cells, table->out);
        return;
    }
    cells_next(&table->cells, table->out);
    decimal_put(table->out, bar_decimal(bar, field));
}

/*
 * Whether the security's bars are shown again, from its first one on: more of
 * them come before the wanted ones than were read. End the span with
 * VISIT_STOP. False: these are all.
 */
bool bar_table_again(struct bar_table *table, int64_t security_id);

/* What a table is made from. */
struct bar_question {
    const struct bar_rows *rows;
    void *state;         /* goes over to the table: so many plain bytes, */
    size_t state_bytes;  /* which parts of a stream have copies of */
    bool is_of_one;      /* the path's security, which has to be known; else */
    int64_t security_id; /* all of them */
    struct window window;
    int64_t days_before; /* 0: no bars before the window are wanted */
};

/*
 * Answer with a page in JSON or where limit= is given, else with a stream of
 * all rows, as known at known_tx.
 */
void bar_table_answer(struct request *request, struct response *response,
                      const struct bar_question *question, uint64_t known_tx);

/*
 * Of a question: read the security where the path has one, the clocks, from=
 * and to=. On failure, and where the client has the answer, the response is set
 * and false returned.
 */
bool bar_question_read(struct request *request, struct response *response,
                       struct bar_question *out, uint64_t *known_tx);

#endif
