"""No minute as the vendor sees it holds more requests than it allows, over a
kill and a restart too. In real time: a little over a minute."""

import time
import unittest

from polled import Polled

ALLOWED = 20


class Pace(unittest.TestCase):
    def test_no_minute_holds_too_many(self):
        with Polled("calm", requests_per_minute=ALLOWED,
                    burst=ALLOWED) as polled:
            polled.run("polygon", "tickers", "2024-05-01")
            polled.run("benzinga", "trades", "2024-01-01", "2024-06-03")
            run = polled.ask("polygon", "open-close", "2024-05-27",
                             "2024-06-03")
            while polled.look("polygon", run)["done"] < 8:
                time.sleep(0.01)
            polled.server.kill()
            polled.server.start()
            began = time.monotonic()
            while len(polled.fake.requests(vendor="massive")) <= ALLOWED:
                self.assertLess(time.monotonic() - began, 90)
                time.sleep(0.2)
            self.assertEqual(
                polled.fake.fullest_window(60, vendor="massive"), ALLOWED)
            self.assertGreaterEqual(
                polled.fake.fullest_window(70, vendor="massive"), ALLOWED + 1)


if __name__ == "__main__":
    unittest.main()
