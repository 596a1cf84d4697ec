"""Kill -9 while prices create their securities: a ticker and its bars are both
there or neither, and what is sent again under its key is stored once.

usage: kill_prices.py [KILLS]    SEED=N repeats the choice of moments
"""

import os
import pathlib
import random
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "http"))

from harness import CSV, Client, Num, Server  # noqa: E402

CLIENTS = 3
FIRST_ID = 1000000000000
AS_OF = "2030-01-01"


class Batch:
    """Bars of a ticker that is new, one a day, with the number as price."""

    def __init__(self, number, days):
        self.number, self.days, self.tx = number, days, None

    def post(self, client):
        rows = "".join("T%d,2024-%02d-15,%d,%d,%d,%d\n" % (
            self.number, 1 + day % 12, *4 * (self.number,))
            for day in range(self.days))
        return client.post("/v1/prices?create=true",
                           "ticker,date,open,high,low,close\n" + rows, CSV,
                           {"Idempotency-Key": "bars-%d" % self.number})


class Loop:
    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.server = Server()
        self.lock = threading.Lock()
        self.number, self.acked, self.repeated = 0, 0, 0
        self.newest, self.ids = 0, []
        self.wrong = None

    def post_until_killed(self, sent, rng):
        client = Client(self.server.port, timeout=20)
        while True:
            with self.lock:
                self.number += 1
                batch = Batch(self.number, rng.randint(1, 12))
            sent.append(batch)
            try:
                answer = batch.post(client)
            except Exception:
                return
            if answer.status != 201:
                self.wrong = answer
                return
            batch.tx = answer.tx

    def run_and_kill(self, after_s):
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

    def is_there(self, batch):
        """Whether it is, whole; never in part."""
        client = self.server.client
        found = client.get("/v1/resolve?attribute=ticker&value=T%d&as_of=%s"
                           % (batch.number, AS_OF))
        # Nobody ever asserted a ticker, or not this one.
        if found.status in (400, 404):
            assert batch.tx is None, "batch %d is lost" % batch.number
            return False
        assert found.status == 200, (batch.number, found)
        id_ = int(found.json()["security_id"])
        rows = client.get("/v1/securities/%d/prices" % id_).json()["rows"]
        assert [row["close"] for row in rows] == \
            [Num(batch.number)] * batch.days, (batch.number, rows)
        self.ids.append(id_)
        return True

    def check_transactions(self, count):
        """Of facts and of prices, in turn, and no others."""
        newest = self.server.client.newest()
        assert newest == self.newest + 2 * count, (newest, self.newest, count)
        for tx in range(self.newest + 1, newest + 1):
            told = self.server.client.get("/v1/transactions/%d" % tx).json()
            kind, key = ("facts", False) if tx % 2 else ("prices", True)
            assert told["kind"] == kind, told
            assert (told["idempotency_key"] is not None) == key, told
        self.newest = newest

    def repeat(self, sent):
        whole = {batch.number for batch in sent if self.is_there(batch)}
        self.check_transactions(len(whole))
        for batch in sent:
            answer = batch.post(self.server.client)
            assert answer.status == 201, (batch.number, answer)
            told = answer.header("Idempotency-Replayed") == "true"
            assert told == (batch.number in whole), (batch.number, told)
            assert batch.tx in (None, answer.tx), (batch.number, answer)
            self.repeated += told
        rest = [batch for batch in sent if batch.number not in whole]
        assert all(map(self.is_there, rest)), "something is missing"
        self.check_transactions(len(rest))

    def run(self, kills):
        self.server.start()
        for _ in range(kills):
            sent = self.run_and_kill(0.005 * (60 ** self.rng.random()))
            self.acked += sum(batch.tx is not None for batch in sent)
            self.server.start()
            self.repeat(sent)
        assert sorted(self.ids) == list(range(
            FIRST_ID, FIRST_ID + self.number)), "an id is missing, or twice"
        print("%d kills, %d batches sent, %d acknowledged, %d replayed: none "
              "lost, none in part, none twice"
              % (kills, self.number, self.acked, self.repeated))
        assert 0 < self.repeated < self.number, "every batch went one way"


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
