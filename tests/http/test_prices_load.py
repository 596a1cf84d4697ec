"""secmaster load --prices: files of bars into a server and into a store."""

import os
import socket
import subprocess
import tempfile
import threading
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

    def test_what_is_made_is_told(self):
        text = "ticker,date,open,high,low,close\n" + "".join(
            "T%02d,2024-01-%02d,10,20,1,15\n" % (i, day)
            for day in (2, 3) for i in range(42))
        for to, ask in self.both_ways():
            path = self.file("bars.csv", text)
            done = load("--prices", path, *to)
            self.check(done, (84, 0, 0, 84), 1)
            self.assertIn("bars.csv:2: ticker: on 2024-01-02 no security bears",
                          done.stderr)
            self.assertIn("secmaster load: --create makes a security for a "
                          "ticker that nobody bears\n", done.stderr)
            args = ("--prices", path, "--create", "--batch", "30", *to)
            done = load(*args)
            self.check(done, (84, 84, 0, 0))
            told = ["secmaster load: made %d for T%02d" % (FIRST_ID + i, i)
                    for i in range(40)]
            told.append("secmaster load: made 42 securities, the first 40 "
                        "named above")
            self.assertEqual(done.stderr.splitlines(), told, to)
            done = load(*args)
            self.check(done, (84, 0, 84, 0))
            self.assertEqual(done.stderr, "", to)

    def test_a_ticker_is_not_split(self):
        """Newest first, in one file or over two, stops at the earlier day."""
        head = "ticker,date,open,high,low,close\n"
        days = ["%s,2024-0%d-01,10,20,1,15\n" % (ticker, month)
                for month in (3, 2) for ticker in ("BRK B", "OK")]
        for to, ask in self.both_ways():
            newest = self.file("newest.csv", head + "".join(days))
            older = self.file("older.csv", head + days[2])
            args = ("--prices", "--create", "--batch", "2", *to)
            done = load(newest, *args)
            self.check(done, (4, 2, 0, 2), 1)
            self.assertIn(
                'the ticker "BRK B" is borne from a later day on, by security '
                "%d: --create would make a second one\n"
                "secmaster load: %s: lines 4 to 5 are not stored"
                % (FIRST_ID, newest), done.stderr)
            self.assertIn("the oldest days come first: sort the file",
                          done.stderr)
            self.assertNotIn("may be stored", done.stderr)
            done = load(older, *args)
            self.check(done, (1, 0, 0, 1), 1)
            self.assertEqual(ask("/v1/securities/%d" % (FIRST_ID + 2)).status,
                             404, to)
            fact = self.file("fact.csv", "security_id,attribute,value,"
                             "effective_date\n%d,ticker,BRK B,2024-02-01\n"
                             % FIRST_ID)
            self.check(load(fact, *to), (1, 1, 0, 0))
            self.check(load(older, *args), (1, 1, 0, 0))
            doc = ask("/v1/securities/%d/prices" % FIRST_ID).json()
            self.assertEqual([r["date"] for r in doc["rows"]],
                             ["2024-02-01", "2024-03-01"], to)

    def test_a_busy_dry_run_is_asked_again(self):
        busy = b"503 Busy\r\nRetry-After: 1\r\n", b""
        doc = b'{"rows":1,"unchanged":0}'
        answers = [busy, (b"200 OK\r\n", doc), (b"201 Created\r\n", doc)]
        asked = []
        with socket.create_server(("127.0.0.1", 0)) as listener:
            def serve():
                for status, body in answers:
                    with listener.accept()[0] as connection:
                        got = b""
                        while not got.endswith(b",15\n"):
                            got += connection.recv(65536)
                        asked.append(b"dry_run=true" in got)
                        connection.sendall(
                            b"HTTP/1.1 " + status + b"Connection: close\r\n"
                            b"Content-Length: %d\r\n\r\n" % len(body) + body)
            thread = threading.Thread(target=serve)
            thread.start()
            path = self.file("bars.csv", HEADER + "1,2024-01-02,10,20,1,15\n")
            done = load(path, "--prices", "--create", "--url",
                        "http://127.0.0.1:%d" % listener.getsockname()[1])
            thread.join()
        self.check(done, (1, 1, 0, 0))
        self.assertEqual(asked, [True, True, False])

    def test_one_batch_newest_first_makes_one_security(self):
        for to, ask in self.both_ways():
            path = self.file("bars.csv", "ticker,date,open,high,low,close\n"
                             "A,2024-02-01,10,20,1,15\n"
                             "A,2024-01-01,10,20,1,15\n")
            done = load(path, "--prices", "--create", *to)
            self.check(done, (2, 2, 0, 0))
            self.assertEqual(done.stderr, "secmaster load: made %d for A\n"
                             % FIRST_ID)

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
