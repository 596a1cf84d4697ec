"""Streams while they are read slowly: constant memory, and a first byte before
the last is made."""

import re
import time
import unittest

from harness import NDJSON, ServerCase
from in_hand import wait_until
from slow_reading import (MIB, PAUSE_S, ROW_BYTES, TABLES, Reader, load,
                          load_history)

ROWS = 100000
POSITIONS = 20000  # that all meet a row of 20 kB
# Above a chunk, its rows and a pool: a tenth of the least table here.
GROWTH_MAX = 4 * MIB


def send_buffer_max():
    with open("/proc/sys/net/ipv4/tcp_wmem") as f:
        return int(f.read().split()[2])


class Streams(ServerCase):
    """--memtable-bytes so small that nearly everything comes off the disk."""
    ARGS = ("--memtable-bytes", str(2 * MIB))

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        load(cls.server.client, ROWS)
        load_history(cls.server.client)
        cls.server.restart()  # memory that loading left is no room for tables

    def held(self):
        """Memory of the process's own: not what it maps of the disk."""
        with open("/proc/%d/status" % self.server.process.pid) as f:
            return int(re.search(r"RssAnon:\s*(\d+) kB",
                                 f.read()).group(1)) * 1024

    def logged_bytes(self, reader):
        """What was handed out of an answer, once its line is there."""
        line = re.compile(r'"id":"%s".*"bytes_out":(\d+)' % reader.id)
        self.assertTrue(wait_until(lambda: line.search(self.server.stderr())))
        return int(line.search(self.server.stderr()).group(1))

    def read_slowly(self, path, body=None, bytes_max=None):
        """(bytes read, most memory held while it waited for us)."""
        reader, most, count, pause_at = Reader(self.server, path, body), 0, 0, 0
        while bytes_max is None or count < bytes_max:
            piece = reader.read(MIB)
            if not piece:
                break
            count += len(piece)
            if count >= pause_at:
                time.sleep(PAUSE_S)
                most = max(most, self.held())
                pause_at += 8 * MIB
        reader.close()
        return count, most

    def check_growth(self, row, small, path, body=None, bytes_max=None):
        """small asks for a little of the same: what that takes, all do."""
        self.client.request("POST" if body else "GET", *small)
        before = self.held()
        count, most = self.read_slowly(path, body, bytes_max)
        self.assertGreater(count, 8 * GROWTH_MAX, row)
        self.assertLess(most - before, GROWTH_MAX, row)

    def test_tables_of_any_size_take_constant_memory(self):
        for path in TABLES:
            with self.subTest(path):
                self.check_growth(path, (path + "&known_tx=1",), path)

    def test_joins_whose_answer_is_large_take_constant_memory(self):
        line = '{"security_id":0,"quantity":%d,"date":"1500-06-01"}\n'
        body = "".join(line % i for i in range(POSITIONS))
        for how in ("ndjson", "csv"):
            path = "/v1/positions/join?format=" + how
            small = (path, line % 1, {"Content-Type": NDJSON})
            with self.subTest(how):
                self.check_growth(how, small, path, body, 10 * GROWTH_MAX)

    def test_the_first_byte_is_there_before_the_last_is_made(self):
        receive_bytes = 64 * 1024
        bound = send_buffer_max() + 4 * receive_bytes + MIB
        self.assertGreater(ROWS * ROW_BYTES, 4 * bound)
        for path in TABLES[:3]:
            with self.subTest(path):
                before = self.held()
                reader = Reader(self.server, path, None, receive_bytes)
                first = reader.read(1024)
                self.assertEqual(len(first), 1024)
                time.sleep(5 * PAUSE_S)
                self.assertLess(self.held() - before, GROWTH_MAX)
                reader.close()
                made = self.logged_bytes(reader)
                self.assertGreater(made, 0)
                self.assertLess(made, bound)


if __name__ == "__main__":
    unittest.main()
