"""What a connection lives through: requests behind requests, and refusals."""

import re
import socket
import time
import unittest

from harness import Num, ServerCase, dump, fact

FACT = dump([fact(1, "k", Num(1), "2024-01-01")]).encode()
PROBE = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
STATUS = re.compile(rb"HTTP/1\.1 (\d\d\d) ")


def post(*headers, body=FACT, path=b"/v1/facts", length=None):
    length = len(body) if length is None else length
    lines = [b"POST " + path + b" HTTP/1.1", b"Host: x",
             b"Content-Type: application/json",
             b"Content-Length: %d" % length, *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


class Connections(ServerCase):
    def read(self, sock, statuses):
        """What comes until so many statuses are there, or the end."""
        got = b""
        sock.settimeout(5)
        while len(STATUS.findall(got)) < statuses:
            piece = sock.recv(65536)
            if not piece:
                break
            got += piece
        return got

    def ask(self, request, statuses, pause=None):
        with self.server.raw() as sock:
            for i in range(0, len(request), 1 if pause else len(request)):
                sock.sendall(request[i:i + 1] if pause else request)
                time.sleep(pause or 0)
            got = self.read(sock, statuses)
        return [int(status) for status in STATUS.findall(got)], got

    def test_requests_behind_one_that_waits_are_answered_in_order(self):
        stream = b"GET /v1/master?format=csv HTTP/1.1\r\nHost: x\r\n\r\n"
        missing = b"GET /v1/securities/77 HTTP/1.1\r\nHost: x\r\n\r\n"
        statuses, _ = self.ask(post() + stream + post() + missing + PROBE, 5)
        self.assertEqual(statuses, [201, 200, 201, 404, 200])

    def test_a_request_may_come_byte_by_byte(self):
        statuses, _ = self.ask(post() + PROBE, 2, pause=0.0005)
        self.assertEqual(statuses, [201, 200])

    def test_head_has_no_body_wherever_get_works(self):
        self.ask(post(), 1)
        for path in (b"/livez", b"/v1/securities/1", b"/v1/nope",
                     b"/v1/master", b"/v1/master?format=csv"):
            with self.subTest(path), self.server.raw() as sock:
                sock.sendall(b"HEAD " + path + b" HTTP/1.1\r\nHost: x\r\n"
                             b"Connection: close\r\n\r\n")
                got = b""
                while piece := sock.recv(65536):
                    got += piece
                self.assertEqual(got.count(b"\r\n\r\n"), 1, got)
                self.assertTrue(got.endswith(b"\r\n\r\n"), got)

    def test_a_small_refused_body_does_not_end_the_connection(self):
        for row, path in (("unknown path", b"/v1/nope"),
                          ("method", b"/v1/master"),
                          ("parameter", b"/v1/facts?x=1")):
            statuses, _ = self.ask(post(path=path) + PROBE, 2)
            self.assertEqual(statuses[1:], [200], row)
            self.assertGreaterEqual(statuses[0], 400, row)

    def test_who_sends_all_of_a_refused_body_still_sees_the_answer(self):
        size, block = 50 << 20, b" " * (1 << 20)
        with self.server.raw(20) as sock:
            sock.sendall(post(body=b"", path=b"/v1/nope", length=size))
            for _ in range(size // len(block)):
                sock.sendall(block)
            got = self.read(sock, 1)
            self.assertTrue(got.startswith(b"HTTP/1.1 404 "), got)
            self.assertIn(b"\r\nConnection: close\r\n", got)
            while piece := sock.recv(65536):
                got += piece
        self.assertEqual(len(STATUS.findall(got)), 1)

    def test_leave_to_send_is_given_only_where_it_is_taken(self):
        expect = b"Expect: 100-continue"
        for size, first in ((len(FACT), 100), (1 << 40, 413)):
            with self.server.raw() as sock:
                sock.sendall(post(expect, body=b"", length=size))
                got = self.read(sock, 1)
                self.assertEqual(STATUS.findall(got), [b"%d" % first])
                if first == 100:
                    sock.sendall(FACT)
                    got = self.read(sock, 1)
                    self.assertEqual(STATUS.findall(got), [b"201"])

    def test_an_endless_body_is_cut(self):
        chunk = b"100000\r\n%s\r\n" % (b" " * (1 << 20))
        sent = 0
        with self.server.raw(10) as sock:
            sock.sendall(b"POST /v1/facts HTTP/1.1\r\nHost: x\r\nContent-Type:"
                         b" application/json\r\nTransfer-Encoding: chunked"
                         b"\r\n\r\n")
            with self.assertRaises((ConnectionError, socket.timeout)):
                while sent < 400:
                    sock.sendall(chunk)
                    sent += 1
        self.assertGreater(sent, 64)
        self.assertEqual(self.client.get("/readyz").status, 200)


if __name__ == "__main__":
    unittest.main()
