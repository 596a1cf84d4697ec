"""Changes of precedence among facts of several sources, against the reference,
at every transaction; what was told once is told for ever."""

import random
import unittest

from harness import JSON, dump
from reference import Rule
from test_audit_property import AuditRound
from test_property import ATTRIBUTES, DATES, LARGE, SEED, cut, stories

LISTED = ["default", "p", "q", "é", "nobody"]
NAMED = ATTRIBUTES[:4] + ["never"]


class RuleRound(AuditRound):
    """A round in which the rule changes."""

    def put_rule(self):
        rng = self.rng
        some = lambda: rng.sample(LISTED, rng.randint(0, 4))
        rule = Rule(some(), {name: some() for name in
                             rng.sample(NAMED, rng.randint(0, 3))})
        tx = self.book.put_rule(rule)
        body = {"default": rule.default, "attributes": rule.attributes}
        answer = self.server.client.request(
            "PUT", "/v1/precedence", dump(body).encode(),
            {"Content-Type": JSON})
        self.test.assertEqual(answer.status, 200, (self.label, answer))
        self.test.assertEqual(answer.tx, tx, self.label)
        info = self.server.client.get("/v1/transactions/%d" % tx).json()
        self.recorded_at.append(info["recorded_at"])

    def check_rule(self, tx):
        rule = self.book.rule(tx)
        got = self.get("/v1/precedence", tx).json()
        self.equal([got], [{"default": rule.default,
                            "attributes": rule.attributes}])

    def answers(self, tx):
        """A few answers, byte for byte; None: of the newest."""
        queries = [("/v1/master", {"format": "csv"}),
                   ("/v1/securities", {"as_of": DATES[7], "limit": 10000}),
                   ("/v1/asset-classes", {"as_of": DATES[7]}),
                   ("/v1/asset-classes/equity", {}),
                   ("/v1/securities/%d/history" % LARGE[1], {}),
                   ("/v1/securities/%d/explain" % LARGE[0],
                    {"as_of": DATES[9]}),
                   ("/v1/precedence", {})]
        told = []
        for path, query in queries:
            answer = self.get(path, tx, **query)
            told.append((answer.status, answer.body
                         if answer.status == 200 else b""))
        return told


class PrecedenceProperty(unittest.TestCase):
    maxDiff = 4000

    def run_round(self, seed, size, most):
        turn = RuleRound(self, random.Random(seed), "SEED=%d" % seed)
        told = []
        for batch in cut(turn.rng, stories(turn.rng)[:size], most):
            if turn.rng.random() < 0.4:
                turn.put_rule()
                told.append(turn.answers(None))
            turn.post(batch)
            told.append(turn.answers(None))
        turn.server.restart()
        for tx, before in enumerate(told, 1):
            self.assertEqual(turn.answers(tx), before, "%s known_tx=%d"
                             % (turn.label, tx))
            turn.check_rule(tx)
        for tx in turn.rng.sample(range(1, turn.book.newest + 1), 12):
            turn.check(tx)
            turn.check_audit(tx)
        turn.drop()

    def test_many_rules_in_small_batches(self):
        self.run_round(SEED, 400, 20)

    def test_larger_batches(self):
        self.run_round(SEED + 1, 1500, 120)


if __name__ == "__main__":
    unittest.main()
