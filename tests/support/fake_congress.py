"""The fake vendor's trades of Congress, as Benzinga and as a public file."""

from fake_data import ScenarioFault, day_of
from fake_massive import Refused
from fake_wire import Reply

TRADES = {"chamber", "date", "date_from", "date_to", "pagesize", "page",
          "updated_since"}
KEY_PARAMETER = "token"
PAGE_DEFAULT, PAGE_MAX = 100, 1000
ENVELOPES = {"data": lambda rows: {"data": rows}, "bare": lambda rows: rows,
             "wrapped": lambda rows: [{"data": rows}]}
OWNERS = {"SP": "Spouse", "JT": "Joint", "DC": "Child", "Self": "Self"}
TYPES = {"P": "Purchase", "S": "Sale (Full)", "S (Partial)": "Sale (Partial)",
         "E": "Exchange"}


def error(status, code, text):
    return Reply(status, {"ok": False, "errors": [{"code": code, "id": code,
                                                   "value": text}]})


def unauthorized(asked, is_missing):
    return error(401, "auth_failed", "No token" if is_missing
                 else "Invalid or inactive token")


def a_number(asked, name, fallback, most):
    text = asked.query.get(name, str(fallback))
    if not text.isdecimal() or int(text) > most:
        raise Refused(error(400, "bad_request", "%s: %r" % (name, text)))
    return int(text)


def a_day(asked, name):
    if name not in asked.query:
        return None
    try:
        return day_of(asked.query[name])
    except ScenarioFault:
        raise Refused(error(400, "bad_request", name)) from None


def is_asked(row, asked, since, begin, end):
    """Dates are those of the report; a row without one has no place there."""
    chamber = asked.query.get("chamber", row.get("chamber"))
    if chamber != row.get("chamber") or int(row.get("updated") or 0) < since:
        return False
    if begin is None and end is None:
        return True
    try:
        day = day_of(row.get("report_date"))
    except ScenarioFault:
        return False
    return (begin is None or day >= begin) and (end is None or day <= end)


def trades(asked, data):
    chamber = asked.query.get("chamber", "House")
    if chamber not in ("House", "Senate"):
        raise Refused(error(400, "bad_request", "chamber: %r" % chamber))
    size = a_number(asked, "pagesize", PAGE_DEFAULT, PAGE_MAX) or PAGE_DEFAULT
    number = a_number(asked, "page", 0, 10 ** 9)
    since = a_number(asked, "updated_since", 0, 10 ** 12)
    day = a_day(asked, "date")
    begin, end = day or a_day(asked, "date_from"), day or a_day(asked,
                                                               "date_to")
    rows = [r for r in data.trades if is_asked(r, asked, since, begin, end)]
    rows.sort(key=lambda r: (-int(r.get("updated") or 0), str(r.get("id"))))
    size = min(size, asked.setup.page_rows("benzinga") or size)
    at = max(0, number + asked.page_shift) * size
    rows = rows[at:at + size]
    if not rows and asked.setup.past_end == "404":
        return error(404, "no_data_found", "No data found")
    name = asked.setup.envelope
    if not rows and asked.setup.past_end == "bare":
        name = "bare"
    return Reply(200, ENVELOPES[name](rows), rows)


def american(text):
    try:
        return day_of(text).strftime("%m/%d/%Y")
    except ScenarioFault:
        return text


def senate_row(row):
    security = row.get("security") or {}
    ticker = security.get("ticker") or "--"
    return {
        "transaction_date": american(row.get("transaction_date")),
        "owner": OWNERS.get(row.get("ownership"), "--"), "ticker": ticker,
        "asset_description": security.get("name") or "--",
        "asset_type": "Stock" if security.get("type") == "STOCK"
        else security.get("type") or "--",
        "type": TYPES.get(row.get("transaction_type"),
                          row.get("transaction_type")),
        "amount": row.get("amount"),
        "comment": row.get("description") or "--",
        "senator": (row.get("filer_info") or {}).get("member_name"),
        "ptr_link": row.get("disclosure_url"),
        "disclosure_date": american(row.get("report_date"))}


def all_transactions(asked, data):
    """The whole public file, rows of the data set as they stand first."""
    rows = data.senate + [senate_row(r) for r in data.trades
                          if r.get("chamber") == "Senate"]
    return Reply(200, rows, rows)


def route(path):
    if path in ("/api/v1/gov/usa/congress/trades",
                "/api/v1/government_trades"):
        return TRADES, trades
    return None


def public_route(path):
    if path == "/aggregate/all_transactions.json":
        return set(), all_transactions
    return None
