"""What vendors' data come to, day by day, as scenarios say it."""

import datetime
import http.client
import json
import unittest

from fake import FakeVendor
from polling import ASKED, FIRST, SPAN, TODAY, Polling, config_of

# Those that are here, each a test.
DATA = ("200_zeros", "404_no_bar", "404_zeros", "empty_listing",
        "empty_trades", "every_value", "large_listing", "late_bar",
        "page_skipped", "page_skipped_trades", "page_twice_trades",
        "relisting", "rename", "reuse", "rows_changed", "rows_repeated",
        "rows_withdrawn", "shrunken_listing")

TRADES_PATH = "/api/v1/gov/usa/congress/trades"


class Data(unittest.TestCase):
    maxDiff = 4000

    def begin(self, what, **vendors):
        """A fake vendor on a scenario, and a server that polls it."""
        self.fake = FakeVendor(what)
        self.addCleanup(self.fake.stop)
        polling = Polling(config_of(self.fake.url, **vendors))
        polling.__enter__()
        self.addCleanup(polling.__exit__)
        return polling

    def tearDown(self):
        self.assertEqual(self.fake.faults(), [])
        self.assertEqual(self.fake.requests(to="other"), [])

    def run_as(self, state, polling, dataset, days=None):
        run = polling.run(dataset, days)
        self.assertEqual(run["state"], state, run)
        return run

    def list_on(self, polling, *days):
        """Listings, each on its day, which is the vendor's today."""
        for day in days:
            self.fake.change(today=day)
            self.run_as("succeeded", polling, "tickers", (day, day))

    def said(self, polling, security_id, attribute):
        """Every (day, value) that was said of it, in order of arrival."""
        return [(row["effective_date"], row["value"])
                for row in polling.changes()
                if str(row["security_id"]) == security_id
                and row["attribute"] == attribute]

    def trade_ids(self, polling):
        return sorted(row["transaction_id"] for row in polling.trades())

    def test_listings_by_page_come_once(self):
        """A second run of anything changes nothing."""
        polling = self.begin("calm")
        for run in polling.run_all():
            self.assertEqual(run["state"], "succeeded", run)
        held = polling.held()
        for dataset, days in ASKED[1:]:
            run = self.run_as("unchanged", polling, dataset, days)
            self.assertEqual(run["stored"], 0)
        self.assertEqual(polling.held(), held)

    def test_a_day_without_a_bar_is_asked_again(self):
        for name in ("404_no_bar", "404_zeros", "200_zeros"):
            with self.subTest(name):
                polling = self.begin(name)
                for run in polling.run_all(ASKED[:-1]):
                    self.assertEqual(run["state"], "succeeded")
                run = self.run_as("unchanged", polling, "open-close", SPAN)
                self.assertEqual((run["done"], run["total"]), (9, 9))
                self.assertEqual(set(map(str, polling.held()
                                         ["prices"].values())), {"[]"})
                self.assertEqual(polling.quarantine(), [])
                self.fake.play("calm")
                run = self.run_as("succeeded", polling, "open-close", SPAN)
                self.assertEqual(run["stored"], 8)

    def test_a_late_bar_is_stored_later(self):
        polling = self.begin("late_bar", polygon={"datasets": {
            "tickers": {}, "open-close": {"universe": ["INDA"]}}})
        days = ("2024-05-02", "2024-05-07")
        self.list_on(polling, "2024-05-02")
        self.fake.change(today="2024-05-08")
        run = self.run_as("succeeded", polling, "open-close", days)
        self.assertEqual((run["total"], run["stored"]), (4, 1))
        mine = polling.resolve("INDA", "2024-05-02")
        # Of the 3rd there is none, of the 6th there are zeros.
        self.assertEqual([row[1] for row in polling.prices(mine)],
                         ["2024-05-02"])
        self.fake.change(today="2024-05-10")
        run = self.run_as("succeeded", polling, "open-close", days)
        self.assertEqual((run["stored"], run["unchanged"]), (1, 1))
        self.assertEqual([row[1] for row in polling.prices(mine)],
                         ["2024-05-02", "2024-05-07"])

    def chain(self, polling):
        """Ask for a listing of today; it, and the runs that come by it."""
        before = {name: len(polling.runs(name))
                  for name in ("polygon", "benzinga")}
        polling.run("tickers")
        polling.until(lambda: len(polling.runs("polygon"))
                      == before["polygon"] + 2, "prices")
        prices = polling.runs("polygon")[-1]
        ends = [polling.runs("polygon")[-2], polling.runs("benzinga")[-1],
                polling.end("/v1/vendors/polygon/runs/" + prices["run"])]
        self.assertEqual(len(polling.runs("benzinga")),
                         before["benzinga"] + 1)
        return ends

    def test_a_day_goes_from_listing_to_trades_to_prices(self):
        """As the clock has it: of today, by what comes after what."""
        polling = self.begin("demo", polygon={"datasets": {
            "tickers": {}, "open-close": {"after": "trades"}}}, benzinga={
                "datasets": {"trades": {"after": "tickers",
                                        "lookback_days": 120}}})
        # Behind the delisting, so that no listing shrinks.
        today = datetime.datetime.now(datetime.timezone.utc).date()
        day = str(today - datetime.timedelta(days=10))
        self.run_as("succeeded", polling, "tickers", (day, day))
        listing, trades, prices = self.chain(polling)
        self.assertEqual((listing["state"], listing["stored"]),
                         ("unchanged", 0))
        self.assertEqual((trades["state"], trades["stored"]),
                         ("succeeded", 15))
        self.assertEqual(prices["state"], "succeeded")
        self.assertGreater(prices["stored"], 10)
        self.assertEqual(polling.vendor("polygon")["watermark"], prices["to"])
        # Once more: only what was missing is asked for.
        again = self.chain(polling)
        self.assertEqual([run["state"] for run in again], ["unchanged"] * 3)
        self.assertEqual(again[2]["total"] or 0,
                         prices["total"] - prices["stored"])
        self.fake.change(rules=[{"do": "status", "status": 403}])
        asked = len(self.fake.requests())
        self.assertEqual([(run["state"], run["error"])
                          for run in self.chain(polling)], [
            ("failed", "the vendor answered 403"), ("failed", "upstream"),
            ("failed", "upstream")])
        self.assertEqual(len(self.fake.requests()), asked + 1)

    def test_an_empty_answer_deletes_nothing(self):
        polling = self.begin("calm")
        polling.run_all(ASKED[:1] + ASKED[2:])
        held = polling.held()
        self.fake.play("empty_listing")
        run = polling.run("tickers", (TODAY, TODAY))
        self.assertIn(run["state"], ("quarantined", "unchanged"))
        self.assertEqual(polling.held(), held)
        self.fake.play("calm")
        self.run_as("succeeded", polling, "tickers", (TODAY, TODAY))
        held = polling.held()
        self.fake.play("empty_trades")
        for days in (None, (FIRST, TODAY)):
            self.run_as("unchanged", polling, "trades", days)
        self.assertEqual(polling.held(), held)

    def test_every_value_is_kept_as_it_came(self):
        polling = self.begin("every_value")
        polling.run_all(ASKED[:2])
        run = self.run_as("succeeded", polling, "trades")
        conn = http.client.HTTPConnection("127.0.0.1", self.fake.port)
        self.addCleanup(conn.close)
        conn.request("GET", TRADES_PATH + "?pagesize=1000"
                     "&token=benzinga-token")
        rows = json.loads(conn.getresponse().read())["data"]
        self.assertGreater(len(rows), 40)
        self.assertEqual(run["stored"], len(rows))
        kept = {row["id"]: row for row in polling.trades()}
        for row in rows:
            got = kept[row["id"]]
            security = row.get("security") or {}
            for name, sent in (("amount", row.get("amount")),
                               ("ownership", row.get("ownership")),
                               ("transaction_type_text",
                                row.get("transaction_type")),
                               ("ticker", security.get("ticker")),
                               ("transaction_date", row["transaction_date"]),
                               ("report_date", row.get("report_date"))):
                self.assertEqual(got[name], sent, (row["id"], name))

    def test_a_large_listing_comes_by_thousands(self):
        polling = self.begin("large_listing")
        run = self.run_as("succeeded", polling, "tickers", (FIRST, FIRST))
        self.assertEqual((run["pages"], run["stored"]), (3, 24000))
        self.assertTrue(polling.resolve("ZZ2999", FIRST))
        self.run_as("unchanged", polling, "tickers", (TODAY, TODAY))
        self.assertEqual(len(self.fake.requests()), 6)
        self.assertEqual(polling.client.newest(), 1)

    def test_a_listing_without_a_page_makes_nobody_inactive(self):
        polling = self.begin("calm")
        self.run_as("succeeded", polling, "tickers", (FIRST, FIRST))
        held = polling.held()
        self.fake.play("page_skipped")
        self.run_as("quarantined", polling, "tickers", (TODAY, TODAY))
        self.assertEqual(polling.held(), held)
        entry = polling.quarantine()[-1]
        self.assertRegex(entry["reasons"][0],
                         r"^the listing shrank from \d+ to \d+$")

    def test_a_shrunken_listing_waits_for_a_release(self):
        polling = self.begin("calm")
        self.run_as("succeeded", polling, "tickers", (FIRST, FIRST))
        held = polling.held()
        self.fake.play("shrunken_listing")
        self.run_as("quarantined", polling, "tickers", (TODAY, TODAY))
        self.assertEqual(polling.held(), held)
        entry, = polling.quarantine()
        self.assertRegex(entry["reasons"][0],
                         r"^the listing shrank from \d+ to 8$")
        answer = polling.client.post(
            "/v1/quarantine/%s/release" % entry["id"], "")
        self.assertEqual(answer.status, 200, repr(answer))
        gone = [row for row in polling.changes()
                if row["attribute"] == "active" and row["value"] is False]
        self.assertTrue(gone)
        self.assertEqual({row["effective_date"] for row in gone}, {TODAY})
        gone = [str(row["security_id"]) for row in gone]
        self.assertIn(polling.resolve("INDA", TODAY), gone)
        self.assertNotIn(polling.resolve("ALFA", TODAY), gone)
        run = polling.runs("polygon")[-1]
        self.assertEqual((run["run"], run["state"]),
                         (entry["run"], "succeeded"))

    def test_a_page_of_trades_that_is_skipped_comes_by_its_days(self):
        polling = self.begin("page_skipped_trades")
        polling.run_all(ASKED[:2])
        run = self.run_as("succeeded", polling, "trades")
        self.assertEqual(run["stored"], 3)
        self.fake.play("calm")
        run = self.run_as("succeeded", polling, "trades", (FIRST, TODAY))
        self.assertEqual((run["stored"], run["unchanged"]), (2, 3))
        self.assertEqual(self.trade_ids(polling),
                         ["t-alfa", "t-alfa", "t-bravo", "t-delta", "t-echo"])

    def test_a_page_of_trades_that_comes_twice_counts_once(self):
        polling = self.begin("page_twice_trades")
        polling.run_all(ASKED[:2])
        run = self.run_as("quarantined", polling, "trades")
        self.assertEqual(run["stored"], 2)
        self.assertEqual(polling.quarantine()[0]["page"], 2)
        self.fake.play("calm")
        run = self.run_as("succeeded", polling, "trades")
        self.assertEqual((run["stored"], run["unchanged"]), (3, 2))

    def test_a_row_that_comes_twice_counts_once(self):
        polling = self.begin("rows_repeated")
        polling.run_all(ASKED[:2])
        run = self.run_as("succeeded", polling, "trades")
        self.assertEqual((run["stored"], run["unchanged"]), (5, 2))
        self.assertEqual(len(polling.trades()), 5)

    def test_a_row_that_changed_has_both_versions(self):
        polling = self.begin("rows_changed")
        polling.run_all(ASKED[:1])
        for day, stored in (("2024-05-31", 6), ("2024-06-02", 1)):
            self.fake.change(today=day)
            run = self.run_as("succeeded", polling, "trades")
            self.assertEqual(run["stored"], stored, day)
        amounts = [row["amount"] for row in polling.trades()
                   if row["transaction_id"] == "t-delta"]
        self.assertEqual(sorted(amounts),
                         ["$1,001 - $15,000", "$50,001 - $100,000"])
        stands = [row["amount"] for row in polling.lines("/v1/trades")
                  if row["transaction_id"] == "t-delta"]
        self.assertEqual(stands, ["$50,001 - $100,000"])

    def test_a_row_that_is_withdrawn_stays(self):
        polling = self.begin("rows_withdrawn")
        polling.run_all(ASKED[:1])
        self.fake.change(today="2024-06-01")
        self.run_as("succeeded", polling, "trades")
        trades = polling.trades()
        self.assertIn("t-fund", self.trade_ids(polling))
        self.fake.change(today="2024-06-03")
        for days in (None, (FIRST, TODAY)):
            self.run_as("unchanged", polling, "trades", days)
        self.assertEqual(polling.trades(), trades)

    def test_a_renamed_security_has_both_tickers(self):
        polling = self.begin("rename")
        self.list_on(polling, "2024-05-14", "2024-05-16")
        mine = polling.resolve("ECHO", "2024-05-14")
        self.assertTrue(mine)
        self.assertEqual(polling.resolve("ECHX", "2024-05-16"), mine)
        self.assertIsNone(polling.resolve("ECHO", "2024-05-16"))
        self.assertIsNone(polling.resolve("ECHX", "2024-05-14"))
        self.assertEqual(self.said(polling, mine, "active"),
                         [("2024-05-14", True)])

    def test_a_ticker_of_another_company_is_another_security(self):
        polling = self.begin("reuse")
        self.list_on(polling, "2024-05-09", "2024-05-17", "2024-05-21")
        old = polling.resolve("FXTR", "2024-05-09")
        new = polling.resolve("FXTR", "2024-05-21")
        self.assertTrue(old and new)
        self.assertNotEqual(old, new)
        self.assertEqual(self.said(polling, old, "active"),
                         [("2024-05-09", True), ("2024-05-17", False)])
        self.assertEqual(self.said(polling, old, "ticker"),
                         [("2024-05-09", "FXTR"), ("2024-05-21", None)])
        self.assertEqual(self.said(polling, new, "name"),
                         [("2024-05-21", "Foxtrot Robotics Inc.")])

    def test_a_security_that_comes_back_is_the_same(self):
        polling = self.begin("relisting")
        self.list_on(polling, "2024-05-07", "2024-05-09", "2024-05-23")
        mine = polling.resolve("HOTL", "2024-05-07")
        self.assertEqual(polling.resolve("HOTL", "2024-05-23"), mine)
        self.assertEqual(self.said(polling, mine, "active"),
                         [("2024-05-07", True), ("2024-05-09", False),
                          ("2024-05-23", True)])


if __name__ == "__main__":
    unittest.main()
