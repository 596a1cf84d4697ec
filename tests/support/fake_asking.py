"""Ask the fake vendor: by http.client, or by a raw socket when it is rude."""

import http.client
import json
import os
import socket
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                os.pardir, "http"))

from fake import FakeVendor  # noqa: E402

BEARER = {"Authorization": "Bearer massive-key"}
TICKERS = "/v3/reference/tickers"
TRADES = "/api/v1/gov/usa/congress/trades"
SENATE = "/aggregate/all_transactions.json"
GROUPED = "/v2/aggs/grouped/locale/us/market/stocks/"


class Got:
    def __init__(self, response):
        self.status, self.headers = response.status, response.headers
        self.body = response.read()

    def json(self):
        return json.loads(self.body)


class FakeCase(unittest.TestCase):
    """One fake vendor a class, played anew by each test."""

    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        cls.fake = FakeVendor("calm")
        cls.addClassCleanup(cls.fake.stop)

    def tearDown(self):
        self.fake.reset()

    def get(self, path, headers=None, port=None):
        """With the vendor's key, unless there are headers."""
        if path.startswith("/api/") and headers is None:
            path += ("&" if "?" in path else "?") + "token=benzinga-token"
            headers = {}
        conn = http.client.HTTPConnection("127.0.0.1", port or self.fake.port,
                                          timeout=30)
        try:
            conn.request("GET", path,
                         headers=BEARER if headers is None else headers)
            return Got(conn.getresponse())
        finally:
            conn.close()

    def raw(self, path=TICKERS, timeout=10):
        """A socket that has sent its request."""
        sock = socket.create_connection(("127.0.0.1", self.fake.port), timeout)
        sock.sendall(("GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                      "Authorization: Bearer massive-key\r\n\r\n"
                      % path).encode())
        return sock

    def read_all(self, sock):
        """(bytes, "end" or "reset")."""
        data = b""
        with sock:
            while True:
                try:
                    piece = sock.recv(65536)
                except ConnectionResetError:
                    return data, "reset"
                if not piece:
                    return data, "end"
                data += piece

    def listed(self, path):
        """All pages of a listing: (rows, pages)."""
        rows, pages = [], 0
        while path:
            doc = self.get(path).json()
            rows, pages = rows + doc["results"], pages + 1
            self.assertLess(pages, 20, path)
            path = doc.get("next_url", "").replace(self.fake.url, "")
        return rows, pages

    def paged(self, query=""):
        """All pages of trades, up to the empty one."""
        rows, number = [], 0
        while True:
            doc = self.get("%s?page=%d%s" % (TRADES, number, query)).json()
            part = doc["data"] if isinstance(doc, dict) else doc
            if not part:
                return rows, number
            rows, number = rows + part, number + 1
