"""The poller as a process: kills, stops, keys, and people's own hands."""

import glob
import json
import os
import subprocess
import tempfile
import time
import unittest

from harness import BINARY
from polled import KEYS, Polled, config_of

DAYS = ("2024-05-01", "2024-05-31")


def listing_and_trades(polled):
    polled.run("polygon", "tickers", "2024-05-01")
    polled.run("benzinga", "trades", "2024-01-01", "2024-06-03")


class Polling(unittest.TestCase):
    maxDiff = 2000

    def whole(self):
        with Polled("calm") as polled:
            listing_and_trades(polled)
            told = polled.run("polygon", "open-close", *DAYS)
            self.assertEqual(told["state"], "succeeded")
            asked = len(polled.fake.requests(vendor="massive"))
            return polled.contents(), told, asked

    def test_killed_in_a_run_it_goes_on_where_it_was(self):
        wanted, whole, asked = self.whole()
        # One request each 33 ms: the kill falls into the run.
        with Polled("calm", requests_per_minute=1800, burst=1) as polled:
            listing_and_trades(polled)
            run = polled.ask("polygon", "open-close", *DAYS)
            for at in (5, 20, 21, 40):
                while polled.look("polygon", run)["done"] < at:
                    time.sleep(0.01)
                polled.server.kill()
                polled.server.start()
            told = polled.wait("polygon", run)
            self.assertEqual(told["state"], "succeeded")
            for name in ("done", "total", "pages", "stored", "unchanged"):
                self.assertEqual(told[name], whole[name], name)
            self.assertEqual(polled.contents(), wanted)
            again = len(polled.fake.requests(vendor="massive")) - asked
            self.assertLessEqual(again, 4, "one request a kill, at the most")

    def test_again_it_changes_nothing(self):
        with Polled("calm") as polled:
            listing_and_trades(polled)
            polled.run("polygon", "open-close", *DAYS)
            before = polled.get("/v1/transactions?limit=1000")["transactions"]
            for run in (("polygon", "tickers", "2024-05-01"),
                        ("benzinga", "trades", "2024-01-01", "2024-06-03"),
                        ("polygon", "open-close", *DAYS)):
                told = polled.run(*run)
                self.assertEqual((told["state"], told["stored"]),
                                 ("unchanged", 0), run)
            after = polled.get("/v1/transactions?limit=1000")["transactions"]
            self.assertEqual(after, before)

    def test_sigterm_does_not_wait_for_a_vendor(self):
        with Polled("no_answer", timeout_seconds=60) as polled:
            polled.ask("polygon", "tickers", "2024-05-01")
            time.sleep(0.2)
            began = time.monotonic()
            polled.server.stop()
            self.assertLess(time.monotonic() - began, 2)
            polled.server.start()
            self.assertEqual(polled.wait("polygon", "1")["state"],
                             "succeeded")

    def test_ready_whatever_vendors_do(self):
        with Polled("no_answer") as polled:
            polled.fake.stop()
            polled.ask("polygon", "tickers", "2024-05-01")
            time.sleep(0.1)
            self.assertEqual(polled.server.client.get("/readyz").status, 200)
            row = polled.get("/v1/vendors")["vendors"][0]
            self.assertIn(row["state"], ("running", "backing-off"))

    def test_a_listing_is_released_by_hand(self):
        with Polled("calm") as polled:
            polled.run("polygon", "tickers", "2024-05-01")
            polled.fake.play("shrunken_listing")
            told = polled.run("polygon", "tickers", "2024-05-02")
            self.assertEqual(told["state"], "quarantined")
            entry = polled.get("/v1/quarantine")["quarantine"][0]
            self.assertEqual(entry["reasons"],
                             ["the listing shrank from 10 to 8"])
            path = "/v1/quarantine/%s/release" % entry["id"]
            answer = polled.server.client.request("POST", path)
            self.assertEqual(answer.status, 200, answer)
            self.assertEqual(json.loads(answer.body)["state"], "released")
            inactive = polled.get(
                "/v1/securities?as_of=2024-05-02&where=active:false")
            self.assertEqual(len(inactive["rows"]), 2)

    def test_backfill_shows_how_it_goes(self):
        with Polled("calm", requests_per_minute=1800, burst=1) as polled:
            listing_and_trades(polled)
            url = "http://127.0.0.1:%d" % polled.server.port
            done = subprocess.run(
                [BINARY, "backfill", "--url", url, "polygon", "open-close",
                 *DAYS], capture_output=True, text=True, timeout=60,
                check=False)
            self.assertEqual(done.returncode, 0, done)
            self.assertRegex(done.stdout, r"^run 3 succeeded: asked \d+, "
                             r"stored \d+, unchanged 0\n$")
            self.assertRegex(done.stderr, r"running, \d+ of \d+ asked, .*"
                             r"to end about \d{4}-")
            for args, status in ((("polygon", "nothing", *DAYS), 1),
                                 (("nobody", "trades", *DAYS), 1),
                                 (("polygon", "trades", "2024-05-01"), 2),
                                 (("polygon", "tickers", "may", "june"), 2)):
                done = subprocess.run(
                    [BINARY, "backfill", "--url", url, *args],
                    capture_output=True, text=True, timeout=60, check=False)
                self.assertEqual(done.returncode, status, (args, done))

    def test_no_key_is_told_to_anyone(self):
        with Polled("401") as polled:
            for vendor, dataset in (("polygon", "tickers"),
                                    ("benzinga", "trades")):
                polled.run(vendor, dataset, "2024-05-01")
            polled.fake.play("next_url_port")
            polled.run("polygon", "tickers", "2024-05-01")
            polled.fake.play("calm")
            listing_and_trades(polled)
            told = [polled.server.client.get(path).body for path in (
                "/v1/vendors", "/v1/vendors/polygon/runs",
                "/v1/vendors/benzinga/runs", "/v1/quarantine", "/metrics")]
            with open("/proc/%d/cmdline" % polled.server.process.pid,
                      "rb") as file:
                told.append(file.read())
            polled.server.stop()
            told.append(polled.server.stderr().encode())
            for path in glob.glob(polled.server.data + "/**", recursive=True):
                told.append(path.encode())
                if os.path.isfile(path):
                    with open(path, "rb") as file:
                        told.append(file.read())
            self.assertGreater(len(told), 20)
            for key in KEYS.values():
                for text in told:
                    self.assertNotIn(key.encode(), text)

    def refused(self, config, env):
        with tempfile.TemporaryDirectory() as data, \
                tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(config, file)
            file.flush()
            done = subprocess.run(
                [BINARY, "serve", "--data", data + "/d", "--listen",
                 "127.0.0.1:0", "--config", file.name], env=env,
                capture_output=True, text=True, timeout=30, check=False)
        self.assertEqual(done.returncode, 1, done)
        return done.stderr

    def test_what_is_missing_is_named_at_start(self):
        config = config_of("http://127.0.0.1:1")
        said = self.refused(config, {"POLLED_MASSIVE": "secret-one"})
        self.assertIn("POLLED_BENZINGA", said)
        self.assertNotIn("secret-one", said)
        said = self.refused(config, {"POLLED_MASSIVE": "two\nlines",
                                     "POLLED_BENZINGA": "b"})
        self.assertIn("the key of vendor polygon", said)
        self.assertNotIn("lines", said.replace("one line", ""))
        config["vendors"][0]["datasets"]["open-close"]["after"] = "nothing"
        self.assertIn("nothing", self.refused(config, KEYS))


if __name__ == "__main__":
    unittest.main()
