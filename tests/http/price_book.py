"""What tables made of bars should hold: the definitions, with fractions."""

import datetime
from fractions import Fraction

from harness import Num

FIELDS = ["open", "high", "low", "close", "adj_close", "volume", "pre_market",
          "after_hours"]
BAR_COLUMNS = ["security_id", "date"] + FIELDS + ["source"]
PERIODS = ("week", "month", "quarter", "year")
SUMMARY_COLUMNS = ["days", "average_open", "average_high", "average_low",
                   "average_close", "average_volume", "first_open",
                   "max_high", "min_low", "last_close"]
LAST_DAY = datetime.date.max
ONE_DAY = datetime.timedelta(days=1)
MONTHS_OF = {"month": 1, "quarter": 3, "year": 12}


def average(values):
    """The quotient, half to even at 8 places; None of no values."""
    values = [Fraction(v) for v in values if v is not None]
    if not values:
        return None
    scaled = round(sum(values) / len(values) * 10 ** 8)
    text = "%d.%08d" % divmod(scaled, 10 ** 8)
    return Num(text.rstrip("0").rstrip("."))


def period_of(period, day):
    """(start, end or None, year, number or None)."""
    if period == "week":
        year, number, weekday = day.isocalendar()
        start = day - (weekday - 1) * ONE_DAY
        end = None if LAST_DAY - start < 7 * ONE_DAY else start + 7 * ONE_DAY
        return start, end, year, number
    months = MONTHS_OF[period]
    number = (day.month - 1) // months
    start = day.replace(month=number * months + 1, day=1)
    over = start.month + months > 12
    year = start.year + over
    end = None if year > LAST_DAY.year else datetime.date(
        year, 1 if over else start.month + months, 1)
    return start, end, day.year, None if period == "year" else number + 1


class PriceBook:
    """Every bar by every transaction that knows it."""

    def __init__(self):
        self.bars = []

    def post(self, tx, bars):
        self.bars += [(tx, bar) for bar in bars]

    def at(self, known_tx):
        """{security: [(day, bar)]} by day; of a day the newest stands."""
        newest = {}
        for tx, bar in self.bars:
            if known_tx is None or tx <= known_tx:
                day = datetime.date.fromisoformat(bar["date"])
                newest[int(bar["security_id"]), day] = bar
        held = {}
        for security, day in sorted(newest):
            held.setdefault(security, []).append((day, newest[security, day]))
        return held


def within(day, start, end):
    text = day.isoformat()
    return (start is None or start <= text) and (end is None or text < end)


def listed(held, start=None, end=None):
    return BAR_COLUMNS, [
        [bar["security_id"], bar["date"]] + [bar.get(f) for f in FIELDS]
        + [bar.get("source", "default")]
        for bars in held.values() for day, bar in bars
        if within(day, start, end)]


def summed(held, period, start=None, end=None):
    columns = ["security_id", "period_start", "period_end", "year"]
    columns += [] if period == "year" else [period]
    rows = []
    for security, bars in held.items():
        groups = {}
        for day, bar in bars:
            if within(day, start, end):
                groups.setdefault(period_of(period, day), []).append(bar)
        for (first, last, year, number), group in groups.items():
            row = [Num(security), first.isoformat(),
                   last and last.isoformat(), Num(year)]
            row += [] if number is None else [Num(number)]
            row += [Num(len(group))]
            row += [average([b.get(f) for b in group])
                    for f in ("open", "high", "low", "close", "volume")]
            # Of equal ones both functions take the earliest.
            row += [group[0]["open"],
                    max((b["high"] for b in group), key=Fraction),
                    min((b["low"] for b in group), key=Fraction),
                    group[-1]["close"]]
            rows.append(row)
    return columns + SUMMARY_COLUMNS, rows


def averaged(held, windows, field="close", start=None, end=None):
    columns = ["security_id", "date", field]
    columns += ["ma_%d" % window for window in windows]
    rows = []
    for security, bars in held.items():
        values = [bar.get(field) for _, bar in bars]
        for i, (day, bar) in enumerate(bars):
            if not within(day, start, end):
                continue
            rows.append([Num(security), bar["date"], values[i]] + [
                average(values[i + 1 - window:i + 1]) if i + 1 >= window
                else None for window in windows])
    return columns, rows
