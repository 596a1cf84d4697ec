"""A server that polls the fake vendor, for tests."""

import json
import os
import tempfile
import time

from fake import FakeVendor
from harness import Server

KEYS = {"POLLED_MASSIVE": "massive-key", "POLLED_BENZINGA": "benzinga-token"}
RUN_S = 60


def config_of(url, **more):
    """Both vendors, fast, nothing at a time of day; more: of each vendor."""
    common = {"base_url": url, "requests_per_minute": 6000, "burst": 1000,
              "retry_initial_seconds": 1, "retry_max_seconds": 1,
              "timeout_seconds": 2, **more}
    return {"vendors": [
        {"name": "polygon", "adapter": "massive", "key_env": "POLLED_MASSIVE",
         "datasets": {"tickers": {}, "splits": {},
                      "open-close": {"after": "trades",
                                     "universe": "traded"}}, **common},
        {"name": "benzinga", "adapter": "benzinga",
         "key_env": "POLLED_BENZINGA",
         "datasets": {"trades": {"lookback_days": 70}}, **common}]}


class Polled:
    """The fake vendor and a server that knows it. Use it with `with`."""

    def __init__(self, scenario, config=None, **more):
        os.environ.update(KEYS)
        self.fake = FakeVendor(scenario)
        self.file = tempfile.NamedTemporaryFile("w", suffix=".json")
        json.dump(config or config_of(self.fake.url, **more), self.file)
        self.file.flush()
        self.server = Server("--config", self.file.name)
        try:
            self.server.start()
        except Exception:
            self.fake.stop()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.server.drop()
        finally:
            self.fake.stop()
            self.file.close()

    def get(self, path):
        answer = self.server.client.get(path)
        assert answer.status == 200, (path, answer)
        return json.loads(answer.body)

    def ask(self, vendor, dataset, first=None, last=None):
        """Ask for a run; its id."""
        body = {"dataset": dataset}
        if first:
            body.update({"from": first, "to": last or first})
        answer = self.server.client.request(
            "POST", "/v1/vendors/%s/runs" % vendor, json.dumps(body),
            {"Content-Type": "application/json"})
        assert answer.status == 202, (body, answer)
        return json.loads(answer.body)["run"]

    def look(self, vendor, run):
        return self.get("/v1/vendors/%s/runs/%s" % (vendor, run))

    def wait(self, vendor, run):
        """The run once it has ended."""
        until = time.monotonic() + RUN_S
        while time.monotonic() < until:
            told = self.look(vendor, run)
            if told["state"] not in ("queued", "running"):
                return told
            time.sleep(0.02)
        raise AssertionError("still %r" % (told,))

    def run(self, vendor, dataset, first=None, last=None):
        return self.wait(vendor, self.ask(vendor, dataset, first, last))

    def contents(self):
        """All securities' rows, and each one's prices."""
        columns = self.get("/v1/master?limit=10000")
        prices = [self.get("/v1/securities/%s/prices?limit=10000"
                           % row["security_id"])
                  for row in self.get("/v1/securities?limit=10000")["rows"]]
        return [columns["columns"], columns["rows"],
                [(p["columns"], p["rows"]) for p in prices]]
