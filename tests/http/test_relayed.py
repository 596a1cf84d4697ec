"""Streams over all securities that workers make: the same bytes as each
security's own, however they are read, and however the reading ends."""

import gzip
import http.client
import os
import pathlib
import signal
import socket
import threading
import time
import unittest

from harness import CSV, Client, Server, ServerCase, scratch
from in_hand import metric, wait_until
from slow_reading import Reader

SECURITIES, YEARS, BATCH = 120, 8, 10000
MONTHS = YEARS * 12
WINDOWS = "2,20,200"
TABLES = ("/prices/moving-averages?windows=%s&format=" % WINDOWS,
          "/prices/summary?period=week&format=",
          "/prices/moving-averages?windows=1&from=2013-05-07&format=")
LARGE = "/v1" + TABLES[0] + "ndjson"
REST_BYTES = 3 << 20
HELD_MAX = 9 << 19  # of a stream, ahead and at hand


def security_ids():
    """Near and far: they are fitted to no width."""
    return [i if i % 4 else 1000 * i * i for i in range(1, SECURITIES + 1)]


def load(client):
    lines = []
    for i in sorted(security_ids()):
        lines += ["%d,%04d-%02d-%02d,%d.5,%d.5,%d,%d.25,%d" % (
            i, 2010 + month // 12, month % 12 + 1, day, 50 + day, 99 + month,
            day, 40 + day, i + day)
                  for month in range(MONTHS) for day in range(1, 29)]
    head = "security_id,date,open,high,low,close,volume"
    for first in range(0, len(lines), BATCH):
        body = "\r\n".join([head] + lines[first:first + BATCH]) + "\r\n"
        answer = client.post("/v1/prices", body, CSV)
        assert answer.status == 201, repr(answer)


def own_tables(client, table, how):
    """Each security's own stream, one behind the other."""
    texts = [client.get("/v1/securities/%d%s%s" % (i, table, how)).body
             for i in sorted(security_ids())]
    if how == "csv":
        texts = texts[:1] + [text.split(b"\r\n", 1)[1] for text in texts[1:]]
    return b"".join(texts)


def read_body(server, path, headers):
    conn = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    conn.request("GET", path, headers=headers)
    body = conn.getresponse().read()
    conn.close()
    return gzip.decompress(body) if headers else body


class Streams(ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        load(cls.server.client)
        cls.large = own_tables(cls.server.client, TABLES[0], "ndjson")

    def count(self, name):
        client = Client(self.server.port)
        number = metric(client, name)
        client.close()
        return number

    def is_at_rest(self):
        for _ in range(10):
            if self.count("worker_jobs") > 0:
                return False
            time.sleep(0.02)
        return True

    def check_nothing_is_left(self, row):
        for name in ("answer_bytes_in_flight", "worker_jobs"):
            self.assertTrue(wait_until(lambda n=name: self.count(n) == 0),
                            (row, name))

    def test_are_what_securities_tables_are(self):
        for table in TABLES:
            for how in ("csv", "ndjson"):
                want = own_tables(self.client, table, how)
                for headers in ({}, {"Accept-Encoding": "gzip"}):
                    got = read_body(self.server, "/v1" + table + how, headers)
                    self.assertTrue(got == want, (table, how, headers))

    def test_many_at_once_are_each_whole(self):
        wants = [(("/v1" + table + "csv"),
                  own_tables(self.client, table, "csv")) for table in TABLES]
        wrong = []

        def read(i):
            path, want = wants[i % len(wants)]
            headers = {"Accept-Encoding": "gzip"} if i % 4 == 3 else {}
            if read_body(self.server, path, headers) != want:
                wrong.append((i, path))
        threads = [threading.Thread(target=read, args=(i,)) for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])
        self.check_nothing_is_left("many")

    def test_http_1_0_ends_with_the_connection(self):
        sock = self.server.raw(60)
        sock.sendall(b"GET %s HTTP/1.0\r\nHost: x\r\n\r\n" % LARGE.encode())
        text = b""
        while True:
            piece = sock.recv(1 << 20)
            if not piece:
                break
            text += piece
        sock.close()
        self.assertTrue(text.split(b"\r\n\r\n", 1)[1] == self.large)

    def test_a_reader_that_pauses_has_little_made_ahead(self):
        reader = Reader(self.server, LARGE, None, 64 * 1024)
        got = [reader.read(100000)]
        # Until what is made fills every buffer on the way to us.
        self.assertTrue(wait_until(self.is_at_rest))
        for _ in range(5):
            began = time.monotonic()
            self.assertEqual(self.client.get("/livez").status, 200)
            self.assertLess(time.monotonic() - began, 5)
            self.assertEqual(self.count("worker_jobs"), 0, "made ahead")
            held = self.count("answer_bytes_in_flight")
            self.assertTrue(0 < held < HELD_MAX, held)
            time.sleep(0.05)
        got.append(reader.read())
        reader.close()
        self.assertTrue(b"".join(got) == self.large)
        self.check_nothing_is_left("paused")

    def test_readers_that_leave_leave_nothing(self):
        for n in range(30):
            reader = Reader(self.server, LARGE, None,
                            64 * 1024 if n % 2 else None)
            reader.read(1 + n * n * 997)
            if n % 3 == 0:  # a reset in place of an end
                reader.conn.sock.setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER,
                    b"\1\0\0\0\0\0\0\0")
            reader.close()
        self.check_nothing_is_left("left")
        self.assertTrue(wait_until(lambda: self.count("connections") <= 2))
        self.assertTrue(read_body(self.server, LARGE, {}) == self.large)

    def test_head_has_no_body(self):
        answer = self.client.request("HEAD", LARGE)
        self.assertEqual((answer.status, answer.body), (200, b""))
        self.check_nothing_is_left("HEAD")


class Stop(unittest.TestCase):
    """SIGTERM while streams are read: who reads on has all of it, who does not
    is cut, and the server ends well and in time."""

    def test_amid_streams(self):
        server = Server()
        self.addCleanup(server.drop)
        server.start()
        load(server.client)
        want = own_tables(server.client, TABLES[0], "ndjson")
        going, stalled = [Reader(server, LARGE, None, 64 * 1024)
                          for _ in range(2)]
        first = going.read(len(want) - REST_BYTES)
        stalled.read(1000)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        self.assertTrue(first + going.read() == want)
        going.close()
        server.stop()
        with self.assertRaises((http.client.IncompleteRead, OSError)):
            stalled.read()
        stalled.close()

    def test_amid_a_stream_that_is_being_made(self):
        """A worker is at it when its time is over, and it waits for that."""
        hand = scratch("secmaster-hand-")
        os.environ["IN_HAND"] = hand
        self.addCleanup(os.environ.pop, "IN_HAND")
        server = Server()
        self.addCleanup(server.drop)
        server.start()
        load(server.client)
        pathlib.Path(hand, "bars").touch()
        cut = []

        def read_on():
            reader = Reader(server, LARGE)
            try:
                reader.read()
            except (http.client.IncompleteRead, OSError):
                cut.append(LARGE)
            reader.close()
        thread = threading.Thread(target=read_on)
        thread.start()
        time.sleep(0.5)
        server.stop()
        thread.join()
        self.assertEqual(cut, [LARGE])


if __name__ == "__main__":
    unittest.main()
