"""The benchmark's data: the same for a seed, shuffled, each fact once, and its
type-2 rows are the fold of its facts."""

import csv
import datetime
import hashlib
import json
import os
import subprocess
import unittest

GENERATE = os.environ.get("GENERATE", "build/dev/bench/bench_generate")
SMALL = ("--facts", "5003", "--securities", "31", "--dates", "90")
FIXED = ("security_id", "effective_start_date", "effective_end_date")
DIGESTS = {
    "csv":
        "1b1a3ab6c80eb9980be5109921dfa09c2716ef4503cc9324bfa0606397b09ffc",
    "ndjson":
        "56c73c11a14f227f0ebc6c0ea15aed808a70af5bca5aca7177e60ac6530f993f",
    "json":
        "5904650cd8a4cfdaddda26897498b9c4996e5bcb2ea3b7f163f853c5bd682081",
    "rows":
        "dd902ff25f3441da4af287a0c93f03e443e1280f24c4046fa513bcdc0085b378",
    "positions-csv":
        "d4e577d87692c69b8f142d50788ded0049218b619d6dacfc666abd56c86f8dfc",
    "positions-ndjson":
        "ca92cf4b82047cf986bd3b7cf90dd4b7635eba2317e4ae80d9e3adb0fb2d0549",
}
BARS = ("bars", "--facts", "6000", "--securities", "3", "--first-id", "8")
BARS_DIGEST = \
    "cb5855eebfcf1d83b6c7f043a564363d739f73062540f2979bfa570494279c76"
REFUSED = (
    (),
    ("no-such-kind",),
    ("csv", "--facts", "0"),
    ("csv", "--facts", "x"),
    ("csv", "--facts", "-1"),
    ("csv", "--batch", "0"),
    ("csv", "--dates", "1"),
    ("csv", "--dates", "10001"),
    ("csv", "--facts", "5", "--securities", "6"),
    # 20 and 19 facts: no third date for one more.
    ("csv", "--facts", "40", "--securities", "1", "--dates", "2"),
    # As many bars of each security, and no more weekdays than there are.
    ("bars", "--facts", "5", "--securities", "2"),
    ("bars", "--facts", "6361", "--securities", "1"),
)


class Number(str):
    """A number by its own text."""


def run(*words):
    return subprocess.run([GENERATE, *words], capture_output=True, text=True)


def generate(*words):
    done = run(*words)
    assert done.returncode == 0, done
    return done.stdout


def records(text):
    return list(csv.DictReader(text.splitlines()))


def as_csv(line):
    """The CSV record of an NDJSON fact: what could read as a number, quoted."""
    fact = json.loads(line, parse_int=Number, parse_float=Number)
    value = fact["value"]
    if isinstance(value, bool):
        value = "true" if value else "false"
    elif not isinstance(value, Number) and value[0].isdigit():
        value = '"%s"' % value
    return "%s,%s,%s,%s" % (fact["security_id"], fact["attribute"], value,
                            fact["effective_date"])


def fold(facts):
    """Type-2 rows, by security and start, of facts that none is late to."""
    rows, state = [], {}
    for fact in sorted(facts, key=lambda f: (int(f["security_id"]),
                                             f["effective_date"])):
        key = fact["security_id"], fact["effective_date"]
        if not rows or rows[-1][0] != key:
            if rows and rows[-1][0][0] == key[0]:
                rows[-1][1] = key[1]
            else:
                state = {}
            rows.append([key, "", None])
        state = {**state, fact["attribute"]: fact["value"]}
        rows[-1][2] = state
    return rows


class Generate(unittest.TestCase):
    def test_a_seed_gives_the_same_bytes_for_ever(self):
        for kind, digest in DIGESTS.items():
            with self.subTest(kind):
                text = generate(kind, *SMALL)
                self.assertEqual(hashlib.sha256(text.encode()).hexdigest(),
                                 digest)
                self.assertNotEqual(text,
                                    generate(kind, *SMALL, "--seed", "1"))

    def test_every_fact_once_in_no_order(self):
        facts = records(generate("csv", *SMALL))
        keys = [(int(f["security_id"]), f["effective_date"], f["attribute"])
                for f in facts]
        self.assertEqual(len(keys), 5003)
        self.assertEqual(len(set(keys)), 5003)
        self.assertEqual({key[0] for key in keys}, set(range(1, 32)))
        self.assertEqual(len({key[2] for key in keys}), 20)
        ups = sum(a < b for a, b in zip(keys, keys[1:]))
        self.assertTrue(2300 < ups < 2700, ups)

    def test_rows_are_the_fold_of_the_facts(self):
        folded = fold(records(generate("csv", *SMALL)))
        rows = records(generate("rows", *SMALL))
        self.assertEqual(len(rows), len(folded))
        self.assertGreater(len(rows), 31 * 80)
        for row, (key, end, state) in zip(rows, folded):
            self.assertEqual(tuple(row[name] for name in FIXED), (*key, end))
            got = {k: v for k, v in row.items() if k not in FIXED and v}
            self.assertEqual(got, state, key)

    def test_all_formats_say_the_same(self):
        lines = generate("ndjson", *SMALL).splitlines()
        bodies = [json.loads(line) for line
                  in generate("json", *SMALL, "--batch", "100").splitlines()]
        self.assertEqual([len(b["facts"]) for b in bodies], [100] * 50 + [3])
        facts = [fact for body in bodies for fact in body["facts"]]
        self.assertEqual([json.loads(line) for line in lines], facts)
        text = generate("csv", *SMALL)
        self.assertEqual([as_csv(line) for line in lines],
                         text.splitlines()[1:])
        self.assertIn(',"', text)

    def test_positions_are_as_many_as_wanted_of_those_securities(self):
        words = ("--facts", "500", "--securities", "31", "--first-id", "7")
        got = records(generate("positions-csv", *words))
        self.assertEqual(len(got), 500)
        self.assertEqual({int(p["security_id"]) for p in got},
                         set(range(7, 38)))
        lines = generate("positions-ndjson", *words).splitlines()
        self.assertEqual([{k: str(v) for k, v in json.loads(line).items()}
                          for line in lines], got)

    def test_bars_are_of_weekdays_and_possible(self):
        text = generate(*BARS)
        self.assertEqual(hashlib.sha256(text.encode()).hexdigest(),
                         BARS_DIGEST)
        bars = records(text)
        self.assertEqual(len(bars), 6000)
        self.assertEqual([int(b["security_id"]) for b in bars],
                         [8] * 2000 + [9] * 2000 + [10] * 2000)
        for i, bar in enumerate(bars):
            weeks, day = divmod(i % 2000, 5)
            date = datetime.date(2001, 1, 1 + day) + datetime.timedelta(
                weeks=weeks)
            self.assertEqual(bar["date"], date.isoformat())
            opened, high, low, close = (
                int(bar[name].replace(".", ""))
                for name in ("open", "high", "low", "close"))
            self.assertEqual(bar["close"], f"{close // 100}.{close % 100:02}")
            self.assertTrue(0 < low <= min(opened, close), bar)
            self.assertTrue(max(opened, close) <= high < 10**7, bar)
            self.assertTrue(1000 <= int(bar["volume"]) < 10**9, bar)

    def test_what_cannot_be_is_refused(self):
        for words in REFUSED:
            with self.subTest(words):
                done = run(*words)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertEqual(run("csv", "--facts", "39", "--securities", "1",
                             "--dates", "2").returncode, 0)


if __name__ == "__main__":
    unittest.main()
