"""Every misbehaviour of the fake vendor, seen from the other end."""

import email.utils
import gzip
import json
import os
import re
import socket
import time
import unittest
import zlib

from fake_asking import GROUPED, TICKERS, TRADES, FakeCase
from fake import SCENARIOS

OPEN = "/v1/open-close/ALFA/2024-05-09?adjusted=false"
STATUSES = (
    # scenario, path, statuses of requests in turn, Retry-After of the first
    ("calm", TICKERS, [200, 200], None),
    ("429_seconds", TICKERS, [429, 200], "2"),
    ("429_date", TICKERS, [429, 200], 3),
    ("429_past", TICKERS, [429, 200], -3600),
    ("429_huge", TICKERS, [429, 200], "9" * 20),
    ("429_garbage", TICKERS, [429, 200], "soon, maybe"),
    ("429_absent", TICKERS, [429, 200], None),
    ("429_absent", TRADES, [429, 200], None),
    ("429_storm", TICKERS, [200] + [429] * 12, None),
    ("429_plan", TICKERS, [200] * 5 + [429] * 2, None),
    ("429_plan", TRADES, [200] * 7, None),
    ("500_once", TICKERS, [500, 200], None),
    ("502_once", TICKERS, [502, 200], None),
    ("503_once", TRADES, [503, 200], None),
    ("503_always", TRADES, [503] * 5, None),
    ("404_empty", TRADES + "?page=9", [404, 404], None),
    ("404_empty", TRADES, [200], None),
    ("404_no_bar", OPEN, [404], None),
    ("404_no_bar", TICKERS, [200], None),
    ("404_zeros", OPEN, [404], None),
    ("200_zeros", OPEN, [200], None),
    ("200_error", OPEN, [200, 200], None),
    ("401", TICKERS, [401, 401], None),
    ("401", TRADES, [401], None),
    ("403", TICKERS, [403, 403], None),
)
BODIES = (
    # scenario, path, what the body is or holds
    ("404_empty", TRADES + "?page=9", b"no_data_found"),
    ("404_no_bar", OPEN, b'"status":"NOT_FOUND"'),
    ("404_zeros", OPEN, b'"close":0,'),
    ("200_zeros", OPEN, b'"status":"OK"'),
    ("200_zeros", OPEN, b'"high":0,"low":0,"close":0,"volume":0'),
    ("200_error", TICKERS, b'"status":"ERROR"'),
    ("403", TICKERS, b'"status":"NOT_AUTHORIZED"'),
    ("503_once", TICKERS, b"<html>upstream</html>"),
    ("content_type_html", TICKERS, b"<!doctype html>"),
    ("rows_bad_price", OPEN, b'"low":1000000'),
)
TYPES = (
    # scenario, Content-Type, is the body good
    ("calm", "application/json", True),
    ("content_type_html", "application/json", False),
    ("content_type_wrong", "text/html; charset=utf-8", True),
    ("content_type_absent", None, True),
)
CUT = (
    # scenario, how it ends, the share of the body that comes (None: no head)
    ("reset", "reset", None),
    ("reset_midway", "reset", 0.5),
    ("half_body", "end", 0.5),
)
ASTRAY = (
    # scenario, its next_url
    ("next_url_host", r"http://localhost:{port}/v3/reference/tickers"),
    ("next_url_port", r"http://127\.0\.0\.1:{other}/v3/reference/tickers"),
    ("next_url_scheme", r"https://127\.0\.0\.1:{port}/v3/reference/tickers"),
    ("next_url_userinfo", r"http://127\.0\.0\.1:{port}@127\.0\.0\.1:{other}/"
     r"v3/reference/tickers\?cursor=x"),
    ("next_url_itself", r"http://127\.0\.0\.1:{port}/v3/reference/tickers"),
)
FIELDS = (
    # part of the transaction id, values that must be seen
    ("ticker", ["ALFA", None, "", "--", "N/A", "CHARpL", "BRVO.B", "BRVO-B",
                "BRVO/B", "FXTR", "ECHO"]),
    ("amount", ["$1,001 - $15,000", "$15,001 - $50,000",
                "$25,000,001 - $50,000,000", "$50,000,001 +",
                "Over $50,000,000", "$721.63", "None", "Unknown",
                "$1,001 \u2013 $15,000", "$1,001 -\n$15,000"]),
    ("type", ["P", "S", "S (Partial)", "S (partial)", "Purchase",
              "Sale (Full)", "Sale (Partial)", "sale_partial", "E",
              "Exchange"]),
    ("owner", ["SP", "JT", "DC", "Self", "", "None", "--", None]),
)
MEMBER = {"ticker": lambda r: r["security"]["ticker"],
          "amount": lambda r: r["amount"],
          "type": lambda r: r["transaction_type"],
          "owner": lambda r: r["ownership"]}


def split_head(data):
    head, _, body = data.partition(b"\r\n\r\n")
    return head.decode().split("\r\n"), body


def told_length(data):
    return int(re.search(rb"Content-Length: (\d+)", data).group(1))


class Misbehaviour(FakeCase):
    def calm_body(self, path=TICKERS):
        self.fake.play("calm")
        self.fake.change(page_rows={})
        return self.get(path).body

    def ids(self, path=TICKERS):
        return [r["ticker"] for r in self.listed(path)[0]]

    def test_every_scenario_is_played_here(self):
        with open(__file__, encoding="utf-8") as file:
            text = file.read()
        for name in os.listdir(SCENARIOS):
            if name.endswith(".json") and name != "demo.json":
                self.assertIn('"%s"' % name[:-5], text)

    def test_statuses_come_in_their_turn(self):
        for name, path, statuses, retry_after in STATUSES:
            with self.subTest(name, path=path):
                self.fake.play(name)
                answers = [self.get(path) for _ in statuses]
                self.assertEqual([a.status for a in answers], statuses)
                got = answers[0].headers["Retry-After"]
                if isinstance(retry_after, int):
                    at = email.utils.parsedate_to_datetime(got).timestamp()
                    self.assertAlmostEqual(at - time.time(), retry_after,
                                           delta=2)
                else:
                    self.assertEqual(got, retry_after)

    def test_bodies_are_what_they_should_not(self):
        for name, path, text in BODIES:
            with self.subTest(name):
                self.fake.play(name)
                self.assertIn(text, self.get(path).body)
        self.fake.play("empty_body")
        self.assertEqual(self.get(TICKERS).body, b"")
        self.fake.play("nested")
        body = self.get(TICKERS).body
        self.assertIn(b"[" * 100000 + b"]" * 100000, body)
        with self.assertRaises(RecursionError):
            json.loads(body)

    def test_the_type_and_the_body_do_not_agree(self):
        for name, kind, is_good in TYPES:
            with self.subTest(name):
                self.fake.play(name)
                got = self.get(TICKERS)
                self.assertEqual((got.headers["Content-Type"],
                                  got.body[:1] == b"{"), (kind, is_good))

    def test_nobody_listens_for_a_while(self):
        self.fake.play("refused")
        self.assertEqual(self.get(TICKERS).status, 200)
        self.assertEqual(self.read_all(self.raw()), (b"", "reset"))
        begun = time.monotonic()
        with self.assertRaises(ConnectionRefusedError):
            self.raw()
        self._await_return()
        self.assertGreater(time.monotonic() - begun, 1)
        self.assertEqual(self.get(TICKERS).status, 200)
        self.fake.refuse(2)
        with self.assertRaises(ConnectionRefusedError):
            self.raw()
        self._await_return()
        self.assertEqual([r["did"] for r in self.fake.requests()],
                         [[], ["refuse"], []])

    def _await_return(self):
        until = time.monotonic() + 20
        while time.monotonic() < until:
            try:
                return self.raw(path="/_log").close()
            except ConnectionRefusedError:
                time.sleep(0.02)
        self.fail("nobody came back")

    def test_connections_end_early(self):
        whole = self.calm_body()
        for name, end, share in CUT:
            with self.subTest(name):
                self.fake.play(name)
                data, how = self.read_all(self.raw())
                self.assertEqual(how, end)
                if share is None:
                    self.assertEqual(data, b"")
                elif end == "end":  # a reset may overtake what was sent
                    self.assertEqual(told_length(data), len(whole))
                    self.assertEqual(len(split_head(data)[1]),
                                     int(len(whole) * share))
                self.assertEqual(self.get(TICKERS).body, whole)

    def test_a_body_ends_within_a_character(self):
        whole = self.calm_body()
        self.fake.play("cut_utf8")
        body = self.get(TICKERS).body  # http.client saw the length it was told
        self.assertTrue(whole.startswith(body))
        with self.assertRaisesRegex(UnicodeDecodeError, "end of data"):
            body.decode()

    def test_a_slow_drip(self):
        self.fake.play("drip")
        with self.raw() as sock:
            time.sleep(1)
            data = sock.recv(65536)
            self.assertLess(len(split_head(data)[1]), 8)
            rest = sock.recv(65536)
            self.assertEqual(len(rest), 1)

    def test_no_answer(self):
        for name, head in (("no_answer", b""), ("no_body", b"HTTP/1.1 200")):
            with self.subTest(name):
                self.fake.play(name)
                with self.raw(timeout=0.5) as sock:
                    if head:
                        data = sock.recv(65536)
                        self.assertTrue(data.startswith(head))
                        self.assertGreater(told_length(data), 100)
                    with self.assertRaises(socket.timeout):
                        sock.recv(1)
                self.assertEqual(self.get(TICKERS).status, 200)

    def test_what_is_no_http(self):
        self.fake.play("not_http")
        self.assertEqual(self.read_all(self.raw()),
                         (b"220 mail.example ESMTP\r\n", "end"))
        self.fake.play("endless_head")
        with self.raw() as sock:
            data = b""
            while len(data) < 4 << 20:
                data += sock.recv(65536)
            self.assertNotIn(b"\r\n\r\n", data)

    def test_framings(self):
        whole = self.calm_body()
        for name, there, absent in (
                ("chunked", b"Transfer-Encoding: chunked", b"Content-Length"),
                ("until_close", b"Connection: close", b"Content-Length")):
            with self.subTest(name):
                self.fake.play(name)
                self.fake.change(page_rows={})
                data, _ = self.read_all(self.raw())
                self.assertIn(there, data)
                self.assertNotIn(absent, data)
                self.assertEqual(self.get(TICKERS).body, whole)

    def test_packed_answers(self):
        whole = self.calm_body()
        for name, fault in (("gzip", None), ("gzip_cut", EOFError),
                            ("gzip_checksum", gzip.BadGzipFile)):
            with self.subTest(name):
                self.fake.play(name)
                self.fake.change(page_rows={})
                got = self.get(TICKERS)
                self.assertEqual(got.headers["Content-Encoding"], "gzip")
                if fault is None:
                    self.assertEqual(gzip.decompress(got.body), whole)
                    continue
                with self.assertRaises(fault):
                    gzip.decompress(got.body)

    def test_a_gzip_bomb(self):
        self.fake.play("gzip_bomb")
        with self.raw() as sock:
            packed = b""
            while len(packed) < 65536:
                packed += sock.recv(65536)
        body = zlib.decompressobj(31).decompress(
            re.sub(rb"\r\n[0-9a-f]+\r\n", b"", split_head(packed)[1]
                   .partition(b"\r\n")[2]), 16 << 20)
        self.assertEqual(len(body), 16 << 20)
        self.assertTrue(body.startswith(b'{"status":"OK","results":['))
        self.fake.change(rules=[{"do": "gzip_bomb", "bytes": 10 << 20}])
        got = self.get(TICKERS)
        self.assertLess(len(got.body), 1 << 17)
        whole = gzip.decompress(got.body)
        self.assertEqual(len(whole), 10 << 20)
        self.assertEqual(json.loads(whole)["results"], [])

    def test_two_gigabytes(self):
        for name, word in (("huge_announced", b"Content-Length: 2147483648"),
                           ("huge_chunked", b"Transfer-Encoding: chunked")):
            with self.subTest(name):
                self.fake.play(name)
                with self.raw() as sock:
                    count = 0
                    data = sock.recv(65536)
                    self.assertIn(word, data)
                    while count < 32 << 20:
                        count += len(sock.recv(1 << 20))
                with open("/proc/%d/status" % self.fake.process.pid) as file:
                    peak = re.search(r"VmHWM:\s+(\d+) kB", file.read())
                self.assertLess(int(peak.group(1)), 100 << 10)
        self.fake.change(rules=[{"do": "huge", "bytes": 3 << 20}])
        got = self.get(TICKERS)
        self.assertEqual(len(got.body), 3 << 20)
        self.assertEqual(got.json(), {"status": "OK", "results": []})

    def test_pages_come_twice_or_not_at_all(self):
        self.fake.play("calm")
        names, trades = self.ids(), [r["id"] for r in self.paged()[0]]
        self.fake.play("page_twice")
        self.assertEqual(self.ids(), names[:4] + names[:4] + names[8:])
        self.fake.play("page_twice_trades")
        self.assertEqual([r["id"] for r in self.paged()[0]],
                         trades[:2] + trades[:2] + trades[4:])
        self.fake.play("page_skipped")
        self.assertEqual(self.ids(), names[:3] + names[6:])
        self.fake.play("page_skipped_trades")
        self.assertEqual([r["id"] for r in self.paged()[0]],
                         trades[:2] + trades[4:])

    def test_next_url_leads_astray(self):
        other = self.fake.log()["other"]
        for name, pattern in ASTRAY:
            with self.subTest(name):
                self.fake.play(name)
                link = self.get(TICKERS).json()["next_url"]
                self.assertRegex(link, "^" + pattern.format(
                    port=self.fake.port, other=other))
                if name != "next_url_itself":
                    again = self.get(TICKERS).json()["next_url"]
                    self.assertTrue(again.startswith(
                        self.fake.url + TICKERS + "?cursor="), again)
        path = TICKERS + "?cursor=bGltaXQ9MyZwYWdlX21hcmtlcj0z"
        self.assertEqual(self.get(path + "&apiKey=massive-key", {}).json()[
            "next_url"], self.fake.url + path)
        self.assertEqual(self.fake.requests(to="other"), [])

    def test_redirects(self):
        self.fake.play("redirect_port")
        got = self.get(TICKERS)
        self.assertEqual((got.status, got.headers["Location"]), (
            302, "http://127.0.0.1:%d%s" % (self.fake.log()["other"],
                                            TICKERS)))
        self.fake.play("redirect_itself")
        self.assertEqual(self.get(TICKERS).headers["Location"],
                         self.fake.url + TICKERS)

    def test_rows_are_repeated_or_lack_something(self):
        self.fake.play("calm")
        self.fake.change(page_rows={})
        names, trades = self.ids(), self.paged()[0]
        self.fake.play("rows_repeated")
        self.assertEqual(self.get(TRADES).json()["data"], trades + trades[:2])
        self.fake.play("rows_repeated_listing")
        self.assertEqual(self.ids(), names + names[:1])
        self.fake.play("shrunken_listing")
        self.assertEqual(self.ids(), names[:8])
        self.assertEqual(self.get(TICKERS).json()["count"], 8)
        self.fake.play("empty_listing")
        self.assertEqual((self.ids(), len(self.paged()[0])),
                         ([], len(trades)))
        self.fake.play("empty_trades")
        self.assertEqual((self.ids(), self.paged()[0]), (names, []))
        self.fake.play("rows_without_id")
        for row in self.get(TRADES).json()["data"]:
            self.assertNotIn("transaction_id", row)
        self.fake.play("rows_bad_date")
        dates = [r["transaction_date"]
                 for r in self.get(TRADES).json()["data"]]
        self.assertEqual((dates[0], dates.count("2024-02-30")),
                         ("2024-02-30", 1))
        self.fake.play("rows_bad_price")
        bar = self.get(OPEN).json()
        self.assertGreater(bar["low"], bar["high"])

    def test_rows_change_from_one_day_to_the_next(self):
        for name, days, seen in (
                ("rows_changed", ("2024-05-31", "2024-06-02"),
                 lambda rows: [r["amount"] for r in rows
                               if r["transaction_id"] == "t-delta"]),
                ("rows_withdrawn", ("2024-06-01", "2024-06-03"),
                 lambda rows: [r["id"] for r in rows])):
            with self.subTest(name):
                self.fake.play(name)
                self.assertEqual(self.fake.log()["today"], days[0])
                first = seen(self.paged()[0])
                self.fake.change(today=days[1])
                second = seen(self.paged()[0])
                self.assertNotEqual(first, second)
                self.assertEqual(name == "rows_withdrawn",
                                 len(second) == len(first) - 1)

    def test_listings_change_from_one_day_to_the_next(self):
        for name, begins, days in (
                ("rename", "EC", (("2024-05-14", ["ECHO"]),
                                  ("2024-05-16", ["ECHX"]))),
                ("reuse", "FX", (("2024-05-09", ["FXTR"]),
                                 ("2024-05-17", []),
                                 ("2024-05-21", ["FXTR"]))),
                ("relisting", "HO", (("2024-05-07", ["HOTL"]),
                                     ("2024-05-09", []),
                                     ("2024-05-23", ["HOTL"])))):
            self.fake.play(name)
            for number, (day, names) in enumerate(days):
                with self.subTest(name, day=day):
                    if number > 0:
                        self.fake.change(today=day)
                    self.assertEqual(self.fake.log()["today"], day)
                    self.assertEqual([n for n in self.ids()
                                      if n[:2] == begins], names)
        self.fake.play("late_bar")
        path = "/v1/open-close/INDA/2024-05-07"
        self.assertEqual(self.get(path).status, 404)
        self.fake.change(today="2024-05-10")
        self.assertEqual(self.get(path).status, 200)

    def test_every_value_of_the_field_is_there(self):
        self.fake.play("every_value")
        rows = self.paged("&pagesize=1000")[0]
        for part, values in FIELDS:
            got = [MEMBER[part](r) for r in rows
                   if re.fullmatch(part + r"-\d\d", r["transaction_id"])]
            for value in values:
                self.assertIn(value, got, part)
        by_id = {}
        for row in rows:
            by_id.setdefault(row["transaction_id"], []).append(row)
        self.assertNotIn("ticker", by_id["ticker-absent-00"][0]["security"])
        self.assertEqual(len(by_id["amended-00"]), 3)
        self.assertEqual([type(r["updated"]) for r in by_id["updated-text-00"]
                          + by_id["amended-00"]], [str, int, int, int])
        self.assertNotIn("notification_date", by_id["dates-senate-00"][0])
        typo = by_id["dates-typo-00"][0]
        self.assertGreater(typo["transaction_date"], typo["report_date"])
        self.assertEqual(len(self.ids()), 10)

    def test_envelopes(self):
        self.fake.play("envelope_bare")
        rows = self.get(TRADES).json()
        self.assertEqual(len(rows), 2)
        self.fake.play("envelope_wrapped")
        self.assertEqual(self.get(TRADES).json(), [{"data": rows}])

    def test_a_large_listing(self):
        self.fake.play("large_listing")
        rows, pages = self.listed(TICKERS + "?limit=1000")
        self.assertEqual((len(rows), pages), (3000, 3))
        self.assertEqual(len({r["composite_figi"] for r in rows}), 3000)
        bars = self.get(GROUPED + "2024-05-31").json()["results"]
        self.assertEqual(len(bars), 3000)

    def test_a_clock_that_jumps(self):
        for name, offsets in (("calm", [0, 0, 0]),
                              ("clock_behind", [-86400, -86400]),
                              ("clock_jumps", [864000, -864000, None, 0])):
            self.fake.play(name)
            for offset in offsets:
                with self.subTest(name, offset=offset):
                    text = self.get(TICKERS).headers["Date"]
                    if offset is None:
                        self.assertEqual(text, "yesterday")
                        continue
                    at = email.utils.parsedate_to_datetime(text).timestamp()
                    self.assertAlmostEqual(at - time.time(), offset, delta=2)

    def test_rules_choose_their_requests(self):
        for when, statuses in (
                ({}, [503] * 4), ({"nth": 2}, [200, 503, 200, 200]),
                ({"nth": [1, 3]}, [503, 200, 503, 200]),
                ({"first": 2}, [503, 503, 200, 200]),
                ({"after": 2}, [200, 200, 503, 503]),
                ({"seconds": 60}, [503] * 4), ({"seconds": 0}, [200] * 4),
                ({"match": {"path": "/v3/*"}}, [503] * 4),
                ({"match": {"path": "/v2/*"}}, [200] * 4),
                ({"match": {"vendor": "benzinga"}}, [200] * 4),
                ({"match": {"params": {"limit": "[5-9]"}}}, [503] * 4),
                ({"match": {"params": {"limit": "[1-4]"}}}, [200] * 4),
                ({"match": {"params": {"cursor": None}}}, [503] * 4),
                ({"match": {"params": {"limit": None}}}, [200] * 4)):
            with self.subTest(when):
                self.fake.change(rules=[{"do": "status", "status": 503,
                                         **when}])
                self.assertEqual([self.get(TICKERS + "?limit=5").status
                                  for _ in range(4)], statuses)

    def test_a_rule_that_cannot_be_followed_is_a_fault(self):
        self.fake.change(rules=[{"do": "rows", "keep": 0}])
        self.assertEqual(self.get(OPEN).status, 500)
        self.assertIn("has no rows", self.fake.faults()[0])

    def test_the_plan_forgives_with_time(self):
        self.fake.change(rules=[{"do": "limit", "requests": 1,
                                 "per_seconds": 0.3}])
        statuses = [self.get(TICKERS).status for _ in range(2)]
        time.sleep(0.7)
        self.assertEqual(statuses + [self.get(TICKERS).status],
                         [200, 429, 200])


if __name__ == "__main__":
    unittest.main()
