/* What the fetcher's tests share. */
#ifndef SYS_FETCHING_H
#define SYS_FETCHING_H

#include "raw_server.h"
#include "secmaster/fetcher.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define TEXT(text) (text), sizeof(text) - 1

#define KEY "SESAME" /* the bearer of fetch_of */
#define FETCHED_BYTES_MAX 100000
#define FETCH_TIMEOUT_MS 4000

#define HELLO "HTTP/1.1 200 OK\r\n"
#define LENGTH(text) "Content-Length: " text "\r\n\r\n"

extern const struct fetcher_options plain_options;

/* base and path, with a key; valid until the next call. */
struct fetch fetch_of(const char *base, const char *path);

/* With a fetcher of its own; aborts if it cannot even start. */
struct fetch_answer fetch_one(const struct fetcher_options *options,
                              const struct fetch *fetch);

#endif
