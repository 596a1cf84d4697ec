/*
 * The benchmark's data: facts about securities, shuffled over securities and
 * dates, each computed from its place alone, so that any number of them needs
 * no memory. The same seed gives the same facts on every machine.
 */
#ifndef BENCH_DATASET_H
#define BENCH_DATASET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "secmaster/date.h"

#define DATASET_ATTRIBUTES 20
#define DATASET_VALUE_BYTES_MAX 64
#define DATASET_FACTS_MAX (1UL << 40)
#define DATASET_DATES_MAX 10000
#define DATASET_FIRST_DAYS 10227  /* 1998-01-01 */
#define DATASET_SPAN_DAYS 10000   /* which end in May 2025 */
#define DATASET_MONDAY_DAYS 11323 /* 2001-01-01: the first bar's day */
#define DATASET_WEEKDAYS_MAX 6360 /* and as many behind it are in the span */

struct dataset {
    uint64_t seed;
    uint64_t facts;      /* at most DATASET_FACTS_MAX */
    uint64_t securities; /* 1 .. facts */
    uint64_t dates;      /* of a security, 2 .. DATASET_DATES_MAX */
    uint64_t first_id;   /* ids follow each other */
};

struct dataset_fact {
    uint64_t security_id;
    struct date effective;
    unsigned attribute;
    bool is_text; /* a JSON string; else a number, true or false */
    size_t value_len;
    char value[DATASET_VALUE_BYTES_MAX]; /* no quotes, nothing to escape */
};

struct dataset_position {
    uint64_t security_id;
    struct date date;
    uint64_t quantity;
};

/* A day's prices, in cents. */
struct dataset_bar {
    uint64_t security_id;
    struct date date;
    uint64_t open, high, low, close, volume;
};

/* A type-2 row: the last fact of each attribute, NULL where there is none. */
struct dataset_row {
    uint64_t security_id;
    struct date start, end; /* end may be DATE_OPEN_DAYS */
    const struct dataset_fact *cells[DATASET_ATTRIBUTES];
};

/* False ends the walk. */
typedef bool dataset_visit(void *context, const struct dataset_row *row);

/* Whether these numbers go together: enough dates for the facts, no fact
 * about the same attribute of the same date as another. All else needs it. */
bool dataset_is_possible(const struct dataset *data);

/* The name of an attribute below DATASET_ATTRIBUTES. */
const char *dataset_attribute(unsigned attribute);

/* The fact at place index < facts of the shuffled order. */
void dataset_draw(const struct dataset *data, uint64_t index,
                  struct dataset_fact *out);

/* The position at place index: any security, any date behind its first. */
void dataset_position(const struct dataset *data, uint64_t index,
                      struct dataset_position *out);

/*
 * The bar at place index, by security and weekday, as many of each security.
 * What it starts from is the close of the bar before it, which is in *bar.
 */
void dataset_bar(const struct dataset *data, uint64_t index,
                 struct dataset_bar *bar);

/* All type-2 rows, by security and start. The row lives for the call. */
void dataset_rows(const struct dataset *data, dataset_visit *visit,
                  void *context);

#endif
