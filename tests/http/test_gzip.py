"""gzip both ways, over real HTTP."""

import gzip
import http.client
import io
import os
import re
import time
import unittest
import zlib

from harness import CSV, JSON, NDJSON, Num, ServerCase, dump, fact

D1 = "2024-01-01"
BODY_MAX = 1 << 20
GET = {"Accept-Encoding": "gzip"}


def pack(body, level=9):
    return gzip.compress(body, level, mtime=0)


def facts(count, first=1):
    return [fact(i, "k", "value %d" % (i * 7919 % 1000), D1)
            for i in range(first, first + count)]


def lines(count, first=1):
    return "".join(dump(f) + "\n" for f in facts(count, first)).encode()


class Out(ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        answer = cls.server.client.post(
            "/v1/facts", lines(4000), NDJSON)
        assert answer.status == 201, answer

    LARGE = ["/v1/master?limit=100", "/v1/master?limit=10000",
             "/v1/master?format=csv", "/v1/master?format=ndjson",
             "/v1/securities?limit=2000", "/openapi.yaml", "/openapi.json",
             "/v1/securities?format=csv", "/"]
    SMALL = ["/v1/securities/1", "/v1/securities/1?format=csv",
             "/v1/master?limit=2", "/v1/master?format=csv&limit=2",
             "/v1/master?format=csv&where=k:value%207",
             "/v1/securities/1/history?format=ndjson", "/livez", "/readyz",
             "/v1/transactions/1", "/problems/full"]

    def unpack(self, answer, row):
        self.assertEqual(answer.header("Content-Encoding"), "gzip", row)
        unpacker = zlib.decompressobj(31)
        body = unpacker.decompress(answer.body)
        self.assertTrue(unpacker.eof, row)
        self.assertEqual(unpacker.unused_data, b"", row)
        return body

    def test_large_answers_are_packed_when_asked(self):
        for path in self.LARGE:
            plain = self.client.get(path)
            self.assertIsNone(plain.header("Content-Encoding"), path)
            self.assertGreater(len(plain.body), 1024, path)
            for accept in ("gzip", "gzip, deflate, br", "*",
                           "deflate;q=0.9, gzip;q=0.1", "gzip, *;q=0"):
                answer = self.client.get(path, Accept_Encoding=accept)
                self.assertEqual(answer.status, 200, path)
                self.assertEqual(self.unpack(answer, path), plain.body, path)
                self.assertLess(len(answer.body), len(plain.body), path)
                self.assertEqual(answer.header("Content-Type"),
                                 plain.header("Content-Type"), path)
                self.assertEqual(answer.header("Vary"),
                                 "Accept, Accept-Encoding", path)
            for accept in ("identity", "br", "gzip;q=0", "gzip;q=0, *", ""):
                answer = self.client.get(path, Accept_Encoding=accept)
                self.assertIsNone(answer.header("Content-Encoding"),
                                  (path, accept))
                self.assertEqual(answer.body, plain.body, path)

    def test_small_answers_are_not(self):
        for path in self.SMALL:
            answer = self.client.get(path, Accept_Encoding="gzip")
            self.assertIsNone(answer.header("Content-Encoding"), path)
            self.assertEqual(answer.body, self.client.get(path).body, path)
            self.assertEqual(answer.header("Vary"), "Accept, Accept-Encoding")

    def test_but_for_who_takes_nothing_else(self):
        for path in self.SMALL:
            answer = self.client.get(path,
                                     Accept_Encoding="gzip, identity;q=0")
            self.assertEqual(self.unpack(answer, path),
                             self.client.get(path).body, path)

    def test_who_takes_nothing_gets_a_406(self):
        for accept in ("identity;q=0", "*;q=0", "gzip;q=0, identity;q=0"):
            for path in ("/v1/master", "/v1/securities/1", "/openapi.yaml"):
                self.refused(406, self.client.get(path,
                                                  Accept_Encoding=accept),
                             (path, accept))
            answer = self.client.post("/v1/facts", lines(1, 9000), NDJSON,
                                      {"Accept-Encoding": accept})
            self.refused(406, answer, accept)
            self.assertEqual(
                self.client.get("/livez", Accept_Encoding=accept).body,
                b"ok\n")
        self.refused(404, self.client.get("/v1/securities/9000"), "stored")

    def test_a_join_is_packed_too(self):
        body = dump({"positions": [
            {"security_id": Num(i % 4000 + 1), "quantity": Num(i), "date": D1}
            for i in range(5000)]})
        for how in ("json", "csv", "ndjson"):
            path = "/v1/positions/join?format=" + how
            plain = self.client.post(path, body)
            answer = self.client.post(path, body, headers=GET)
            self.assertEqual(self.unpack(answer, how), plain.body, how)
            if how != "json":
                self.assertEqual(answer.header("Secmaster-Matched"), "5000")

    def test_errors_are_packed_where_they_are_long(self):
        bad = b"".join(b'{"security_id":-1}\n' for _ in range(200))
        conn = http.client.HTTPConnection("127.0.0.1", self.server.port)
        self.addCleanup(conn.close)
        bodies = []
        for coding in ("identity", "gzip"):
            conn.request("POST", "/v1/facts", bad, {
                "Content-Type": NDJSON, "X-Request-Id": "same",
                "Accept-Encoding": coding})
            answer = conn.getresponse()
            self.assertEqual(answer.status, 422)
            bodies.append(answer.read())
        self.assertEqual(gzip.decompress(bodies[1]), bodies[0])

    def test_a_stream_is_flushed_on_its_way(self):
        """The first rows can be read before the last ones are there."""
        with self.server.raw() as sock:
            sock.sendall(b"GET /v1/master?format=csv HTTP/1.1\r\nHost: x\r\n"
                         b"Accept-Encoding: gzip\r\nConnection: close\r\n\r\n")
            got = b""
            while piece := sock.recv(65536):
                got += piece
        head, _, rest = got.partition(b"\r\n\r\n")
        self.assertIn(b"Transfer-Encoding: chunked", head)
        chunks = []
        while rest:
            size, _, rest = rest.partition(b"\r\n")
            chunks.append(rest[:int(size, 16)])
            rest = rest[int(size, 16) + 2:]
        self.assertEqual(chunks[-1], b"")
        unpacker = zlib.decompressobj(31)
        first = unpacker.decompress(chunks[0])
        self.assertGreater(len(first), 32768)
        self.assertFalse(unpacker.eof)


class In(ServerCase):
    ARGS = ("--max-body", str(BODY_MAX))

    def send(self, body, kind=NDJSON, path="/v1/facts", coding="gzip"):
        return self.client.post(path, body, kind,
                                {"Content-Encoding": coding})

    def test_packed_bodies_are_taken(self):
        csv = (b"security_id,attribute,value,effective_date\r\n"
               b"5,k,1,2024-01-01\r\n")
        rows = [("NDJSON", lines(50), NDJSON),
                ("JSON", dump({"facts": facts(50)}).encode(), JSON),
                ("an array", dump(facts(50)).encode(), JSON),
                ("CSV", csv, CSV)]
        for row, body, kind in rows:
            for level in (0, 1, 9):
                for coding in ("gzip", "GZIP", "x-gzip", "identity, gzip"):
                    answer = self.send(pack(body, level), kind, coding=coding)
                    self.assertEqual(answer.status, 201, (row, answer))
            self.assertEqual(
                self.send(body, kind, coding="identity").status, 201, row)
        half = len(csv) // 2
        answer = self.send(pack(csv[:half]) + pack(csv[half:]), CSV)
        self.assertEqual(answer.status, 201, "two members: %r" % answer)
        named = io.BytesIO()
        with gzip.GzipFile("name.csv", "wb", fileobj=named) as file:
            file.write(csv)
        self.assertEqual(self.send(named.getvalue(), CSV).status, 201)

    def test_what_unpacks_to_much_is_taken_in_turns(self):
        """A turn that nobody wakes the loop for would wait half a second."""
        body = pack(b" " * (BODY_MAX - 10000) + dump(facts(3)).encode())
        self.assertLess(len(body), 2000)
        began = time.monotonic()
        for _ in range(5):
            self.assertEqual(self.send(body, JSON).status, 201)
            chunks = [body[i:i + 300] for i in range(0, len(body), 300)]
            with self.server.raw() as sock:
                sock.sendall(
                    b"POST /v1/facts HTTP/1.1\r\nHost: x\r\n"
                    b"Content-Type: application/json\r\n"
                    b"Content-Encoding: gzip\r\nConnection: close\r\n"
                    b"Transfer-Encoding: chunked\r\n\r\n" + b"".join(
                        b"%x\r\n%b\r\n" % (len(chunk), chunk)
                        for chunk in chunks) + b"0\r\n\r\n")
                self.assertIn(b" 201 ", sock.recv(65536))
        self.assertLess(time.monotonic() - began, 10)

    def test_positions_too(self):
        self.stored(facts(1))
        body = b"security_id,quantity,date\n1,5,2024-02-01\n"
        answer = self.send(pack(body), CSV, "/v1/positions/join")
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(int(answer.json()["matched"]), 1)

    def test_what_is_stored_is_what_was_packed(self):
        plain = self.send(lines(200, 1000), coding="identity")
        packed = self.send(pack(lines(200, 2000)))
        self.assertEqual((plain.status, packed.status), (201, 201))
        one = self.client.get("/v1/securities/1100").json()
        two = self.client.get("/v1/securities/2100").json()
        self.assertEqual(set(one), set(two))

    def test_what_is_no_gzip_is_refused(self):
        good = pack(lines(20))
        newest = self.client.newest()
        rows = [("plain", lines(20)), ("nothing", b""), ("cut", good[:-1]),
                ("cut in its head", good[:5]), ("half", good[:len(good) // 2]),
                ("a line behind", good + b"\n"), ("text behind", good + b"{}"),
                ("zeroes behind", good + b"\0" * 8),
                ("half a member behind", good + good[:20]),
                ("zlib", zlib.compress(lines(20))),
                ("a wrong checksum", good[:-5] + bytes([good[-5] ^ 1])
                 + good[-4:]),
                ("a wrong length", good[:-1] + b"\x01"),
                ("packed twice", pack(good))]
        for row, body in rows:
            doc = self.refused(400, self.send(body), row)
            self.assertEqual(doc["type"], "/problems/malformed-body", row)
        self.assertEqual(self.client.newest(), newest)
        self.assertEqual(self.send(good).status, 201)

    def test_other_codings_are_a_415_that_says_which(self):
        for coding in ("br", "deflate", "zstd", "compress", "gzip, gzip",
                       "gzip, br", "nonsense"):
            answer = self.send(pack(lines(1)), coding=coding)
            self.refused(415, answer, coding)
            self.assertEqual(answer.header("Accept-Encoding"), "gzip", coding)
        answer = self.client.post("/v1/facts", b"x", "text/plain")
        self.refused(415, answer, "a type")
        self.assertIsNone(answer.header("Accept-Encoding"))

    def test_a_body_unpacks_to_the_limit_and_no_further(self):
        line = lines(1)
        for size, status in ((BODY_MAX, 201), (BODY_MAX + 1, 413),
                             (BODY_MAX * 3, 413)):
            body = line + b" " * (size - len(line) - 1) + b"\n"
            answer = self.send(pack(body))
            self.assertEqual(answer.status, status, (size, answer))
            if status == 413:
                self.server.client.close()  # it is cut behind the answer

    def figures(self):
        """CPU seconds and the most memory in KiB that the server took."""
        proc = "/proc/%d/" % self.server.process.pid
        with open(proc + "stat") as file:
            fields = file.read().rpartition(")")[2].split()
        with open(proc + "status") as file:
            most = re.search(r"VmHWM:\s+(\d+)", file.read()).group(1)
        ticks = int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK"), int(most)

    def test_a_bomb_stops_early(self):
        """Sixty times the limit in a fifteenth of it: it costs what the limit
        costs, in time and in memory."""
        bomb = pack(b" " * (60 * BODY_MAX), 6)
        self.assertLess(len(bomb), BODY_MAX // 15)
        before = self.figures()
        for _ in range(5):
            self.refused(413, self.send(bomb), "a bomb")
            self.server.client.close()
        cpu_s, memory_kib = [new - old
                             for new, old in zip(self.figures(), before)]
        self.assertLess(memory_kib, 16384)
        self.assertLess(cpu_s, 2)
        self.assertEqual(self.send(pack(lines(3))).status, 201)

    def test_many_empty_members(self):
        body = pack(b"") * 5000 + pack(lines(2))
        self.assertEqual(self.send(body).status, 201)

    def test_wrong_facts_are_named_by_their_unpacked_line(self):
        body = lines(5) + b'{"security_id":"x"}\n'
        doc = self.refused(422, self.send(pack(body)), "line 6")
        self.assertEqual(doc["errors"][0]["line"], Num(6))


if __name__ == "__main__":
    unittest.main()
