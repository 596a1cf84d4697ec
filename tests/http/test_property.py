"""Random facts against the reference, thousands of securities a run.

SEED=N repeats a run, CASES=N makes it longer; both are printed.
"""

import os
import random
import sys
import unittest
import urllib.parse

from harness import (SERVE_FLAGS, Num, Server, dump, fact, read_table,
                     retract)
from reference import Book, Refused
from test_golden import pages, positions_body

SEED = int(os.environ.get("SEED", "20240229"))
CASES = int(os.environ.get("CASES", "1500"))
SECURITIES = 250
FORMATS = ("json", "ndjson", "csv")
DATES = ["0001-01-01", "0001-01-02", "1899-12-31", "1969-12-31", "1970-01-01",
         "2000-02-29", "2023-12-31", "2024-01-01", "2024-02-29", "2024-03-01",
         "2038-01-20", "9999-12-30", "9999-12-31"]
ATTRIBUTES = ["asset_class", "ticker", "name", "k", "é", "a b", "Z", "😀",
              "q,\"'"]
CLASSES = ["equity", "equity", "fixed_income", "a/b", "é +%", Num("1"), "1",
           Num("1.0"), True, None]
VALUES = [Num("1"), Num("1.0"), "1", True, "true", None, "", False,
          Num("9007199254740993"), Num("1e-7"), Num("549000.10"), "a,b",
          'a"b', "x\r\ny", "\u0001", "中", "😀", " ", "1e5", "plain", Num("0"),
          Num("12345678901234567890.123456789")]
SOURCES = ["default", "p", "q", "é"]
LARGE = [9007199254740992, 9007199254740993, 9223372036854775806,
         9223372036854775807]


def value_for(rng, attribute):
    return rng.choice(CLASSES if attribute == "asset_class" else VALUES)


def cut(rng, facts, most):
    """The facts in batches of random sizes, their order kept."""
    at = 0
    while at < len(facts):
        size = rng.choice((1, 2, 3, rng.randint(1, most)))
        yield facts[at:at + size]
        at += size


def ids(rng):
    return rng.sample(range(0, 5000), SECURITIES - len(LARGE)) + LARGE


def distinct_facts(rng):
    """No key twice, so that no order can matter."""
    facts = []
    for security in ids(rng):
        keys = {(rng.choice(ATTRIBUTES), rng.choice(DATES))
                for _ in range(rng.randint(1, 12))}
        facts += [fact(security, a, value_for(rng, a), d,
                       source=rng.choice(SOURCES))
                  for a, d in sorted(keys)]
    rng.shuffle(facts)
    return facts


def stories(rng):
    """Equal keys, several sources, retractions: one order that is valid."""
    facts, chosen = [], ids(rng)
    live = {security: [] for security in chosen}
    for _ in range(SECURITIES * 9):
        security = rng.choice(chosen)
        mine = live[security]
        if mine and rng.random() < 0.25:
            key = mine.pop(rng.randrange(len(mine)))
            facts.append(retract(security, key[0], key[1], source=key[2]))
            continue
        key = (rng.choice(ATTRIBUTES[:4]), rng.choice(DATES[4:8]),
               rng.choice(SOURCES[:3]))
        if key not in mine:
            mine.append(key)
        facts.append(fact(security, key[0], value_for(rng, key[0]), key[1],
                          source=key[2]))
    return facts


class Round:
    """One server, one book, and the comparison of the two."""

    def __init__(self, test, rng, label):
        self.test, self.rng, self.label = test, rng, label
        self.server, self.book = Server(), Book()
        self.recorded_at = []
        test.addCleanup(self.server.drop)
        self.server.start()

    def post(self, batch):
        how = self.rng.choice(FORMATS + ("array",))
        tx = self.book.post(batch)
        answer = self.server.client.post_facts(batch, how)
        self.test.assertEqual(answer.status, 201, (self.label, how, answer))
        self.test.assertEqual(answer.tx, tx, self.label)
        doc = answer.json()
        self.recorded_at.append(doc["recorded_at"])
        self.test.assertEqual(
            (doc["facts"], doc["securities"]),
            (Num(len(batch)), Num(len({f["security_id"] for f in batch}))))

    def post_refused(self, batch):
        """The batch with a retraction of nothing somewhere in it."""
        batch = list(batch)
        batch.insert(self.rng.randint(0, len(batch)),
                     retract(0, "nobody", DATES[0]))
        try:
            self.book.post(batch)
        except Refused:
            pass
        answer = self.server.client.post_facts(
            batch, self.rng.choice(FORMATS))
        self.test.assertEqual(answer.status, 422, self.label)
        self.test.assertEqual(answer.tx, self.book.newest, self.label)

    def post_all(self, facts, restarts, most=80):
        batches = list(cut(self.rng, facts, most))
        stops = set(self.rng.sample(range(len(batches)),
                                    min(restarts, len(batches))))
        for i, batch in enumerate(batches):
            self.post(batch)
            if i in stops:
                self.server.restart()

    def get(self, path, tx, **query):
        query = {k: v for k, v in query.items() if v is not None}
        if tx is not None:
            query["known_tx"] = tx
        if "from_" in query:
            query["from"] = query.pop("from_")
        text = urllib.parse.urlencode(query)
        answer = self.server.client.get(path + ("?" + text if text else ""))
        self.asked = "%s: %s?%s" % (self.label, path, text)
        if answer.status == 200:
            want = self.book.newest if tx is None else tx
            self.test.assertEqual(answer.tx, want, self.asked)
        return answer

    def same(self, answer, want):
        self.test.assertEqual(answer.status, 200, self.asked)
        columns, rows = read_table(answer)
        want_columns = want[0]
        if columns is None and not want[1]:
            want_columns = None
        self.test.assertEqual(columns, want_columns, self.asked)
        if dump(rows) != dump(want[1]):
            self.test.assertEqual(list(map(dump, rows)),
                                  list(map(dump, want[1])), self.asked)

    def drop(self):
        """The end of a round; with little memory most of it was merged."""
        merged = self.server.client.merged()
        if SERVE_FLAGS and self.book.newest > 20:
            self.test.assertGreater(merged, 0, self.label)
        self.server.drop()

    def check(self, tx=None):
        """Every kind of read, by the newest knowledge or at tx."""
        snap = self.book.at(tx)
        self.check_tables(snap, tx)
        self.check_securities(snap, tx)
        self.check_classes(snap, tx)
        self.check_join(snap, tx)

    def check_tables(self, snap, tx):
        rng = self.rng
        whole = snap.master()
        how = rng.choice(FORMATS)
        self.same(self.get("/v1/master", tx, limit=10000), whole)
        self.same(self.get("/v1/master", tx, format="ndjson"), whole)
        self.same(self.get("/v1/master", tx, format="csv"), whole)
        path = "/v1/master?format=%s" % how
        if tx is not None:
            path += "&known_tx=%d" % tx
        got = pages(self.server.client, path, rng.choice((7, 100, 333)))
        self.test.assertEqual(dump(got[1]), dump(whole[1]), path)
        start, end = sorted(rng.sample(DATES, 2))
        self.same(self.get("/v1/master", tx, from_=start, to=end, format=how),
                  snap.master(start, end))
        for date in rng.sample(DATES, 3):
            self.same(self.get("/v1/securities", tx, as_of=date, format=how,
                               limit=10000), snap.cross_section(date))

    def check_securities(self, snap, tx):
        rng = self.rng
        known = sorted({r["id"] for r in snap.rows})
        for security in rng.sample(known, min(25, len(known))):
            date, how = rng.choice(DATES), rng.choice(FORMATS[1:])
            path = "/v1/securities/%d" % security
            answer = self.get(path, tx, as_of=date, format=how)
            rows = snap.in_force(date, security)
            if rows:
                self.same(answer, snap.table(rows))
            else:
                self.test.assertEqual(answer.status, 404, self.asked)
            start, end = rng.choice(((None, None), (date, None), (None, date),
                                     tuple(sorted(rng.sample(DATES, 2)))))
            self.same(self.get(path + "/history", tx, from_=start, to=end,
                               format=rng.choice(FORMATS)),
                      snap.history(security, start, end))

    def check_classes(self, snap, tx):
        for text in ("equity", "fixed_income", "a/b", "é +%", "1", "1.0",
                     "true", "none", "never"):
            path = "/v1/asset-classes/" + urllib.parse.quote(text, safe="")
            self.same(self.get(path, tx, limit=10000), snap.asset_class(text))
        date = self.rng.choice(DATES)
        answer = self.get("/v1/asset-classes", tx, as_of=date)
        got = {(type(r["asset_class"]), r["asset_class"]):
               int(r["securities"]) for r in answer.json()["asset_classes"]}
        self.test.assertEqual(got, snap.class_counts(date), self.asked)

    def check_join(self, snap, tx):
        rng = self.rng
        known = sorted({r["id"] for r in snap.rows}) or [0]
        positions = [{"security_id": Num(rng.choice(known + [777777])),
                      "quantity": Num(rng.choice(
                          ("1", "-0.10", "1e400", "9007199254740993"))),
                      "date": rng.choice(DATES)} for _ in range(150)]
        is_kept = rng.random() < 0.5
        columns, rows, matched, unmatched = snap.join(positions, is_kept)
        kind, body = positions_body(positions, rng.choice(FORMATS))
        query = "?unmatched=%s" % ("keep" if is_kept else "drop")
        if tx is not None:
            query += "&known_tx=%d" % tx
        answer = self.server.client.post("/v1/positions/join" + query, body,
                                         kind)
        self.asked = self.label + " join " + query
        self.same(answer, (columns, rows))
        doc = answer.json()
        self.test.assertEqual((doc["matched"], doc["unmatched"]),
                              (Num(matched), Num(unmatched)), self.asked)


class Property(unittest.TestCase):
    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        print("SEED=%d CASES=%d" % (SEED, CASES), file=sys.stderr)

    def rounds(self):
        for number in range(max(1, CASES // SECURITIES)):
            seed = SEED + number
            yield random.Random(seed), "SEED=%d CASES=1" % seed

    def test_distinct_keys_in_any_order_any_batches_any_format(self):
        for rng, label in self.rounds():
            turn = Round(self, rng, label)
            turn.post_all(distinct_facts(rng), restarts=rng.choice((0, 1, 2)))
            turn.check()
            turn.check(rng.randint(1, turn.book.newest))
            turn.drop()

    def test_equal_keys_and_retractions_in_any_batches_of_one_order(self):
        for rng, label in self.rounds():
            facts = stories(rng)
            for most in rng.sample((5, 60, 500, len(facts)), 2):
                turn = Round(self, rng, label)
                turn.post_all(facts, restarts=rng.choice((0, 1)), most=most)
                turn.check()
                turn.drop()

    def test_every_past_known_tx_answers_as_when_it_was_the_newest(self):
        for rng, label in self.rounds():
            if rng.random() < 0.5 and CASES >= 2 * SECURITIES:
                continue
            turn = Round(self, rng, label)
            told = []
            for batch in cut(rng, stories(rng)[:900], 60):
                if rng.random() < 0.1:
                    turn.post_refused(batch)
                turn.post(batch)
                told.append(self.ask(turn, None))
            turn.server.restart()
            for tx, before in enumerate(told, 1):
                for query, now in self.ask(turn, tx).items():
                    self.assertEqual(now, before[query], "%s %s known_tx=%d"
                                     % (label, query, tx))
            for tx in rng.sample(range(1, turn.book.newest), 4):
                turn.check(tx)
            turn.drop()

    def ask(self, turn, tx):
        """A few answers, byte for byte."""
        queries = [("/v1/master", {"format": "csv"}),
                   ("/v1/master", {"limit": 10000}),
                   ("/v1/securities", {"as_of": DATES[6], "limit": 10000}),
                   ("/v1/asset-classes", {"as_of": DATES[6]}),
                   ("/v1/asset-classes/equity", {"format": "ndjson"}),
                   ("/v1/securities/%d" % LARGE[0], {"as_of": DATES[9]}),
                   ("/v1/securities/%d/history" % LARGE[1], {}),
                   ("/v1/securities/%d/facts" % LARGE[1], {}),
                   ("/v1/securities/%d/facts" % LARGE[2],
                    {"superseded": "true", "format": "ndjson"}),
                   ("/v1/securities/%d/explain" % LARGE[0],
                    {"as_of": DATES[9]}),
                   ("/v1/resolve", {"attribute": "ticker", "value": "1.0",
                                    "as_of": DATES[8]}),
                   ("/v1/attributes", {})]
        told = {}
        for path, query in queries:
            answer = turn.get(path, tx, **query)
            told[path + str(query)] = (
                answer.status,
                answer.body if answer.status == 200 else b"")
        told["lookup"] = self.look_up(turn, tx)
        return told

    def look_up(self, turn, tx):
        keys = [{"security_id": Num(s), "as_of": d}
                for s in LARGE for d in (DATES[9], DATES[5])]
        query = "" if tx is None else "?known_tx=%d" % tx
        answer = turn.server.client.post("/v1/securities/lookup" + query,
                                         dump({"keys": keys}))
        self.assertEqual(answer.status, 200, (turn.label, answer))
        return answer.status, answer.body


if __name__ == "__main__":
    unittest.main()
