"""The audit trail, explanations, lookups, identifiers and the catalogue at
random against the reference, at every transaction."""

import random
import unittest
import urllib.parse

from harness import Num, dump, parse, read_table
from test_golden import pages
from test_property import (DATES, SEED, VALUES, Round, cut, distinct_facts,
                           stories)

KNOWN_BY = ("value", "effective_date", "source", "tx")


def text_of(value):
    """What a filter calls a value."""
    if value is True or value is False:
        return "true" if value else "false"
    return None if value is None else str(value)


class AuditRound(Round):
    """A round that asks where its answers come from."""

    def check_audit(self, tx):
        trail, snap = self.book.trail(tx), self.book.at(tx)
        some = sorted({f["security_id"] for f in self.book.trail().all})
        some = self.rng.sample(some, min(4, len(some))) + [777777]
        for security in some:
            self.check_facts(trail, tx, security)
            self.check_explain(trail, snap, tx, security)
        self.check_lookup(snap, tx, some)
        self.check_resolve(snap, tx)
        self.check_catalogue(trail, tx)

    def attribute(self, tx):
        """An attribute that can be asked for, or none."""
        names = sorted(self.book.ever_asserted(tx))
        return self.rng.choice(names + [None]) if names else None

    def check_facts(self, trail, tx, security):
        attribute = self.attribute(tx)
        superseded = self.rng.choice((None, "true", "false"))
        want = trail.facts(security, attribute, superseded == "true")
        path = "/v1/securities/%d/facts" % security
        query = {"attribute": attribute, "superseded": superseded}
        answer = self.get(path, tx, format="ndjson", **query)
        if want is None:
            self.test.assertEqual(answer.status, 404, self.asked)
            return
        want = [self.recorded(fact) for fact in want]
        self.equal([parse(line) for line in answer.body.split(b"\n")[:-1]],
                   want)
        limit = self.rng.choice((1, 2, 7, 1000))
        answer, got = self.get(path, tx, limit=limit, **query), []
        while answer:
            self.test.assertEqual(answer.tx, tx, self.asked)
            got += answer.json()["facts"]
            link = answer.next_link()
            answer = self.server.client.get(link) if link else None
        self.equal(got, want)

    def recorded(self, fact):
        """A fact of the reference as the service tells it."""
        told = {"tx": fact["tx"],
                "recorded_at": self.recorded_at[fact["tx"] - 1]}
        told.update(fact)
        return told

    def equal(self, got, want):
        if dump(got) != dump(want):
            self.test.assertEqual(list(map(dump, got)),
                                  list(map(dump, want)), self.asked)

    def check_explain(self, trail, snap, tx, security):
        date, attribute = self.rng.choice(DATES), self.attribute(tx)
        want = trail.explain(security, date, attribute)
        path = "/v1/securities/%d" % security
        answer = self.get(path + "/explain", tx, as_of=date,
                          attribute=attribute)
        is_known = trail.facts(security) is not None
        self.test.assertEqual(answer.status, 200 if is_known else 404,
                              self.asked)
        if want is None:
            self.test.assertEqual(self.get(path, tx, as_of=date).status, 404)
        if not is_known:
            return
        doc = answer.json()
        if want is None:
            self.equal(doc["attributes"], {})
            return
        self.equal([[name, self.entry(entry)]
                    for name, entry in doc["attributes"].items()],
                   [[name, [self.told(f, r) for f, r in found]]
                    for name, found in want.items()])
        # The winner is the fold's.
        cells = snap.in_force(date, security)[0]["cells"]
        self.equal([[n, e["value"]] for n, e in doc["attributes"].items()],
                   [[n, cells[n]] for n in want])

    def entry(self, entry):
        return [[e[n] for n in KNOWN_BY] + [e["recorded_at"], e.get("reason")]
                for e in [entry] + entry["beat"]]

    def told(self, fact, reason):
        return [fact[n] for n in KNOWN_BY] + [
            self.recorded_at[fact["tx"] - 1], reason]

    def check_lookup(self, snap, tx, some):
        rng = self.rng
        keys = [(rng.choice(some), rng.choice(DATES)) for _ in range(30)]
        names = sorted(self.book.ever_asserted(tx))
        wanted = rng.sample(names, rng.randint(0, min(3, len(names)))) \
            if rng.random() < 0.4 else None
        body = {"keys": [{"security_id": Num(s), "as_of": d}
                         for s, d in keys]}
        if rng.random() < 0.5:
            keys = [(s, keys[0][1]) for s, _ in keys]
            body = {"security_ids": [Num(s) for s, _ in keys],
                    "as_of": keys[0][1]}
        if wanted is not None:
            body["attributes"] = wanted
        path = "/v1/securities/lookup?known_tx=%d" % tx
        self.asked = "%s: %s %s" % (self.label, path, dump(body))
        answer = self.server.client.post(path, dump(body))
        self.test.assertEqual(answer.status, 200, (self.asked, answer))
        self.test.assertEqual(answer.tx, tx, self.asked)
        doc = answer.json()
        columns, rows = snap.lookup(keys, wanted)
        self.equal([doc["columns"]], [columns])
        self.equal([row and list(row.values()) for row in doc["rows"]], rows)
        answer = self.server.client.post(path + "&format=csv", dump(body))
        got = read_table(answer)
        self.equal([got[0]], [columns])
        self.equal(got[1], [row or [None] * len(columns) for row in rows])

    def check_resolve(self, snap, tx):
        attribute, date = self.attribute(tx), self.rng.choice(DATES[4:])
        texts = {text_of(v) for v in VALUES} - {None, ""}
        if attribute is None:
            return
        for text in self.rng.sample(sorted(texts), 4):
            want = snap.bearers(attribute, text, date)
            answer = self.get("/v1/resolve", tx, attribute=attribute,
                              value=text, as_of=date)
            doc = answer.json()
            got = [doc["security_id"]] if answer.status == 200 \
                else doc.get("candidates", [])
            self.test.assertEqual(answer.status, (404, 200, 409)[
                min(len(want), 2)], self.asked)
            self.equal(got, want[:100])
            if answer.status == 409:
                self.equal(doc["candidate_count"], Num(len(want)))

    def check_catalogue(self, trail, tx):
        want = trail.catalogue()
        doc = self.get("/v1/attributes", tx).json()
        self.equal([list(e.values()) for e in doc["attributes"]], want)


class AuditProperty(unittest.TestCase):
    maxDiff = 4000

    def run_round(self, seed, facts, most):
        turn = AuditRound(self, random.Random(seed), "SEED=%d" % seed)
        for batch in cut(turn.rng, facts(turn.rng), most):
            turn.post(batch)
            if turn.rng.random() < 0.5:
                turn.check_audit(turn.book.newest)
        turn.server.restart()
        for tx in range(turn.book.newest + 1):
            turn.check_audit(tx)
        turn.drop()

    def test_few_securities_in_small_batches(self):
        """Equal keys, retractions and several sources, late or not."""
        def some(rng):
            facts = stories(rng)
            chosen = sorted({int(f["security_id"]) for f in facts})[-40:]
            return [f for f in facts if int(f["security_id"]) in chosen]
        self.run_round(SEED, some, 12)

    def test_many_securities(self):
        self.run_round(SEED + 1, lambda rng: stories(rng)[:700], 60)

    def test_distinct_keys_in_any_order(self):
        self.run_round(SEED + 2, lambda rng: distinct_facts(rng)[:400], 40)


if __name__ == "__main__":
    unittest.main()
