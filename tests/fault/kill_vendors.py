"""Kill -9 while vendors are polled: runs go on where they were, and in the end
all is as if nothing had happened, times aside.

usage: kill_vendors.py [KILLS]    SEED=N repeats the choice of moments
"""

import http.client
import os
import pathlib
import random
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "http"))

from fake import FakeVendor  # noqa: E402
from polling import ASKED, TODAY, Polling, config_of  # noqa: E402

# A kill comes so soon after a start at the latest: hardly later than all is
# done where nothing comes in between.
KILL_S = 0.35
PATIENCE_S = 120

# What it is asked for, then a listing that somebody has to release.
STEPS = ASKED + (("shrunken", None), ("release", None))
SHRUNKEN = ("tickers", ("2024-06-04", "2024-06-04"))
RUN_MEMBERS = ("run", "dataset", "from", "to", "state", "done", "total",
               "pages", "stored", "unchanged", "error")
GONE = (ConnectionError, http.client.HTTPException, OSError)


class Day:
    """The steps, by a server that may be killed at any time."""

    def __init__(self, polling, fake):
        self.polling, self.fake, self.count = polling, fake, 0

    def do(self, step):
        """May be cut off anywhere, and is then done once more."""
        name, days = STEPS[step]
        if name == "release":
            self.release()
            return
        if name == "shrunken":
            self.fake.play("shrunken_listing")
            name, days = SHRUNKEN
        vendor = "benzinga" if name == "trades" else "polygon"
        before = sum(1 for other in STEPS[:step]
                     if (other[0] == "trades") == (name == "trades"))
        runs = self.polling.runs(vendor)
        assert len(runs) in (before, before + 1), (step, runs)
        if len(runs) == before:
            location = self.polling.begin(name, days)
        else:
            location = "/v1/vendors/%s/runs/%s" % (vendor, runs[-1]["run"])
        self.polling.end(location)

    def release(self):
        entry, = self.polling.quarantine()
        if entry["state"] == "open":
            answer = self.polling.client.post(
                "/v1/quarantine/%s/release" % entry["id"], "")
            assert answer.status == 200, answer

    def outcome(self):
        """All that is there in the end, times aside."""
        runs = [{name: run[name] for name in RUN_MEMBERS}
                for vendor in ("polygon", "benzinga")
                for run in self.polling.runs(vendor)]
        entries = [{k: v for k, v in entry.items() if k != "quarantined_at"}
                   for entry in self.polling.quarantine()]
        return {"runs": runs, "quarantine": entries, **self.polling.held()}


def undisturbed():
    with FakeVendor("calm") as fake, Polling(config_of(fake.url)) as polling:
        day = Day(polling, fake)
        for step in range(len(STEPS)):
            day.do(step)
        outcome = day.outcome()
        assert [run["state"] for run in outcome["runs"]] \
            == ["succeeded"] * 6, outcome["runs"]
        return outcome, len(fake.requests())


class Killed:
    """A day on which the server is killed again and again."""

    def __init__(self, polling, rng, kills_left):
        self.polling, self.rng = polling, rng
        self.kills_left, self.kills, self.timer = kills_left, 0, None

    def arm(self):
        if self.kills < self.kills_left:
            process = self.polling.server.process
            self.timer = threading.Timer(self.rng.uniform(0, KILL_S),
                                         process.kill)
            self.timer.start()

    def calm(self):
        """No kill comes any more; False: one has come."""
        if self.timer:
            self.timer.cancel()
            self.timer.join()
            self.timer = None
        return self.polling.server.process.poll() is None

    def again(self):
        self.calm()
        self.polling.server.process.wait(PATIENCE_S)
        self.kills += 1
        self.polling.server.kill()
        self.polling.server.start()
        self.arm()

    def go(self, day):
        step = 0
        self.arm()
        while step < len(STEPS):
            try:
                day.do(step)
                step += 1
            except GONE:
                self.again()
        if not self.calm():
            self.again()
            self.calm()


def compare(got, want):
    for name, value in want.items():
        if got[name] != value:
            raise AssertionError("%s differ:\n%r\n%r"
                                 % (name, got[name], value))


def main():
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    seed = int(os.environ.get("SEED", random.randrange(1 << 32)))
    print("SEED=%d" % seed, flush=True)
    rng = random.Random(seed)
    want, requests = undisturbed()
    days, done = 0, 0
    while done < kills:
        with FakeVendor("calm") as fake, \
                Polling(config_of(fake.url)) as polling:
            killed = Killed(polling, rng, kills - done)
            day = Day(polling, fake)
            killed.go(day)
            compare(day.outcome(), want)
            asked = len(fake.requests())
            # Each kill can lose one answer of each vendor, no more.
            assert requests <= asked <= requests + 2 * killed.kills, \
                (asked, requests, killed.kills)
            assert fake.faults() == [], fake.faults()
            days, done = days + 1, done + killed.kills
    print("%d kills on %d days" % (done, days))


if __name__ == "__main__":
    main()
