"""Pages: their size, their one snapshot, and cursors that are refused."""

import base64
import unittest
import urllib.parse

from harness import (CSV, NDJSON, Num, Server, ServerCase, fact, facts_body,
                     read_table)

D1, D2 = "2024-01-01", "2024-02-01"
TABLES = ("/v1/master", "/v1/securities", "/v1/asset-classes/equity",
          "/v1/securities/1/history")


def seed(client, count=7):
    """Each of the four tables has `count` rows."""
    facts = [fact(i, "asset_class", "equity", D1) for i in range(1, count + 1)
             if i > 1]
    facts += [fact(1, "asset_class", "equity", "2024-01-%02d" % (i + 1))
              for i in range(count)]
    assert client.post_facts(facts).status == 201


def with_(path, **parameters):
    query = urllib.parse.urlencode(parameters)
    return path + ("&" if "?" in path else "?") + query


def rows_of(path, answer):
    assert answer.status == 200, (path, answer)
    return read_table(answer)[1]


class Sizes(ServerCase):
    ROWS = {"/v1/master": 13, "/v1/securities": 7,
            "/v1/asset-classes/equity": 13, "/v1/securities/1/history": 7}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        seed(cls.server.client)

    def walk(self, path, limit):
        """Sizes and rows of all pages along Link and next_cursor."""
        sizes, rows, answer = [], [], self.client.get(
            with_(path, limit=limit))
        while True:
            page = rows_of(path, answer)
            sizes.append(len(page))
            rows += page
            link = answer.next_link()
            if answer.header("Content-Type") == "application/json":
                cursor = answer.json()["next_cursor"]
                self.assertEqual(cursor is None, link is None, path)
            if link is None:
                return sizes, rows
            self.assertTrue(link.startswith("/v1/") or "://" in link, link)
            answer = self.client.get(link)

    def test_a_page_is_exactly_limit_unless_it_is_the_last(self):
        for path, count in self.ROWS.items():
            whole = rows_of(path, self.client.get(path))
            self.assertEqual(len(whole), count, path)
            for limit in (1, 2, 3, count - 1, count, count + 1, 10000):
                for how in ("json", "ndjson", "csv"):
                    row = "%s by %d as %s" % (path, limit, how)
                    sizes, rows = self.walk(with_(path, format=how), limit)
                    want = [limit] * (count // limit)
                    want += [count % limit] * (count % limit > 0)
                    self.assertEqual(sizes, want, row)
                    self.same(rows, whole, row)

    def test_the_body_names_the_next_cursor(self):
        for path in TABLES:
            first = self.client.get(with_(path, limit=2))
            cursor = first.json()["next_cursor"]
            self.assertIsInstance(cursor, str)
            by_cursor = self.client.get(with_(path, limit=2, cursor=cursor))
            by_link = self.client.get(first.next_link())
            self.assertEqual(by_cursor.body, by_link.body, path)
            last = self.client.get(path).json()
            self.assertIsNone(last["next_cursor"])

    def test_ndjson_and_csv_are_whole_unless_limit_is_given(self):
        for path, count in self.ROWS.items():
            for kind in (NDJSON, CSV):
                answer = self.client.get(path, Accept=kind)
                self.assertEqual(len(rows_of(path, answer)), count, path)
                self.assertIsNone(answer.header("Link"))

    def test_limit_and_format_may_change_from_page_to_page(self):
        for path in TABLES:
            whole = rows_of(path, self.client.get(path))
            rows, cursor, turn = [], None, 0
            while turn == 0 or cursor:
                extra = {"cursor": cursor} if cursor else {}
                answer = self.client.get(with_(
                    path, limit=1 + turn % 3,
                    format=("json", "csv", "ndjson")[turn % 3], **extra))
                rows += rows_of(path, answer)
                link = answer.next_link()
                cursor = link and urllib.parse.parse_qs(
                    urllib.parse.urlsplit(link).query)["cursor"][0]
                turn += 1
            self.same(rows, whole, path)

    def test_limits_that_are_refused(self):
        for path in TABLES:
            for limit in ("0", "-1", "abc", "", "1.5", "1e3", "%2B1", "+1",
                          "1+", "0x10", "1%00", "1&limit=1"):
                query = "%s?limit=%s" % (path, limit)
                self.refused(400, self.client.get(query), query)
            for limit in ("10001", "99999", "4294967297"):
                answer = self.client.get("%s?limit=%s" % (path, limit))
                self.assertEqual(answer.status, 200, limit)

    def other_queries(self, path):
        """Queries that a cursor of `path` does not belong to."""
        for other in TABLES:
            if other != path:
                yield other
        yield "/v1/securities/2/history"
        yield "/v1/asset-classes/none"
        yield with_(path, known_tx=0)
        yield with_(path, known_at="2024-01-01T00:00:00Z")
        if path == "/v1/securities":
            yield with_(path, as_of="2024-03-03")
        else:
            yield with_(path, to="9999-01-01")
            yield with_(path, **{"from": "0001-01-01"})

    def test_a_cursor_of_another_query_is_refused(self):
        for path in TABLES:
            cursor = self.client.get(with_(path, limit=2)) \
                .json()["next_cursor"]
            for other in self.other_queries(path):
                query = with_(other, limit=2, cursor=cursor)
                self.refused(400, self.client.get(query),
                             "%s in %s" % (path, query))
            pinned = with_(path, known_tx=1, limit=2)
            cursor = self.client.get(pinned).json()["next_cursor"]
            good = self.client.get(with_(pinned, cursor=cursor))
            self.assertEqual(good.status, 200, pinned)
            self.refused(400, self.client.get(
                with_(path, limit=2, cursor=cursor)), pinned)

    def test_a_cursor_that_is_no_cursor_is_refused(self):
        for path in TABLES:
            good = self.client.get(with_(path, limit=2)).json()["next_cursor"]
            rows = ["", "a", "garbage", "%00", "null", "AAAA" * 8, "A" * 4000,
                    good[:-1], good[1:], good[:len(good) // 2], good + "A",
                    good + good, " " + good, good.swapcase(), good[::-1],
                    base64.b64encode(b"\xff" * 40).decode(),
                    base64.urlsafe_b64encode(b"\0" * 24).decode(), "é"]
            for row in rows:
                query = "%s?limit=2&cursor=%s" % (
                    path, row if row == "%00" else urllib.parse.quote(row))
                self.refused(400, self.client.get(query), query)
            twice = with_(path, limit=2, cursor=good) + "&cursor=" + good
            self.refused(400, self.client.get(twice), twice)

    def test_a_cursor_that_was_tampered_with_does_no_harm(self):
        for path in TABLES:
            good = self.client.get(with_(path, limit=2)).json()["next_cursor"]
            for i in range(len(good)):
                bad = good[:i] + ("A" if good[i] != "A" else "B") \
                    + good[i + 1:]
                answer = self.client.get(with_(path, limit=2, cursor=bad))
                self.assertIn(answer.status, (200, 400), bad)


class LongLinks(ServerCase):
    """A Link that an answer's head cannot hold must not cost the answer."""

    def setUp(self):
        super().setUp()
        for count in (400, 3500):
            name = "é" * count
            answer = self.client.post_facts(
                [fact(i, "asset_class", name, "2024-01-01")
                 for i in (count, count + 1)])
            self.assertEqual(answer.status, 201, answer)

    def get(self, count, query):
        target = "/v1/asset-classes/%s?%s" % ("é" * count, query)
        head = "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        with self.server.raw(10) as sock:
            sock.sendall((head % target).encode())
            return b"".join(iter(lambda: sock.recv(65536), b""))

    def test_the_page_is_refused_not_lost(self):
        for how in ("json", "csv"):
            short = self.get(400, "limit=1&format=" + how)
            self.assertIn(b'>; rel="next"', short)
            long = self.get(3500, "limit=1&format=" + how)
            self.assertTrue(long.startswith(b"HTTP/1.1 413 "), long[:200])
            whole = self.get(3500, "limit=2&format=" + how)
            self.assertTrue(whole.startswith(b"HTTP/1.1 200 "), whole[:200])


class Pinned(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.drop)
        seed(self.server.start().client)

    def disturb(self, turn):
        """New rows before, between and behind, a new column, new cells."""
        answer = self.server.client.post_facts(
            [fact(i, "asset_class", "equity", "2023-01-01")
             for i in range(0, 30)]
            + [fact(2, "asset_class", "changed", D1),
               fact(1, "new%d" % turn, Num(turn), D1)])
        self.assertEqual(answer.status, 201, repr(answer))

    def test_pages_are_one_snapshot_while_facts_arrive_and_over_restarts(self):
        want, answers, tx = {}, {}, self.server.client.newest()
        for path in TABLES:
            for how in ("json", "ndjson", "csv"):
                key = with_(path, format=how)
                want[key] = read_table(self.server.client.get(key))
                answers[key] = self.server.client.get(with_(key, limit=2))
        rows = {key: [] for key in want}
        for turn in range(20):
            if not answers:
                break
            self.disturb(turn)
            if turn % 3 == 1:
                self.server.restart()
            answers = dict(self.turn_pages(answers, want, rows, tx))
        self.assertEqual(answers, {})
        for key in want:
            self.assertEqual(rows[key], want[key][1], key)

    def turn_pages(self, answers, want, rows, tx):
        for key, answer in answers.items():
            self.assertEqual(answer.status, 200, (key, answer))
            self.assertEqual(answer.tx, tx, key)
            columns, page = read_table(answer)
            self.assertEqual(columns, want[key][0], key)
            rows[key] += page
            if answer.next_link():
                yield key, self.server.client.get(answer.next_link())

    def test_a_page_of_one_snapshot_says_so(self):
        first = self.server.client.get("/v1/master?limit=2")
        self.disturb(0)
        second = self.server.client.get(first.next_link())
        self.assertEqual(second.tx, first.tx)
        self.assertEqual(self.server.client.newest(), first.tx + 1)


class Many(ServerCase):
    """More rows than the largest page holds."""
    COUNT = 10050

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        kind, body = facts_body([fact(i, "k", Num(i), D1)
                                 for i in range(cls.COUNT)], "csv")
        assert cls.server.client.post("/v1/facts", body, kind).status == 201

    def test_default_and_largest_page(self):
        for query, count in (("", 1000), ("?limit=10000", 10000),
                             ("?limit=10001", 10000),
                             ("?limit=999999999", 10000), ("?limit=1", 1),
                             ("?limit=9999", 9999)):
            for path in ("/v1/master", "/v1/securities"):
                answer = self.client.get(path + query)
                rows = answer.json()["rows"]
                self.assertEqual(len(rows), count, path + query)
                rest = self.client.get(answer.next_link()).json()["rows"]
                self.assertEqual(rest[0]["security_id"], Num(count))

    def test_the_rest_of_the_largest_page(self):
        answer = self.client.get("/v1/master?limit=10001")
        rest = self.client.get(answer.next_link())
        self.assertEqual(len(rest.json()["rows"]), self.COUNT - 10000)
        self.assertIsNone(rest.next_link())

    def test_streams_are_whole(self):
        for how in ("ndjson", "csv"):
            answer = self.client.get("/v1/master?format=" + how)
            rows = read_table(answer)[1]
            self.assertEqual(len(rows), self.COUNT)
            self.assertEqual([int(r[0]) for r in rows],
                             list(range(self.COUNT)))
            page = self.client.get("/v1/master?limit=10001&format=" + how)
            self.assertEqual(len(read_table(page)[1]), 10000)
            self.assertIsNotNone(page.next_link())


if __name__ == "__main__":
    unittest.main()
