"""Worked examples: a vendor's five years of bars, averaged by hand, and the
bodies of two vendors as they were published."""

import csv
import datetime
import filecmp
import pathlib
import subprocess
import sys
import tempfile
import unittest
from fractions import Fraction

from harness import (BINARY, CSV, Num, ServerCase, dump, fact, parse,
                     read_table)

ROOT = pathlib.Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
GOLDEN = ROOT / "tests" / "golden" / "vendor"
VENDOR = EXAMPLES / "made-up-vendor.csv"
FIRST_ID = 1000000000000
QUARTERLY = ("year", "quarter", "average_high", "average_low",
             "average_volume")
# Of 56 and of 63 days, added up by hand: high, low, volume.
SUMS = (("6389.80", "6260.41", "290030694"),
        ("8090.22", "7938.45", "365741423"))
PRINTED = ("[[2017,1,114.10357143,111.79303571,5179119.53571429],"
           "[2017,2,128.41619048,126.00714286,5805419.41269841]]")


class MadeUp(unittest.TestCase):
    def test_the_bars_are_what_the_generator_writes(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([sys.executable, ROOT / "tools/example_prices.py",
                            folder], check=True)
            written = sorted(path.name for path in pathlib.Path(
                folder).iterdir())
            self.assertEqual(written, [
                "made-up-prices-restated.csv", "made-up-prices.csv",
                "made-up-vendor.csv"])
            for name in written:
                self.assertTrue(filecmp.cmp(EXAMPLES / name,
                                            pathlib.Path(folder) / name,
                                            shallow=False), name)

    def test_every_row_says_that_it_is_invented(self):
        for name in ("made-up-prices.csv", "made-up-prices-restated.csv"):
            with open(EXAMPLES / name, encoding="ascii") as file:
                self.assertEqual({row["source"] for row in
                                  csv.DictReader(file)}, {"made-up"}, name)


def places(value):
    """A quotient as it is printed: 8 places, half to even, no zeros."""
    text = "%d.%08d" % divmod(round(value * 10 ** 8), 10 ** 8)
    return Num(text.rstrip("0").rstrip("."))


class FiveYears(ServerCase):
    """What is loaded is what is averaged: 1,259 days of one ticker."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.done = [cls.load() for _ in range(2)]
        with open(VENDOR, encoding="ascii") as file:
            cls.bars = list(csv.DictReader(file))
        cls.path = "/v1/securities/%d/prices" % FIRST_ID

    @classmethod
    def load(cls):
        return subprocess.run(
            [BINARY, "load", "--prices", VENDOR, "--ticker", "MADEUP",
             "--create", "--url", "http://127.0.0.1:%d" % cls.server.port],
            capture_output=True, text=True, timeout=60)

    def table(self, path):
        answer = self.client.get(self.path + path, Accept=CSV)
        self.assertEqual(answer.status, 200, (path, answer))
        return read_table(answer)

    def quarters(self):
        """(year, quarter): its lines of the file, in order."""
        groups = {}
        for row in self.bars:
            day = datetime.date.fromisoformat(row["Date"])
            key = day.year, (day.month + 2) // 3
            groups.setdefault(key, []).append(row)
        return groups

    def test_rows_read_are_rows_stored(self):
        self.assertEqual(len(self.bars), 1259)
        made = "secmaster load: made 1000000000000 for MADEUP\n"
        for done, counts, told in zip(
                self.done, ((1259, 1259, 0, 0), (1259, 0, 1259, 0)),
                (made, "")):
            self.assertEqual((done.stdout, done.stderr, done.returncode), (
                "read %d, stored %d, unchanged %d, refused %d\n" % counts,
                told, 0))
        answer = self.client.get(self.path, Accept=CSV)
        self.assertEqual(answer.body.decode().split("\r\n")[1:-1], [
            "%d,%s,%s,%s,%s,%s,%s,%s,,,default" % (
                FIRST_ID, r["Date"], r["Open"], r["High"], r["Low"],
                r["Close"], r["Adj Close"], r["Volume"]) for r in self.bars])

    def test_quarters_are_those_worked_by_hand(self):
        columns, rows = self.table("/summary?period=quarter")
        at = [columns.index(name) for name in QUARTERLY]
        quarters = self.quarters()
        self.assertEqual(len(quarters), 21)
        want = []
        for (year, quarter), days in quarters.items():
            want.append([Num(year), Num(quarter)] + [
                places(sum(Fraction(row[name]) for row in days) / len(days))
                for name in ("High", "Low", "Volume")])
        self.assertEqual([[row[i] for i in at] for row in rows], want)
        self.assertEqual([len(days) for days in quarters.values()][:2],
                         [56, 63])
        for row, days, sums in zip(want, (56, 63), SUMS):
            self.assertEqual(row[2:], [places(Fraction(s) / days)
                                       for s in sums], row)
        self.assertEqual(dump(want[:2]), PRINTED)

    def test_the_last_quarter_is_not_whole(self):
        columns, rows = self.table("/summary?period=quarter&from=2022-01-01")
        row = dict(zip(columns, rows[0]))
        self.assertEqual([row[name] for name in (
            "period_start", "period_end", "year", "quarter", "days")],
            ["2022-01-01", "2022-04-01", Num(2022), Num(1), Num(6)])
        self.assertEqual(len(rows), 1)

    def test_averages_over_20_30_and_200_days(self):
        columns, rows = self.table("/moving-averages?windows=20,30,200")
        self.assertEqual(columns, ["security_id", "date", "close", "ma_20",
                                   "ma_30", "ma_200"])
        closes = [Fraction(row["Close"]) for row in self.bars]
        self.assertEqual(len(rows), len(closes))
        for i, row in enumerate(rows):
            self.assertEqual(row[1:3], [self.bars[i]["Date"],
                                        Num(self.bars[i]["Close"])])
            self.assertEqual(row[3:], [
                places(sum(closes[i + 1 - n:i + 1]) / n) if i + 1 >= n
                else None for n in (20, 30, 200)], row[1])


class Published(ServerCase):
    """The bodies as they stand, byte for byte."""

    def test_an_open_close(self):
        self.stored([fact(1, "ticker", "AAPL", "1980-12-12")])
        body = (GOLDEN / "massive" / "open_close.json").read_bytes()
        answer = self.client.post("/v1/prices?adapter=massive", body)
        self.assertEqual(answer.status, 201, answer)
        self.same(answer.json(), {
            "tx": Num(answer.tx), "recorded_at": answer.json()["recorded_at"],
            "rows": Num(1), "unchanged": Num(0)})
        self.assertEqual(
            self.client.get("/v1/securities/1/prices?format=ndjson")
            .body.decode(),
            '{"security_id":1,"date":"2023-01-09","open":130.465,'
            '"high":133.41,"low":129.89,"close":130.15,"adj_close":null,'
            '"volume":70790813,"pre_market":129.6,"after_hours":129.85,'
            '"source":"massive"}\n')
        again = self.client.post("/v1/prices?adapter=massive", body)
        self.assertEqual((again.status, again.body),
                         (200, b'{"rows":0,"unchanged":1}'))

    def test_a_page_of_trades(self):
        self.stored([fact(9, "ticker", "ARLP", "1999-08-17")])
        bar = {"security_id": Num(9), "date": "2024-11-14",
               "open": Num("25.20"), "high": Num("25.60"),
               "low": Num("25.10"), "close": Num("25.430")}
        self.assertEqual(self.client.post("/v1/prices", dump([bar])).status,
                         201)
        body = (GOLDEN / "benzinga" / "published.json").read_bytes()
        answer = self.client.post("/v1/trades?adapter=benzinga", body)
        self.assertEqual(answer.status, 201, answer)
        self.same(answer.json(), {
            "tx": Num(answer.tx), "recorded_at": answer.json()["recorded_at"],
            "trades": Num(1), "unchanged": Num(0), "members": Num(1)})
        sent = parse(body)["data"][0]
        filer = sent["filer_info"]
        told = self.client.get("/v1/trades").json()
        self.same(told, {"trades": [{
            "transaction_id": "b7715f45d0fa77bfb92ef61cb51525652164f902",
            "id": "675aecd10acf91e17b1e33c5", "report_id": "20026376",
            "amendment_number": Num(0), "updated": Num(1734012113),
            "member_id": "F000450", "member_name": "Virginia Foxx",
            "chamber": "House", "party": "R", "state": "NC", "district": "5",
            "committees": [
                "Committee on Education and the Workforce",
                "Committee on Oversight and Accountability"],
            "transaction_date": "2024-11-14",
            "notification_date": "2024-12-11", "report_date": "2024-12-11",
            "days_to_disclose": Num(27), "late": False,
            "transaction_type": "purchase", "transaction_type_text": "P",
            "ownership": "JT", "amount": "$1,001 - $15,000",
            "amount_low": Num(1001), "amount_high": Num(15000),
            "amount_kind": "range", "ticker": "ARLP",
            "security_name": "Alliance Res Partners",
            "security_type": "STOCK", "security_id": Num(9),
            "security": {"security_id": Num(9),
                         "effective_start_date": "1999-08-17",
                         "effective_end_date": None, "ticker": "ARLP"},
            "close": Num("25.430"), "description": "",
            "disclosure_url": sent["disclosure_url"],
            "filer_info": filer}], "next_cursor": None})
        self.same(self.client.get("/v1/members/F000450").json(), {
            "member_id": "F000450", "effective_start_date": "2024-12-12",
            "name": "Virginia Foxx", "chamber": "House", "party": "R",
            "state": "NC", "district": "5", "status": "Member",
            "committees": filer["committees"], "leadership_positions": [],
            "website": "https://foxx.house.gov/"})
        again = self.client.post("/v1/trades?adapter=benzinga", body)
        self.assertEqual((again.status, again.body), (
            200, b'{"trades":0,"unchanged":1,"members":0}'))


if __name__ == "__main__":
    unittest.main()
