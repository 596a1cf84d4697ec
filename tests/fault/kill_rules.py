"""Kill -9 while rules of precedence and facts are written: every rule that was
acknowledged rules from its transaction on, and the feed has every fact.

usage: kill_rules.py [KILLS]    SEED=N repeats the choice of moments
"""

import os
import pathlib
import random
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "http"))

from harness import (JSON, Client, Num, Server, dump, fact)  # noqa: E402

DATE = "2024-01-01"


class Loop:
    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.server = Server()
        self.number = 0
        self.rules = {}    # number -> tx, None where nobody answered
        self.batches = {}  # number -> (facts, tx or None)
        self.wrong = []

    def put_rules(self):
        """Each names a source and an attribute that nobody knows yet."""
        client = Client(self.server.port, timeout=20)
        while True:
            self.number += 1
            number = self.number
            self.rules[number] = None
            try:
                answer = client.request(
                    "PUT", "/v1/precedence", dump(self.rule(number)).encode(),
                    {"Content-Type": JSON})
            except Exception:
                return
            if answer.status != 200:
                self.wrong.append(answer)
                return
            self.rules[number] = answer.tx
            time.sleep(random.choice((0, 0.002)))

    @staticmethod
    def rule(number):
        return {"default": ["s%d" % number, "default"],
                "attributes": {"a%d" % number: ["s%d" % (number - 1)]}}

    def post_facts(self, first):
        client, number = Client(self.server.port, timeout=20), first
        while True:
            number += 2
            # Out of the order of records, so that the feed must restore it.
            facts = [fact(i % 3, "n", Num(number * 100 + i), DATE)
                     for i in range(1 + number % 7)]
            self.batches[number] = (facts, None)
            try:
                answer = client.post_facts(facts)
            except Exception:
                return
            if answer.status != 201:
                self.wrong.append(answer)
                return
            self.batches[number] = (facts, answer.tx)

    def run_and_kill(self, after_s):
        start = 2 * len(self.batches) + 10
        threads = [threading.Thread(target=self.put_rules)] + [
            threading.Thread(target=self.post_facts, args=(start + i,))
            for i in range(2)]
        for thread in threads:
            thread.start()
        time.sleep(after_s)
        self.server.kill()
        for thread in threads:
            thread.join()
        assert not self.wrong, self.wrong

    def feed(self):
        """{tx: values in order}, page by page."""
        told, last_tx, newest = {}, 0, self.server.client.newest()
        while last_tx < newest:
            doc = self.server.client.get(
                "/v1/changes?after_tx=%d" % last_tx).json()
            for change in doc["changes"]:
                told.setdefault(int(change["tx"]), []).append(
                    change["value"])
            last_tx = int(doc["last_tx"])
        return told

    def transactions(self):
        found, path = [], "/v1/transactions"
        while path:
            answer = self.server.client.get(path)
            found += answer.json()["transactions"]
            path = answer.next_link()
        return found

    def verify(self):
        told = self.feed()
        by_values = {dump([f["value"] for f in facts]): number
                     for number, (facts, _) in self.batches.items()}
        for number, (facts, tx) in self.batches.items():
            if tx is not None:
                assert dump(told[tx]) == dump([f["value"] for f in facts]), tx
        rules = {tx: number for number, tx in self.rules.items()
                 if tx is not None}
        expected = {"default": [], "attributes": {}}
        for info in self.transactions():
            tx = int(info["tx"])
            rule = self.server.client.get(
                "/v1/precedence?known_tx=%d" % tx).json()
            if info["kind"] == "facts":
                assert dump(told[tx]) in by_values, tx
            else:
                # Nobody may have been told; then it is one of those sent.
                number = rules.get(tx, int(rule["default"][0][1:]))
                assert number in self.rules, number
                expected = self.rule(number)
            assert dump(rule) == dump(expected), (tx, rule, expected)

    def run(self, kills):
        self.server.start()
        for _ in range(kills):
            self.run_and_kill(0.01 * (40 ** self.rng.random()))
            self.server.start()
            self.verify()
        acked = sum(tx is not None for tx in self.rules.values())
        print("%d kills, %d rules and %d batches sent, %d rules acknowledged: "
              "none lost" % (kills, len(self.rules), len(self.batches), acked))
        assert acked > 0, "nothing was ever acknowledged"


def main():
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    seed = int(os.environ.get("SEED", "20240229"))
    print("SEED=%d KILLS=%d" % (seed, kills), flush=True)
    loop = Loop(seed)
    try:
        loop.run(kills)
    finally:
        loop.server.drop()


if __name__ == "__main__":
    main()
