"""Random days of random portfolios between random facts, against the
reference at every transaction, and again once all is known.

SEED=N repeats a run, CASES=N makes it longer; both are printed.
"""

import os
import random
import sys
import unittest

from harness import SERVE_FLAGS, Num, Server, dump, fact, read_table, retract
from holding import held, put_day
from reference import Book
from test_golden import pages

SEED = int(os.environ.get("SEED", "20240601"))
CASES = int(os.environ.get("CASES", "120"))
DATES = ["0001-01-01", "1969-12-31", "1970-01-01", "2024-02-29", "2024-03-01",
         "9999-12-31"]
NAMES = ["a", "B", "c.d", "a-", "_"]
ATTRIBUTES = ["ticker", "asset_class", "k", "é"]
QUANTITIES = ["0", "1", "-0.10", "1e-7", "9007199254740993", "549000.10",
              "12345678901234567890.123456789", "7" * 400]
FORMATS = ("json", "ndjson", "csv")


class Held:
    """What every portfolio held by every transaction."""

    def __init__(self):
        self.book = Book()
        self.puts = []

    def put(self, portfolio, date, positions):
        self.puts.append((self.book.post([]), portfolio, date, positions))

    def portfolios(self, known_tx):
        return sorted({name for tx, name, _, _ in self.puts if tx <= known_tx})

    def joined(self, portfolio, known_tx, start, end):
        days = {date: positions for tx, name, date, positions in self.puts
                if name == portfolio and tx <= known_tx}
        positions = [dict(p, date=date) for date in sorted(days)
                     for p in days[date]
                     if (start or "") <= date < (end or "x")]
        return self.book.at(known_tx).join(positions, True)[:2]


class Property(unittest.TestCase):
    def setUp(self):
        self.rng = random.Random(SEED)
        self.held, self.live = Held(), []
        self.server = Server()
        self.addCleanup(self.server.drop)
        self.server.start()

    @property
    def client(self):
        return self.server.client

    def put(self):
        rng = self.rng
        name, date = rng.choice(NAMES), rng.choice(DATES)
        positions = [held(rng.randint(0, 9), rng.choice(QUANTITIES))
                     for _ in range(rng.choice((0, 1, 2, 5, 30)))]
        answer = put_day(self.client, name, date, positions,
                         rng.choice(FORMATS + ("array",)))
        self.assertEqual(answer.status, 200, repr(answer))
        self.held.put(name, date, positions)

    def post(self):
        rng, facts = self.rng, []
        for _ in range(rng.randint(1, 4)):
            key = (rng.randint(0, 9), rng.choice(ATTRIBUTES),
                   rng.choice(DATES))
            if key in self.live and rng.random() < 0.4:
                self.live.remove(key)
                facts.append(retract(*key))
                continue
            if key not in self.live:
                self.live.append(key)
            facts.append(fact(key[0], key[1],
                              rng.choice(["x", "1", Num("1"), None, True]),
                              key[2]))
        answer = self.client.post_facts(facts)
        self.assertEqual(answer.status, 201, repr(answer))
        self.held.book.post(facts)

    def check(self, known_tx):
        rng = self.rng
        names = self.held.portfolios(known_tx)
        listed = self.client.get("/v1/portfolios?known_tx=%d" % known_tx)
        self.assertEqual([p["portfolio"]
                          for p in listed.json()["portfolios"]], names)
        name, how = rng.choice(NAMES), rng.choice(FORMATS)
        start, end = sorted(rng.sample(DATES, 2))
        start, end = rng.choice(((start, end), (None, end), (start, None),
                                 (None, None)))
        path = "/v1/portfolios/%s/positions?known_tx=%d&format=%s" % (
            name, known_tx, how)
        path += "&from=" + start if start else ""
        path += "&to=" + end if end else ""
        answer = self.client.get(path)
        if name not in names:
            self.assertEqual(answer.status, 404, path)
            return
        columns, rows = read_table(answer)
        want = self.held.joined(name, known_tx, start, end)
        if rows or how != "ndjson":
            self.assertEqual(columns, want[0], path)
        self.assertEqual(dump(rows), dump(want[1]), path)
        got = pages(self.client, path, rng.choice((1, 7, 100)))
        self.assertEqual(dump(got[1]), dump(want[1]), path)

    def test_every_answer_is_the_references(self):
        print("SEED=%d CASES=%d" % (SEED, CASES), file=sys.stderr)
        for case in range(CASES):
            self.put() if self.rng.random() < 0.6 else self.post()
            self.check(self.held.book.newest)
            if case % 40 == 39:
                self.server.restart()
        for tx in range(self.held.book.newest + 1):
            for _ in range(2):
                self.check(tx)
        if SERVE_FLAGS:
            self.assertGreater(self.client.merged(), 0)


if __name__ == "__main__":
    unittest.main()
