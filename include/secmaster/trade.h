/* Congressional trades: what is kept of one, and what is derived from it. */
#ifndef SECMASTER_TRADE_H
#define SECMASTER_TRADE_H

#include <stdbool.h>
#include <stdint.h>

#include "secmaster/date.h"
#include "secmaster/decimal.h"
#include "secmaster/err.h"
#include "secmaster/out.h"
#include "secmaster/str.h"
#include "secmaster/value.h"

/* What is kept as it was sent. On disk: never renumber. */
enum trade_field {
    TRADE_ID = 0, /* the vendor's id of the row */
    TRADE_REPORT_ID,
    TRADE_MEMBER_ID,
    TRADE_MEMBER_NAME,
    TRADE_CHAMBER,
    TRADE_PARTY,
    TRADE_STATE,
    TRADE_DISTRICT,
    TRADE_TYPE_TEXT, /* transaction_type_text */
    TRADE_OWNERSHIP,
    TRADE_AMOUNT,
    TRADE_TICKER,
    TRADE_SECURITY_NAME,
    TRADE_SECURITY_TYPE,
    TRADE_DESCRIPTION,
    TRADE_DISCLOSURE_URL,
    TRADE_COMMITTEES, /* a JSON array of names */
    TRADE_FILER_INFO, /* a JSON object */
};
#define TRADE_FIELDS 18

/* How a field reads as JSON: a scalar's value, or a text that is JSON. */
enum trade_text { TRADE_SCALAR, TRADE_JSON };

struct trade_member {
    const char *name; /* as a member of the trade's object */
    enum trade_text text;
};
extern const struct trade_member trade_members[TRADE_FIELDS];

#define TRADE_NO_DATE ((struct date){ INT32_MIN })

/*
 * One version of a trade. A field that is null or was not sent is VALUE_NULL;
 * of TRADE_JSON, type is VALUE_STRING and text the JSON itself. All borrowed.
 */
struct trade {
    struct str transaction_id; /* 1..255 bytes; not in the payload: the record's
                                  security_id is its id in NAMES_TRADES */
    struct date transaction_date;
    struct date notification_date, report_date; /* TRADE_NO_DATE: none */
    uint32_t ordinal; /* its place among the rows of its batch, from 0 */
    uint32_t amendment_number;
    int64_t updated; /* seconds since 1970; 0: not sent */
    struct value fields[TRADE_FIELDS];
};

/* Append what a version says, without its ordinal: equal content has equal
 * bytes. */
void trade_put(struct out *out, const struct trade *trade);

/*
 * The payload of a RECORD_TRADES record: the versions that one batch brought of
 * one transaction with one transaction date, in order of arrival. Layout in
 * trade.c; integers are varints, texts have their length before them.
 */
void tradeset_put(struct out *out, uint32_t ordinal, struct str content);

/* Take the next version off the front of *payload; transaction_id and
 * transaction_date are the caller's to set. As positionset_next. */
bool tradeset_next(struct str *payload, struct trade *out, enum err *err);

/* What tells the versions of a transaction apart: which of them stands. */
struct trade_version {
    uint64_t tx;
    int64_t updated;
    uint32_t amendment_number, ordinal;
};

/*
 * That of the greater amendment_number stands, then updated, then tx, then
 * ordinal. <0, 0, >0.
 */
int trade_compare_versions(const struct trade_version *a,
                           const struct trade_version *b);

enum amount_kind { AMOUNT_UNKNOWN, AMOUNT_RANGE, AMOUNT_EXACT, AMOUNT_OPEN };
struct amount {
    enum amount_kind kind;
    bool has_low, has_high;
    struct decimal low, high; /* an exact amount is both */
};
#define AMOUNT_KINDS 4
extern const char *const amount_kind_names[AMOUNT_KINDS];

/*
 * "$1,001 - $15,000", "$50,000,001 +", "Over $50,000,000", "$721.63" and their
 * spellings; anything else is unknown. Texts here and below are a value's, in
 * canonical escaping: a line break is two characters.
 */
struct amount amount_read(struct str text);

enum trade_type {
    TRADE_TYPE_UNKNOWN,
    TRADE_PURCHASE,
    TRADE_SALE,
    TRADE_PARTIAL_SALE,
    TRADE_EXCHANGE,
};
#define TRADE_TYPES 5
extern const char *const trade_type_names[TRADE_TYPES];
enum trade_type trade_type_read(struct str text);

/* Who owns what was traded; nobody was named by "", "--", "None", "N/A". */
enum trade_owner {
    TRADE_OWNER_UNKNOWN,
    TRADE_OWNER_NONE,
    TRADE_OWNER_SELF,
    TRADE_OWNER_SPOUSE,
    TRADE_OWNER_JOINT,
    TRADE_OWNER_DEPENDENT,
};
enum trade_owner trade_owner_read(struct str text);

/* Texts that a trade may have without our knowing what they say. */
enum trade_unknown {
    TRADE_UNKNOWN_AMOUNT,
    TRADE_UNKNOWN_TYPE,
    TRADE_UNKNOWN_OWNER,
};
#define TRADE_UNKNOWNS 3

/* Whether the trade's text is there, is not empty, and reads as nothing. */
bool trade_is_unknown(const struct trade *trade, enum trade_unknown what);

#define TRADE_LATE_DAYS 45
/* Days from transaction to report; false: there is no report date. */
bool trade_days_to_disclose(const struct trade *trade, int32_t *out);

#endif
