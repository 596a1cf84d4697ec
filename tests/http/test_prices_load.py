"""secmaster load --prices: files of bars into a server and into a store."""

import os
import subprocess
import tempfile
import unittest

from harness import BINARY, Num, Server, dump
from test_prices_in import FIRST_ID, HEADER, MSFT, bar


def load(*args):
    return subprocess.run([BINARY, "load", *args], capture_output=True,
                          text=True, timeout=60)


class Loads(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def file(self, name, text):
        path = os.path.join(self.folder.name, name)
        with open(path, "w", newline="") as out:
            out.write(text)
        return path

    def both_ways(self):
        """(--url or --data with its argument, a call that reads it)."""
        server, holder = Server(), Server()
        self.addCleanup(server.drop)
        self.addCleanup(holder.drop)
        url = "http://127.0.0.1:%d" % server.start().port
        yield ("--url", url), lambda path: server.client.get(path)

        def ask(path):
            holder.start()
            answer = holder.client.get(path)
            holder.stop()
            return answer
        yield ("--data", holder.data), ask

    def check(self, done, counts, status=0):
        self.assertEqual(done.stdout,
                         "read %d, stored %d, unchanged %d, refused %d\n"
                         % counts, done.stderr)
        self.assertEqual(done.returncode, status, done.stderr)

    def test_a_vendors_file_again_and_longer(self):
        lines = MSFT.splitlines(True)
        for to, ask in self.both_ways():
            path = self.file("MSFT.csv", "".join(lines[:4]))
            args = (path, "--prices", "--ticker", "MSFT", *to, "--batch", "2")
            self.check(load(*args), (3, 0, 0, 3), 1)
            self.check(load(*args, "--create"), (3, 3, 0, 0))
            self.check(load(*args, "--create"), (3, 0, 3, 0))
            self.check(load(*args), (3, 0, 3, 0))
            self.file("MSFT.csv", MSFT)
            self.check(load(*args, "--create"), (4, 1, 3, 0))
            self.check(load(*args, "--again"), (4, 0, 4, 0))
            doc = ask("/v1/securities/%d/prices" % FIRST_ID).json()
            self.assertEqual([r["date"] for r in doc["rows"]],
                             [line[:10] for line in lines[1:]], to)
            self.assertEqual(ask("/v1/securities/%d/prices"
                                 % (FIRST_ID + 1)).status, 404, to)

    def test_refused_batches_are_named_and_the_others_stored(self):
        good = "%d,2024-01-02,10,20,1,15\n"
        text = HEADER + good % 1 + good % 2 + good % 3 \
            + "4,2024-01-02,10,20,21,15\n" + good % 5
        for to, ask in self.both_ways():
            path = self.file("bars.csv", text)
            done = load("--prices", path, *to, "--batch", "2")
            self.check(done, (5, 3, 0, 2), 1)
            self.assertIn(path + ":5: high: must not be below low",
                          done.stderr)
            doc = ask("/v1/prices?date=2024-01-02").json()
            self.assertEqual([int(r["security_id"]) for r in doc["rows"]],
                             [1, 2, 5], to)

    def test_a_ticker_that_needs_escapes(self):
        rows = "".join(dump(dict(list(bar(Num(1), "2024-01-0%d" % d).items())
                                 [1:])) + "\n" for d in (2, 3))
        for to, ask in self.both_ways():
            path = self.file("bars.ndjson", rows)
            args = (path, "--prices", "--ticker", "BRK&B é", *to)
            self.check(load(*args, "--create"), (2, 2, 0, 0))
            self.check(load(*args, "--create"), (2, 0, 2, 0))
            self.assertEqual(ask("/v1/resolve?attribute=ticker&value=BRK%26B"
                                 "%20%C3%A9&as_of=2024-02-01").status, 200, to)

    def test_wrong_usage(self):
        path = self.file("f.csv", MSFT)
        for args in (("--ticker", "A"), ("--security-id", "1"), ("--create",),
                     ("--prices", "--ticker", "A", "--security-id", "1"),
                     ("--prices", "--security-id", "x"),
                     ("--prices", "--security-id", "9223372036854775808"),
                     ("--prices", "--ticker", ""),
                     ("--prices", "--ticker", "A" * 129)):
            done = load(path, "--data", self.folder.name + "/d", *args)
            self.assertEqual(done.returncode, 2, (args, done.stderr))
            self.assertIn("--help", done.stderr, args)


if __name__ == "__main__":
    unittest.main()
