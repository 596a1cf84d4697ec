/* Every ceiling of the service in one place, each with its reason. */
#ifndef SECMASTER_BOUNDS_H
#define SECMASTER_BOUNDS_H

/* Facts (documented in openapi.yaml). */
#define ATTRIBUTE_BYTES_MAX 128
#define PORTFOLIO_BYTES_MAX 64
#define SOURCE_BYTES_MAX 64
#define VALUE_BYTES_MAX                                                        \
    (64 * 1024) /* UTF-8, unescaped; a number's text too                       \
                 */
#define SECURITY_ID_MAX INT64_MAX
#define LABEL_BYTES_MAX 64
#define MINTED_FIRST INT64_C(1000000000000)   /* above most people's own ids */
#define MINTED_LAST INT64_C(9007199254740991) /* the last exact in a double */

#define TICKER_BYTES_MAX 128 /* of a bar; exchanges' own have up to a dozen */

#define TRADE_NAME_BYTES_MAX 255 /* a transaction's id, a member's */
#define TRADE_COMMITTEES_MAX 256 /* of a trade; nobody sits on thirty */

#define RULE_NAMES_MAX 4096 /* of a rule of precedence: kept for ever */
#define RULE_BODY_BYTES_MAX (1UL << 20) /* as text: read at once */

/* One request. */
#define BODY_BYTES_DEFAULT (64UL << 20) /* --max-body */
#define BODY_BYTES_CEILING (1UL << 30)  /* batch offsets are 32 bits wide */
#define BODY_BYTES_IN_FLIGHT_MAX (512UL << 20) /* all bodies being read */
#define PACKED_SLICE_BYTES 256 /* of such a body: 256 KiB at the most */
#define UNPACKED_TURN_BYTES (256UL * 1024)  /* then others have a turn */
#define REQUEST_ARENA_BYTES_MAX (4UL << 20) /* parameters, page, problem */
#define REQUEST_ID_BYTES_MAX 128
#define ANSWER_BYTES_MAX (256UL << 20)         /* a page; streams have no end */
#define ANSWER_BYTES_IN_FLIGHT_MAX (1UL << 30) /* all that are being read */
#define DROPPED_BYTES_MAX (64 * 1024)   /* of a refused body: stay connected */
#define DRAINED_BYTES_MAX (128UL << 20) /* of one answered early: hang up */
#define QUERY_PARAMS_MAX 64             /* far above any route's own list */
#define JSON_DEPTH_MAX 32               /* our deepest body has four levels */
#define VENDOR_PAGE_BYTES_MAX                                                  \
    (128UL << 20) /* as a tree: three of the largest pages that are sent */
#define TRADES_TREE_BYTES_MAX                                                  \
    (256UL << 20) /* of a document: 64 MiB of trades fit; two workers */
#define COMPLAINTS_LISTED_MAX 100
#define BEARERS_LISTED_MAX 100 /* of a value that many securities bear */
#define CSV_COLUMNS_MAX 64     /* far above any table that is taken in */

/* Answers. */
#define PAGE_ROWS_DEFAULT 1000
#define PAGE_ROWS_MAX 10000
#define STREAM_CHUNK_BYTES (64 * 1024)
#define PACKED_BYTES_MIN 1024 /* up to here nothing is gained */
#define PACKED_ON_LOOP_BYTES_MAX (128UL * 1024) /* a millisecond */
#define STREAM_RECORDS_MAX 20000 /* read for a chunk: some milliseconds */
#define RELAY_PARTS_MAX 4        /* of a stream, made at a time */
#define RELAY_CHUNKS_MAX 6       /* of a part, ahead: averages of 24 years */
#define RELAY_BYTES_IN_FLIGHT_MAX                                              \
    (ANSWER_BYTES_IN_FLIGHT_MAX / 2) /* of answers; then nothing is ahead */
#define RELAY_PART_US 1000           /* of work: far above handing it over */
#define RELAY_TURN_US 5000           /* of a worker; then others have a turn */
#define CANDIDATES_MAX (1UL << 20)   /* kept by a filtered stream: 8 MiB */
#define JOIN_WINDOW_BYTES_MAX (128UL << 20)    /* a join's rows in memory */
#define HOLDINGS_WINDOW_BYTES_MAX (32UL << 20) /* a portfolio's, likewise */
#define HOLDINGS_WINDOW_POSITIONS_MAX (1UL << 16)
#define HOLDINGS_WINDOW_SECURITIES 1024 /* folded at a time: some 10 ms */
#define LOOKUP_KEYS_MAX 10000           /* as many as a page has rows */
#define LOOKUP_BYTES_MAX (128UL << 20)  /* a lookup's rows in memory */
#define AUDIT_BYTES_MAX                                                        \
    (512UL << 20) /* facts read at once: a body of 64 MiB on one day fits */
#define TRADE_BOOK_BYTES_MAX                                                   \
    (1UL << 30) /* some millions of versions: far more than there are */
#define TRADE_BOOK_STEPS_MAX 1000 /* transactions looked at: milliseconds */
#define TICKERS_BYTES_MAX (256UL << 20)   /* of who bears those of trades */
#define CATALOGUES_BYTES_MAX (64UL << 20) /* remembered counts; one may be */

/* Columns. */
#define COLUMN_PASS_RECORDS 5000 /* read for them: less than for a page */
#define COLUMN_TABLES_MAX 64     /* whose columns are remembered */
#define COLUMN_DAYS_APART 4      /* of a tx, before all days are read at once */
#define COLUMN_MEMORY_BYTES_MAX (8UL << 20) /* of them all */

/* The change feed. */
#define CHANGES_WAIT_SECONDS_MAX 60
#define FEED_BYTES_MAX (16UL << 20)   /* of a page of several transactions */
#define FEED_TRANSACTIONS_MAX 10000   /* of a page, with and without facts */
#define FEED_TURN_BYTES (256UL << 10) /* read on the loop: a millisecond */
#define FEED_TURN_TRANSACTIONS 64     /* so many looked at: the same */
#define FEED_TURN_US 5000             /* for those whose wait is over */
#define FEED_DUE_US 50000             /* how late the end of a wait may be */

/* Connections (docs/decisions/0004 has what was measured). */
#define CONNECTIONS_DEFAULT 16384
#define CONNECTION_POOL_BYTES 16384
#define HEAD_BYTES_MAX (CONNECTION_POOL_BYTES / 2)
#define ANSWER_HEAD_BYTES_MAX 6144 /* of the same pool, kept free for it */
#define NEXT_LINK_BYTES_MAX 4096   /* to the next page: most of that head */
#define ORIGIN_BYTES_MAX 255       /* of --cors-origin: in that head too */
#define ORIGINS_MAX 64
#define TRAILER_BYTES_MAX 1024 /* in that pool; nobody reads them */
#define CONNECTION_IDLE_SECONDS 30
#define REQUEST_SECONDS_MAX 10 /* a head and a small body, whole */
#define BODY_BYTES_PER_SECOND_MIN 1024
#define DRAIN_SECONDS_MAX 8 /* exit within 10 s of SIGTERM */
#define LOOPS_MAX 64

/* The writer. */
#define WRITE_QUEUE_JOBS_MAX 8192
#define WRITE_QUEUE_BYTES_MAX (512UL << 20)
#define COMMIT_JOBS_MAX 4096
#define COMMIT_BYTES_MAX                                                       \
    (128UL << 20) /* bounds a transaction's dirty pages                        \
                   */

/* Of the last commit's time, to wait for small jobs of those it accepted. */
#define GATHER_COMMIT_PART 4
#define GATHER_US_MAX 100000
#define GATHER_JOB_BYTES_MAX (16UL << 10)
/* Requests that are stored once, however often they are sent. */
#define IDEMPOTENCY_KEY_BYTES_MAX 255
#define IDEMPOTENCY_KEPT_SECONDS                                               \
    (25 * 3600) /* 24 h by the client's clock, and from its answer */

/* Vendors, as they are configured. */
#define CONFIG_BYTES_MAX (1UL << 20) /* read at once */
#define VENDORS_MAX 64               /* each waits for connections of its own */
#define POLLED_DATASETS_MAX 512      /* of all vendors: eight each */
#define VENDOR_NAME_BYTES_MAX 64     /* a source of facts has its name */
#define BASE_URL_BYTES_MAX 2048      /* of a vendor's base and path */
#define ENV_NAME_BYTES_MAX 128
#define KEY_FILE_BYTES_MAX 4095        /* Linux takes no longer path */
#define REQUESTS_PER_MINUTE_DEFAULT 60 /* where a plan is not known */
#define REQUESTS_PER_MINUTE_MAX 6000   /* each is remembered for a minute */
#define RETRY_INITIAL_SECONDS_DEFAULT 12
#define RETRY_MAX_SECONDS_DEFAULT 600
#define RETRY_SECONDS_MAX 3600 /* of both: then a run had better fail */
#define VENDOR_TIMEOUT_SECONDS_DEFAULT 30
#define VENDOR_TIMEOUT_SECONDS_MAX 600  /* one request holds up its run */
#define LOOKBACK_DAYS_DEFAULT 70        /* reports are due after 45 */
#define LOOKBACK_DAYS_MAX 36525         /* a century */
#define UNIVERSE_TICKERS_MAX 10000      /* about all there are */
#define LISTING_BYTES_MAX (256UL << 20) /* of a run: a million securities */

/* Asking for runs, and webhooks. */
#define RUN_ASKED_BYTES_MAX 65536 /* three members */
#define WEBHOOK_IDS_KEPT_DAYS 30  /* vendors repeat themselves for days */
#define WEBHOOK_IDS_SWEPT_MAX                                                  \
    4096 /* removed an hour: a hundred thousand a day                          \
          */

/* The poller. */
#define RUN_ASKS_MAX 4000000UL           /* a year of all tickers and more */
#define RUN_PAGES_MAX 100000             /* of one that goes on and on */
#define RUN_PLAN_BYTES_MAX (128UL << 20) /* its asks, 9 bytes each, tickers */
#define RUN_DAYS_MAX 36525               /* a century */
#define RUNS_KEPT_MAX 10000              /* told of; older ones are forgotten */
#define QUARANTINE_OPEN_MAX 10000 /* 1.4 KB each in memory, 0.5 its run */
#define VENDOR_BODY_BYTES_MAX (64UL << 20) /* of an answer, unpacked */
#define BOARD_NAMES_BYTES_MAX (1UL << 20)  /* of vendors once configured */
#define ARCHIVE_KEPT_DAYS 7

/* The worker pool. */
#define WORKERS_DEFAULT 2
#define WORKER_QUEUE_JOBS_MAX 1024
#define WORKER_OFFERS_MAX 64 /* streams' parts of a millisecond each */

/* The store. */
#define JOURNAL_PART_BYTES_MAX (1UL << 20)
#define JOURNAL_MAP_BYTES_DEFAULT (256UL << 30) /* address space, not disk */
#define MEMTABLE_BYTES_DEFAULT (256UL << 20)    /* --memtable-bytes, of all */
#define MEMTABLE_BYTES_LEAST (64UL * 1024)      /* less would only merge */
#define MEMTABLE_BYTES_CEILING (1UL << 40)
#define MEMTABLE_WAIT_MS 4000 /* for the merger: half of DRAIN_SECONDS_MAX */
#define MERGE_TRANSACTION_BYTES                                                \
    (2UL << 20) /* bounds its dirty pages, and those freed but not reused */
#define MERGE_RETRY_MS 1000   /* when the disk was full */
#define KEYFRAME_RECORDS 64   /* of a security, from one to the next */
#define KEYFRAME_WAIT_MS 1000 /* behind a merge: another may come at once */
#define KEYFRAME_PASS_FACTS_MAX                                                \
    200000 /* read for one; a transaction of them: about twice that */
#define DISK_RESERVE_BYTES (256UL << 20) /* left free, or 5 %, the smaller */
#define NAMES_MAX (1U << 24)             /* attributes or sources ever seen */
#define TX_INFO_BYTES_MAX                                                      \
    (8UL * NAMES_MAX + 4096) /* a tx's sources, as stored and decoded */

/* Fetching from vendors. */
#define FETCHES_MAX 64 /* at once: a page in memory each */
#define FETCH_CONNECT_TIMEOUT_MS 10000
#define FETCH_STALL_SECONDS 30            /* below FETCH_STALL_BYTES a second */
#define FETCH_STALL_BYTES 64              /* a drip that would take for ever */
#define FETCH_HEAD_BYTES_MAX (64UL << 10) /* of all heads of an answer */
#define FETCH_REDIRECTS_MAX 3
#define FETCH_BEARER_BYTES_MAX 4096

/* Logging: lines that wait for the disk or a pipe; past it they are counted. */
#define LOG_BUFFER_BYTES (4UL << 20)
#define LOG_LINE_BYTES_MAX 2048

#endif
