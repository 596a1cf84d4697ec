"""Streams that nobody reads on: they pin nothing and are cut in the end."""

import http.client
import os
import time
import unittest

from harness import Server, ServerCase
from in_hand import metric, wait_until
from slow_reading import (MIB, PAUSE_S, TABLES, Reader, load, load_history,
                          post)


class Churn(unittest.TestCase):
    """What a stalled reader would hold up: merges, and the files' size."""

    ARGS = ("--memtable-bytes", str(MIB))
    ROWS, ROW_BYTES = 20000, 500
    BATCHES, FACTS = 30, 1000
    READERS = TABLES[:3] + ("/v1/master?limit=10000&format=json",)

    def start(self):
        server = Server(*self.ARGS)
        self.addCleanup(server.drop)
        server.start()
        load(server.client, self.ROWS, self.ROW_BYTES)
        return server

    def churn(self, server):
        """Late facts all over the table: each merge makes old pages anew."""
        client, value = server.client, "w" * 100
        for n in range(self.BATCHES):
            body = "".join(
                '{"security_id":%d,"attribute":"c","value":"%s%d",'
                '"effective_date":"2024-02-01"}\n' % (
                    (i * 7919 + n) % self.ROWS + 1, value, n)
                for i in range(self.FACTS))
            post(client, body)
        self.assertTrue(wait_until(
            lambda: metric(client, "sealed_memtables") == 0))

    def figures(self, server):
        return {name: metric(server.client, name) for name in (
            "index_bytes", "store_disk_bytes", "merges_total",
            "memtable_bytes", "merged_tx")}

    def test_a_stalled_reader_pins_nothing(self):
        alone = self.start()
        self.churn(alone)
        want = self.figures(alone)
        alone.stop()
        server = self.start()
        before = [server.client.get(path).body for path in self.READERS]
        readers = [Reader(server, path, None, 64 * 1024)
                   for path in self.READERS]
        firsts = [reader.read(1024) for reader in readers]
        merges = metric(server.client, "merges_total")
        self.churn(server)
        got = self.figures(server)
        self.assertGreater(got["merges_total"], merges + 5)
        self.assertLess(got["memtable_bytes"], MIB)
        self.assertLess(metric(server.client, "newest_tx")
                        - got["merged_tx"], self.BATCHES)
        for name in ("index_bytes", "store_disk_bytes"):
            self.assertLess(got[name], want[name] * 1.1 + MIB, name)
        for path, reader, first, body in zip(self.READERS, readers, firsts,
                                             before):
            self.assertTrue(first + reader.read() == body,
                            "another snapshot: " + path)
            reader.close()


class Stalled(ServerCase):
    """A deadline of DEADLINE_S instead of half a minute."""

    ARGS = ("--memtable-bytes", str(2 * MIB))
    DEADLINE_S = 2
    STALLED = (*TABLES[:4], "/v1/master?limit=10000")
    LARGE = 200  # facts of 60 kB: of one day, and of one row

    @classmethod
    def setUpClass(cls):
        os.environ["IN_HAND_IDLE_SECONDS"] = str(cls.DEADLINE_S)
        cls.addClassCleanup(os.environ.pop, "IN_HAND_IDLE_SECONDS")
        super().setUpClass()
        load(cls.server.client, 20000, 1000)
        load_history(cls.server.client)
        for n in range(cls.LARGE):
            post(cls.server.client, '{"security_id":30000,"attribute":"large%d",'
                 '"value":"%s","effective_date":"1000-01-01"}\n' % (
                     n, "h" * 60000))

    def is_cut(self, reader):
        """Its rest ends without the last chunk."""
        try:
            reader.read()
        except (http.client.IncompleteRead, ConnectionResetError):
            return True
        return False

    def count(self, name):
        """Asked on a connection of its own: others may be cut by now."""
        self.client.close()
        return metric(self.client, name)

    def test_a_stalled_reader_is_cut_and_a_slow_one_is_not(self):
        whole = self.client.get(TABLES[0]).body
        start = time.monotonic()
        stalled = [Reader(self.server, path, None, 64 * 1024)
                   for path in self.STALLED]
        slow = Reader(self.server, TABLES[0], None, 64 * 1024)
        got = []
        while time.monotonic() < start + 3 * self.DEADLINE_S:
            got.append(slow.read(64 * 1024))
            time.sleep(PAUSE_S)
        self.assertLess(sum(map(len, got)), len(whole) // 4, "not slow")
        self.assertTrue(wait_until(
            lambda: self.count("reaped_total") == len(stalled)))
        self.assertTrue(wait_until(lambda: self.count("connections") == 2),
                        "the slow one's and ours")
        self.assertEqual(self.count("answer_bytes_in_flight"), 0)
        for path, reader in zip(self.STALLED, stalled):
            self.assertTrue(self.is_cut(reader), path)
            reader.close()
        self.assertTrue(b"".join(got) + slow.read() == whole, "the slow one")
        slow.close()

    def test_what_a_stalled_reader_holds_is_counted(self):
        for path in ("/v1/securities/30000/facts?format=ndjson",
                     "/v1/securities/30000/history?format=ndjson"):
            readers = [Reader(self.server, path, None, 64 * 1024)
                       for _ in range(3)]
            self.assertTrue(wait_until(
                lambda: self.count("answer_bytes_in_flight")
                >= 3 * 60000 * self.LARGE), path)
            for reader in readers:
                reader.close()
            self.assertTrue(wait_until(
                lambda: self.count("answer_bytes_in_flight") == 0), path)

    def test_an_idle_connection_is_closed_at_its_deadline(self):
        cut = self.count("reaped_total")
        start = time.monotonic()
        rows = [(request, self.server.raw(30)) for request in
                (b"", b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")]
        for request, sock in rows:
            sock.sendall(request)
        for request, sock in rows:
            while sock.recv(65536):
                pass
            took = time.monotonic() - start
            self.assertGreater(took, self.DEADLINE_S * 0.9, request)
            sock.close()
        self.assertEqual(self.count("reaped_total"), cut)


if __name__ == "__main__":
    unittest.main()
