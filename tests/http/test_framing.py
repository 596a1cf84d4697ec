"""Requests whose framing is in doubt, over a raw socket: refused, closed, and
never a second answer."""

import re
import socket
import threading
import time
import unittest
from collections import Counter

from harness import Num, ServerCase, dump, fact

PROMPT_S = 4
SECOND_S = 1  # within which a second answer would have come
CUT_MIN_S, CUT_MAX_S = 8, 16
SECOND = b"GET /v1/securities/1 HTTP/1.1\r\nHost: x\r\n\r\n"
STATUS = re.compile(rb"HTTP/1\.[01] (\d\d\d) ")


def get(*headers, path=b"/v1/master", version=b"HTTP/1.1", host=b"Host: x"):
    lines = [b"GET " + path + b" " + version] + [host] * bool(host)
    return b"\r\n".join(lines + list(headers)) + b"\r\n\r\n"


def post(*headers, body=b"", version=b"HTTP/1.1", path=b"/v1/facts"):
    lines = [b"POST " + path + b" " + version, b"Host: x",
             b"Content-Type: application/json"]
    return b"\r\n".join(lines + list(headers)) + b"\r\n\r\n" + body


FACT = dump([fact(9, "k", Num(1), "2024-01-01")]).encode()
CHUNK = b"%x\r\n%s\r\n" % (len(FACT), FACT)
CHUNKED = b"Transfer-Encoding: chunked"
CLOSE = b"Connection: close"
LENGTH = b"Content-Length: %d" % len(FACT)

# (label, bytes of the doubtful request, statuses). The second request is
# always sent behind it.
DOUBTS = [
    ("length and chunked", post(LENGTH, CHUNKED, body=CHUNK + b"0\r\n\r\n"),
     (400,)),
    ("chunked and length", post(CHUNKED, b"Content-Length: 3",
                                body=CHUNK + b"0\r\n\r\n"), (400,)),
    ("two lengths", post(LENGTH, b"Content-Length: 3", body=FACT), (400,)),
    ("a length of 0 and another", post(b"Content-Length: 0", LENGTH,
                                       body=FACT), (400,)),
    ("the same length twice", post(LENGTH, LENGTH, body=FACT), (400,)),
    ("lengths in a list", post(b"Content-Length: 3, 3", body=b"[1]"), (400,)),
    ("length +3", post(b"Content-Length: +3", body=b"[1]"), (400,)),
    ("length -1", post(b"Content-Length: -1"), (400,)),
    ("length 3abc", post(b"Content-Length: 3abc", body=b"[1]"), (400,)),
    ("length empty", post(b"Content-Length:", body=b"[1]"), (400,)),
    ("length 0x3", post(b"Content-Length: 0x3", body=b"[1]"), (400,)),
    ("length 2^64", post(b"Content-Length: 18446744073709551616"),
     (400, 413)),
    ("length 2^63", post(b"Content-Length: 9223372036854775808"),
     (400, 413)),
    ("a space before the length's colon",
     post(b"Content-Length : %d" % len(FACT), body=FACT), (400,)),
    ("a space before the coding's colon",
     post(b"Transfer-Encoding : chunked", body=CHUNK + b"0\r\n\r\n"), (400,)),
    ("a tab before the colon",
     post(b"Content-Length\t: %d" % len(FACT), body=FACT), (400,)),
    ("gzip, chunked", post(b"Transfer-Encoding: gzip, chunked",
                           body=CHUNK + b"0\r\n\r\n"), (400, 501)),
    ("xchunked", post(b"Transfer-Encoding: xchunked",
                      body=CHUNK + b"0\r\n\r\n"), (400, 501)),
    ("identity", post(b"Transfer-Encoding: identity", body=FACT), (400, 501)),
    ("chunked, identity", post(b"Transfer-Encoding: chunked, identity",
                               body=CHUNK + b"0\r\n\r\n"), (400, 501)),
    ("chunked twice", post(CHUNKED, CHUNKED, body=CHUNK + b"0\r\n\r\n"),
     (400, 501)),
    ("chunked, then gzip", post(CHUNKED, b"Transfer-Encoding: gzip",
                                body=CHUNK + b"0\r\n\r\n"), (400, 501)),
    ("an empty coding", post(b"Transfer-Encoding:",
                             body=CHUNK + b"0\r\n\r\n"), (400, 501)),
    ("chunked in HTTP/1.0", post(CHUNKED, body=CHUNK + b"0\r\n\r\n",
                                 version=b"HTTP/1.0"), (400,)),
    ("a folded header", get(b"X-A: one\r\n two"), (400,)),
    ("a folded header hiding a coding",
     post(b"X-A: one\r\n\tb", CHUNKED, body=CHUNK + b"0\r\n\r\n"), (400,)),
    ("a space before the first header", b"GET /v1/master HTTP/1.1\r\n"
     b" Host: x\r\n\r\n", (400,)),
    ("an empty header name", get(b": x"), (400,)),
    ("a header without a colon", get(b"nonsense"), (400,)),
    ("a space in a header name", get(b"X A: 1"), (400,)),
    ("brackets in a header name", get(b"X(A): 1"), (400,)),
    ("a bare CR in a value", get(b"X-A: one\rX-B: two"), (400,)),
    ("NUL in a value", get(b"X-A: one\0two"), (400,)),
    ("NUL in a name", get(b"X\0A: one"), (400,)),
    ("NUL in the path", get(path=b"/v1/master\0x"), (400,)),
    ("%00 in the path", get(path=b"/v1/securities/1%00"), (400,)),
    ("%00 in a name", get(path=b"/v1/master?limit%00x=1"), (400,)),
    ("%00 in a parameter", get(path=b"/v1/master?limit=1%002"), (400,)),
    ("two types", post(b"Content-Type: text/csv", LENGTH, body=FACT), (400,)),
    ("the same type twice", post(b"content-type: application/json", LENGTH,
                                 body=FACT), (400,)),
    ("two hosts", get(b"Host: y"), (400,)),
    ("the same host twice", get(b"Host: x"), (400,)),
    ("no host", get(host=b""), (400,)),
    ("HTTP/1.2", get(version=b"HTTP/1.2"), (400, 505)),
    ("HTTP/2.0", get(version=b"HTTP/2.0"), (400, 505)),
    ("HTTP/0.9", get(version=b"HTTP/0.9"), (400, 505)),
    ("http/1.1", get(version=b"http/1.1"), (400, 505)),
    ("HTTP/1.10", get(version=b"HTTP/1.10"), (400, 505)),
    ("HTTP/1", get(version=b"HTTP/1"), (400, 505)),
    ("FTP/1.1", get(version=b"FTP/1.1"), (400, 505)),
    ("no version", b"GET /v1/master\r\nHost: x\r\n\r\n", (400, 505)),
    ("a method of signs", b"G@T{} /v1/master HTTP/1.1\r\nHost: x\r\n\r\n",
     (400, 405, 501)),
    ("CONNECT", b"CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n",
     (400, 405, 501)),
    ("an absolute URL", get(path=b"http://x/v1/master"), (400,)),
    ("a space in the URL", get(path=b"/v1/master ?limit=1"), (400,)),
    ("two spaces", get(path=b" /v1/master"), (400,)),
    ("a tab in the URL", get(path=b"/v1/master\t?limit=1"), (400,)),
    ("no slash", get(path=b"v1/master"), (400, 404)),
    ("a raw byte in the URL", get(path=b"/v1/asset-classes/\xff"), (400,)),
    ("chunk size 0x3", post(CHUNKED, body=b"0x3\r\n[1]\r\n0\r\n\r\n"),
     (400,)),
    ("chunk size -1", post(CHUNKED, body=b"-1\r\n[1]\r\n0\r\n\r\n"), (400,)),
    ("chunk size +3", post(CHUNKED, body=b"+3\r\n[1]\r\n0\r\n\r\n"), (400,)),
    ("chunk size empty", post(CHUNKED, body=b"\r\n[1]\r\n0\r\n\r\n"), (400,)),
    ("chunk size g", post(CHUNKED, body=b"g\r\n[1]\r\n0\r\n\r\n"), (400,)),
    ("chunk size 2^64", post(CHUNKED, body=b"10000000000000000\r\n[1]\r\n"),
     (400, 413)),
    ("a chunk longer than it says",
     post(CHUNKED, body=b"2\r\n[1]\r\n0\r\n\r\n"), (400,)),
    ("a GET with a body", get(b"Content-Length: 3") + b"abc", (400,)),
    ("a GET with chunks", get(CHUNKED) + b"3\r\nabc\r\n0\r\n\r\n", (400,)),
    ("a header of 20 kB", get(b"X-A: " + b"a" * 20000), (400, 431)),
    ("1,000 headers", get(*[b"X-%d: %d" % (i, i) for i in range(1000)]),
     (400, 431)),
    ("a URL of 20 kB", get(path=b"/v1/master?" + b"a" * 20000), (400, 414)),
    ("the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
     (400, 405, 501, 505)),
]

# Bodies that nobody reads must not be read as a request: (label, request).
UNREAD = [
    ("an unknown path", post(b"Content-Length: %d" % len(SECOND), body=SECOND,
                             path=b"/v1/nope")),
    ("a method not allowed", post(b"Content-Length: %d" % len(SECOND),
                                  body=SECOND, path=b"/v1/master")),
    ("an unknown parameter", post(b"Content-Length: %d" % len(SECOND),
                                  body=SECOND, path=b"/v1/facts?x=1")),
    ("a media type", post(b"Content-Length: %d" % len(SECOND),
                          body=SECOND).replace(b"application/json",
                                               b"text/plain")),
    ("a length past the limit", post(b"Content-Length: 999999999999",
                                     body=SECOND)),
    ("chunks to an unknown path", post(
        CHUNKED, path=b"/v1/nope",
        body=b"%x\r\n%s\r\n0\r\n\r\n" % (len(SECOND), SECOND))),
]


class Framing(ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        answer = cls.server.client.post_facts(
            [fact(1, "k", Num(1), "2024-01-01")])
        assert answer.status == 201, answer

    def exchange(self, request, wait_s=PROMPT_S):
        """(statuses, whether the server closed in time)"""
        got, is_closed, until = b"", False, time.monotonic() + wait_s
        with self.server.raw(wait_s) as sock:
            try:
                sock.sendall(request)
                while time.monotonic() < until:
                    piece = sock.recv(65536)
                    if not piece:
                        is_closed = True
                        break
                    got += piece
            except (ConnectionResetError, BrokenPipeError):
                is_closed = True
            except socket.timeout:
                pass
        return [int(s) for s in STATUS.findall(got)], is_closed

    def test_two_good_requests_get_two_answers(self):
        """The yardstick: this is how a smuggled request would show."""
        sock = self.server.raw(2)
        with sock:
            sock.sendall(get(b"Connection: keep-alive") + SECOND)
            got = b""
            try:
                while len(STATUS.findall(got)) < 2:
                    got += sock.recv(65536) or b"HTTP/1.1 000 " * 2
            except socket.timeout:
                pass
        self.assertEqual(STATUS.findall(got), [b"200", b"200"])

    def test_good_framings(self):
        rows = [
            ("length", post(LENGTH, b"Connection: close", body=FACT), 201),
            ("chunked", post(CHUNKED, b"Connection: close",
                             body=CHUNK + b"0\r\n\r\n"), 201),
            ("Chunked", post(b"Transfer-Encoding: Chunked",
                             b"Connection: close",
                             body=CHUNK + b"0\r\n\r\n"), 201),
            ("trailers", post(CHUNKED, b"Connection: close",
                              body=CHUNK + b"0\r\nX-T: 1\r\n\r\n"), 201),
            ("HTTP/1.0", get(version=b"HTTP/1.0"), 200),
            ("HTTP/1.0 without a host", get(version=b"HTTP/1.0", host=b""),
             200),
            ("spaces around a value", get(b"X-A:   1  ",
                                          b"Connection: close"), 200)]
        for row, request, status in rows:
            statuses, is_closed = self.exchange(request)
            self.assertEqual(statuses, [status], row)
            self.assertTrue(is_closed, row)

    def test_pipelined_requests_are_answered_in_order(self):
        before, count = self.client.newest(), 20
        requests = []
        for i in range(count):
            requests += [post(LENGTH, body=FACT),
                         get(path=b"/v1/transactions/%d" % (before + i + 1))]
        requests.append(get(b"Connection: close"))
        got = b""
        with self.server.raw(10) as sock:
            sock.sendall(b"".join(requests))
            while True:
                piece = sock.recv(65536)
                if not piece:
                    break
                got += piece
        self.assertEqual(STATUS.findall(got), [b"201", b"200"] * count
                         + [b"200"])
        told = [int(tx) for tx in re.findall(rb"Secmaster-Tx: (\d+)", got)]
        self.assertEqual(told[0::2][:count], list(range(
            before + 1, before + count + 1)))
        self.assertEqual(told, sorted(told))

    def test_expect_100_continue_is_answered_before_the_body(self):
        with self.server.raw(5) as sock:
            sock.sendall(post(LENGTH, b"Expect: 100-continue",
                              b"Connection: close"))
            first = sock.recv(4096)
            self.assertEqual(STATUS.findall(first), [b"100"])
            sock.sendall(FACT)
            self.assertEqual(STATUS.findall(sock.recv(65536)), [b"201"])

    def test_doubts_are_refused_and_closed(self):
        before = self.client.newest()
        for row, request, allowed in DOUBTS:
            with self.subTest(row):
                statuses, is_closed = self.exchange(request + SECOND)
                self.assertLessEqual(len(statuses), 1, statuses)
                self.assertTrue(statuses, "closed without an answer"
                                if is_closed else "no answer")
                self.assertIn(statuses[0], allowed)
                self.assertTrue(is_closed, "left open")
                self.assertEqual(self.client.newest(), before, "stored")

    def test_what_is_stored_is_answered_however_full_the_head(self):
        """A head may fill the parser's memory up to where the answer's own
        no longer fits: refused, and not stored."""
        for kind, field in (("headers", b"h%d:x\r\n"), ("cookies", b"c%d=1;")):
            statuses = set()
            for count in range(0, 180, 3):
                fields = b"".join(field % i for i in range(count))
                if kind == "cookies":
                    fields = b"Cookie: " + fields + b"d=1\r\n"
                head = post(LENGTH, b"Connection: close")[:-2] + fields + b"p: "
                head += b"p" * (8190 - 4 - len(head)) + b"\r\n\r\n"
                before = self.client.newest()
                answered, _ = self.exchange(head + FACT)
                self.assertEqual(len(answered), 1, (kind, count))
                statuses.add(answered[0])
                self.assertEqual(self.client.newest() - before,
                                 answered == [201], (kind, count))
            # The parser's own refusal of a cookie is a 413.
            self.assertLessEqual({201, 431}, statuses, kind)
            self.assertLessEqual(statuses, {201, 413, 431}, kind)

    def test_targets_of_any_size_have_one_answer(self):
        """Parameters, too, take of the parser's memory: of that many it would
        say nothing, and end a request that it has shown. Past 16,370 bytes it
        shows none."""
        counts = (1, 100, 130, 140, *range(150, 270, 10), 1000, 4068, 8100)
        targets = [("%s, %d" % (one, n), b"/livez?" + one * n)
                   for one in (b"a&", b"a=1&", b"?") for n in counts
                   if len(one) * n < 16220]
        targets += [("%d bytes" % n, b"/livez?".ljust(n, b"x"))
                    for n in (4000, 4200, 8100, *range(16220, 16370, 6))]
        before, seen = self.counted(), Counter()
        for row, target in targets:
            for request in (get(CLOSE, path=target),
                            post(CLOSE, LENGTH, body=FACT, path=target)):
                with self.subTest(row, method=request[:4]):
                    statuses, is_closed = self.exchange(request)
                    self.assertEqual(len(statuses), 1, statuses)
                    self.assertTrue(is_closed, "left open")
                    seen[statuses[0]] += 1
        self.assertEqual(set(seen), {400, 405, 414, 431})
        # And each ends, which is when it is counted.
        until = time.monotonic() + PROMPT_S
        while self.counted() - before != seen and time.monotonic() < until:
            time.sleep(0.05)
        self.assertEqual(self.counted() - before, seen)

    def counted(self):
        """Requests that were refused, by status."""
        counts = Counter()
        for status, count in re.findall(
                r'secmaster_requests_total\{.*status="(4\d\d)"\} (\d+)',
                self.client.get("/metrics").body.decode()):
            counts[int(status)] += int(count)
        return counts

    def test_trailers_are_dropped_or_refused(self):
        """They take of the same memory, and come behind the batch."""
        for shape in ("many", "long"):
            statuses = set()
            for size in range(0, 16500, 250):
                trailers = b"t: " + b"x" * size + b"\r\n"
                if shape == "many":
                    trailers = b"t:x\r\n" * (size // 64)
                before = self.client.newest()
                answered, _ = self.exchange(
                    post(CHUNKED, b"Connection: close",
                         body=CHUNK + b"0\r\n" + trailers + b"\r\n"))
                self.assertEqual(len(answered), 1, (shape, size))
                statuses.add(answered[0])
                self.assertEqual(self.client.newest() - before,
                                 answered == [201], (shape, size))
            self.assertEqual(statuses, {201, 431}, shape)

    def test_an_unread_body_is_never_the_next_request(self):
        for row, request in UNREAD:
            with self.subTest(row):
                statuses, _ = self.exchange(request, SECOND_S)
                self.assertEqual(len(statuses), 1, statuses)
                self.assertGreaterEqual(statuses[0], 400)

    def test_a_tls_hello_is_cut_or_refused(self):
        statuses, _ = self.exchange(
            b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03" + b"\0" * 160,
            SECOND_S)
        self.assertLessEqual(len(statuses), 1)
        self.assertEqual(self.client.get("/livez").status, 200)

    def test_bodies_that_stop_halfway_store_nothing(self):
        before = self.client.newest()
        half = post(b"Content-Length: 1000", body=FACT)
        for request in (half, half[:60], post(CHUNKED, body=CHUNK),
                        post(CHUNKED, body=CHUNK[:20])):
            for how in (socket.SHUT_WR, None):
                with self.server.raw() as sock:
                    sock.sendall(request)
                    if how is not None:
                        sock.shutdown(how)
                        time.sleep(0.05)
        time.sleep(0.3)
        self.assertEqual(self.client.newest(), before)
        self.assertEqual(self.client.get("/readyz").status, 200)


class Deadlines(ServerCase):
    """A request that is not whole after 10 s is cut, however it trickles."""

    def wait_for_cut(self, row, first, drip):
        """Seconds until the server closes; drip is sent each second."""
        sock, start = self.server.raw(1), time.monotonic()
        with sock:
            try:
                sock.sendall(first)
                while time.monotonic() - start < CUT_MAX_S + 2:
                    try:
                        if not sock.recv(4096):
                            break
                    except socket.timeout:
                        sock.sendall(drip)
            except (ConnectionResetError, BrokenPipeError):
                pass
        self.took[row] = time.monotonic() - start

    def test_slow_requests_are_cut(self):
        rows = [("silence in the head", b"GET /v1/master HT", b""),
                ("a head that trickles", b"GET /v1/master HTTP/1.1\r\nX: ",
                 b"a"),
                ("silence in the body", post(LENGTH, body=FACT[:20]), b""),
                ("a body that trickles", post(LENGTH, body=FACT[:20]), b" "),
                ("chunks that trickle", post(CHUNKED, body=CHUNK[:20]),
                 b" ")]
        self.took = {}
        threads = [threading.Thread(target=self.wait_for_cut, args=row)
                   for row in rows]
        for thread in threads:
            thread.start()
        while any(t.is_alive() for t in threads):
            self.assertEqual(self.client.get("/readyz").status, 200)
            time.sleep(0.2)
        for thread in threads:
            thread.join()
        for row, _, _ in rows:
            with self.subTest(row):
                self.assertGreater(self.took[row], CUT_MIN_S)
                self.assertLess(self.took[row], CUT_MAX_S)
        self.assertEqual(self.client.newest(), 0)


if __name__ == "__main__":
    unittest.main()
