"""Kill -9 under ingest: what was acknowledged is whole, nothing is in part,
and what is sent again under its key is stored once.

usage: kill_loop.py [KILLS]    SEED=N repeats the choice of moments
"""

import os
import pathlib
import random
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "http"))

from harness import (NDJSON, SERVE_FLAGS, Client, Num, Server,  # noqa: E402
                     dump, facts_body, fact, parse, read_table)

CLIENTS = 4
SLOTS = 1000
DATE = "2024-01-01"
FORMATS = ("json", "array", "ndjson", "csv")
FIRST_ID = 1000000000000


class Batch:
    """Security ids number * SLOTS + 0, 1, 2 ..., each telling the batch, and
    perhaps a security that is new. request: as it was sent, with its key."""

    def __init__(self, number, count, minted):
        self.number, self.count, self.tx = number, count, None
        self.minted, self.size = minted, count + minted
        self.request = None

    def facts(self):
        facts = [fact(self.number * SLOTS + i, "batch", Num(self.number), DATE)
                 for i in range(self.count)]
        if self.minted:
            facts.append({**facts[0], "security_id": "new:one"})
        return facts

    def post(self, client, how=None):
        if self.request is None:
            self.request = facts_body(self.facts(), how)
        kind, body = self.request
        return client.post("/v1/facts", body, kind,
                           {"Idempotency-Key": "batch-%d" % self.number})


class Loop:
    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.server = Server()
        self.number = 0
        self.lock = threading.Lock()
        self.newest, self.recorded_at = 0, ""
        self.stored, self.facts = 0, 0
        self.repeated, self.minted = 0, []

    def next_batch(self, rng):
        with self.lock:
            self.number += 1
            number = self.number
        return Batch(number, rng.choice((1, 2, 5, rng.randint(1, 40),
                                         rng.randint(1, SLOTS // 2))
                                        if rng.random() < 0.1 else (1, 2, 7)),
                     rng.random() < 0.25)

    def post_until_killed(self, sent, rng):
        """One client. A failure of the connection is the kill."""
        client = Client(self.server.port, timeout=20)
        while True:
            batch = self.next_batch(rng)
            sent.append(batch)
            try:
                answer = batch.post(client, rng.choice(FORMATS))
            except Exception:
                return
            if answer.status != 201:
                self.wrong = "refused: %r" % answer
                return
            doc = answer.json()
            batch.tx = int(doc["tx"])
            if doc["facts"] != Num(batch.size):
                self.wrong = "acknowledged in part: %r" % answer
            time.sleep(rng.choice((0, 0, 0.001, 0.005)))

    def run_and_kill(self, after_s):
        self.wrong = None
        sent = [[] for _ in range(CLIENTS)]
        threads = [threading.Thread(target=self.post_until_killed, args=(
            mine, random.Random(self.rng.random()))) for mine in sent]
        for thread in threads:
            thread.start()
        time.sleep(after_s)
        self.server.kill()
        for thread in threads:
            thread.join()
        assert self.wrong is None, self.wrong
        return [batch for mine in sent for batch in mine]

    def whole_batches(self, sent):
        """How many of the batches are there; none may be there in part."""
        lines, wanted = [], []
        for batch in sent:
            for i in range(batch.count):
                wanted.append((batch, batch.number * SLOTS + i))
                lines.append('{"security_id":%d,"quantity":1,"date":"%s"}\n'
                             % (wanted[-1][1], DATE))
        answer = self.server.client.post(
            "/v1/positions/join?unmatched=keep&format=ndjson",
            "".join(lines), NDJSON)
        assert answer.status == 200, answer
        rows = [parse(line) for line in answer.body.splitlines()]
        assert len(rows) == len(wanted), (len(rows), len(wanted))
        present = {}
        for (batch, security), row in zip(wanted, rows):
            assert row["security_id"] == Num(security), row
            value = row.get("batch")
            assert value in (None, Num(batch.number)), (row, batch.number)
            present.setdefault(batch.number, []).append(value is not None)
        for batch in sent:
            there = present[batch.number]
            assert all(there) or not any(there), \
                "batch %d in part: %r" % (batch.number, there)
            assert all(there) or batch.tx is None, \
                "batch %d was acknowledged as %d" % (batch.number, batch.tx)
        whole = [b for b in sent if all(present[b.number])]
        return whole, sum(b.size for b in whole)

    def check_transactions(self, newest, sent):
        """1, 2, 3 ... without gaps, each as it was acknowledged."""
        by_tx = {b.tx: b for b in sent if b.tx is not None}
        assert len(by_tx) == sum(b.tx is not None for b in sent), "tx twice"
        assert not by_tx or max(by_tx) <= newest, (max(by_tx), newest)
        facts = 0
        for tx in range(self.newest + 1, newest + 1):
            answer = self.server.client.get("/v1/transactions/%d" % tx)
            assert answer.status == 200, (tx, answer)
            doc = answer.json()
            assert doc["tx"] == Num(tx), doc
            assert doc["recorded_at"] >= self.recorded_at, doc
            self.recorded_at = doc["recorded_at"]
            if tx in by_tx:
                assert doc["facts"] == Num(by_tx[tx].size), (doc, tx)
                assert doc["idempotency_key"] == \
                    "batch-%d" % by_tx[tx].number, (doc, tx)
            facts += int(doc["facts"])
        answer = self.server.client.get("/v1/transactions/%d" % (newest + 1))
        assert answer.status == 404, answer
        return facts

    def verify(self, sent):
        newest = self.server.client.newest()
        assert newest >= self.newest, (newest, self.newest)
        whole, count = self.whole_batches(sent) if sent else ([], 0)
        assert newest == self.newest + len(whole), \
            "tx %d to %d for %d batches" % (self.newest, newest, len(whole))
        facts = self.check_transactions(newest, sent)
        assert facts == count, (facts, count)
        self.newest = newest
        self.stored += len(whole)
        return whole

    def repeat(self, sent, whole):
        """Everybody sends what they sent again: each is stored once."""
        whole = {batch.number for batch in whole}
        for batch in sent:
            answer = batch.post(self.server.client)
            assert answer.status == 201, (batch.number, answer)
            told = answer.header("Idempotency-Replayed")
            assert (told == "true") == (batch.number in whole), \
                "batch %d: replayed %r" % (batch.number, told)
            tx = int(answer.json()["tx"])
            assert batch.tx in (None, tx), (batch.number, batch.tx, tx)
            batch.tx = tx
            self.repeated += told == "true"
        rest = [batch for batch in sent if batch.number not in whole]
        self.newest += len(rest)
        assert self.server.client.newest() == self.newest, len(rest)
        if sent:
            again, _ = self.whole_batches(sent)
            assert len(again) == len(sent), "something is missing"
        self.facts += sum(batch.count for batch in sent)
        self.minted += [batch.number for batch in sent if batch.minted]

    def verify_all(self):
        """The whole master at the end: every batch, nothing else."""
        answer = self.server.client.get("/v1/master?format=csv")
        _, rows = read_table(answer)
        given = [row for row in rows if int(row[0]) >= FIRST_ID]
        assert len(rows) - len(given) == self.facts, (len(rows), self.facts)
        for row in rows[:self.facts]:
            assert int(row[0]) // SLOTS == int(row[3]), dump(row)
        assert [int(row[0]) for row in given] == \
            list(range(FIRST_ID, FIRST_ID + len(given))), "an id is missing"
        assert sorted(int(row[3]) for row in given) == sorted(self.minted), \
            "a new security is there twice, or not at all"

    def kill_while_starting(self):
        """A start that is cut short must not cost anything either."""
        server = self.server
        thread = threading.Timer(self.rng.uniform(0, 0.03),
                                 lambda: server.process.kill())
        try:
            thread.start()
            time.sleep(0.001)
            server.start()
        except (AssertionError, OSError):
            pass
        thread.join()
        server.kill()

    def run(self, kills):
        acked = 0
        self.server.start()
        for kill in range(kills):
            after_s = 0.002 * (250 ** self.rng.random())
            sent = self.run_and_kill(after_s)
            acked += sum(b.tx is not None for b in sent)
            if kill % 5 == 4:
                self.kill_while_starting()
            self.server.start()
            self.repeat(sent, self.verify(sent))
        self.verify_all()
        merged = self.server.client.merged()
        assert merged > 0 or not SERVE_FLAGS, "nothing was ever merged"
        print("%d kills, %d batches sent, %d acknowledged, %d stored, "
              "%d replayed, %d facts, merged to tx %d: none lost, none in "
              "part, none twice"
              % (kills, self.number, acked, self.stored, self.repeated,
                 self.facts, merged))
        assert acked > 0, "nothing was ever acknowledged"
        assert 0 < self.repeated < self.number, "every batch went one way"


def main():
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    seed = int(os.environ.get("SEED", "20240229"))
    print("SEED=%d KILLS=%d" % (seed, kills), flush=True)
    loop = Loop(seed)
    try:
        loop.run(kills)
    finally:
        loop.server.drop()


if __name__ == "__main__":
    main()
