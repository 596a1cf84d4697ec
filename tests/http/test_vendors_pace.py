"""In real time: no minute holds more requests than the plan has, whatever
happens to the server in between."""

import time
import unittest

from fake import FakeVendor
from polling import FIRST, TODAY, Polling, config_of

PER_MINUTE = 5
MINUTE_S = 60
# What the limiter adds to a minute, and some for a slow machine.
SLACK_S = 30
# What a vendor is made to ask for, when the server is restarted, and clocks
# that are read apart.
HOLD_S, BEHIND_S, APART_S = 4, 2, 0.1


class Pace(unittest.TestCase):
    def test_no_minute_holds_more_across_restarts(self):
        """Five requests at once, as the burst allows; then, killed or stopped
        in between, none before the first of them is a minute old."""
        pace = {"requests_per_minute": PER_MINUTE, "burst": PER_MINUTE,
                "timeout_seconds": 10}
        with FakeVendor("429_plan") as fake:
            fake.change(page_rows={"massive": 4})
            with Polling(config_of(fake.url, pace)) as polling:
                begun = time.monotonic()
                first = polling.run("tickers", (FIRST, FIRST))
                self.assertEqual((first["state"], first["pages"]),
                                 ("succeeded", 3))
                second = polling.begin("tickers", (TODAY, TODAY))
                polling.until(lambda: len(self.asked(fake)) == PER_MINUTE,
                              "five requests")
                self.assertEqual(polling.vendor("polygon")["tokens_left"], 0)
                for again in (self.killed, self.stopped, self.killed):
                    again(polling.server)
                    self.assertEqual(
                        polling.vendor("polygon")["tokens_left"], 0)
                    time.sleep(1)
                    self.assertEqual(len(self.asked(fake)), PER_MINUTE)
                # Another vendor's requests are its own.
                trades = polling.begin("trades")
                second = polling.end(second)
                self.assertEqual((second["state"], second["pages"]),
                                 ("succeeded", 3))
                took = time.monotonic() - begun
                self.assertEqual(polling.end(trades)["state"], "succeeded")
                times = [r["at"] for r in self.asked(fake)]
                self.assertEqual(len(times), PER_MINUTE + 1)
                self.assertGreaterEqual(times[-1] - times[0], MINUTE_S)
                self.assertLess(took, MINUTE_S + SLACK_S)
                self.assertLessEqual(
                    fake.fullest_window(MINUTE_S, vendor="massive"),
                    PER_MINUTE)
                self.assertEqual([r["status"] for r in fake.requests()
                                  if r["status"] == 429], [])
                self.assertEqual(fake.faults(), [])

    def test_what_a_vendor_asks_for_outlasts_restarts(self):
        # Who is stopped keeps what is left of it; who is killed, all of it.
        for name, again, behind, below in (
                ("killed", self.killed, 0, HOLD_S + SLACK_S),
                ("stopped", self.stopped, BEHIND_S, HOLD_S + BEHIND_S)):
            with self.subTest(name), FakeVendor("429_huge") as fake, Polling(
                    config_of(fake.url,
                              {"retry_max_seconds": HOLD_S})) as polling:
                run = polling.begin("tickers", (FIRST, FIRST))
                polling.until(lambda: polling.vendor("polygon")["state"] ==
                              "backing-off", "the back-off")
                time.sleep(behind)
                again(polling.server)
                self.assertEqual(polling.end(run)["state"], "succeeded")
                first, second = [r["at"] for r in self.asked(fake)][:2]
                self.assertGreaterEqual(second - first, HOLD_S - APART_S)
                self.assertLess(second - first, below)

    @staticmethod
    def asked(fake):
        return fake.requests(vendor="massive")

    @staticmethod
    def killed(server):
        server.kill()
        server.start()

    @staticmethod
    def stopped(server):
        server.restart()


if __name__ == "__main__":
    unittest.main()
