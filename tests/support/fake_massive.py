"""The fake vendor's reference data and prices, as Massive serves them."""

import base64
import hashlib
import re
import urllib.parse

from fake_data import DAY, ScenarioFault, day_of, milliseconds, utc_day
from fake_wire import Reply

LISTED = ("ticker", "name", "primary_exchange", "type", "active", "cik",
          "composite_figi", "share_class_figi")
TICKERS = {"market", "active", "date", "limit", "cursor", "ticker", "type",
           "sort", "order", "search"}
SPLITS = {"ticker", "execution_date", "execution_date.gt",
          "execution_date.gte", "execution_date.lt", "execution_date.lte",
          "limit", "sort", "order", "cursor"}
RANGE = {"adjusted", "sort", "limit", "cursor"}
GROUPED = {"adjusted", "include_otc"}
OPEN_CLOSE = {"adjusted"}


class Refused(Exception):
    """Ends the work on a request with this reply."""

    def __init__(self, reply):
        super().__init__(reply.status)
        self.reply = reply


def request_id(asked):
    text = asked.path + "?" + asked.query_text
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def error(asked, status, name, text):
    word = "message" if name in ("NOT_FOUND", "NOT_AUTHORIZED") else "error"
    return Reply(status, {"status": name, "request_id": request_id(asked),
                          word: text})


def unauthorized(asked, is_missing):
    return error(asked, 401, "ERROR", "API Key was not provided" if is_missing
                 else "Unknown API Key")


def bad(asked, text):
    return Refused(error(asked, 400, "ERROR", text))


def a_day(asked, text):
    try:
        return day_of(text)
    except ScenarioFault:
        raise Refused(error(asked, 403, "NOT_AUTHORIZED",
                            "You are not entitled to this data.")) from None


def a_limit(asked, fallback, most):
    text = asked.query.get("limit", str(fallback))
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise bad(asked, "limit must be 1..%d" % most)
    return int(text)


def a_flag(asked, name, fallback):
    text = asked.query.get(name, fallback)
    if text not in ("true", "false"):
        raise bad(asked, "%s must be true or false" % name)
    return text == "true"


def one_of(asked, name, *values):
    if asked.query.get(name, values[0]) not in values:
        raise bad(asked, "%s must be one of %s" % (name, values))
    return asked.query.get(name, values[0])


def opened(asked):
    """What a cursor was made of; it holds the whole question."""
    text = asked.query.get("cursor")
    if text is None:
        return 0
    try:
        inside = base64.urlsafe_b64decode(text.encode()).decode()
        question = dict(urllib.parse.parse_qsl(inside))
        offset = int(question.pop("page_marker"))
    except (ValueError, KeyError):
        raise bad(asked, "cursor cannot be read") from None
    asked.query = {**asked.query, **question}
    return offset


def cursor(asked, offset):
    question = {k: v for k, v in asked.query.items()
                if k not in ("cursor", "apiKey")}
    text = urllib.parse.urlencode(sorted(question.items())
                                  + [("page_marker", offset)])
    return base64.urlsafe_b64encode(text.encode()).decode()


def page(asked, rows, offset, limit):
    """(rows of this page, offset of the next or None)."""
    limit = min(limit, asked.setup.page_rows("massive") or limit)
    shift = asked.page_shift * limit
    after = offset + limit + max(0, shift)
    begin = max(0, offset + shift)
    return (rows[begin:begin + limit], after if after < len(rows) else None)


def listing(asked, doc, rows, path=None):
    """An answer whose next page, if any, is its next_url."""
    rows, after = rows
    doc["results"] = rows
    if after is not None:
        doc["next_url"] = "%s%s?cursor=%s" % (
            asked.base, path or asked.path, cursor(asked, after))
    return Reply(200, doc, rows)


def ticker_row(state, asked):
    row = {name: state[name] for name in LISTED if state.get(name) is not None}
    row["active"] = state["active"]
    row.update(currency_name="usd", locale="us", market="stocks",
               last_updated_utc=state["from"] + "T00:00:00Z")
    if not state["active"]:
        row["delisted_utc"] = state["from"] + "T00:00:00Z"
    return dict(sorted(row.items()))


def tickers(asked, data):
    offset = opened(asked)
    limit = a_limit(asked, 100, 1000)
    is_active = a_flag(asked, "active", "true")
    one_of(asked, "sort", "ticker")
    order = one_of(asked, "order", "asc", "desc")
    day = a_day(asked, asked.query["date"]) if "date" in asked.query \
        else data.today
    states = [s.state(day) for s in data.securities if not s.is_otc]
    rows = [ticker_row(s, asked) for s in states
            if s and s["active"] == is_active
            and asked.query.get("ticker", s["ticker"]) == s["ticker"]
            and asked.query.get("type", s.get("type")) == s.get("type")]
    if asked.query.get("market", "stocks") != "stocks":
        rows = []
    rows.sort(key=lambda r: r["ticker"], reverse=order == "desc")
    rows = page(asked, rows, offset, limit)
    return listing(asked, {"count": len(rows[0]), "status": "OK",
                           "request_id": request_id(asked)}, rows)


def prices(data, security, day, is_adjusted):
    """The day's bar in dollars, or None."""
    bar = data.bar(security, day)
    if bar is None:
        return None
    factor = security.factor(day, data.today) if is_adjusted else 1.0
    priced = {name: None if bar[name] is None
              else round(bar[name] / 100 / factor, 4)
              for name in ("open", "high", "low", "close", "vwap", "after",
                           "pre")}
    volume = bar["volume"] * factor
    priced["volume"] = int(volume) if volume == int(volume) else volume
    priced["count"] = bar["count"]
    return priced


def open_close(asked, data, ticker, day_text):
    day = a_day(asked, day_text)
    is_adjusted = a_flag(asked, "adjusted", "true")
    security = data.bearer(ticker, day)
    bar = security and prices(data, security, day, is_adjusted)
    if not bar:
        return error(asked, 404, "NOT_FOUND", "Data not found.")
    doc = {"status": "OK", "from": str(day), "symbol": ticker}
    if data.has_zeros(security, day):
        doc.update(status="NOT_FOUND", open=0, high=0, low=0, close=0,
                   volume=0, afterHours=0, preMarket=0)
        return Reply(404, doc)
    for name in ("open", "high", "low", "close", "volume"):
        doc[name] = bar[name]
    if bar["after"] is not None:
        doc["afterHours"] = bar["after"]
    if bar["pre"] is not None:
        doc["preMarket"] = bar["pre"]
    if security.is_otc:
        doc["otc"] = True
    return Reply(200, doc)


def aggregate(bar, day, hour):
    return {"v": bar["volume"], "vw": bar["vwap"], "o": bar["open"],
            "c": bar["close"], "h": bar["high"], "l": bar["low"],
            "t": milliseconds(day, hour), "n": bar["count"]}


def counts(asked, rows, is_adjusted):
    return {"queryCount": len(rows), "resultsCount": len(rows),
            "adjusted": is_adjusted, "status": "OK",
            "request_id": request_id(asked), "count": len(rows)}


def grouped(asked, data, day_text):
    day = a_day(asked, day_text)
    is_adjusted = a_flag(asked, "adjusted", "true")
    with_otc = a_flag(asked, "include_otc", "false")
    rows = []
    for security in data.securities:
        if security.is_otc and not with_otc \
                or data.has_zeros(security, day):
            continue
        bar = prices(data, security, day, is_adjusted)
        if bar:
            row = {"T": security.ticker(day), **aggregate(bar, day, 16)}
            rows.append({**row, "otc": True} if security.is_otc else row)
    doc = counts(asked, rows, is_adjusted)
    if rows:  # a closed day has no such member
        doc["results"] = rows
    return Reply(200, doc, rows)


def a_moment(asked, text):
    """A date, or milliseconds since 1970."""
    return utc_day(int(text) // 1000) if text.isdecimal() \
        else a_day(asked, text)


def day_range(asked, data, ticker, begin, end):
    offset = opened(asked)
    is_adjusted = a_flag(asked, "adjusted", "true")
    limit = a_limit(asked, 5000, 50000)
    order = one_of(asked, "sort", "asc", "desc")
    first, last = a_moment(asked, begin), a_moment(asked, end)
    if last < first:
        raise bad(asked, "from is after to")
    rows, day = [], max(first, data.first)
    while day <= min(last, data.today):
        security = data.bearer(ticker, day)
        bar = security and prices(data, security, day, is_adjusted)
        if bar and not data.has_zeros(security, day):
            rows.append(aggregate(bar, day, 0))
        day += DAY
    if order == "desc":
        rows.reverse()
    rows = page(asked, rows, offset, limit)
    reply = listing(asked, {"ticker": ticker,
                            **counts(asked, rows[0], is_adjusted)}, rows)
    if not rows[0]:
        reply.doc.pop("results")
    return reply


def in_dates(asked, day):
    compare = {"execution_date": lambda a, b: a == b,
               "execution_date.gt": lambda a, b: a > b,
               "execution_date.gte": lambda a, b: a >= b,
               "execution_date.lt": lambda a, b: a < b,
               "execution_date.lte": lambda a, b: a <= b}
    return all(holds(day, a_day(asked, asked.query[name]))
               for name, holds in compare.items() if name in asked.query)


def splits(asked, data):
    offset = opened(asked)
    limit = a_limit(asked, 10, 1000 if asked.path.startswith("/v3/") else 5000)
    is_new = not asked.path.startswith("/v3/")
    rows = []
    for day, ticker, split in data.splits():
        if asked.query.get("ticker", ticker) != ticker \
                or not in_dates(asked, day):
            continue
        row = {"execution_date": str(day), "id": split["id"],
               "split_from": split["from"], "split_to": split["to"],
               "ticker": ticker}
        if is_new:
            row["adjustment_type"] = "forward_split" \
                if split["to"] > split["from"] else "reverse_split"
        rows.append(row)
    rows.sort(key=lambda r: r["execution_date"],
              reverse=asked.query.get("order") == "desc"
              or asked.query.get("sort", "").endswith(".desc"))
    rows = page(asked, rows, offset, limit)
    return listing(asked, {"status": "OK",
                           "request_id": request_id(asked)}, rows)


ROUTES = (
    # path, its parameters, who answers
    (r"/v3/reference/tickers", TICKERS, tickers),
    (r"/v1/open-close/([^/]+)/([^/]+)", OPEN_CLOSE, open_close),
    (r"/v2/aggs/grouped/locale/us/market/stocks/([^/]+)", GROUPED, grouped),
    (r"/v2/aggs/ticker/([^/]+)/range/1/day/([^/]+)/([^/]+)", RANGE,
     day_range),
    (r"/stocks/v1/splits", SPLITS, splits),
    (r"/v3/reference/splits", SPLITS, splits),
)
KEY_PARAMETER = "apiKey"


def route(path):
    """(parameters, a function of (asked, data)) or None."""
    for pattern, parameters, function in ROUTES:
        found = re.fullmatch(pattern, path)
        if found:
            words = [urllib.parse.unquote(w) for w in found.groups()]
            return parameters, lambda asked, data: function(
                asked, data, *words)
    return None
