"""Deliveries on many connections, good and bad and sent twice, while the poller
asks a vendor, is asked for runs, and is told what to discard."""

import concurrent.futures
import os
import unittest

from fake import FakeVendor
from harness import JSON, Client, dump, fact
from polling import ASKED, Polling, config_of
from test_webhooks import SIGNED, signed
from vendor_case import SECRETS

CLIENTS = 8  # connections are given to the loops in turn
TURNS = 12   # of each: a delivery of its own, one of all, a stray, one of all
DAY = "2024-01-01"


def body_of(security, value):
    return dump({"facts": [fact(security, "hook", value, DAY)]}).encode()


class Beside(unittest.TestCase):
    def setUp(self):
        os.environ.update(SECRETS)
        self.fake = FakeVendor("calm")
        self.addCleanup(self.fake.stop)
        self.polling = Polling(config_of(self.fake.url, polygon={
            "webhook_secret_env": "TEST_WEBHOOK_SECRET"}))
        self.polling.__enter__()
        self.addCleanup(self.polling.__exit__)

    def push(self, client, name, body):
        answer = client.post(SIGNED, body, JSON, signed(name, body))
        self.assertEqual(answer.status, 204, (name, answer))

    def deliver(self, number):
        client = Client(self.polling.server.port)
        for turn in range(TURNS):
            self.push(client, "own-%d-%d" % (number, turn),
                      body_of(1000 + number, "turn %d" % turn))
            self.push(client, "shared-%d" % turn, body_of(999, "%d" % turn))
            self.push(client, "stray-%d-%d" % (number, turn), b'{"facts":')
            self.push(client, "shared-stray-%d" % turn, b"{")
        client.close()

    def discard(self, done):
        """Strays as they come, until there can be no more."""
        discarded, client = 0, Client(self.polling.server.port)
        while True:
            is_last = done()
            entries = client.get("/v1/quarantine?limit=1000").json()
            for entry in entries["quarantine"]:
                if entry["state"] == "open" and int(entry["id"]) % 2:
                    answer = client.post("/v1/quarantine/%s/discard"
                                         % entry["id"], b"")
                    self.assertEqual(answer.status, 200, answer)
                    discarded += 1
            if is_last:
                client.close()
                return discarded

    def test_each_is_stored_once(self):
        with concurrent.futures.ThreadPoolExecutor(CLIENTS + 1) as pool:
            pushing = [pool.submit(self.deliver, number)
                       for number in range(CLIENTS)]
            discarding = pool.submit(self.discard, lambda: all(
                one.done() for one in pushing))
            runs = self.polling.run_all()
            for one in pushing:
                one.result()
            discarded = discarding.result()
        self.assertEqual([run["state"] for run in runs],
                         ["succeeded"] * len(ASKED))
        hooks = [(int(row["security_id"]), row["value"])
                 for row in self.polling.changes()
                 if row["attribute"] == "hook"]
        self.assertEqual(sorted(hooks), sorted(
            [(999, "%d" % turn) for turn in range(TURNS)] +
            [(1000 + number, "turn %d" % turn)
             for number in range(CLIENTS) for turn in range(TURNS)]))
        entries = self.polling.quarantine()
        self.assertEqual(len(entries), TURNS * (CLIENTS + 1))
        self.assertEqual([e["state"] for e in entries].count("discarded"),
                         discarded)
        self.assertGreater(discarded, 0)
        self.assertEqual(self.fake.faults(), [])


if __name__ == "__main__":
    unittest.main()
