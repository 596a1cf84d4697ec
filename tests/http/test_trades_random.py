"""Trades, members and summaries over real HTTP: random ones against the
definitions.

SEED=N repeats a run, CASES=N makes it longer; both are printed.
"""

import os
import random
import sys
import unittest
from urllib.parse import urlencode

from harness import SERVE_FLAGS, Num, dump, fact, read_table
from trade_model import KEYS, TYPES, TradeModel
from trading import Case, bar, trade

SEED = int(os.environ.get("SEED", "20241114"))
CASES = int(os.environ.get("CASES", "40"))


class Random(Case):
    TICKERS = ["AA", "BB", "CC", "DD", "7", Num("7"), None]

    def facts(self, rng):
        def value(name):
            if name == "ticker":
                return rng.choice(["AA", "BB", "CC", Num("7"), None])
            return rng.choice(["x", "y", Num("7"), None, ""])

        return [fact(rng.randint(0, 4), name, value(name),
                     "2024-%02d-01" % rng.randint(1, 12))
                for name in rng.choices(["ticker", "gics_sector", "sector",
                                         "name"], k=rng.randint(1, 5))]

    def trades(self, rng):
        rows = []
        for _ in range(rng.randint(1, 6)):
            row = trade("t%d" % rng.randint(0, 12),
                        "2024-%02d-%02d" % (rng.randint(1, 12),
                                            rng.randint(1, 3)),
                        ticker=rng.choice(self.TICKERS))
            for name, values in (
                    ("amendment_number", [Num(0), Num(1), Num(2)]),
                    ("updated", [None, Num(5), Num(-5), Num(1734012113)]),
                    ("member_id", ["M1", "M2", None]),
                    ("chamber", ["House", "Senate", None]),
                    ("party", ["D", "R", "", Num("7"), "7", None]),
                    ("state", ["NC", "\u00e9\n\"", None]),
                    ("committees", [None, [], ["A"], ["A", "B, \"C\""],
                                    ["B, \"C\"", "A", "A"]]),
                    ("report_date", [None, "2024-03-01", "2024-12-31"]),
                    ("transaction_type_text", [*TYPES, "?", None]),
                    ("amount", ["$1,001 - $15,000", "$50,000,001 +",
                                "$721.6", "$1.25", "?", None]),
                    ("description", ["", "d", None])):
                if rng.random() < 0.7:
                    row[name] = rng.choice(values)
            rows.append(row)
        return rows

    def change(self, rng, model):
        what = rng.choice(["facts", "bars", "trades", "trades"])
        if what == "facts":
            facts = self.facts(rng)
            model.post_facts(facts)
            self.stored(facts)
        elif what == "bars":
            rows = {(i, d): bar(i, d, rng.choice(["1", "1.10", "25.430"]))
                    for i, d in ((rng.randint(0, 4), "2024-%02d-%02d" % (
                        rng.randint(1, 12), rng.randint(1, 3)))
                        for _ in range(8))}
            answer = self.client.post("/v1/prices", dump(list(rows.values())))
            if answer.status == 201:
                model.post_bars(list(rows.values()))
        else:
            rows = self.trades(rng)
            answer = self.client.post("/v1/trades", dump(rows))
            self.assertEqual(answer.json()["trades"],
                             Num(model.post_trades(rows)), rows)

    def question(self, rng):
        asked = {}
        for name, values in (
                ("ticker", ["AA", "7", "ZZ"]), ("security_id", list("01234")),
                ("member_id", ["M1", "M3"]), ("chamber", ["House"]),
                ("party", ["D", "7"]), ("state", ["NC", "\u00e9\n\""]),
                ("committee", ["A", "B, \"C\"", "B"]),
                ("transaction_type", [*TYPES.values(), "unknown"]),
                ("from", ["2024-03-02", "2024-06-01"]),
                ("to", ["2024-07-01", "2024-10-03"]),
                ("disclosed_by", ["2024-03-01", "2024-12-30",
                                  "2024-12-31"]),
                ("amendments", ["all", "latest"])):
            if rng.random() < 0.2:
                asked[name] = rng.choice(values)
        return asked

    def ask(self, rng, model, known_tx):
        snapshot, asked = model.at(known_tx), self.question(rng)
        query = urlencode({**asked, "known_tx": known_tx})
        self.same(self.list("/v1/trades?" + query), snapshot.list(asked),
                  query)
        self.same(self.paged("/v1/trades?" + query, limit=3),
                  snapshot.list(asked), query)
        by = rng.choice(sorted(KEYS))
        asked = {k: v for k, v in asked.items()
                 if k in ("from", "to", "disclosed_by")}
        query = urlencode({**asked, "by": by, "known_tx": known_tx})
        want = [list(row.values()) for row in snapshot.summary(by, asked)]
        for how in ("json", "ndjson", "csv"):
            got = read_table(self.client.get(
                "/v1/trades/summary?%s&format=%s" % (query, how)))
            self.same(got[1], want, (query, how))

    def test_answers_are_those_of_the_definitions(self):
        rng, model = random.Random(SEED), TradeModel()
        for _ in range(CASES):
            self.change(rng, model)
            for _ in range(3):
                self.ask(rng, model, rng.randint(0, model.facts.newest))
                self.ask(rng, model, model.facts.newest)


if __name__ == "__main__":
    print("SEED=%d CASES=%d %s" % (SEED, CASES, " ".join(SERVE_FLAGS)),
          file=sys.stderr)
    unittest.main()
