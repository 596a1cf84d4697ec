"""Each way in which a vendor misbehaves, and what must be true afterwards."""

import unittest

from polled import Polled

RUNS = (("polygon", "tickers", "2024-05-01", None),
        ("benzinga", "trades", "2024-01-01", "2024-06-03"),
        ("polygon", "open-close", "2024-05-28", "2024-05-31"))

# What is stored equals that of a calm day.
SAME = (
    "404_empty", "429_absent", "429_date", "429_garbage", "429_huge",
    "429_past", "429_seconds", "500_once", "502_once", "503_once", "chunked",
    "clock_behind", "clock_jumps", "content_type_absent",
    "content_type_wrong", "drip", "envelope_bare", "envelope_wrapped", "gzip",
    "half_body", "no_answer", "no_body", "refused", "reset", "reset_midway",
    "until_close", "rows_repeated",
)

# The listing is as it comes to: its state and error, or its reason; the rest
# does not run on it, nothing is stored.
NOTHING = {
    "200_error": ("quarantined", "/status: must be OK"),
    "401": ("failed", "the vendor answered 401"),
    "403": ("failed", "the vendor answered 403"),
    "503_always": ("failed", "the vendor answered 503, 10 times in a row"),
    "content_type_html": ("quarantined", "line 1, byte 1: lexical error"),
    "cut_utf8": ("quarantined", "line 1, byte 1414: the text ends"),
    "empty_body": ("quarantined", "the text is empty"),
    "endless_head": ("failed", "the head of the answer is too long"),
    "gzip_bomb": ("failed", "the answer is too large once unpacked"),
    "gzip_checksum": ("failed", "not gzip: incorrect data check"),
    "gzip_cut": ("failed", "the gzip data is cut off"),
    "huge_announced": ("failed", "Maximum file size exceeded"),
    "huge_chunked": ("failed", "the answer is too large"),
    "nested": ("quarantined", "line 1, byte 57: nested too deeply"),
    "next_url_host": ("quarantined", "the next page is on another server"),
    "next_url_itself": ("quarantined", "/next_url: leads to the page itself"),
    "next_url_port": ("quarantined", "the next page is on another server"),
    "next_url_scheme": ("quarantined", "the next page is on another server"),
    "next_url_userinfo": ("quarantined",
                          "the next page is on another server"),
    "not_http": ("failed", "Received HTTP/0.9 when not allowed"),
    "page_twice": ("quarantined", "the page is the one before it once more"),
    "rows_repeated_listing": ("quarantined", "rows of \"ALFA\" and"),
    "redirect_itself": ("failed", "redirected too often"),
    "redirect_port": ("failed",
                      "redirected to another scheme, host or port"),
}

# What trades and bars come to behind a listing that is as it should be.
PARTS = {
    "200_zeros": (("succeeded", 5), ("unchanged", 0)),
    "404_no_bar": (("succeeded", 5), ("unchanged", 0)),
    "404_zeros": (("succeeded", 5), ("unchanged", 0)),
    "empty_trades": (("unchanged", 0), ("unchanged", 0)),
    "rows_bad_date": (("quarantined", 0), ("failed", 0)),
    "rows_bad_price": (("succeeded", 5), ("quarantined", 0)),
    "rows_without_id": (("quarantined", 0), ("failed", 0)),
    "page_twice_trades": (("quarantined", 2), ("failed", 0)),
}


class VendorScenarios(unittest.TestCase):
    maxDiff = 2000

    def play(self, name):
        """How the runs ended, the open quarantine, all that is stored."""
        with Polled(name) as polled:
            runs = [polled.run(*run) for run in RUNS]
            quarantine = polled.get("/v1/quarantine")["quarantine"]
            self.assertEqual(polled.fake.faults(), [], name)
            self.assertEqual(polled.fake.requests(to="other"), [], name)
            return runs, quarantine, polled.contents()

    def test_what_passes_changes_nothing(self):
        runs, _, calm = self.play("calm")
        self.assertEqual([r["stored"] for r in runs], [75, 5, 8])
        for name in SAME:
            with self.subTest(name):
                runs, quarantine, contents = self.play(name)
                self.assertEqual([r["state"] for r in runs],
                                 ["succeeded"] * 3, runs)
                self.assertEqual(quarantine, [])
                self.assertEqual(contents, calm)

    def test_what_does_not_pass_stores_nothing(self):
        for name, (state, words) in NOTHING.items():
            with self.subTest(name):
                runs, quarantine, contents = self.play(name)
                self.assertEqual(runs[0]["state"], state)
                told = runs[0]["error"] if state == "failed" \
                    else quarantine[0]["reasons"][0]
                self.assertTrue(told.startswith(words), told)
                self.assertEqual([r["error"] for r in runs[1:]],
                                 ["upstream"] * 2)
                self.assertEqual(contents[1:], [[], []])

    def test_what_is_part_of_a_day(self):
        for name, wanted in PARTS.items():
            with self.subTest(name):
                runs, _, _ = self.play(name)
                self.assertEqual(runs[0]["state"], "succeeded")
                self.assertEqual(tuple((r["state"], r["stored"])
                                       for r in runs[1:]), wanted)


if __name__ == "__main__":
    unittest.main()
