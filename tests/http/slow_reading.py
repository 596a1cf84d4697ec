"""Large tables, and clients that read them as far as their test goes."""

import http.client
import itertools
import os
import socket

from harness import NDJSON
from in_hand import patiently

# What is freed shall not look like what is held.
os.environ["ASAN_OPTIONS"] = ":".join(filter(None, [
    os.environ.get("ASAN_OPTIONS"), "quarantine_size_mb=1",
    "thread_local_quarantine_size_kb=64"]))

DAY = "2024-01-01"
MIB = 1 << 20
ROW_BYTES, BATCH = 400, 10000
HISTORY = 2000  # rows of one security, of 20 kB each
PAUSE_S = 0.1
TABLES = ("/v1/master?format=ndjson", "/v1/master?format=csv",
          "/v1/securities?format=ndjson",
          "/v1/securities/0/history?format=ndjson",
          "/v1/securities/0/history?format=csv")


def post(client, body):
    answer = patiently(lambda: client.post("/v1/facts", body, NDJSON))
    assert answer.status == 201, repr(answer)


def load(client, rows, row_bytes=ROW_BYTES):
    """Securities 1 to rows, of one row each."""
    value = "v" * row_bytes
    for first in range(0, rows, BATCH):
        body = "".join(
            '{"security_id":%d,"attribute":"k","value":"%s","effective_date":'
            '"%s"}\n' % (i, value, DAY) for i in range(first + 1,
                                                       first + BATCH + 1))
        post(client, body)


def load_history(client):
    """Security 0: many rows, each with a large value."""
    lines = ['{"security_id":0,"attribute":"large","value":"%s",'
             '"effective_date":"1000-01-01"}\n' % ("h" * 20000)]
    lines += ['{"security_id":0,"attribute":"k","value":%d,"effective_date":'
              '"%04d-01-01"}\n' % (i, i) for i in range(1001, 1001 + HISTORY)]
    post(client, "".join(lines))


class Reader:
    """One stream, read as far as its test goes."""

    numbers = itertools.count()

    def __init__(self, server, path, body=None, receive_bytes=None):
        sock = socket.socket()
        if receive_bytes:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF,
                            receive_bytes)
        sock.settimeout(60)
        sock.connect(("127.0.0.1", server.port))
        self.conn = http.client.HTTPConnection("127.0.0.1", server.port)
        self.conn.sock = sock
        self.id = "reader-%d." % next(self.numbers)
        self.conn.request("POST" if body else "GET", path, body, {
            "X-Request-Id": self.id, "Content-Type": "application/x-ndjson"})
        self.response = self.conn.getresponse()
        assert self.response.status == 200, self.response.status

    def read(self, size=None):
        return self.response.read(size)

    def close(self):
        self.conn.close()
        self.response.close()
