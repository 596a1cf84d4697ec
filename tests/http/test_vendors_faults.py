"""Every way in which a vendor misbehaves, and what is true afterwards.

Each scenario has a server and a store of its own. Those whose data matter, not
the way in which it comes, are in test_vendors_data.py.
"""

import concurrent.futures
import os
import threading
import unittest

from fake import SCENARIOS, FakeVendor, scenario
from polling import ASKED, SPAN, Polling, config_of
from test_vendors_data import DATA

AT_ONCE = 4
MEMORY_MAX = 384 << 20
IS_SANITIZED = bool(os.environ.get("IS_SANITIZED"))
TRADES = ("trades", None)
LISTING = ("tickers", ("2024-05-01", "2024-05-01"))
PRICES = ("open-close", SPAN)

# What is stored equals that of a run without the fault: (scenario, further
# requests, seconds between the first request and the second: at least, below).
SAME = (
    ("404_empty", 0, 0, None),
    ("429_absent", 1, 0, 3.5),
    ("429_date", 1, 1.5, None),
    ("429_garbage", 1, 0, 3.5),
    ("429_huge", 1, 3.9, None),
    ("429_past", 1, 0, 3.5),
    ("429_seconds", 1, 2, None),
    ("500_once", 1, 0, 3.5),
    ("502_once", 1, 0, 3.5),
    ("503_once", 1, 0, 3.5),
    ("calm", 0, 0, None),
    ("chunked", 0, 0, None),
    ("clock_behind", 0, 0, None),
    ("clock_jumps", 0, 0, None),
    ("content_type_absent", 0, 0, None),
    ("content_type_wrong", 0, 0, None),
    ("drip", 1, 1, None),
    ("envelope_bare", 0, 0, None),
    ("envelope_wrapped", 0, 0, None),
    ("gzip", 0, 0, None),
    ("half_body", 1, 0, None),
    ("no_answer", 1, 1, None),
    ("no_body", 1, 1, None),
    ("refused", 1, 0, None),
    ("reset", 1, 0, None),
    ("reset_midway", 1, 0, None),
    ("until_close", 0, 0, None),
)

# The runs up to the one named go well; it comes to quarantine, for the reason
# (a regular expression), and nothing of its pages is stored.
QUARANTINED = (
    ("200_error", LISTING, "^/status: must be OK$"),
    ("content_type_html", LISTING, "not JSON|lexical error"),
    ("cut_utf8", LISTING, "the text ends inside a string|UTF-8"),
    ("empty_body", LISTING, "the text is empty"),
    ("nested", LISTING, "nested too deeply"),
    ("next_url_host", LISTING, "^the next page is on another server$"),
    ("next_url_itself", LISTING, "leads to the page itself"),
    ("next_url_port", LISTING, "^the next page is on another server$"),
    ("next_url_scheme", LISTING, "^the next page is on another server$"),
    ("next_url_userinfo", LISTING, "^the next page is on another server$"),
    ("page_twice", LISTING, "^the page is an earlier one once more$"),
    ("rows_bad_date", TRADES, "/transaction_date: must be a date"),
    ("rows_bad_price", PRICES, "/high: must not be below low"),
    ("rows_repeated_listing", LISTING, "are of one ticker"),
    ("rows_without_id", TRADES, "/transaction_id: is missing"),
)

# The run fails for the reason, after so many requests; nothing is stored.
FAILED = (
    ("401", 1, "the vendor answered 401"),
    ("403", 1, "the vendor answered 403"),
    ("endless_head", 1, "the head of the answer is too long"),
    ("gzip_bomb", 1, "too large once unpacked"),
    ("gzip_checksum", 1, "not gzip"),
    ("gzip_cut", 1, "the gzip data is cut off"),
    ("huge_announced", 1, "Maximum file size exceeded"),
    ("huge_chunked", 1, "the answer is too large"),
    ("not_http", 1, "HTTP"),
    ("redirect_itself", None, "redirected too often"),
    ("redirect_port", 1, "redirected to another scheme, host or port"),
)

# Each has a test of its own, below or in test_vendors_pace.py.
OWN = {"503_always", "429_storm", "429_plan", "demo"}


def asked_before(last):
    """What is asked before the one named, with it."""
    names = [dataset for dataset, _ in ASKED]
    return ASKED[:names.index(last[0])] + (last,)


class Reference:
    """What a scenario without its misbehaviour comes to, by its pages."""

    def __init__(self):
        self.known, self.lock = {}, threading.Lock()

    def of(self, doc):
        calm = {k: v for k, v in doc.items()
                if k not in ("rules", "envelope", "past_end")}
        key = str(sorted(calm.get("page_rows", {}).items()))
        with self.lock:
            if key not in self.known:
                with FakeVendor(calm) as fake, \
                        Polling(config_of(fake.url)) as polling:
                    runs = polling.run_all()
                    self.known[key] = (runs, polling.held(),
                                       len(fake.requests()))
            return self.known[key]


REFERENCE = Reference()


class Fault(unittest.TestCase):
    maxDiff = 2000

    def at_once(self, rows, check):
        """Some rows at a time; each in its turn tells what went wrong."""
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            futures = [(row, pool.submit(check, *row)) for row in rows]
            for row, future in futures:
                with self.subTest(row[0]):
                    future.result()

    def never_astray(self, name, fake):
        """Nobody was asked what he must not be, or without a key."""
        self.assertEqual(fake.requests(to="other"), [], name)
        self.assertEqual(fake.faults(), [], name)

    def test_every_scenario_is_somewhere(self):
        files = {file[:-5] for file in os.listdir(SCENARIOS)
                 if file.endswith(".json")}
        rows = [row[0] for table in (SAME, QUARANTINED, FAILED)
                for row in table]
        self.assertEqual(len(rows), len(set(rows)))
        self.assertEqual(files, set(rows) | OWN | set(DATA))

    def test_the_same_is_stored(self):
        self.at_once(SAME, self.check_same)

    def check_same(self, name, further, at_least, below):
        doc = scenario(name)
        runs, held, requests = REFERENCE.of(doc)
        with FakeVendor(doc) as fake, Polling(
                config_of(fake.url, {"retry_max_seconds": 4})) as polling:
            for want, (dataset, days) in zip(runs, ASKED):
                run = polling.run(dataset, days)
                for member in ("state", "done", "total", "pages", "stored",
                               "unchanged", "error"):
                    self.assertEqual(run[member], want[member],
                                     (name, dataset, member))
            self.assertEqual(polling.held(), held, name)
            self.assertEqual(polling.quarantine(), [], name)
            asked = fake.requests()
            self.assertEqual(len(asked), requests + further, name)
            self.assertTrue(all(r["key_is_good"] for r in asked), name)
            between = asked[1]["at"] - asked[0]["at"]
            self.assertGreaterEqual(between, at_least, name)
            if below is not None and not IS_SANITIZED:
                self.assertLess(between, below, name)
            self.never_astray(name, fake)

    def test_what_is_bad_is_quarantined(self):
        self.at_once(QUARANTINED, self.check_quarantined)

    def check_quarantined(self, name, last, reason):
        asked = asked_before(last)
        with FakeVendor(name) as fake, \
                Polling(config_of(fake.url)) as polling:
            for dataset, days in asked[:-1]:
                run = polling.run(dataset, days)
                self.assertEqual(run["state"], "succeeded", (name, run))
            before = polling.held()
            run = polling.run(*last)
            self.assertEqual(run["state"], "quarantined", (name, run))
            self.assertEqual((run["stored"], run["error"]), (0, None), name)
            self.assertEqual(polling.held(), before, name)
            entries = polling.quarantine()
            self.assertTrue(entries, name)
            for entry in entries:
                self.assertEqual(
                    (entry["dataset"], entry["run"], entry["state"]),
                    (last[0], run["run"], "open"), name)
                self.assertRegex(" ".join(entry["reasons"]), reason, name)
            self.never_astray(name, fake)

    def test_what_cannot_be_had_fails(self):
        self.at_once(FAILED, self.check_failed)

    def check_failed(self, name, requests, reason):
        with FakeVendor(name) as fake, \
                Polling(config_of(fake.url, {"timeout_seconds": 60})) \
                as polling:
            run = polling.run(*LISTING)
            self.assertEqual(run["state"], "failed", (name, run))
            self.assertRegex(run["error"], reason, name)
            if requests is None:
                self.assertLess(len(fake.requests()), 12, name)
            else:
                self.assertEqual(len(fake.requests()), requests, name)
            # Datasets after it do not run.
            run = polling.run(*TRADES)
            self.assertEqual((run["state"], run["error"]),
                             ("failed", "upstream"), name)
            self.assertEqual(fake.requests(vendor="benzinga"), [], name)
            self.assertEqual(polling.held()["transactions"], [], name)
            self.assertEqual(polling.quarantine(), [], name)
            if not IS_SANITIZED:
                self.assertLess(polling.memory_peak(), MEMORY_MAX, name)
            self.assertEqual(polling.client.get("/readyz").status, 200, name)
            self.never_astray(name, fake)

    def test_a_storm_of_429_is_gone_through(self):
        """What was published stays, and a run after the storm succeeds."""
        with FakeVendor("429_storm") as fake, \
                Polling(config_of(fake.url)) as polling:
            first = polling.run(*LISTING)
            self.assertEqual(first["state"], "succeeded")
            before = polling.held()
            second = polling.begin("tickers", ("2024-06-03", "2024-06-03"))
            polling.until(lambda: polling.vendor("polygon")["state"]
                          == "backing-off" or None, "backing-off")
            second = polling.end(second)
            self.assertEqual(second["state"], "failed")
            self.assertEqual(second["error"],
                             "the vendor answered 429, 10 times in a row")
            self.assertEqual(len(fake.requests()), 11)
            times = [r["at"] for r in fake.requests()][1:]
            for one, other in zip(times, times[1:]):
                self.assertGreaterEqual(other - one, 1)
            self.assertEqual(polling.held(), before)
            fake.play("calm")
            runs = polling.run_all(ASKED[1:])
            self.assertEqual([run["state"] for run in runs],
                             ["succeeded"] * 4)
            self.assertEqual(fake.faults(), [])

    def test_five_failed_runs_open_the_breaker(self):
        with FakeVendor("503_always") as fake, Polling(
                config_of(fake.url)) as polling:
            run = polling.run(*LISTING)
            self.assertEqual(run["error"],
                             "the vendor answered 503, 10 times in a row")
            self.assertEqual(len(fake.requests()), 10)
            # Four more that fail at once.
            fake.change(rules=[{"do": "status", "status": 403}])
            for failures in range(1, 5):
                vendor = polling.vendor("polygon")
                self.assertEqual((vendor["breaker"],
                                  vendor["consecutive_failures"]),
                                 ("closed", failures))
                self.assertEqual(polling.run(*LISTING)["state"], "failed")
            vendor = polling.vendor("polygon")
            self.assertEqual(vendor["breaker"], "open")
            count = len(fake.requests())
            answer = polling.ask(*LISTING)
            self.assertEqual(answer.status, 503)
            self.assertTrue(50 <= int(answer.header("Retry-After")) <= 60)
            # Another vendor's is its own; kept, it outlives a restart.
            self.assertEqual(polling.vendor("benzinga")["breaker"], "closed")
            polling.server.restart()
            self.assertEqual(polling.vendor("polygon")["breaker"], "open")
            self.assertEqual(polling.ask(*LISTING).status, 503)
            self.assertEqual(len(fake.requests()), count)


if __name__ == "__main__":
    unittest.main()
