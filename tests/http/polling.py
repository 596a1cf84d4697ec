"""A server that polls the fake vendor, and all that it then holds."""

import json
import os
import shutil
import time

from fake import FakeVendor
from harness import CSV, NDJSON, Num, Server, parse, read_table, scratch

KEYS = {"POLLING_MASSIVE": "massive-key", "POLLING_BENZINGA": "benzinga-token"}
END_S = 120
ENDED = {"succeeded", "unchanged", "failed", "quarantined", "cancelled"}

# As fast as it goes, and patient for a second at the most.
SWIFT = {"requests_per_minute": 6000, "burst": 6000, "timeout_seconds": 1,
         "retry_initial_seconds": 1, "retry_max_seconds": 1}

# What every scenario is asked for unless it says otherwise: (dataset, days).
FIRST, TODAY = "2024-05-01", "2024-06-03"
SPAN = ("2024-05-13", "2024-05-15")
ASKED = (("tickers", (FIRST, FIRST)), ("tickers", (TODAY, TODAY)),
         ("trades", None), ("splits", (FIRST, TODAY)), ("open-close", SPAN))
VENDOR_OF = {"trades": "benzinga"}


def config_of(url, pace=None, **vendors):
    """Both vendors at that URL; vendors: further members of each."""
    pace = {**SWIFT, **(pace or {})}
    massive = {"name": "polygon", "adapter": "massive", "base_url": url,
               "key_env": "POLLING_MASSIVE", **pace,
               "datasets": {"tickers": {}, "splits": {}, "open-close": {}}}
    benzinga = {"name": "benzinga", "adapter": "benzinga", "base_url": url,
                "key_env": "POLLING_BENZINGA", **pace,
                "datasets": {"trades": {"lookback_days": 36525}}}
    massive.update(vendors.get("polygon", {}))
    benzinga.update(vendors.get("benzinga", {}))
    return {"vendors": [massive, benzinga]}


class Polling:
    """A server with a configuration; its fake vendor is somebody else's."""

    def __init__(self, config, *args):
        os.environ.update(KEYS)
        self.folder = scratch("secmaster-polling-")
        self.path = os.path.join(self.folder, "vendors.json")
        self.configure(config)
        self.server = Server("--config", self.path, *args)

    def configure(self, config):
        """As the next start reads it."""
        with open(self.path, "w", encoding="utf-8") as file:
            json.dump(config, file)

    def __enter__(self):
        self.server.start()
        return self

    def __exit__(self, *_):
        try:
            self.server.drop()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def client(self):
        return self.server.client

    def get(self, path):
        answer = self.client.get(path)
        assert answer.status == 200, (path, answer)
        return json.loads(answer.body)

    def vendor(self, name):
        rows = self.get("/v1/vendors")["vendors"]
        return next(row for row in rows if row["vendor"] == name)

    def ask(self, dataset, days=None, vendor=None):
        """POST a run; its answer."""
        body = {"dataset": dataset}
        if days:
            body.update({"from": days[0], "to": days[1]})
        return self.client.post("/v1/vendors/%s/runs" % (
            vendor or VENDOR_OF.get(dataset, "polygon")), json.dumps(body))

    def begin(self, dataset, days=None, vendor=None):
        """POST a run that is taken; where it is."""
        answer = self.ask(dataset, days, vendor)
        assert answer.status == 202, answer
        return answer.header("Location")

    def end(self, location):
        """Wait for a run's end; its document."""
        return self.until(lambda: self._ended(location), location)

    def _ended(self, location):
        run = self.get(location)
        return run if run["state"] in ENDED else None

    @staticmethod
    def until(what, words):
        """What it comes to, once that is anything."""
        deadline = time.monotonic() + END_S
        while time.monotonic() < deadline:
            got = what()
            if got:
                return got
            time.sleep(0.01)
        raise AssertionError("never came: %s" % (words,))

    def run(self, dataset, days=None, vendor=None):
        return self.end(self.begin(dataset, days, vendor))

    def run_all(self, asked=ASKED):
        return [self.run(dataset, days) for dataset, days in asked]

    def quarantine(self, query=""):
        """All entries, the oldest first."""
        rows, path = [], "/v1/quarantine" + query
        while path:
            answer = self.client.get(path)
            assert answer.status == 200, answer
            rows += json.loads(answer.body)["quarantine"]
            path = answer.next_link()
        return rows[::-1]

    def runs(self, vendor):
        """All of a vendor's runs, the oldest first."""
        return self.get("/v1/vendors/%s/runs?limit=1000"
                        % vendor)["runs"][::-1]

    def lines(self, path):
        answer = self.client.get(path, Accept=NDJSON)
        assert answer.status == 200, (path, answer)
        return [parse(line) for line in answer.body.splitlines()]

    def changes(self):
        """All facts in order of arrival, times aside."""
        return [{k: v for k, v in row.items() if k != "recorded_at"}
                for row in self.lines("/v1/changes?limit=10000")]

    def trades(self):
        return self.lines("/v1/trades?amendments=all")

    def prices(self, security_id):
        answer = self.client.get("/v1/securities/%s/prices" % security_id,
                                 Accept=CSV)
        assert answer.status == 200, answer
        return read_table(answer)[1]

    def held(self):
        """Everything in the store, times aside."""
        changes = self.changes()
        ids = sorted({str(row["security_id"]) for row in changes})
        transactions = self.get("/v1/transactions?limit=1000")["transactions"]
        for row in transactions:
            del row["recorded_at"]
        return {"transactions": transactions, "changes": changes,
                "trades": self.trades(),
                "members": self.lines("/v1/members"),
                "prices": {name: self.prices(name) for name in ids}}

    def rows_of(self, attribute, value):
        """Who has that value today, in the newest knowledge."""
        return [row for row in self.changes()
                if row["attribute"] == attribute and row["value"] == value]

    def resolve(self, ticker, day):
        """The security of a ticker on a day, or None."""
        answer = self.client.get(
            "/v1/resolve?attribute=ticker&value=%s&as_of=%s" % (ticker, day))
        if answer.status == 404:
            return None
        assert answer.status == 200, answer
        return str(answer.json()["security_id"])

    def metric(self, line):
        """The value of the metric of that name and labels."""
        text = self.client.get("/metrics").body.decode()
        for one in text.splitlines():
            if one.startswith(line + " "):
                return Num(one[len(line) + 1:])
        raise AssertionError("no %s in\n%s" % (line, text))

    def memory_peak(self):
        """In bytes, what the process has had resident at most."""
        with open("/proc/%d/status" % self.server.process.pid) as file:
            for line in file:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
        raise AssertionError("no VmHWM")


def fake_and_polling(what, pace=None, **vendors):
    """Both started; the caller stops them."""
    fake = FakeVendor(what)
    return fake, Polling(config_of(fake.url, pace, **vendors))
