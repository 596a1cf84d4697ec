"""ETags, 304, what may be kept for ever, and HEAD, over real HTTP."""

import datetime
import json
import os
import re
import shutil
import struct
import tempfile
import threading
import unittest
import unittest.mock

import harness
from harness import Client, Num, Server, ServerCase, dump, fact
from holding import held, put_day

D1 = "2024-01-01"
AGAIN = "private, no-cache"
FOR_EVER = "private, max-age=31536000, immutable"

# One target for each GET route of openapi.yaml that names its answers.
NAMED = {
    "/v1/securities": "/v1/securities?limit=3",
    "/v1/securities/{security_id}": "/v1/securities/1",
    "/v1/securities/{security_id}/history": "/v1/securities/1/history",
    "/v1/master": "/v1/master",
    "/v1/asset-classes": "/v1/asset-classes",
    "/v1/asset-classes/{asset_class}": "/v1/asset-classes/equity",
    "/v1/securities/{security_id}/facts": "/v1/securities/1/facts",
    "/v1/securities/{security_id}/explain": "/v1/securities/1/explain",
    "/v1/resolve": "/v1/resolve?attribute=ticker&value=T1",
    "/v1/attributes": "/v1/attributes",
    "/v1/precedence": "/v1/precedence",
    "/v1/changes": "/v1/changes?limit=5",
    "/v1/transactions": "/v1/transactions?after_tx=0",
    "/v1/portfolios": "/v1/portfolios",
    "/v1/portfolios/{portfolio}/positions": "/v1/portfolios/core/positions",
    "/v1/securities/{security_id}/prices": "/v1/securities/1/prices",
    "/v1/securities/{security_id}/prices/summary":
        "/v1/securities/1/prices/summary?period=week",
    "/v1/securities/{security_id}/prices/moving-averages":
        "/v1/securities/1/prices/moving-averages?windows=2,3",
    "/v1/prices": "/v1/prices?date=" + D1,
    "/v1/prices/summary": "/v1/prices/summary?period=year",
    "/v1/prices/moving-averages": "/v1/prices/moving-averages?windows=2",
    "/v1/securities/{security_id}/trades": "/v1/securities/1/trades",
    "/v1/trades": "/v1/trades",
    "/v1/trades/summary": "/v1/trades/summary?by=party",
    "/v1/members": "/v1/members",
    "/v1/members/{member_id}": "/v1/members/M1",
    "/v1/transactions/{tx}": "/v1/transactions/1",
    "/openapi.yaml": "/openapi.yaml",
    "/openapi.json": "/openapi.json",
}
TRADES = dump([
    {"transaction_id": "t%d" % i, "transaction_date": D1, "ticker": "T1",
     "member_id": "M%d" % i} for i in range(500)])
UNNAMED = {"/": "/", "/livez": "/livez", "/readyz": "/readyz",
           "/metrics": "/metrics", "/problems": "/problems",
           "/problems/{type}": "/problems/full"}
TABLES = [target + mark + "format=" + how
          for path, target in NAMED.items()
          for mark in ("&" if "?" in target else "?",)
          for how in ("ndjson", "csv")
          if path in ("/v1/securities", "/v1/securities/{security_id}",
                      "/v1/securities/{security_id}/history", "/v1/master",
                      "/v1/asset-classes/{asset_class}",
                      "/v1/portfolios/{portfolio}/positions")
          or "/prices" in path or path == "/v1/trades/summary"
          or (path, how) in (("/v1/changes", "ndjson"),
                             ("/v1/trades", "ndjson"),
                             ("/v1/members", "ndjson"))]


class Conditional(ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        answer = cls.server.client.post_facts(
            [fact(i, "asset_class", "equity", D1) for i in range(1, 40)]
            + [fact(1, "ticker", "T1", D1)])
        assert answer.status == 201, answer
        answer = cls.server.client.post("/v1/prices", dump([
            {"security_id": i, "date": "2024-01-%02d" % day, "open": 1,
             "high": 2, "low": 1, "close": 1.5}
            for i in range(1, 20) for day in range(1, 20)]))
        assert answer.status == 201, answer
        answer = cls.server.client.post("/v1/trades", TRADES)
        assert answer.status == 201, answer
        answer = put_day(cls.server.client, "core", D1, [held(1, "1")])
        assert answer.status == 200, answer

    def tag(self, path, **headers):
        answer = self.client.get(path, **headers)
        self.assertEqual(answer.status, 200, (path, answer))
        tag = answer.header("ETag")
        self.assertIsNotNone(tag, path)
        self.assertRegex(tag, r'^"[\x21\x23-\x7e]+"$', path)
        return tag

    def test_every_get_is_in_the_tables_above(self):
        doc = json.loads(self.client.get("/openapi.json").body)
        gets = {path for path, item in doc["paths"].items() if "get" in item}
        self.assertEqual(gets, set(NAMED) | set(UNNAMED))
        for path in gets:
            self.assertEqual(path in NAMED,
                             "304" in doc["paths"][path]["get"]["responses"])

    def test_who_has_it_gets_a_304(self):
        for path in list(NAMED.values()) + TABLES:
            for coding in ("identity", "gzip"):
                tag = self.tag(path, Accept_Encoding=coding)
                self.assertEqual(self.tag(path, Accept_Encoding=coding), tag)
                for given in (tag, "W/" + tag, '"a", %s, "b"' % tag, "*"):
                    for method in ("GET", "HEAD"):
                        answer = self.client.request(method, path, headers={
                            "If-None-Match": given,
                            "Accept-Encoding": coding})
                        row = (method, path, coding, given)
                        self.assertEqual(answer.status, 304, row)
                        self.check_bare(answer, tag, path, row)

    def check_bare(self, answer, tag, path, row):
        """RFC 9110, 15.4.5: no body, and the headers a cache needs."""
        self.assertEqual(answer.body, b"", row)
        self.assertEqual(answer.header("ETag"), tag, row)
        self.assertEqual(answer.header("Cache-Control"), AGAIN, row)
        self.assertEqual(answer.header("Vary"), "Accept, Accept-Encoding")
        self.assertIsNone(answer.header("Content-Type"), row)
        self.assertIsNone(answer.header("Link"), row)
        if path.startswith("/v1"):
            self.assertEqual(answer.tx, self.client.newest(), row)

    def test_a_304_tells_the_length_of_the_200_or_none(self):
        for path in list(NAMED.values()) + TABLES:
            for coding in ("identity", "gzip"):
                answer = self.client.get(path, Accept_Encoding=coding)
                length = answer.header("Content-Length")
                for given in (answer.header("ETag"), "*"):
                    bare = self.client.get(path, Accept_Encoding=coding,
                                           If_None_Match=given)
                    self.assertEqual(bare.header("Content-Length"), length,
                                     (path, coding, given))
                    self.assertIsNone(bare.header("Transfer-Encoding"))

    def test_who_has_another_gets_a_200(self):
        for path in list(NAMED.values()) + TABLES:
            tag = self.tag(path)
            for given in ('"a"', "a", tag.strip('"'), tag[:-2] + '"', '""',
                          '"*"', '"x' + tag[1:]):
                answer = self.client.get(path, If_None_Match=given)
                self.assertEqual(answer.status, 200, (path, given))
                self.assertEqual(answer.header("ETag"), tag, (path, given))

    def test_what_is_wrong_stays_wrong(self):
        rows = [(404, "/v1/nope"), (404, "/v1/securities/77"),
                (400, "/v1/securities/abc"), (400, "/v1/master?limit=0"),
                (400, "/v1/master?x=1"), (400, "/v1/master?from=2024-02-30"),
                (400, "/v1/master?cursor=AAAA"), (404, "/v1/transactions/99"),
                (400, "/v1/master?known_tx=99"),
                (400, "/v1/master?where=nobody:x"),
                (406, "/v1/asset-classes?format=csv")]
        for status, path in rows:
            for given in ("*", self.tag("/v1/master")):
                answer = self.client.get(path, If_None_Match=given)
                self.refused(status, answer, (path, given))
                self.assertIsNone(answer.header("ETag"), path)
                self.assertEqual(answer.header("Cache-Control"), AGAIN, path)
        for name in UNNAMED.values():
            answer = self.client.get(name, If_None_Match="*")
            self.assertEqual(answer.status, 200, name)
            self.assertIsNone(answer.header("ETag"), name)

    def test_posts_are_not_asked_for_it(self):
        body = dump({"positions": [{"security_id": Num(1), "quantity": Num(1),
                                    "date": D1}]})
        answer = self.client.post("/v1/positions/join", body,
                                  headers={"If-None-Match": "*"})
        self.assertEqual(answer.status, 200, answer)
        self.assertIsNone(answer.header("ETag"))
        self.assertIsNone(answer.header("Cache-Control"))

    def test_one_tag_for_one_answer(self):
        """Other bytes, other tag; the same snapshot, the same tag."""
        paths = ["/v1/master", "/v1/master?limit=2", "/v1/master?format=csv",
                 "/v1/master?format=ndjson", "/v1/securities/1",
                 "/v1/securities/2", "/v1/master?known_tx=0"]
        tags = [self.tag(path) for path in paths]
        self.assertEqual(len(set(tags)), len(tags), tags)
        self.assertEqual(tags, [self.tag(path) for path in paths])
        self.assertEqual(self.tag("/v1/master", Accept="text/csv")
                         in (tags[0], tags[2]), False)

    def test_what_is_recorded_next_is_another_answer(self):
        tag = self.tag("/v1/master")
        past = self.tag("/v1/master?known_tx=1")
        transaction = self.tag("/v1/transactions/1")
        self.stored([fact(1, "z", Num(1), D1)])
        answer = self.client.get("/v1/master", If_None_Match=tag)
        self.assertEqual(answer.status, 200)
        self.assertNotEqual(answer.header("ETag"), tag)
        self.assertEqual(self.tag("/v1/master?known_tx=1"), past)
        self.assertEqual(self.tag("/v1/transactions/1"), transaction)

    def test_what_never_changes_says_so(self):
        first = self.client.get("/v1/transactions/1").json()["recorded_at"]
        today = datetime.datetime.now(datetime.timezone.utc).date()
        day = datetime.timedelta(days=1)
        rows = [
            ("/v1/master", AGAIN), ("/v1/master?known_tx=1", FOR_EVER),
            ("/v1/master?known_tx=0", FOR_EVER),
            ("/v1/master?known_tx=1&format=csv", FOR_EVER),
            ("/v1/master?known_at=" + first, FOR_EVER),
            ("/v1/master?known_at=2000-01-01T00:00:00Z", FOR_EVER),
            ("/v1/master?known_at=2999-01-01T00:00:00Z", AGAIN),
            ("/v1/securities/1", AGAIN),
            ("/v1/securities/1?as_of=2024-02-01", AGAIN),
            ("/v1/securities/1?known_tx=1", AGAIN),
            ("/v1/securities/1?known_tx=1&as_of=2024-02-01", FOR_EVER),
            ("/v1/securities/1?known_tx=1&as_of=%s" % (today - day), FOR_EVER),
            ("/v1/securities/1?known_tx=1&as_of=%s" % (today + day), AGAIN),
            ("/v1/securities/1/history?known_tx=1", FOR_EVER),
            ("/v1/securities?known_tx=1&as_of=2024-02-01", FOR_EVER),
            ("/v1/asset-classes?known_tx=1&as_of=2024-02-01", FOR_EVER),
            ("/v1/asset-classes/equity?known_tx=1", FOR_EVER)]
        for path, control in rows:
            answer = self.client.get(path)
            self.assertEqual(answer.status, 200, (path, answer))
            self.assertEqual(answer.header("Cache-Control"), control, path)
            bare = self.client.get(path, If_None_Match=answer.header("ETag"))
            self.assertEqual(bare.status, 304, path)
            self.assertEqual(bare.header("Cache-Control"), control, path)

    def test_head_is_get_without_the_body(self):
        differs = {"Date", "X-Request-Id", "Connection", "Transfer-Encoding",
                   "Keep-Alive"}
        for path in list(NAMED.values()) + TABLES + list(UNNAMED.values()):
            for coding in ("identity", "gzip"):
                get, head = (self.client.request(method, path, headers={
                    "Accept-Encoding": coding}) for method in ("GET", "HEAD"))
                row = (path, coding)
                self.assertEqual((head.status, head.body), (200, b""), row)
                if path == "/metrics":
                    continue  # its figures move
                self.assertEqual(
                    [h for h in head.headers if h[0] not in differs],
                    [h for h in get.headers if h[0] not in differs], row)


class Kept(unittest.TestCase):
    """Tags over restarts, merges and restored backups."""

    PATHS = list(NAMED.values()) + TABLES + [
        "/v1/master?known_tx=1", "/v1/securities?as_of=2024-02-01"]

    def answers(self, server):
        out = []
        for path in self.PATHS:
            for coding in ("identity", "gzip"):
                answer = server.client.get(path, Accept_Encoding=coding)
                self.assertEqual(answer.status, 200, (path, answer))
                out.append((path, coding, answer.header("ETag"), answer.body))
        return out

    def test_the_same_after_a_restart_and_from_the_index(self):
        """Also with the rows on disk, whose chunks fall elsewhere."""
        server = Server("--memtable-bytes", "65536")
        self.addCleanup(server.drop)
        server.start()
        facts = [fact(i, "k%d" % (i % 7), "value %d" % i, D1)
                 for i in range(1, 6000)]
        facts += [fact(i, "asset_class", "equity", D1) for i in range(1, 200)]
        facts.append(fact(1, "ticker", "T1", D1))
        self.assertEqual(server.client.post_facts(facts).status, 201)
        positions = [held(i, "1") for i in range(5000, 0, -1)]
        answer = put_day(server.client, "core", D1, positions, "csv")
        self.assertEqual(answer.status, 200, repr(answer))
        answer = server.client.post("/v1/trades", TRADES)
        self.assertEqual(answer.status, 201, repr(answer))
        before = self.answers(server)
        server.restart()
        for old, new in zip(before, self.answers(server)):
            self.assertEqual(old, new, old[:2])
        for _ in range(2):
            self.assertEqual(server.client.post_facts(
                [fact(9000 + i, "late", "x" * 2000, D1)
                 for i in range(200)]).status, 201)
        path = "/v1/master?format=csv&known_tx=1"
        tags = {server.client.get(path, Accept_Encoding="gzip").header("ETag")}
        bodies = {server.client.get(path, Accept_Encoding="gzip").body}
        server.restart()
        answer = server.client.get(path, Accept_Encoding="gzip")
        self.assertEqual(({answer.header("ETag")}, {answer.body}),
                         (tags, bodies))

    def test_another_build_has_other_tags(self):
        """A copy of the program whose build id differs in one bit."""
        server = Server()
        self.addCleanup(server.drop)
        server.start()
        self.assertEqual(server.client.post_facts(
            [fact(1, "ticker", "T1", D1)]).status, 201)
        tag = server.client.get("/v1/master").header("ETag")
        with open(harness.BINARY, "rb") as file:
            image = bytearray(file.read())
        note = struct.pack("<III", 4, 20, 3) + b"GNU\0"
        notes = [found.end() for found in
                 re.finditer(re.escape(note), bytes(image))]
        self.assertEqual(len(notes), 1)
        image[notes[0]] ^= 1
        home = tempfile.mkdtemp(prefix="secmaster-test-")
        self.addCleanup(shutil.rmtree, home, True)
        other = os.path.join(home, "secmaster")
        with open(other, "wb") as file:
            file.write(image)
        os.chmod(other, 0o700)
        with unittest.mock.patch.object(harness, "BINARY", other):
            server.restart()
        answer = server.client.get("/v1/master", If_None_Match=tag)
        self.assertEqual(answer.status, 200)
        self.assertNotEqual(answer.header("ETag"), tag)

    def test_a_restored_backup_goes_another_way(self):
        """Both have a second transaction; they do not know the same."""
        server = Server()
        self.addCleanup(server.drop)
        server.start()
        client = server.client
        self.assertEqual(client.post_facts(
            [fact(1, "asset_class", "equity", D1)]).status, 201)
        server.stop()
        backup = tempfile.mkdtemp(prefix="secmaster-test-")
        self.addCleanup(shutil.rmtree, backup, True)
        shutil.copytree(server.data, os.path.join(backup, "data"))
        tags = {}
        for value in ("one", "two"):
            shutil.rmtree(server.data)
            shutil.copytree(os.path.join(backup, "data"), server.data)
            server.start()
            self.assertEqual(server.client.post_facts(
                [fact(1, "k", value, D1)]).status, 201)
            tags[value] = [
                server.client.get(path).header("ETag")
                for path in ("/v1/master", "/v1/master?known_tx=2",
                             "/v1/transactions/2", "/v1/master?known_tx=1",
                             "/v1/transactions/1")]
            server.stop()
        same = [a == b for a, b in zip(tags["one"], tags["two"])]
        self.assertEqual(same, [False, False, False, True, True])


class Moments(ServerCase):
    """What is said to be for ever, while others write."""

    def test_an_answer_for_ever_does_not_change(self):
        self.stored([fact(1, "n", Num(0), D1)])
        stop, seen, faults = threading.Event(), {}, []

        def write():
            client = Client(self.server.port)
            number = 0
            while not stop.is_set():
                number += 1
                if client.post_facts([fact(1, "n", Num(number),
                                           D1)]).status != 201:
                    faults.append("a write failed")
                    return

        writer = threading.Thread(target=write)
        writer.start()
        try:
            for _ in range(1500):
                now = datetime.datetime.now(datetime.timezone.utc)
                moment = now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
                path = ("/v1/securities/1?as_of=2024-02-01&known_at="
                        + moment)
                answer = self.client.get(path)
                if answer.header("Cache-Control") == FOR_EVER:
                    seen[path] = answer.body
        finally:
            stop.set()
            writer.join()
        self.assertEqual(faults, [])
        # Most are not: the clock is ahead of what was recorded last.
        recorded = self.client.get("/v1/transactions/%d"
                                   % self.client.newest()).json()
        path = ("/v1/securities/1?as_of=2024-02-01&known_at="
                + recorded["recorded_at"])
        answer = self.client.get(path)
        self.assertEqual(answer.header("Cache-Control"), FOR_EVER)
        seen[path] = answer.body
        self.stored([fact(1, "n", Num(-1), D1)])
        for path, body in seen.items():
            self.assertEqual(self.client.get(path).body, body, path)


if __name__ == "__main__":
    unittest.main()
