"""A day of two vendors' data, step by step, and all that it comes to: a step may
be cut off anywhere, and is then done once more."""

import gzip
import json
import os

from fake import scenario
from polling import ENDED, FIRST, SPAN, TODAY, config_of

PER_MINUTE = 6000
# One after another: what runs at the same time would have no order.
DATASETS = {
    "polygon": {"tickers": {}, "splits": {"after": "trades"},
                "open-close": {}},
    "benzinga": {"trades": {"after": "tickers", "lookback_days": 36525}}}
CALM = scenario("calm")
BEFORE_AMENDMENT = {**CALM, "today": "2024-05-29"}
SHRUNKEN = scenario("shrunken_listing")
TRADES_PATH = "/api/v1/gov/usa/congress/trades"
# Of two pages nobody can place one row.
ODD_TRADES = {**CALM, "rules": [
    {"match": {"path": TRADES_PATH, "params": {"page": "[01]"}}, "do": "rows",
     "at": 0, "set": {"transaction_date": "1850-01-01"}}]}

# (the world, what is asked for, its days, runs that it makes by vendor). A
# listing without days is today's, and has trades and then splits follow.
STEPS = (
    (CALM, "tickers", (FIRST, FIRST), (1, 0)),
    (BEFORE_AMENDMENT, "tickers", None, (2, 1)),
    (CALM, "trades", None, (1, 1)),
    (CALM, "open-close", SPAN, (1, 0)),
    (SHRUNKEN, "tickers", None, (2, 1)),
    (CALM, "release", None, (0, 0)),
    (ODD_TRADES, "trades", (FIRST, TODAY), (0, 1)),
    (CALM, "release", None, (0, 0)),
    (CALM, "tickers", None, (2, 1)),
    (SHRUNKEN, "tickers", None, (2, 1)),
    (CALM, "discard", None, (0, 0)),
)
DECISIONS = ("release", "discard")
VENDORS = ("polygon", "benzinga")

# Set aside, as no two runs share them: when something happened, and how many
# requests are left, which a kill may cost one of.
RUN_MEMBERS = ("run", "dataset", "from", "to", "state", "done", "total",
               "pages", "stored", "unchanged", "error")
ENTRY_TIMES = {"quarantined_at"}
VENDOR_TIMES = {"tokens_left", "next_run_at"}


def config(url):
    return config_of(url, {"requests_per_minute": PER_MINUTE,
                           "burst": PER_MINUTE},
                     **{name: {"datasets": datasets}
                        for name, datasets in DATASETS.items()})


def without(row, names):
    return {name: value for name, value in row.items() if name not in names}


class Day:
    def __init__(self, polling, fake):
        self.polling, self.fake = polling, fake
        fake.play(CALM)
        fake.reset()

    def do(self, step):
        world, what, days, _ = STEPS[step]
        self.fake.play(world)
        if what in DECISIONS:
            self.decide(what)
            return
        before = self._count(step)
        vendor = "benzinga" if what == "trades" else "polygon"
        at = VENDORS.index(vendor)
        runs = self.polling.runs(vendor)
        assert len(runs) >= before[at], (step, runs)
        if len(runs) == before[at]:
            self.polling.begin(what, days)
        after = self._count(step + 1)
        self.polling.until(lambda: self._ended() == after,
                           "the end of step %d" % step)

    @staticmethod
    def _count(step):
        """How many runs of each vendor there are before a step."""
        return tuple(sum(row[3][at] for row in STEPS[:step])
                     for at in range(len(VENDORS)))

    def _ended(self):
        """How many have ended; None: not all."""
        runs = [self.polling.runs(vendor) for vendor in VENDORS]
        if any(run["state"] not in ENDED for rows in runs for run in rows):
            return None
        return tuple(map(len, runs))

    def decide(self, what):
        """Of all that is open; released entries of a run go together."""
        while True:
            entry = next((entry for entry in self.polling.quarantine()
                          if entry["state"] == "open"), None)
            if entry is None:
                return
            answer = self.polling.client.post(
                "/v1/quarantine/%s/%s" % (entry["id"], what), "")
            assert answer.status == 200, answer

    def outcome(self):
        """All that is there, times aside."""
        polling = self.polling
        return {
            "runs": [{name: run[name] for name in RUN_MEMBERS}
                     for vendor in VENDORS for run in polling.runs(vendor)],
            "quarantine": [without(entry, ENTRY_TIMES)
                           for entry in polling.quarantine()],
            "vendors": [without(polling.vendor(vendor), VENDOR_TIMES)
                        for vendor in VENDORS],
            **polling.held()}

    def transactions(self):
        rows = self.polling.get("/v1/transactions?limit=1000")["transactions"]
        return [without(row, {"recorded_at"}) for row in rows]

    def trades(self, tx):
        """Those known at a transaction."""
        return self.polling.lines(
            "/v1/trades?amendments=all&known_tx=%d" % tx) if tx > 0 else []

    def spent(self):
        """Of each vendor's requests a minute, those that are gone."""
        return [PER_MINUTE - self.polling.vendor(vendor)["tokens_left"]
                for vendor in VENDORS]

    def requests(self):
        """Of each vendor, in order."""
        asked = self.fake.requests()
        return [[(r["path"], r["query"]) for r in asked if r["vendor"] == name]
                for name in ("massive", "benzinga")]


def archive(data_dir):
    """({place: page}, places of what no page is yet). The day in a page's
    path is left out. Raises if a page is not whole."""
    pages, others = {}, []
    for folder, _, names in os.walk(os.path.join(data_dir, "raw")):
        for name in names:
            path = os.path.join(folder, name)
            if not name.endswith(".json.gz"):
                others.append(path)
                continue
            with open(path, "rb") as file:
                page = gzip.decompress(file.read())
            json.loads(page)
            where = os.path.relpath(folder, data_dir)
            pages[os.path.join(where, name)] = page
    return pages, others
