/* Error codes for code to branch on, and words for people. */
#ifndef SECMASTER_ERR_H
#define SECMASTER_ERR_H

/*
 * Every function that can fail returns one of these; the attribute makes the
 * compiler refuse a caller that ignores it. Bugs assert; the world returns.
 */
enum [[nodiscard]] err{
    OK = 0,
    ERR_MALFORMED, /* not in the grammar: bytes, JSON, CSV, parameters */
    ERR_INVALID,   /* well-formed, but breaks a rule */
    ERR_NOT_FOUND,
    ERR_CONFLICT,
    ERR_TOO_LARGE, /* past a named limit of bounds.h */
    ERR_BUSY,      /* try again: a queue is full or we are stopping */
    ERR_FULL,      /* the disk or the map is full */
    ERR_UPSTREAM,  /* another server failed us */
    ERR_STORE,     /* damaged or failed storage: do not go on */
    ERR_INTERNAL,
};

/*
 * Words for people, set once by whoever knows most and never logged there.
 * Owned by the caller; a callee accepts NULL: "I will not tell anyone".
 */
struct why {
    char text[256];
};

/* Set the words, cut at 255 bytes; why may be NULL. */
void why_print(struct why *why, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Set the words and be the code: `return why_set(why, ERR_X, "...")`. A macro,
 * so that a static analyser sees which code comes back. */
#define why_set(why, code, ...)                                                \
    (why_print((why), __VA_ARGS__), (enum err)(code))

/* Hand an error up; legal only where nothing is owned. */
#define TRY(call)                                                              \
    do {                                                                       \
        enum err try_err_ = (call);                                            \
        if (try_err_ != OK)                                                    \
            return try_err_;                                                   \
    } while (0)

#endif
