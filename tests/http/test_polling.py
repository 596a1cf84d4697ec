"""The poller as a process: killed, stopped, asked again."""

import contextlib
import time
import unittest

from polling import FIRST, TODAY, fake_and_polling

SPRING = ("2024-01-01", TODAY)
MAY = ("2024-05-01", "2024-05-31")
PAIRS = (("tickers", (FIRST, FIRST)), ("trades", SPRING), ("open-close", MAY))
# One request each 33 ms: a kill falls into the run.
STEADY = {"requests_per_minute": 1800, "burst": 1}


@contextlib.contextmanager
def polled(scenario, pace=None):
    """Both started: the fake vendor, and the server that polls it."""
    fake, polling = fake_and_polling(scenario, pace)
    with fake, polling:
        yield fake, polling


class ThePoller(unittest.TestCase):
    maxDiff = 2000

    def test_killed_in_a_run_it_goes_on_where_it_was(self):
        with polled("calm") as (fake, polling):
            whole = polling.run_all(PAIRS)[-1]
            self.assertEqual(whole["state"], "succeeded")
            wanted = polling.held()
            asked = len(fake.requests(vendor="massive"))
        with polled("calm", STEADY) as (fake, polling):
            polling.run_all(PAIRS[:-1])
            run = polling.begin(*PAIRS[-1])
            for at in (5, 20, 21, 40):
                polling.until(lambda: (polling.get(run)["done"] or 0) >= at,
                              "%d done" % at)
                polling.server.kill()
                polling.server.start()
            told = polling.end(run)
            self.assertEqual(told["state"], "succeeded")
            for name in ("done", "total", "pages", "stored", "unchanged"):
                self.assertEqual(told[name], whole[name], name)
            self.assertEqual(polling.held(), wanted)
            again = len(fake.requests(vendor="massive")) - asked
            self.assertLessEqual(again, 4, "one request a kill, at the most")

    def test_again_it_changes_nothing(self):
        with polled("calm") as (_, polling):
            polling.run_all(PAIRS)
            before = polling.held()
            for dataset, days in PAIRS:
                told = polling.run(dataset, days)
                self.assertEqual((told["state"], told["stored"]),
                                 ("unchanged", 0), dataset)
            self.assertEqual(polling.held(), before)

    def test_sigterm_does_not_wait_for_a_vendor(self):
        with polled("no_answer", {"timeout_seconds": 60}) as (_, polling):
            run = polling.begin("tickers", (FIRST, FIRST))
            time.sleep(0.2)
            began = time.monotonic()
            polling.server.stop()
            self.assertLess(time.monotonic() - began, 5)
            polling.server.start()
            self.assertEqual(polling.end(run)["state"], "succeeded")

    def test_ready_whatever_vendors_do(self):
        with polled("no_answer") as (fake, polling):
            fake.refuse(2)
            polling.begin("tickers", (FIRST, FIRST))
            time.sleep(0.1)
            self.assertEqual(polling.client.get("/readyz").status, 200)
            self.assertIn(polling.vendor("polygon")["state"],
                          ("running", "backing-off"))


if __name__ == "__main__":
    unittest.main()
