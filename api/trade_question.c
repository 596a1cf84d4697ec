/* What is asked for of trades, from a request's parameters. */
#include "knowledge.h"
#include "number.h"
#include "problem.h"
#include "table.h"
#include "trade_choice.h"

/* Parameters that a trade's own text has to be. */
static const char *const text_names[BOOK_TEXTS] = {
    [BOOK_MEMBER] = "member_id",     [BOOK_CHAMBER] = "chamber",
    [BOOK_PARTY] = "party",          [BOOK_STATE] = "state",
    [BOOK_TICKER] = "ticker",        [BOOK_AMOUNT] = NULL,
    [BOOK_COMMITTEES] = "committee",
};

/* False: the response is set. */
static bool
type_read(struct request *request, struct response *response,
          struct trade_question *out)
{
    struct str text = request_param(request, "transaction_type");

    out->is_typed = text.data != NULL;
    for (unsigned i = 0; i < TRADE_TYPES && out->is_typed; i++) {
        out->type = i;
        if (str_equal(text, str_of(trade_type_names[i])))
            return true;
    }
    if (!out->is_typed)
        return true;
    problem_set(request, response, PROBLEM_MALFORMED_PARAMETER,
                "transaction_type is purchase, sale, partial_sale, exchange or "
                "unknown");
    return false;
}

/* False: the response is set. */
static bool
amendments_read(struct request *request, struct response *response,
                struct trade_question *out)
{
    struct str text = request_param(request, "amendments");

    out->is_of_all = text.data != NULL && str_equal(text, STR("all"));
    if (text.data == NULL || out->is_of_all || str_equal(text, STR("latest")))
        return true;
    problem_set(request, response, PROBLEM_MALFORMED_PARAMETER,
                "amendments is latest or all");
    return false;
}

/* The path's, or the parameter's. False: the response is set. */
static bool
security_read(struct request *request, struct response *response,
              struct trade_question *out)
{
    struct str text = request_param(request, "security_id");
    uint64_t number;

    out->security_id = NO_SECURITY;
    if (request->segment_count > 0)
        return security_id_read(request, response, &out->security_id);
    if (text.data == NULL)
        return true;
    if (number_read(text, &number) && number <= (uint64_t)SECURITY_ID_MAX) {
        out->security_id = (int64_t)number;
        return true;
    }
    problem_set(request, response, PROBLEM_MALFORMED_PARAMETER,
                "a security_id is an integer from 0 to %lld",
                (long long)SECURITY_ID_MAX);
    return false;
}

bool
trade_question_read(struct request *request, struct response *response,
                    struct trade_question *out)
{
    struct clocks clocks;

    *out = (struct trade_question){ .security_id = NO_SECURITY };
    if (!security_read(request, response, out) ||
        !clocks_read(request, response, &clocks) ||
        !window_read(request, response, &out->window) ||
        !date_read(request, response, "disclosed_by", &out->is_dated,
                   &out->disclosed_by) ||
        !type_read(request, response, out) ||
        !amendments_read(request, response, out))
        return false;
    out->known_tx = clocks.known_tx;
    for (size_t i = 0; i < BOOK_TEXTS; i++)
        if (text_names[i] != NULL)
            out->texts[i] = request_param(request, text_names[i]);
    return true;
}
