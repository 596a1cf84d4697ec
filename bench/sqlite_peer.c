/*
 * SQLite in process over the same data: what a program would have that keeps
 * its securities in a file. Prints one line of JSON a row of the benchmark.
 */
#include <assert.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "dataset.h"
#include "values.h"

#define BATCH 1000
#define BULK_SECONDS 8
#define SQL_BYTES 2048

static const char schema[] =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
    "PRAGMA cache_size=-262144; PRAGMA wal_autocheckpoint=20000;"
    "CREATE TABLE facts (security_id INTEGER, effective_date INTEGER,"
    " attribute INTEGER, tx INTEGER, value,"
    " PRIMARY KEY (security_id, effective_date, attribute, tx))"
    " WITHOUT ROWID;";

static struct {
    struct dataset data;
    double seconds; /* of each row */
    char path[512];
    sqlite3 *db;
    uint64_t rows;
} peer;

static double
now(void)
{
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static double
cpu_seconds(void)
{
    struct rusage used;

    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static void
must(int code, int wanted)
{
    if (code == wanted)
        return;
    fprintf(stderr, "bench_sqlite: %s\n", sqlite3_errmsg(peer.db));
    exit(1);
}

static void
run(const char *sql)
{
    must(sqlite3_exec(peer.db, sql, NULL, NULL, NULL), SQLITE_OK);
}

static sqlite3_stmt *
prepare(const char *sql)
{
    sqlite3_stmt *statement;

    must(sqlite3_prepare_v2(peer.db, sql, -1, &statement, NULL), SQLITE_OK);
    return statement;
}

/* Numbers as their text too: they have to come back digit for digit. */
static void
bind_value(sqlite3_stmt *statement, int place, const struct dataset_fact *fact)
{
    if (fact == NULL)
        must(sqlite3_bind_null(statement, place), SQLITE_OK);
    else
        must(sqlite3_bind_text(statement, place, fact->value,
                               (int)fact->value_len, SQLITE_STATIC),
             SQLITE_OK);
}

static void
insert_fact(sqlite3_stmt *insert, const struct dataset_fact *fact, uint64_t tx)
{
    must(sqlite3_bind_int64(insert, 1, (sqlite3_int64)fact->security_id),
         SQLITE_OK);
    must(sqlite3_bind_int64(insert, 2, fact->effective.days), SQLITE_OK);
    must(sqlite3_bind_int64(insert, 3, fact->attribute), SQLITE_OK);
    must(sqlite3_bind_int64(insert, 4, (sqlite3_int64)tx), SQLITE_OK);
    bind_value(insert, 5, fact);
    must(sqlite3_step(insert), SQLITE_DONE);
    must(sqlite3_reset(insert), SQLITE_OK);
}

static sqlite3_stmt *
prepare_insert(void)
{
    return prepare("INSERT INTO facts (security_id, effective_date, attribute,"
                   " tx, value) VALUES (?, ?, ?, ?, ?)");
}

static void
report(const char *row, uint64_t count, double began, double cpu_began)
{
    double seconds = now() - began;

    printf("{\"row\":\"%s\",\"count\":%" PRIu64 ",\"seconds\":%.4f,"
           "\"rate\":%.1f,\"cpu_us\":%.3f}\n",
           row, count, seconds, (double)count / seconds,
           (cpu_seconds() - cpu_began) * 1e6 / (double)count);
    fflush(stdout);
}

/*
 * All facts in their shuffled order. Those that come in the first seconds are
 * measured, durable and BATCH a transaction, which is when the table is small
 * and quick; the rest are there for the size.
 */
static void
run_bulk(void)
{
    sqlite3_stmt *insert = prepare_insert();
    double began = now(), cpu = cpu_seconds();
    bool is_measured = true;
    struct dataset_fact fact;

    run("BEGIN");
    for (uint64_t i = 0; i < peer.data.facts; i++) {
        dataset_draw(&peer.data, i, &fact);
        insert_fact(insert, &fact, i / BATCH + 1);
        if (!is_measured || (i + 1) % BATCH != 0)
            continue;
        run("COMMIT; BEGIN");
        is_measured = now() - began < BULK_SECONDS;
        if (!is_measured)
            report("bulk", i + 1, began, cpu);
    }
    run("COMMIT");
    if (is_measured)
        report("bulk", peer.data.facts, began, cpu);
    sqlite3_finalize(insert);
}

static void
report_size(const char *row)
{
    struct stat status;

    run("PRAGMA wal_checkpoint(TRUNCATE)");
    if (stat(peer.path, &status) != 0)
        exit(1);
    printf("{\"row\":\"%s\",\"bytes\":%" PRIu64 ",\"a_fact\":%.2f}\n", row,
           (uint64_t)status.st_size,
           (double)status.st_size / (double)peer.data.facts);
}

static bool
insert_row(void *context, const struct dataset_row *row)
{
    sqlite3_stmt *insert = context;

    must(sqlite3_bind_int64(insert, 1, (sqlite3_int64)row->security_id),
         SQLITE_OK);
    must(sqlite3_bind_int64(insert, 2, row->start.days), SQLITE_OK);
    must(sqlite3_bind_int64(insert, 3, row->end.days), SQLITE_OK);
    for (int i = 0; i < DATASET_ATTRIBUTES; i++)
        bind_value(insert, 4 + i, row->cells[i]);
    must(sqlite3_step(insert), SQLITE_DONE);
    must(sqlite3_reset(insert), SQLITE_OK);
    peer.rows++;
    return true;
}

/* The type-2 table, in key order in one transaction: not measured. */
static void
make_rows(void)
{
    char sql[SQL_BYTES], places[SQL_BYTES];
    int len = snprintf(sql, sizeof sql,
                       "CREATE TABLE rows (security_id INTEGER, start INTEGER,"
                       " end INTEGER");
    int places_len =
        snprintf(places, sizeof places, "INSERT INTO rows VALUES (?, ?, ?");
    sqlite3_stmt *insert;

    for (unsigned i = 0; i < DATASET_ATTRIBUTES; i++) {
        len += snprintf(sql + len, sizeof sql - (size_t)len, ", %s",
                        dataset_attribute(i));
        places_len += snprintf(places + places_len,
                               sizeof places - (size_t)places_len, ", ?");
    }
    snprintf(sql + len, sizeof sql - (size_t)len,
             ", PRIMARY KEY (security_id, start)) WITHOUT ROWID");
    snprintf(places + places_len, sizeof places - (size_t)places_len, ")");
    run(sql);
    run("BEGIN");
    insert = prepare(places);
    dataset_rows(&peer.data, insert_row, insert);
    sqlite3_finalize(insert);
    run("COMMIT");
}

/* Look at each column, as whoever prints it must. Returns the rows. */
static uint64_t
read_rows(sqlite3_stmt *select)
{
    uint64_t rows = 0, bytes = 0;
    int code;

    while ((code = sqlite3_step(select)) == SQLITE_ROW) {
        for (int i = 0; i < DATASET_ATTRIBUTES + 3; i++) {
            if (sqlite3_column_text(select, i) != NULL)
                bytes += (uint64_t)sqlite3_column_bytes(select, i);
        }
        rows++;
    }
    must(code, SQLITE_DONE);
    must(sqlite3_reset(select), SQLITE_OK);
    return bytes == 0 ? 0 : rows;
}

static void
run_reads(const char *row, const char *sql, bool has_date)
{
    sqlite3_stmt *select = prepare(sql);
    double began = now(), cpu = cpu_seconds();
    uint64_t count = 0, found = 0, random = 1;

    while (count % 64 != 0 || now() - began < peer.seconds) {
        random = values_mix(random);
        must(sqlite3_bind_int64(select, 1,
                                (sqlite3_int64)(peer.data.first_id +
                                                random % peer.data.securities)),
             SQLITE_OK);
        if (has_date)
            must(sqlite3_bind_int64(select, 2,
                                    DATASET_FIRST_DAYS + 200 +
                                        (int)(random >> 40) %
                                            (DATASET_SPAN_DAYS - 200)),
                 SQLITE_OK);
        found += read_rows(select);
        count++;
    }
    sqlite3_finalize(select);
    if (found < count)
        must(SQLITE_ERROR, SQLITE_OK);
    report(row, count, began, cpu);
}

/* One durable fact a transaction, in no order: every one is a late one. */
static void
run_posts(void)
{
    sqlite3_stmt *insert = prepare_insert();
    double began = now(), cpu = cpu_seconds();
    struct dataset_fact fact;
    uint64_t count = 0;

    while (now() - began < peer.seconds) {
        dataset_draw(&peer.data, count++ % peer.data.facts, &fact);
        insert_fact(insert, &fact, peer.data.facts + count);
    }
    sqlite3_finalize(insert);
    report("post", count, began, cpu);
}

int
main(int argc, char **argv)
{
    if (argc != 5) {
        fputs("Usage: bench_sqlite FILE FACTS SECURITIES SECONDS\n", stderr);
        return 2;
    }
    snprintf(peer.path, sizeof peer.path, "%s", argv[1]);
    peer.data = (struct dataset){
        .seed = 20240229,
        .facts = strtoull(argv[2], NULL, 10),
        .securities = strtoull(argv[3], NULL, 10),
        .dates = 100,
        .first_id = 1,
    };
    peer.seconds = strtod(argv[4], NULL);
    if (!dataset_is_possible(&peer.data))
        return 2;
    must(sqlite3_open(peer.path, &peer.db), SQLITE_OK);
    run(schema);
    run_bulk();
    report_size("facts_size");
    make_rows();
    report_size("size");
    run_reads("as-of",
              "SELECT * FROM rows WHERE security_id = ? AND start <= ?"
              " ORDER BY start DESC LIMIT 1",
              true);
    run_reads("history",
              "SELECT * FROM rows WHERE security_id = ?"
              " ORDER BY start",
              false);
    run_posts();
    sqlite3_close(peer.db);
    return 0;
}
