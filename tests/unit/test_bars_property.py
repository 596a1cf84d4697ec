"""Random bars, restated and with gaps: their summaries and moving averages are
those of the plain definitions in rational arithmetic."""

import datetime
import os
import random
import subprocess
import unittest
from fractions import Fraction

PROGRAM = os.environ.get("BARS_FROM_LINES",
                         "build/d/tests/unit/bars_from_lines")
FIELDS = ("open", "high", "low", "close", "adj_close", "volume", "pre_market",
          "after_hours")
REQUIRED = 4
PERIODS = ("week", "month", "quarter", "year")
PLACES = 8
ALL_KINDS = ("price",) * 6 + ("volume",) * 2 + ("greatest", "equal")
# Of the middle two, most months are of one scale and 32 bits; of the last two
# numbers are near each other, as prices are, with and without zeros at the end.
WORLDS = (ALL_KINDS, ("equal",), ("cents",), ("cents",) * 40 + ("volume",),
          ("near",), ("trimmed",))
FIRST, LAST = datetime.date.min, datetime.date.max


def random_number(rng, kinds):
    """Prices, volumes, the ends of what may be kept, and equal values."""
    kind = rng.choice(kinds)
    scale = rng.randrange(10)
    if kind == "price":
        mantissa, scale = rng.randrange(1, 10**6), rng.randrange(4)
    elif kind == "cents":
        mantissa = rng.choice((rng.randrange(1, 10**5), 777, 2**32 - 1))
        scale = 2
    elif kind == "volume":
        mantissa = rng.randrange(10**12)
    elif kind == "greatest":
        mantissa = 10**18 - 1 - rng.randrange(2)
    elif kind in ("near", "trimmed"):
        mantissa, scale = 10**6 + rng.randrange(60000), 2
    else:
        mantissa = rng.randrange(3) * 10**scale
    while kind == "trimmed" and scale > 0 and mantissa % 10 == 0:
        mantissa, scale = mantissa // 10, scale - 1
    digits = str(mantissa).zfill(scale + 1)
    return digits if scale == 0 else f"{digits[:-scale]}.{digits[-scale:]}"


def random_bar(rng, missing, kinds=ALL_KINDS):
    return [None if i >= REQUIRED and rng.random() < missing
            else random_number(rng, kinds) for i in range(len(FIELDS))]


def random_days(rng, count):
    """Ascending, with weekends, gaps, and now and then a long one."""
    begin = rng.choice((FIRST, datetime.date(2019, 11, 20),
                        datetime.date(1969, 12, 1), datetime.date(9996, 3, 1)))
    day, days = begin.toordinal() + rng.randrange(40), []
    while len(days) < count and day <= LAST.toordinal():
        days.append(datetime.date.fromordinal(day))
        day += rng.choice((1, 1, 1, 1, 1, 3, 3, 2, rng.randrange(1, 50)))
    if begin.year == 9996:
        days.append(LAST)
    return sorted(set(days))


def random_world(rng, count):
    """Lines in the order of a scan, and of each security what is known."""
    lines, known = [], {}
    missing = rng.choice((0, 0.01, 0.3, 1))
    kinds = rng.choice(WORLDS)
    again = rng.choice((0, 0.01, 0.2))
    for security in sorted(rng.sample(range(10**6), rng.randrange(1, 4))):
        days, bars, records = random_days(rng, count), {}, []
        for tx in range(1, rng.randrange(2, 5)):
            # The first knows most days, the others restate some.
            for day in days:
                if rng.random() < (0.9 if tx == 1 else again):
                    bars[day] = random_bar(rng, missing, kinds)
                    records.append(((day.year, day.month), tx, day, bars[day]))
        for _, tx, day, bar in sorted(records, key=lambda r: r[:3]):
            words = [word or "-" for word in bar]
            lines.append(f"{security} {tx} {day} {' '.join(words)}\n")
        known[security] = sorted(bars.items())
    return "".join(lines), known


def value_of(text):
    return None if text is None else Fraction(text)


def average_of(values):
    """Half to even, without zeros at its end; null where there is none."""
    values = [value for value in values if value is not None]
    if not values:
        return "null"
    # Summed as whole numbers, since Fraction's own sums are slow: all exact.
    units = sum(values)
    places = int(round(Fraction(units, len(values) * 10**9), PLACES)
                 * 10**PLACES)
    whole, fraction = divmod(places, 10**PLACES)
    return f"{whole}.{fraction:0{PLACES}d}".rstrip("0").rstrip(".")


def units_of(text):
    value = value_of(text)
    return None if value is None else int(value * 10**9)


def first_of(year, month):
    """None is behind the calendar."""
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    return datetime.date(year, month, 1) if year <= LAST.year else None


def span_of(period, day):
    if period == "week":
        year, number, weekday = day.isocalendar()
        start = day.toordinal() - weekday + 1
        end = start + 7
        return (datetime.date.fromordinal(start),
                datetime.date.fromordinal(end)
                if end <= LAST.toordinal() else None, year, number)
    months = {"month": 1, "quarter": 3, "year": 12}[period]
    index = (day.month - 1) // months
    return (first_of(day.year, index * months + 1),
            first_of(day.year, index * months + 1 + months), day.year,
            0 if period == "year" else index + 1)


def summaries(known, period, begin, end):
    rows = []
    for security, bars in known.items():
        groups = {}
        for day, bar in bars:
            if begin <= day < end:
                groups.setdefault(span_of(period, day), []).append(bar)
        for (start, stop, year, number), group in groups.items():
            row = [security, start, stop or "null", year, number, len(group)]
            for field in (0, 1, 2, 3, 5):
                row.append(average_of([units_of(bar[field]) for bar in group]))
            row.append(group[0][0])
            # Of equal ones, max and min give the first.
            row.append(max((bar[1] for bar in group), key=value_of))
            row.append(min((bar[2] for bar in group), key=value_of))
            row.append(group[-1][3])
            rows.append(" ".join(map(str, row)))
    return rows


def moving(known, field, begin, windows):
    rows = []
    for security, bars in known.items():
        values = [units_of(bar[FIELDS.index(field)]) for _, bar in bars]
        for i, (day, _) in enumerate(bars):
            if day < begin:
                continue
            row = [security, day]
            for window in windows:
                row.append("null" if i + 1 < window
                           else average_of(values[i + 1 - window:i + 1]))
            rows.append(" ".join(map(str, row)))
    return rows


def run(how, lines, *arguments):
    done = subprocess.run([PROGRAM, how, *map(str, arguments)], input=lines,
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{arguments}: {done.stderr}")
    return done.stdout.splitlines()


class Bars(unittest.TestCase):
    def compare(self, world, expected, lines, *arguments):
        for how in ("bars", "runs"):
            got = run(how, lines, *arguments)
            where = f"world {world}, {how}, {arguments}"
            for i, (a, b) in enumerate(zip(got, expected)):
                self.assertEqual(a, b, f"{where}, row {i}")
            self.assertEqual(len(got), len(expected), where)

    def test_summaries(self):
        for world in range(36):
            rng = random.Random(world)
            lines, known = random_world(rng, rng.choice((1, 5, 40, 150)))
            days = sorted(day for bars in known.values() for day, _ in bars)
            begin, end = FIRST, LAST
            if days and world % 3 == 1:
                begin, end = rng.choice(days), rng.choice(days)
            if world % 3 == 2 and days:
                end = days[-1]
            for period in PERIODS:
                self.compare(world, summaries(known, period, begin, end),
                             lines, "summary", period, begin, end)

    def test_moving_averages(self):
        for world in range(28):
            rng = random.Random(1000 + world)
            lines, known = random_world(rng, rng.choice((1, 5, 40, 150)))
            days = sorted(day for bars in known.values() for day, _ in bars)
            begin = rng.choice(days) if days and world % 2 else FIRST
            windows = [rng.randrange(1, rng.choice((4, 50, 200)))
                       for _ in range(rng.randrange(1, 11))]
            field = FIELDS[world % len(FIELDS)]
            self.compare(world, moving(known, field, begin, windows), lines,
                         "average", field, begin, *windows)

    def test_the_greatest_windows_over_a_long_history(self):
        for kinds in (ALL_KINDS, ("cents",)):
            rng = random.Random(77)
            day, bars = datetime.date(2010, 1, 1), []
            for _ in range(2200):
                bars.append((day, random_bar(rng, 0.3, kinds)))
                day += datetime.timedelta(days=1)
            lines = "".join(f"5 1 {day} {' '.join(w or '-' for w in bar)}\n"
                            for day, bar in bars)
            windows = (1000, 999, 1)
            self.compare("long", moving({5: bars}, "volume", FIRST, windows),
                         lines, "average", "volume", FIRST, *windows)


if __name__ == "__main__":
    unittest.main()
