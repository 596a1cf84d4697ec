"""What people do to runs and quarantine while real pages come in."""

import datetime
import json
import os
import signal
import subprocess
import time
import unittest

from fake import FakeVendor, scenario
from harness import BINARY, Num
from polling import ASKED, FIRST, SPAN, TODAY, Polling, config_of

# One request each 50 ms, so that a month of prices takes a while.
SLOWER = {"requests_per_minute": 1200, "burst": 1}
MONTH = ("open-close", (FIRST, "2024-05-31"))


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


class Hands(unittest.TestCase):
    maxDiff = 4000

    def begin(self, what, pace=None):
        self.fake = FakeVendor(what)
        self.addCleanup(self.fake.stop)
        polling = Polling(config_of(self.fake.url, pace))
        polling.__enter__()
        self.addCleanup(polling.__exit__)
        return polling

    def tearDown(self):
        self.assertEqual(self.fake.faults(), [])

    def prepared(self, pace=None):
        """All that prices of a month need."""
        polling = self.begin("calm", pace)
        for dataset, days in (ASKED[0], ASKED[2]):
            run = polling.run(dataset, days)
            self.assertEqual(run["state"], "succeeded", run)
        return polling

    def decide(self, polling, entry, what, status):
        answer = polling.client.post(
            "/v1/quarantine/%s/%s" % (entry["id"], what), "")
        self.assertEqual(answer.status, status, repr(answer))
        return json.loads(answer.body)

    def test_the_log_says_why_a_page_cannot_be_kept(self):
        polling = self.begin("calm")
        folder = os.path.join(polling.server.data, "raw")
        os.rmdir(folder)
        with open(folder, "w", encoding="utf-8"):
            pass  # a file where the directory was
        location = polling.begin("splits", (FIRST, TODAY))
        said = polling.until(
            lambda: [line for line in polling.server.stderr().splitlines()
                     if '"event":"archive"' in line], "the log is silent")
        self.assertIn("polygon/splits/", said[0])
        self.assertIn("Not a directory", said[0])
        self.assertEqual(polling.get(location)["state"], "running")
        self.assertEqual(polling.client.request("DELETE", location).status,
                         200)
        os.remove(folder)
        self.assertEqual(polling.run("splits", (FIRST, TODAY))["state"],
                         "unchanged")

    def test_a_backfill_tells_its_progress(self):
        polling = self.prepared(SLOWER)
        location = polling.begin(*MONTH)
        seen = []

        def look():
            run = polling.get(location)
            seen.append(run)
            return run["finished_at"]
        polling.until(look, location)
        going = [run for run in seen if run["state"] == "running"]
        self.assertGreater(len(going), 5)
        for one, other in zip(going, going[1:]):
            self.assertLessEqual(one["done"], other["done"])
        end = seen[-1]
        self.assertEqual({run["total"] for run in going}, {end["total"]})
        self.assertEqual((end["state"], end["done"]),
                         ("succeeded", end["total"]))
        self.assertIsNone(end["estimated_end"])
        finished = moment(end["finished_at"])
        for run in going:
            self.assertIsNone(run["finished_at"])
            if run["total"] // 2 < run["done"] < run["total"]:
                told = moment(run["estimated_end"]) - finished
                self.assertLess(abs(told.total_seconds()), 5, run)
        bars = sum(map(len, polling.held()["prices"].values()))
        self.assertEqual((end["pages"], end["stored"], end["unchanged"]),
                         (bars, bars, 0))
        self.assertGreater(bars, 40)

    def test_a_backfill_goes_on_without_its_command(self):
        polling = self.prepared(SLOWER)
        url = "http://127.0.0.1:%d" % polling.server.port
        command = [BINARY, "backfill", "--url", url, "polygon", MONTH[0],
                   *MONTH[1]]
        process = subprocess.Popen(command, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        polling.until(lambda: polling.vendor("polygon")["state"] == "running",
                      "running")
        second = subprocess.run(command, capture_output=True, text=True,
                                timeout=60, check=False)
        self.assertEqual(second.returncode, 1, second)
        self.assertIn("run 3", second.stderr)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=10)
        self.assertNotEqual(process.returncode, 0)
        self.assertEqual(polling.vendor("polygon")["state"], "running")
        polling.server.restart()
        run = polling.end("/v1/vendors/polygon/runs/3")
        self.assertEqual(run["state"], "succeeded")
        self.assertEqual(polling.runs("polygon")[-1]["run"], "3")

    def test_what_cannot_be_asked_for_is_refused(self):
        polling = self.begin("calm")
        for dataset, days, vendor, status in (
                ("nothing", None, "polygon", 422),
                ("trades", None, "polygon", 422),
                ("tickers", ("2024-05-02", FIRST), "polygon", 422),
                ("tickers", ("2024-05-02", "2024-02-30"), "polygon", 422),
                ("tickers", ("9999-01-01", "9999-01-01"), "polygon", 422),
                ("tickers", None, "nobody", 404)):
            answer = polling.ask(dataset, days, vendor)
            self.assertEqual(answer.status, status, (dataset, days, answer))
        answer = polling.client.post("/v1/vendors/polygon/runs", json.dumps(
            {"dataset": "tickers", "from": FIRST}))
        self.assertEqual(answer.status, 422)
        self.assertEqual(polling.runs("polygon"), [])
        self.assertEqual(self.fake.requests(), [])

    def test_a_cancelled_run_keeps_what_it_had(self):
        polling = self.prepared(SLOWER)
        location = polling.begin(*MONTH)
        answer = polling.ask(*MONTH)
        self.assertEqual(answer.status, 409)
        self.assertIn("run 3 ", json.loads(answer.body)["detail"])
        polling.until(lambda: polling.get(location)["done"] >= 10, "ten")
        answer = polling.client.request("DELETE", location)
        self.assertEqual(answer.status, 200, repr(answer))
        run = json.loads(answer.body)
        self.assertEqual(run["state"], "cancelled")
        self.assertEqual(polling.get(location), run)
        held, asked = polling.held(), len(self.fake.requests())
        self.assertEqual(run["stored"],
                         sum(map(len, held["prices"].values())))
        time.sleep(0.2)
        self.assertEqual(len(self.fake.requests()), asked)
        self.assertEqual(polling.client.request(
            "DELETE", location).status, 409)
        self.assertEqual(polling.client.request(
            "DELETE", "/v1/vendors/polygon/runs/99").status, 404)
        # It says nothing of the vendor, and the next has the rest.
        self.assertEqual(polling.vendor("polygon")["consecutive_failures"], 0)
        again = polling.run(*MONTH)
        self.assertEqual((again["state"], again["unchanged"]),
                         ("succeeded", run["stored"]))

    def test_behind_a_cancelled_listing_nothing_runs(self):
        polling = self.begin("no_answer", {"timeout_seconds": 60})
        location = polling.begin("tickers", (FIRST, FIRST))
        waiting = polling.begin("trades")
        polling.until(lambda: self.fake.requests(), "a request")
        self.assertEqual(polling.get(waiting)["state"], "queued")
        answer = polling.client.request("DELETE", location)
        self.assertEqual(answer.status, 200, repr(answer))
        run = polling.end(waiting)
        self.assertEqual((run["state"], run["error"]), ("failed", "upstream"))
        self.fake.play("calm")
        for dataset, days in (ASKED[0], ASKED[2]):
            self.assertEqual(polling.run(dataset, days)["state"], "succeeded")

    def test_quarantine_is_listed_and_decided_on(self):
        polling = self.begin("rows_repeated_listing")
        self.assertEqual(polling.run("tickers", (FIRST, FIRST))["state"],
                         "quarantined")
        self.fake.play("calm")
        polling.run("tickers", (FIRST, FIRST))
        self.fake.play("rows_without_id")
        self.assertEqual(polling.run("trades")["state"], "quarantined")
        self.fake.play("page_twice_trades")
        run = polling.run("trades")
        self.assertEqual((run["state"], run["stored"]), ("quarantined", 2))
        self.assertEqual(polling.run("open-close", SPAN)["error"], "upstream")
        entries = polling.quarantine()
        self.assertEqual([(e["id"], e["vendor"], e["dataset"], e["page"],
                           e["state"]) for e in entries], [
            ("1", "polygon", "tickers", 1, "open"),
            ("2", "benzinga", "trades", 1, "open"),
            ("3", "benzinga", "trades", 2, "open")])
        for query, ids in (("?vendor=polygon", "1"), ("?limit=1", "123"),
                           ("?vendor=benzinga&limit=1", "23"),
                           ("?dataset=tickers", "1"),
                           ("?vendor=polygon&dataset=trades", "")):
            self.assertEqual([e["id"] for e in polling.quarantine(query)],
                             list(ids), query)
        # What never can be admitted stays; it can only be discarded.
        held = polling.held()
        self.decide(polling, entries[0], "release", 422)
        self.decide(polling, entries[1], "release", 422)
        self.assertEqual(polling.held(), held)
        self.assertEqual(polling.quarantine(), entries)
        told = self.decide(polling, entries[0], "discard", 200)
        self.assertEqual(told, {**entries[0], "state": "discarded"})
        self.decide(polling, entries[0], "discard", 409)
        self.decide(polling, entries[0], "release", 409)
        self.decide(polling, {"id": "99"}, "release", 404)
        # A page that came twice was harmless; its run is good now, and what
        # comes after it runs again.
        polling.server.kill()
        polling.server.start()
        self.assertEqual(self.decide(polling, entries[2], "release",
                                     200)["state"], "released")
        run = polling.runs("benzinga")[-1]
        self.assertEqual((run["state"], run["stored"], run["unchanged"]),
                         ("succeeded", 2, 2))
        self.assertEqual(polling.held()["trades"], held["trades"])
        self.assertEqual(polling.run("open-close", SPAN)["error"], None)
        self.assertEqual([e["state"] for e in polling.quarantine()],
                         ["discarded", "open", "released"])
        self.assertEqual(polling.metric(
            'secmaster_vendor_quarantine_entries{vendor="benzinga",'
            'dataset="trades"}'), Num(1))

    def test_who_is_configured_no_more_is_decided_on_still(self):
        polling = self.begin("calm")
        polling.run("tickers", (FIRST, FIRST))
        self.fake.play("shrunken_listing")
        self.assertEqual(polling.run("tickers", (TODAY, TODAY))["state"],
                         "quarantined")
        entry, = polling.quarantine()
        config = config_of(self.fake.url)
        polling.configure({"vendors": config["vendors"][1:]})
        polling.server.restart()
        self.assertEqual(polling.quarantine("?vendor=polygon"), [entry])
        told = self.decide(polling, entry, "release", 422)
        self.assertEqual(told["detail"],
                         "polygon/tickers is not configured any more")
        for path in ("/v1/vendors/polygon/runs", "/v1/vendors/polygon/runs/2"):
            self.assertEqual(polling.client.get(path).status, 404, path)
        polling.configure(config)
        polling.server.restart()
        self.decide(polling, entry, "release", 200)
        self.assertEqual([run["state"] for run in polling.runs("polygon")],
                         ["succeeded", "succeeded"])

    def test_all_bad_pages_of_a_run_are_released(self):
        """Rows of the future are suspicious, and can be admitted."""
        doc = scenario("calm")
        doc["rules"] = [{"match": {"vendor": "benzinga",
                                   "params": {"page": "[012]"}}, "do": "rows",
                         "at": 0, "set": {"updated": 4102444800}}]
        polling = self.begin(doc)
        polling.run("tickers", (FIRST, FIRST))
        run = polling.run("trades", (FIRST, TODAY))
        self.assertEqual((run["state"], run["stored"], run["pages"]),
                         ("quarantined", 0, 3))
        entries = polling.quarantine()
        self.assertEqual([e["page"] for e in entries], [1, 2, 3])
        told = self.decide(polling, entries[1], "release", 200)
        self.assertEqual(told, {**entries[1], "state": "released"})
        self.assertEqual(polling.quarantine(),
                         [{**e, "state": "released"} for e in entries])
        run = polling.runs("benzinga")[-1]
        self.assertEqual((run["state"], run["stored"], run["unchanged"]),
                         ("succeeded", 5, 0))
        self.assertEqual(len(polling.trades()), 5)
        # So it is behind a restart.
        held = polling.held()
        polling.server.restart()
        self.assertEqual(polling.runs("benzinga")[-1], run)
        self.assertEqual(polling.quarantine("?dataset=trades&limit=2"),
                         [{**e, "state": "released"} for e in entries])
        self.assertEqual(polling.held(), held)


if __name__ == "__main__":
    unittest.main()
