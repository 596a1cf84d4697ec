"""Kill -9 at every step of vendors' runs: started again, the server comes to
what an undisturbed one comes to, times aside, and asks no vendor too often.

usage: kill_steps.py SHARD SHARDS    EVERY_STEP=1: all steps, not a choice
                                     SEED=N repeats the choice
"""

import gzip
import os
import pathlib
import random
import shutil
import signal
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "http"))

from fake import FakeVendor  # noqa: E402
from harness import Server, scratch  # noqa: E402
from kill_vendors import GONE  # noqa: E402
from polling import Polling  # noqa: E402
from vendor_day import STEPS, Day, archive, config  # noqa: E402

# Chosen beside the first, the second and the last step of each kind, by all
# shards together.
MORE = 24
# Days with two kills: the second so many steps behind the start at the most.
TWICE = 40
BEHIND = 60
PATIENCE_S = 60
# A page of a run that nobody knows, old enough to be removed.
OLD = "raw/polygon/tickers/2020-01-01/999-0.json.gz"
# Another one's write that was cut off.
LEFT = "raw/polygon/tickers/2024-06-01/.998-0.tmp"
# A kill needs no disk that flushes: what was written stays.
MEMORY = "/dev/shm"
MEMORY_BYTES = 1 << 30


def use_memory():
    try:
        disk = os.statvfs(MEMORY)
    except OSError:
        return
    if os.access(MEMORY, os.W_OK) \
            and disk.f_bavail * disk.f_frsize >= MEMORY_BYTES:
        tempfile.tempdir = MEMORY


def same(name, got, want):
    if got == want:
        return
    if isinstance(want, list) and isinstance(got, list):
        for number, pair in enumerate(zip(got, want)):
            assert pair[0] == pair[1], "%s %d:\n%r\n%r" % (
                name, number, *pair)
    raise AssertionError("%s:\n%r\n%r" % (name, got, want))


class Life:
    """A day of a server that dies at each of these steps, each counted from
    its start behind the one before."""

    def __init__(self, world, deaths):
        self.log, self.deaths, self.died_at = world.log, list(deaths), []
        self.polling = Polling(config(world.fake.url))
        self.day = Day(self.polling, world.fake)
        shutil.copytree(world.store, self.polling.server.data,
                        dirs_exist_ok=True)

    def start(self):
        os.environ.update(MORTAL_LOG=self.log, MORTAL_AT=str(
            self.deaths.pop(0) if self.deaths else 0))
        try:
            self.polling.server.start()
        except AssertionError as fault:
            if self.polling.server.process.poll() is None:
                raise
            raise ConnectionError("it never listened") from fault

    def steps(self):
        """Those of the last start, in order."""
        with open(self.log, encoding="utf-8") as file:
            return [line.rstrip("\n") for line in file]

    def note_death(self):
        server = self.polling.server
        code = server.process.wait(PATIENCE_S)
        assert code == -signal.SIGKILL, (code, server.stderr())
        server.kill()
        self.died_at.append(self.steps()[-1])

    def rise(self, want):
        """Start it until it stays."""
        while True:
            try:
                self.start()
                if self.died_at:
                    self.check_begun(want)
                return
            except GONE:
                self.note_death()
                self.check_archive(want)

    def live(self, want=None):
        """To the end of the day, which shall be as want."""
        step = 0
        self.rise(want)
        while step < len(STEPS):
            try:
                self.day.do(step)
                step += 1
            except GONE:
                self.note_death()
                self.check_archive(want)
                self.rise(want)

    def check_begun(self, want):
        """Each transaction is there whole, or not at all."""
        got = self.day.transactions()
        newest = len(got)
        same("transaction", got, want.outcome["transactions"][:newest])
        same("change", [row for row in self.polling.changes()
                        if int(row["tx"]) <= newest],
             [row for row in want.outcome["changes"]
              if int(row["tx"]) <= newest])
        same("trade", self.day.trades(newest), want.trades[newest])

    def check_archive(self, want):
        """No page is in part, and none is another."""
        pages, _ = archive(self.polling.server.data)
        pages.pop(OLD, None)
        for place, page in pages.items():
            assert want.outcome["pages"].get(place) == page, place

    def outcome(self):
        pages, others = archive(self.polling.server.data)
        assert others == [] and OLD not in pages, (others, list(pages))
        return {**self.day.outcome(), "pages": pages}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.environ["MORTAL_AT"] = "0"
        self.polling.__exit__()


def repeats(got, want):
    """How many requests came once more, right behind the same."""
    more, at = 0, 0
    for asked in got:
        if at < len(want) and asked == want[at]:
            at += 1
        elif at > 0 and asked == want[at - 1]:
            more += 1
        else:
            raise AssertionError("%r was asked for, behind %d requests"
                                 % (asked, at))
    assert at == len(want), "%d requests of %d" % (at, len(want))
    return more


class World:
    """What all days have in common: a fake vendor, a store without anything,
    beside it what earlier days have left."""

    def __init__(self, fake, log):
        self.fake, self.log, self.store = fake, log, scratch("secmaster-new-")
        server = Server().start()
        server.stop()
        shutil.copytree(server.data, self.store, dirs_exist_ok=True)
        server.drop()
        for place in (OLD, LEFT):
            path = os.path.join(self.store, place)
            os.makedirs(os.path.dirname(path))
            with open(path, "wb") as file:
                file.write(gzip.compress(b"{}"))


class Undisturbed:
    """Of a day without a kill: its steps, requests and outcome."""

    def __init__(self, world):
        with Life(world, ()) as life:
            life.live()
            self.steps = life.steps()
            self.outcome = life.outcome()
            self.requests = life.day.requests()
            newest = len(self.outcome["transactions"])
            self.trades = [life.day.trades(tx) for tx in range(newest + 1)]
            assert life.day.spent() == [len(r) for r in self.requests]
        assert len(self.outcome["pages"]) > 20, self.outcome["pages"].keys()


def disturbed(world, deaths, want):
    """The day with these kills comes to what is wanted; where they were."""
    with Life(world, deaths) as life:
        life.live(want)
        assert life.died_at, "%r were not reached" % (deaths,)
        assert life.died_at[0] == want.steps[deaths[0] - 1], life.died_at
        got = life.outcome()
        for name, value in want.outcome.items():
            same(name, got[name], value)
        kills = len(life.died_at)
        asked = life.day.requests()
        spent = life.day.spent()
        for mine, theirs, gone in zip(asked, want.requests, spent):
            assert repeats(mine, theirs) <= kills, (mine, kills)
            # What was sent is counted; what was counted may not be sent.
            assert len(mine) <= gone <= len(theirs) + kills, (len(mine), gone)
        assert world.fake.faults() == [], world.fake.faults()
        return life.died_at


def of_each_kind(steps):
    """Numbers of steps: of each kind the first, the second and the last."""
    places = {}
    for number, kind in enumerate(steps, 1):
        places.setdefault(kind, []).append(number)
    return sorted({number for numbers in places.values()
                   for number in (*numbers[:2], numbers[-1])})


def chosen(steps, shard, shards, rng):
    """The days of a shard: the numbers of the steps at which each has a kill.
    All shards together have what is no matter of chance."""
    every = range(1, len(steps) + 1)
    if os.environ.get("EVERY_STEP"):
        numbers = every[shard::shards]
    else:
        numbers = of_each_kind(steps)[shard::shards] \
            + rng.sample(every, MORE // shards)
    return [(number,) for number in numbers] + [
        (rng.choice(every), rng.randint(1, BEHIND))
        for _ in range(TWICE // shards)]


def main():
    shard, shards = int(sys.argv[1]), int(sys.argv[2])
    seed = int(os.environ.get("SEED", random.randrange(1 << 32)))
    print("SEED=%d" % seed, flush=True)
    rng = random.Random(seed)
    os.environ["MORTAL_BORN"] = str(int(time.time()))
    use_memory()
    with FakeVendor("calm") as fake, \
            tempfile.NamedTemporaryFile(suffix=".log") as log:
        world = World(fake, log.name)
        want = Undisturbed(world)
        mine = chosen(want.steps, shard, shards, rng)
        kills, began = 0, time.monotonic()
        for deaths in mine:
            try:
                kills += len(disturbed(world, deaths, want))
            except Exception:
                print("killed at %r, %s" % (deaths,
                                            want.steps[deaths[0] - 1]))
                raise
        print("%d steps of %d kinds, %d days, %d kills, %.1f s" % (
            len(want.steps), len(set(want.steps)), len(mine), kills,
            time.monotonic() - began))


if __name__ == "__main__":
    main()
