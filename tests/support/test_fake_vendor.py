"""The fake vendor when it behaves: every endpoint, its keys and its log."""

import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
import unittest

from fake_asking import (BEARER, GROUPED, SENATE, TICKERS, TRADES, FakeCase)
from fake import SCENARIOS, SUPPORT, FakeVendor
from fake_data import figi, hours_behind_utc, day_of

MAY_9 = 1715227200  # 2024-05-09T04:00:00Z, midnight in New York
OPEN = "/v1/open-close/%s/%s?adjusted=false"
RANGE = "/v2/aggs/ticker/%s/range/1/day/%s/%s?adjusted=false"
NAMES = ["ALFA", "BRVO.A", "BRVO.B", "CHARpL", "DLTA", "ECHX", "FXTR", "GOLF",
         "HOTL", "INDA"]
ON_A_DAY = (
    # day, active, (ticker, cik) pairs that are there, tickers that are not
    ("2024-05-09", True, [("ECHO", "0009000005"), ("FXTR", "0009000006")],
     ["ECHX", "HOTL"]),
    ("2024-05-09", False, [("HOTL", "0009000009")], ["FXTR", "ECHO"]),
    ("2024-05-17", True, [("ECHX", "0009000005")], ["ECHO", "FXTR", "HOTL"]),
    ("2024-05-17", False, [("FXTR", "0009000006"), ("HOTL", "0009000009")],
     ["ECHO"]),
    ("2024-05-21", True, [("FXTR", "0009000007")], ["HOTL"]),
    ("2024-05-22", True, [("HOTL", "0009000009")], []),
)
REFUSED = (
    # path, status, the vendor's word
    (TICKERS + "?limit=0", 400, "ERROR"),
    (TICKERS + "?limit=1001", 400, "ERROR"),
    (TICKERS + "?active=yes", 400, "ERROR"),
    (TICKERS + "?cursor=%20", 400, "ERROR"),
    (TICKERS + "?date=2024-02-30", 403, "NOT_AUTHORIZED"),
    (OPEN % ("ALFA", "2024-5-9"), 403, "NOT_AUTHORIZED"),
    (OPEN % ("ALFA", "2024-05-11"), 404, "NOT_FOUND"),
    (OPEN % ("ALFA", "2024-05-27"), 404, "NOT_FOUND"),
    (OPEN % ("alfa", "2024-05-09"), 404, "NOT_FOUND"),
    (OPEN % ("ECHX", "2024-05-09"), 404, "NOT_FOUND"),
    (OPEN % ("INDA", "2024-05-03"), 404, "NOT_FOUND"),
    (OPEN % ("ALFA", "2024-06-03"), 404, "NOT_FOUND"),
    (RANGE % ("ALFA", "2024-05-09", "2024-05-08"), 400, "ERROR"),
    (GROUPED + "yesterday", 403, "NOT_AUTHORIZED"),
    ("/v9/nothing", 404, "ERROR"),
)
TRADES_ASKED = (
    # query, transaction ids newest first
    ("", "t-delta t-alfa t-fund t-echo t-bravo t-alfa"),
    ("&chamber=House", "t-alfa t-bravo t-alfa"),
    ("&chamber=Senate", "t-delta t-fund t-echo"),
    ("&date=2024-05-22", "t-echo"),
    ("&date_from=2024-05-23", "t-delta t-alfa t-fund"),
    ("&date_to=2024-05-22", "t-echo t-bravo t-alfa"),
    ("&date_from=2024-05-22&date_to=2024-05-23", "t-delta t-echo"),
    ("&updated_since=1717243200", "t-delta"),
    ("&updated_since=1717243201", ""),
)


class Massive(FakeCase):
    def setUp(self):
        self.fake.play("calm")
        self.fake.change(page_rows={})

    def tearDown(self):
        faults = self.fake.faults()
        super().tearDown()
        self.assertEqual(faults, [])

    def test_a_listing_is_paged_by_the_cursor(self):
        self.fake.change(page_rows={"massive": 4})
        rows, pages = self.listed(TICKERS + "?market=stocks&limit=1000")
        self.assertEqual(([r["ticker"] for r in rows], pages), (NAMES, 3))
        self.fake.change(page_rows={})
        for limit, count in ((1, 10), (3, 4), (5, 2), (10, 1)):
            with self.subTest(limit=limit):
                got = self.listed(TICKERS + "?limit=%d" % limit)
                self.assertEqual(got, (rows, count))
        cursor = self.get(TICKERS + "?limit=3&apiKey=massive-key", {}).json()
        self.assertNotIn("massive-key", json.dumps(cursor))

    def test_a_row_has_what_is_known_of_it(self):
        rows = {r["ticker"]: r for r in self.listed(TICKERS)[0]}
        self.assertEqual(rows["DLTA"], {
            "active": True, "cik": "0009000004",
            "composite_figi": rows["DLTA"]["composite_figi"],
            "currency_name": "usd", "last_updated_utc": "2010-01-04T00:00:00Z",
            "locale": "us", "market": "stocks", "name": "Société Delta N.V.",
            "primary_exchange": "XNAS",
            "share_class_figi": rows["DLTA"]["share_class_figi"],
            "ticker": "DLTA", "type": "CS"})
        self.assertNotIn("composite_figi", rows["GOLF"])
        self.assertNotIn("cik", rows["INDA"])
        self.assertEqual(rows["BRVO.A"]["cik"], rows["BRVO.B"]["cik"])
        self.assertEqual(self.listed(TICKERS + "?market=crypto")[0], [])

    def test_a_listing_is_that_of_its_day(self):
        figis = {}
        for day, is_active, there, absent in ON_A_DAY:
            with self.subTest(day, active=is_active):
                rows, _ = self.listed("%s?date=%s&active=%s" % (
                    TICKERS, day, str(is_active).lower()))
                pairs = [(r["ticker"], r.get("cik")) for r in rows]
                for pair in there:
                    self.assertIn(pair, pairs)
                self.assertEqual([a for a in absent
                                  if a in [p[0] for p in pairs]], [])
                for row in rows:
                    self.assertIs(row["active"], is_active)
                    self.assertEqual("delisted_utc" in row, not is_active)
                    figis.setdefault(row.get("cik"), set()).add(
                        row.get("composite_figi"))
        self.assertEqual(len(figis["0009000005"]), 1)
        self.assertNotEqual(figis["0009000006"], figis["0009000007"])

    def test_today_is_the_day_of_a_listing_without_one(self):
        self.fake.change(today="2024-05-09")
        self.assertIn("ECHO", [r["ticker"] for r in self.listed(TICKERS)[0]])
        self.assertEqual(self.fake.log()["today"], "2024-05-09")

    def test_what_is_refused(self):
        for path, status, word in REFUSED:
            with self.subTest(path):
                got = self.get(path)
                self.assertEqual((got.status, got.json()["status"]),
                                 (status, word))

    def test_a_bar_is_the_same_by_every_way(self):
        one = self.get(OPEN % ("ALFA", "2024-05-09")).json()
        self.assertEqual((one["status"], one["from"], one["symbol"]),
                         ("OK", "2024-05-09", "ALFA"))
        self.assertLessEqual(one["low"], min(one["open"], one["close"]))
        self.assertGreaterEqual(one["high"], max(one["open"], one["close"]))
        day = self.get(GROUPED + "2024-05-09?adjusted=false").json()
        ranged = self.get(RANGE % ("ALFA", "2024-05-09", "2024-05-10")).json()
        row = [r for r in day["results"] if r["T"] == "ALFA"][0]
        self.assertEqual([row[n] for n in "ohlcv"], [
            one[n] for n in ("open", "high", "low", "close", "volume")])
        self.assertEqual(day["resultsCount"], len(day["results"]))
        self.assertEqual(row["t"], (MAY_9 + 16 * 3600) * 1000)
        first = ranged["results"][0]
        self.assertEqual(first, {**{k: v for k, v in row.items() if k != "T"},
                                 "t": MAY_9 * 1000})
        self.assertEqual(ranged["resultsCount"], 2)

    def test_bars_are_those_of_the_seed(self):
        path = RANGE % ("ALFA", "2024-05-01", "2024-05-31")
        first = self.get(path).json()["results"]
        self.fake.change(today="2024-06-20")
        self.assertEqual(self.get(path).json()["results"], first)
        self.assertEqual(len(first), 22)
        volumes = [r["v"] for r in first]
        self.assertTrue(any(v != int(v) for v in volumes), volumes)
        days = [self.get(OPEN % ("ALFA", "2024-05-%02d" % d)).json()
                for d in range(1, 32)]
        self.assertEqual(
            {n for d in days if d["status"] == "OK"
             for n in ("afterHours", "preMarket") if n not in d},
            {"afterHours", "preMarket"})

    def test_a_range_is_paged_sorted_and_by_the_ticker_of_each_day(self):
        path = RANGE % ("ALFA", "2024-05-01", "2024-05-31")
        rows = self.get(path).json()["results"]
        self.assertEqual(self.listed(path + "&limit=3"), (rows, 8))
        self.assertEqual(self.get(path + "&sort=desc").json()["results"],
                         rows[::-1])
        days = {t: self.get(RANGE % (t, "2024-05-01", "2024-05-31")).json()[
            "resultsCount"] for t in ("ECHO", "ECHX", "FXTR", "NONE")}
        self.assertEqual(days, {"ECHO": 10, "ECHX": 12, "FXTR": 16, "NONE": 0})
        begin = MAY_9 * 1000
        self.assertEqual(self.get(RANGE % ("ALFA", begin, begin)).json()[
            "resultsCount"], 1)

    def test_a_split_adjusts_what_was_before_it(self):
        for day, factor in (("2024-05-10", 4), ("2024-05-13", 1)):
            path = "/v1/open-close/DLTA/" + day
            plain = self.get(path + "?adjusted=false").json()
            adjusted = self.get(path).json()
            self.assertAlmostEqual(plain["close"], adjusted["close"] * factor,
                                   places=3)
            self.assertEqual(plain["volume"] * factor, adjusted["volume"])
        before = self.get(OPEN % ("DLTA", "2024-05-10")).json()["close"]
        after = self.get(OPEN % ("DLTA", "2024-05-13")).json()["open"]
        self.assertAlmostEqual(after / before, 0.25, places=2)
        self.fake.change(today="2024-05-12")
        path = "/v1/open-close/DLTA/2024-05-10"
        self.assertEqual(self.get(path).json()["close"],
                         self.get(path + "?adjusted=false").json()["close"])

    def test_splits_are_listed_with_their_duplicate(self):
        for path in ("/stocks/v1/splits", "/v3/reference/splits"):
            rows, pages = self.listed(path + "?limit=1")
            self.assertEqual(pages, 2, path)
            self.assertEqual([(r["ticker"], r["execution_date"],
                               r["split_from"], r["split_to"], r["id"])
                              for r in rows],
                             [("DLTA", "2024-05-13", 1, 4, "split-dlta"),
                              ("DLTA", "2024-05-13", 1, 4,
                               "split-dlta-again")], path)
            for query, count in (
                    ("execution_date=2024-05-13", 2), ("ticker=ALFA", 0),
                    ("execution_date.gt=2024-05-13", 0),
                    ("execution_date.gte=2024-05-13", 2),
                    ("execution_date.lt=2024-05-13", 0),
                    ("execution_date.lte=2024-05-13", 2)):
                got = self.get(path + "?" + query).json()
                self.assertEqual(len(got["results"]), count, query)

    def test_otc_is_given_when_asked_for(self):
        path = GROUPED + "2024-05-09?adjusted=false"
        for more, is_there in (("", False), ("&include_otc=true", True)):
            rows = self.get(path + more).json()["results"]
            self.assertEqual("OTCX" in [r["T"] for r in rows], is_there, more)

    def test_a_day_without_trading_has_no_rows(self):
        for day in ("2024-05-11", "2024-05-27", "2024-06-03"):
            for path in (GROUPED + day, RANGE % ("ALFA", day, day)):
                doc = self.get(path).json()
                self.assertEqual((doc["resultsCount"], "results" in doc),
                                 (0, False), path)

    def test_zeros_and_late_bars(self):
        got = self.get(OPEN % ("INDA", "2024-05-06"))
        self.assertEqual((got.status, got.json()["status"],
                          got.json()["close"]), (404, "NOT_FOUND", 0))
        path = OPEN % ("INDA", "2024-05-07")
        for today, status in (("2024-05-09", 404), ("2024-05-10", 200)):
            self.fake.change(today=today)
            self.assertEqual(self.get(path).status, status, today)


class Congress(FakeCase):
    def setUp(self):
        self.fake.play("calm")
        self.fake.change(today="2024-06-01")

    def test_parameters_choose_rows(self):
        for query, names in TRADES_ASKED:
            with self.subTest(query):
                rows, _ = self.paged(query)
                self.assertEqual(" ".join(r["transaction_id"] for r in rows),
                                 names)
        self.assertEqual(self.fake.faults(), [])

    def test_pages_begin_at_zero_and_end_empty(self):
        self.assertEqual(self.paged()[1], 3)
        self.fake.change(page_rows={})
        self.assertEqual(self.paged("&pagesize=4")[1], 2)
        for past_end, status, doc in (
                ("bare", 200, []), ("same", 200, {"data": []}),
                ("404", 404, None)):
            self.fake.change(past_end=past_end)
            got = self.get(TRADES + "?page=9")
            self.assertEqual(got.status, status, past_end)
            if doc is None:
                self.assertIn(b"no_data_found", got.body)
            else:
                self.assertEqual(got.json(), doc, past_end)

    def test_the_three_envelopes_hold_the_same(self):
        rows = self.get(TRADES).json()["data"]
        for name, doc in (("bare", rows), ("wrapped", [{"data": rows}])):
            self.fake.change(envelope=name)
            self.assertEqual(self.get(TRADES).json(), doc, name)

    def test_both_paths_answer(self):
        self.assertEqual(
            self.get("/api/v1/government_trades").json(),
            self.get(TRADES).json())

    def test_what_is_refused(self):
        for query in ("pagesize=1001", "page=-1", "page=x", "chamber=Both",
                      "date=5/9/2024", "updated_since=yesterday"):
            self.assertEqual(self.get(TRADES + "?" + query).status, 400,
                             query)

    def test_rows_change_and_are_withdrawn_as_days_pass(self):
        for today, count, amount in (
                ("2024-05-23", 4, "$1,001 - $15,000"),
                ("2024-05-31", 6, "$1,001 - $15,000"),
                ("2024-06-01", 6, "$50,001 - $100,000"),
                ("2024-06-02", 5, "$50,001 - $100,000")):
            self.fake.change(today=today)
            rows = self.paged()[0]
            delta = [r for r in rows if r["transaction_id"] == "t-delta"][0]
            self.assertEqual((len(rows), delta["amount"]), (count, amount),
                             today)

    def test_a_row_has_every_member(self):
        self.fake.change(page_rows={})
        rows = {r["id"]: r for r in self.get(TRADES).json()["data"]}
        first, amended = rows["id000000"], rows["id-alfa-1"]
        self.assertEqual(first["transaction_id"], amended["transaction_id"])
        self.assertEqual((first["amendment_number"],
                          amended["amendment_number"]), (0, 1))
        self.assertEqual(sorted(first), [
            "amendment_number", "amount", "chamber", "description",
            "disclosure_url", "filer_info", "id", "notification_date",
            "ownership", "report_date", "report_id", "security",
            "transaction_date", "transaction_id", "transaction_type",
            "updated"])
        self.assertEqual(sorted(first["filer_info"]), [
            "chamber", "committees", "display_name", "district", "headshot",
            "id", "leadership_positions", "member_id", "member_name", "party",
            "state", "status", "updated", "website"])
        self.assertIn("Committee on Rules", first["filer_info"]["committees"])
        self.assertNotIn("notification_date", rows["id000003"])

    def test_the_public_senate_file(self):
        got = self.get(SENATE, {})
        rows = got.json()
        self.assertEqual([(r["transaction_date"], r["owner"], r["ticker"],
                           r["type"], r["disclosure_date"]) for r in rows], [
            ("05/10/2024", "Spouse", "--", "Sale (Full)", "05/28/2024"),
            ("05/09/2024", "Child", "ECHO", "Purchase", "05/22/2024"),
            ("05/14/2024", "Self", "DLTA", "Exchange", "05/23/2024"),
            ("05/16/2024", "--", "--", "Purchase", "05/24/2024")])
        for row in rows:
            self.assertEqual(list(row), [
                "transaction_date", "owner", "ticker", "asset_description",
                "asset_type", "type", "amount", "comment", "senator",
                "ptr_link", "disclosure_date"])


class Keeper(FakeCase):
    def setUp(self):
        self.fake.play("calm")

    def test_keys_are_checked_and_told_apart(self):
        token = TRADES + "?token="
        for path, headers, status, how in (
                (TICKERS, BEARER, 200, "bearer"),
                (TICKERS + "?apiKey=massive-key", {}, 200, "query"),
                (TICKERS, {}, 401, "none"),
                (TICKERS + "?apiKey=x", {}, 401, "query"),
                (TICKERS, {"Authorization": "Bearer x"}, 401, "bearer"),
                (TICKERS, {"Authorization": "Basic x"}, 401, "stray"),
                (TICKERS + "?token=massive-key", {}, 401, "stray"),
                (token + "benzinga-token", {}, 200, "query"),
                (token + "massive-key", {}, 401, "query"),
                (TRADES, {}, 401, "none"),
                (SENATE, {}, 200, "none")):
            with self.subTest(path, headers=headers):
                got = self.get(path, headers)
                last = self.fake.log()["requests"][-1]
                self.assertEqual((got.status, last["key"], last["status"]),
                                 (status, how, status))
        text = json.dumps(self.fake.log())
        self.assertNotIn("massive-key", text)
        self.assertNotIn("benzinga-token", text)

    def test_the_log_tells_arrivals_in_order(self):
        begun = self.fake.log()["now"]
        self.get(TICKERS + "?limit=2&apiKey=massive-key&date=2024-05-09", {})
        time.sleep(0.05)
        self.get(TRADES)
        log = self.fake.log()
        first, second = log["requests"]
        self.assertEqual([first[k] for k in (
            "n", "to", "method", "vendor", "path", "query", "did")],
            [1, "vendor", "GET", "massive", TICKERS,
             "limit=2&date=2024-05-09", []])
        self.assertLess(begun, first["at"])
        self.assertLessEqual(first["at"] + 0.05, second["at"])
        self.assertLess(second["at"], log["now"])
        self.assertLess(abs(first["time"] - time.time()), 30)
        self.assertEqual(self.fake.fullest_window(60), 2)
        self.assertEqual(self.fake.fullest_window(0.05), 1)
        self.fake.reset()
        self.assertEqual(self.fake.log()["requests"], [])

    def test_unknown_parameters_are_faults_of_the_caller(self):
        self.assertEqual(self.get(TRADES + "?page_size=5").status, 200)
        self.assertIn("page_size", self.fake.faults()[0])

    def test_the_other_port_has_nothing_and_tells(self):
        got = self.get(TICKERS, port=self.fake.log()["other"])
        self.assertEqual(got.status, 404)
        self.assertEqual(len(self.fake.requests(to="other", key="bearer")), 1)

    def test_a_connection_is_kept_for_more(self):
        conn = http.client.HTTPConnection("127.0.0.1", self.fake.port,
                                          timeout=30)
        for _ in range(3):
            conn.request("GET", TICKERS, headers=BEARER)
            sock = conn.sock
            self.assertEqual(conn.getresponse().read()[:8], b'{"count"')
            self.assertIs(conn.sock, sock)
        conn.close()

    def test_it_ends_with_its_input_and_comes_back_on_its_port(self):
        fake = FakeVendor("calm")
        fake.process.stdin.close()
        self.assertEqual(fake.process.wait(10), 0)
        fake.process.stdin = None
        fake.stop()
        with FakeVendor("calm", fake.port) as again:
            self.assertEqual(again.url, fake.url)
            self.assertEqual(again.log()["requests"], [])

    def test_bad_scenarios_are_refused_with_a_reason(self):
        for doc, word in (
                ({"tody": "2024-05-09"}, "tody"),
                ({"today": "9 May"}, "today"),
                ({"rules": [{"do": "sing"}]}, "sing"),
                ({"rules": [{"do": "status"}]}, "status is missing"),
                ({"rules": [{"do": "nested", "deep": 1}]}, "deep"),
                ({"rules": [{"do": "reset", "nth": 1, "first": 1}]},
                 "one of"),
                ({"envelope": "paper"}, "paper"),
                ({"data": {"stocks": []}}, "stocks"),
                ({"data": "data/none.json"}, "none.json")):
            with self.subTest(word):
                with tempfile.NamedTemporaryFile("w") as file:
                    json.dump(doc, file)
                    file.flush()
                    done = subprocess.run(
                        [sys.executable,
                         os.path.join(SUPPORT, "fake_vendor.py"), file.name],
                        capture_output=True, text=True, timeout=30)
                self.assertEqual((done.returncode, done.stdout), (1, ""))
                self.assertIn(word, done.stderr)
        with self.assertRaises(AssertionError):
            self.fake.change(rules=[{"do": "sing"}])

    def test_figis_are_well_formed_and_new_york_has_its_summers(self):
        # The check digit of known ones, by the same sum.
        for text in ("BBG000B9XRY4", "BBG000BLNNH6"):
            values = [int(c, 36) * (1 + at % 2)
                      for at, c in enumerate(text[:11])]
            total = sum(v // 10 + v % 10 for v in values)
            self.assertEqual(-total % 10, int(text[11]), text)
        self.assertEqual(len({figi(n) for n in range(5000)}), 5000)
        for day, hours in (("2024-03-09", 5), ("2024-03-10", 4),
                           ("2024-11-02", 4), ("2024-11-03", 5)):
            self.assertEqual(hours_behind_utc(day_of(day)), hours, day)


class Demo(FakeCase):
    def setUp(self):
        self.fake.play("demo")

    def test_the_demo_has_what_it_is_to_show(self):
        self.fake.change(today="2024-07-01")
        active = self.listed(TICKERS)[0]
        dead = self.listed(TICKERS + "?active=false")[0]
        self.assertEqual((len(active), len(dead)), (11, 1))
        trades = self.paged()[0]
        self.assertEqual(len({t["filer_info"]["member_id"] for t in trades}),
                         3)
        self.assertEqual([t["transaction_id"] for t in trades
                          if t["amendment_number"]], ["demo-01"])
        counts = [self.get(RANGE % (t, "2024-05-01", "2024-07-01")).json()[
            "resultsCount"] for t in ("AURA", "HLYX", "HALX", "KESL")]
        self.assertEqual(counts, [41, 22, 19, 31])

    def test_a_demo_never_ages(self):
        today = day_of(self.fake.log()["today"])
        newest = max(t["updated"] for t in self.paged()[0])
        age_days = (time.time() - newest) / 86400
        self.assertTrue(0 < age_days < 16, age_days)
        rows = self.get(RANGE % ("AURA", "2000-01-01", today)).json()
        self.assertGreater(rows["resultsCount"], 39)


class Scenarios(unittest.TestCase):
    def test_each_says_what_must_be_true_afterwards(self):
        names = [n for n in os.listdir(SCENARIOS) if n.endswith(".json")]
        self.assertGreater(len(names), 60)
        for name in names:
            with open(os.path.join(SCENARIOS, name), encoding="utf-8") as file:
                self.assertGreater(len(json.load(file)["claim"]), 20, name)


if __name__ == "__main__":
    unittest.main()
