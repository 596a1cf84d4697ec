#!/usr/bin/env python3
"""Make up the daily bars in examples/: example_prices.py [DIR].

No real price is in them: each security begins at 100 and wanders by the
numbers of a seeded generator, so every run writes the same bytes.
"""

import datetime
import pathlib
import random
import sys

EXAMPLES = pathlib.Path(__file__).parents[1] / "examples"
# Of the members in sp500-facts.csv, by their ids there.
TICKERS = {40: "AAPL", 88: "CAT", 112: "KO", 179: "XOM", 213: "GOOG",
           252: "JNJ", 255: "JPM", 305: "MSFT", 337: "NVDA", 373: "PG",
           472: "WMT", 747: "META"}
RESTATED = ((40, "2024-08-05"), (112, "2024-12-30"), (112, "2024-12-31"))
VENDOR_SEED = 0
ONE_DAY = datetime.timedelta(days=1)
# Weekdays on which the New York exchanges were closed.
CLOSED = set("""
2017-01-16 2017-02-20 2017-04-14 2017-05-29 2017-07-04 2017-09-04 2017-11-23
2017-12-25
2018-01-01 2018-01-15 2018-02-19 2018-03-30 2018-05-28 2018-07-04 2018-09-03
2018-11-22 2018-12-05 2018-12-25
2019-01-01 2019-01-21 2019-02-18 2019-04-19 2019-05-27 2019-07-04 2019-09-02
2019-11-28 2019-12-25
2020-01-01 2020-01-20 2020-02-17 2020-04-10 2020-05-25 2020-07-03 2020-09-07
2020-11-26 2020-12-25
2021-01-01 2021-01-18 2021-02-15 2021-04-02 2021-05-31 2021-07-05 2021-09-06
2021-11-25 2021-12-24
2024-01-01 2024-01-15 2024-02-19 2024-03-29 2024-05-27 2024-06-19 2024-07-04
2024-09-02 2024-11-28 2024-12-25
""".split())


def trading_days(first, last):
    day = datetime.date.fromisoformat(first)
    while day.isoformat() <= last:
        if day.weekday() < 5 and day.isoformat() not in CLOSED:
            yield day.isoformat()
        day += ONE_DAY


def wander(seed, days):
    """(day, open, high, low, close, volume) a day, prices in cents."""
    # Of its methods only random() is promised to be the same everywhere.
    numbers = random.Random(seed)

    def below(limit):
        return int(numbers.random() * limit)

    close = 10000
    for day in days:
        start = close + below(101) - 50
        close = max(1000, start + start * (below(401) - 198) // 10000)
        high = max(start, close) + below(120)
        low = min(start, close) - below(120)
        yield day, start, high, low, close, 1000000 + below(9000000)


def dollars(cents):
    return "%d.%02d" % divmod(cents, 100)


def our_row(security, day, prices, volume):
    return "%d,%s,%s,%d,made-up" % (
        security, day, ",".join(map(dollars, prices)), volume)


def our_rows():
    """(row as it came first, row restated or None)."""
    for security in sorted(TICKERS):
        for day, start, high, low, close, volume in wander(
                security, trading_days("2024-01-01", "2024-12-31")):
            first, second = (
                our_row(security, day, (start, high, low, last), volume)
                for last in (close, high))
            yield first, second if (security, day) in RESTATED else None


def vendor_rows():
    """As vendors print them; Adj Close is less, the more so the older."""
    days = list(trading_days("2017-01-11", "2022-01-10"))
    for i, (day, *prices, volume) in enumerate(wander(VENDOR_SEED, days)):
        adjusted = prices[3] * (9000 * len(days) + 1000 * i) // len(days)
        yield "%s,%s,%d.%06d,%d" % (
            day, ",".join("%d.%02d0000" % divmod(p, 100) for p in prices),
            *divmod(adjusted, 10 ** 6), volume)


def write(path, header, rows):
    path.write_text("\n".join([header, *rows]) + "\n", encoding="ascii")


def main(folder):
    header = "security_id,date,open,high,low,close,volume,source"
    rows = list(our_rows())
    write(folder / "made-up-prices.csv", header, [row for row, _ in rows])
    write(folder / "made-up-prices-restated.csv", header,
          [row for _, row in rows if row])
    write(folder / "made-up-vendor.csv",
          "Date,Open,High,Low,Close,Adj Close,Volume", vendor_rows())


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else EXAMPLES)
