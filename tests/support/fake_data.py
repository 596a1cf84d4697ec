"""The fake vendor's data set: securities over time, bars from a seed, trades.

A security is what it was from a day on: {"dated": [{"from": DAY, "ticker":
..., any other member}, ...]}; each entry changes what it names, a ticker of
null is a delisting. Of everything only what is known by `today` is shown.
It may further have a "price" to begin with, be "otc", have "splits", days with
"no_bar", with "zeros" in place of one, and {DAY: DAY of its arrival} of "late"
bars. Bars run from "bars_from" to the day before today.
A trade is the row as served, over defaults: "member" and "ticker" fill its
filer_info and security, "absent" names members that it lacks. Trades and
members may have "changes", each a row's members with their "updated"; a trade
may be "withdrawn" on a day. "filler" adds so many plain securities and trades.
"""

import datetime
import random

DAY = datetime.timedelta(days=1)
SECURITY = {"dated", "price", "otc", "splits", "no_bar", "zeros", "late"}
DATED = {"from", "ticker", "name", "cik", "composite_figi",
         "share_class_figi", "primary_exchange", "type"}
SPLIT = {"date", "from", "to", "id"}
DATA = {"bars_from", "seed", "holidays", "securities", "members", "trades",
        "senate", "filler"}
FILLER = {"securities", "trades"}
MEMBER_EXTRA = {"changes"}
TRADE_EXTRA = {"member", "ticker", "absent", "changes", "withdrawn"}
CONSONANTS = "BCDFGHJKLMNPQRSTVWXYZ"


class ScenarioFault(Exception):
    """What the one who wrote the scenario is told."""


def known_only(doc, known, where):
    if not isinstance(doc, dict):
        raise ScenarioFault("%s is no object" % where)
    unknown = set(doc) - set(known)
    if unknown:
        raise ScenarioFault("%s: unknown %s" % (where, sorted(unknown)))


def day_of(text, where="a date"):
    try:
        if len(text) == 10:
            return datetime.date.fromisoformat(text)
    except (TypeError, ValueError):
        pass
    raise ScenarioFault("%s is no date: %r" % (where, text))


def utc_day(seconds):
    when = datetime.datetime.fromtimestamp(int(seconds), datetime.timezone.utc)
    return when.date()


def hours_behind_utc(day):
    """New York's: 4 from the second Sunday of March to November's first."""
    march, november = day.replace(month=3, day=8), day.replace(month=11, day=1)
    begin = march + DAY * (6 - march.weekday())
    end = november + DAY * (6 - november.weekday())
    return 4 if begin <= day < end else 5


def milliseconds(day, hour):
    """Of an hour of that day in New York."""
    when = datetime.datetime.combine(day, datetime.time(),
                                     datetime.timezone.utc)
    return int(when.timestamp() + (hour + hours_behind_utc(day)) * 3600) * 1000


def figi(number):
    """A well-formed one that nobody bears: BBG, eight more, a check digit."""
    text = ""
    while len(text) < 5:
        number, digit = divmod(number, len(CONSONANTS))
        text = CONSONANTS[digit] + text
    text = "BBG0ZZ" + text
    values = [int(c, 36) * (1 + at % 2) for at, c in enumerate(text)]
    total = sum(v // 10 + v % 10 for v in values)
    return text + str(-total % 10)


class Security:
    """One security; states are what it was, as of a day."""

    def __init__(self, doc, number):
        where = "securities[%d]" % number
        known_only(doc, SECURITY, where)
        self.number, self.doc = number, doc
        self.entries = []
        for entry in doc.get("dated", []):
            known_only(entry, DATED, where)
            self.entries.append((day_of(entry.get("from"), where), entry))
        if not self.entries or self.entries != sorted(
                self.entries, key=lambda e: e[0]):
            raise ScenarioFault("%s: dated is empty or not in order" % where)
        self.splits = []
        for split in doc.get("splits", []):
            known_only(split, SPLIT, where)
            self.splits.append((day_of(split["date"], where), split))
        self.is_otc = doc.get("otc", False)
        self.bars = {}

    def state(self, day):
        """Its members on that day, delisted ones too; None: not there yet."""
        state, ticker = None, None
        for begin, entry in self.entries:
            if begin > day:
                break
            state = {**(state or {}), **entry}
            ticker = entry.get("ticker") or ticker
        if state:
            state["active"] = state.get("ticker") is not None
            state["ticker"] = ticker
        return state

    def ticker(self, day):
        """What it is traded by on that day, or None."""
        state = self.state(day)
        return state["ticker"] if state and state["active"] else None

    def factor(self, day, today):
        """New shares for one old since that day, as known today."""
        made = {begin: split for begin, split in self.splits}
        factor = 1.0
        for begin, split in made.items():
            if day < begin <= today:
                factor *= split["to"] / split["from"]
        return factor


def draw_bar(rng, price):
    """A day's bar in whole cents around price; always the same draws."""
    draws = [rng.random() for _ in range(8)]
    begin = max(1, round(price * (1 + (draws[0] - 0.5) * 0.01)))
    end = max(1, round(begin * (1 + (draws[1] - 0.49) * 0.04)))
    high = round(max(begin, end) * (1 + draws[2] * 0.01))
    low = max(1, int(min(begin, end) * (1 - draws[3] * 0.01)))
    volume = int(100000 + draws[4] * 9000000) + (0.25 if draws[5] < 0.2 else 0)
    return {"open": begin, "high": high, "low": low, "close": end,
            "volume": volume, "vwap": round((begin + high + low + end) / 4),
            "count": 1000 + int(draws[4] * 90000),
            "after": None if draws[6] < 0.1 else end + 1,
            "pre": None if draws[7] < 0.1 else max(1, begin - 1)}


class Data:
    """Everything the endpoints read; made anew when today changes."""

    def __init__(self, doc, today):
        known_only(doc, DATA, "data")
        self.doc, self.today = doc, today
        self.seed = doc.get("seed", 1)
        self.holidays = {day_of(d) for d in doc.get("holidays", [])}
        self.first = day_of(doc.get("bars_from", str(today)), "bars_from")
        filler = doc.get("filler", {})
        known_only(filler, FILLER, "filler")
        securities = list(doc.get("securities", []))
        securities += [self._filler(n)
                       for n in range(filler.get("securities", 0))]
        self.securities = [Security(s, n) for n, s in enumerate(securities)]
        for security in self.securities:
            self._walk(security)
        self.members = self._members()
        self.trades = self._trades(filler.get("trades", 0))
        self.senate = doc.get("senate", [])

    def _filler(self, number):
        return {"dated": [{
            "from": "2020-01-02", "ticker": "ZZ%04d" % number,
            "name": "Filler %d Inc." % number, "cik": "%010d" % (9e8 + number),
            "composite_figi": figi(2 * number),
            "share_class_figi": figi(2 * number + 1),
            "primary_exchange": "XNYS", "type": "CS"}], "price": 20}

    def is_market_day(self, day):
        return day.weekday() < 5 and day not in self.holidays

    def _walk(self, security):
        """Bars of every market day before today."""
        rng = random.Random("%s:%d" % (self.seed, security.number))
        price = security.doc.get("price", 50) * 100
        splits = dict(security.splits)
        day = self.first
        while day < self.today:
            if self.is_market_day(day):
                if day in splits:
                    price *= splits[day]["from"] / splits[day]["to"]
                bar = draw_bar(rng, price)
                price = bar["close"]
                security.bars[day] = bar
            day += DAY

    def bearer(self, ticker, day):
        for security in self.securities:
            if security.ticker(day) == ticker:
                return security
        return None

    def bar(self, security, day):
        """None: the vendor has none of that day, or not yet."""
        doc = security.doc
        if security.ticker(day) is None or str(day) in doc.get("no_bar", []):
            return None
        late = doc.get("late", {}).get(str(day))
        if late and self.today < day_of(late):
            return None
        return security.bars.get(day)

    def has_zeros(self, security, day):
        return str(day) in security.doc.get("zeros", [])

    def splits(self):
        """(day, ticker of that day, split), those to come too."""
        rows = [(day, security.ticker(day), split)
                for security in self.securities
                for day, split in security.splits]
        return sorted((r for r in rows if r[1]),
                      key=lambda r: (r[0], r[1], str(r[2].get("id"))))

    def _known(self, row, where):
        """The row as it reads today; None: not known yet, or withdrawn."""
        row = dict(row)
        changes = row.pop("changes", [])
        withdrawn = row.pop("withdrawn", None)
        if withdrawn and day_of(withdrawn, where) <= self.today:
            return None
        for change in changes:
            if utc_day(change["updated"]) <= self.today:
                row.update(change)
        if "updated" in row and utc_day(row["updated"]) > self.today:
            return None
        return row

    def _members(self):
        members = {}
        for number, member in enumerate(self.doc.get("members", [])):
            known = self._known(member, "members[%d]" % number)
            if known:
                members[known["member_id"]] = known
        return members

    def _trades(self, filler):
        rows = list(self.doc.get("trades", []))
        for number in range(filler):
            rows.append({"member": next(iter(self.members)),
                         "ticker": "ALFA", "transaction_id": "fill%d" % number,
                         "updated": 1714600000 + number})
        made = [self._trade(row, number) for number, row in enumerate(rows)]
        return [row for row in made if row]

    def _trade(self, row, number):
        where = "trades[%d]" % number
        known = self._known(row, where)
        if known is None:
            return None
        member = self.members.get(known.pop("member", None))
        if member is None and "filer_info" not in known:
            raise ScenarioFault("%s: no such member, or not yet" % where)
        ticker = known.pop("ticker", None)
        absent = known.pop("absent", [])
        made = {**trade_defaults(number, member, ticker), **known}
        if made["chamber"] == "Senate":
            made.pop("notification_date", None)
        for name in absent:
            made.pop(name, None)
        return made


def trade_defaults(number, member, ticker):
    """A row whose every member is there and ordinary."""
    member = member or {}
    return {
        "amendment_number": 0, "amount": "$1,001 - $15,000",
        "chamber": member.get("chamber", "House"), "description": "",
        "disclosure_url": "https://disclosures.example/ptr/%d.pdf" % number,
        "filer_info": member, "id": "id%06d" % number,
        "notification_date": "2024-05-20", "ownership": "SP",
        "report_date": "2024-05-21", "report_id": "report%d" % number,
        "security": {"name": ticker or "", "ticker": ticker, "type": "STOCK"},
        "transaction_date": "2024-05-02", "transaction_id": "tx%06d" % number,
        "transaction_type": "P", "updated": 1716300000 + number}
