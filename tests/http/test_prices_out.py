"""Bars, summaries and moving averages over real HTTP: worked by hand, and
random ones against the definitions.

SEED=N repeats a run, CASES=N makes it longer; both are printed.
"""

import datetime
import os
import random
import sys
import unittest

import price_book
from harness import (CSV, JSON, NDJSON, SERVE_FLAGS, Num, ServerCase, dump,
                     fact, read_table)
from price_book import BAR_COLUMNS, FIELDS, PERIODS, PriceBook
from test_golden import pages

SEED = int(os.environ.get("SEED", "20240604"))
CASES = int(os.environ.get("CASES", "60"))
FORMATS = ("json", "ndjson", "csv")


def bar(security_id, date, prices, **more):
    """Prices: open, high, low, close, and more of the fields."""
    values = [Num(v) if v else None for v in prices.split(" ")]
    return {"security_id": Num(security_id), "date": date,
            **dict(zip(FIELDS, values)), **more}


def post(client, bars):
    return client.post("/v1/prices", dump({"prices": bars}), JSON)


def flat(security_id, dates, **more):
    """A bar a date, its close the day of the month and a half."""
    return [bar(security_id, date, "1 99 1 %d.50" % int(date[-2:]), **more)
            for date in dates]


class Case(ServerCase):
    def stored_bars(self, bars):
        answer = post(self.client, bars)
        self.assertEqual(answer.status, 201, repr(answer))
        return answer.tx

    def table(self, path, how="json"):
        answer = self.client.get("%s%sformat=%s" % (
            path, "&" if "?" in path else "?", how))
        self.assertEqual(answer.status, 200, (path, answer))
        return read_table(answer)

    def rows(self, path):
        return self.table(path)[1]


class Worked(Case):
    """By hand; each row is told by its path."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        client = cls.server.client
        posted = [
            [fact(70, "ticker", "NONE", "2024-01-01")],
            [bar(1, "2023-01-09",
                 "130.465 133.41 129.89 130.15  70790813 129.6 129.85",
                 source="polygon")],
            # Monday to Sunday of week 53, and the Monday after.
            [bar(2, "2020-12-28", "65.10 66.00 64 65.00  1000"),
             bar(2, "2020-12-31", "65.9 66 65 65.5  1001"),
             bar(2, "2021-01-03", "65.50 66 65.5 66"),
             bar(2, "2021-01-04", "70 71 69 70.10  5")],
            # Twenty bars over three months and a year's end, then a gap.
            flat(3, ["2023-11-%02d" % d for d in range(11, 18)]
                 + ["2023-12-%02d" % d for d in range(20, 32)]
                 + ["2024-01-02"]) + flat(3, ["2024-06-14"]),
            [bar(4, "2024-02-29", "5 5 5 5.00")],
            # What the contract shows.
            [bar(5, "2020-12-28", "65.10 65.1 64 64  1000"),
             bar(5, "2020-12-31", "65.90 65.9 65.5 65.8  1001"),
             bar(5, "2021-01-03", "65.50 67 65.5 66.20")],
            [bar(6, "2023-12-%02d" % d, "108 109 107 108")
             for d in range(1, 19)] + [
                 bar(6, "2024-01-04", "108 109 107 108.5"),
                 bar(6, "2024-01-05", "108 110 107 110.00")],
        ]
        assert client.post_facts(posted[0]).status == 201
        for bars in posted[1:]:
            answer = post(client, bars)
            assert answer.status == 201, answer

    def test_a_bar_comes_out_as_it_went_in(self):
        row = ('{"security_id":1,"date":"2023-01-09","open":130.465,'
               '"high":133.41,"low":129.89,"close":130.15,"adj_close":null,'
               '"volume":70790813,"pre_market":129.6,"after_hours":129.85,'
               '"source":"polygon"}')
        for path in ("/v1/securities/1/prices", "/v1/prices?date=2023-01-09"):
            answer = self.client.get(path)
            self.assertEqual(
                answer.body.decode(), '{"columns":%s,"rows":[%s],'
                '"next_cursor":null}' % (dump(BAR_COLUMNS), row), path)
            self.assertEqual(self.client.get(path, Accept=NDJSON).body.decode(),
                             row + "\n")
            self.assertEqual(
                self.client.get(path, Accept=CSV).body.decode(),
                ",".join(BAR_COLUMNS) + "\r\n1,2023-01-09,130.465,133.41,"
                "129.89,130.15,,70790813,129.6,129.85,polygon\r\n")

    def test_a_week_is_iso_8601s(self):
        for path in ("/v1/securities/2/prices/summary?period=week",
                     "/v1/securities/2/prices/summary?period=week"
                     "&from=2020-12-28&to=2021-01-05"):
            self.assertEqual(
                self.client.get(path).body.decode(),
                '{"columns":["security_id","period_start","period_end","year",'
                '"week","days","average_open","average_high","average_low",'
                '"average_close","average_volume","first_open","max_high",'
                '"min_low","last_close"],"rows":['
                '{"security_id":2,"period_start":"2020-12-28",'
                '"period_end":"2021-01-04","year":2020,"week":53,"days":3,'
                '"average_open":65.5,"average_high":66,'
                '"average_low":64.83333333,"average_close":65.5,'
                '"average_volume":1000.5,"first_open":65.10,"max_high":66.00,'
                '"min_low":64,"last_close":66},'
                '{"security_id":2,"period_start":"2021-01-04",'
                '"period_end":"2021-01-11","year":2021,"week":1,"days":1,'
                '"average_open":70,"average_high":71,"average_low":69,'
                '"average_close":70.1,"average_volume":5,"first_open":70,'
                '"max_high":71,"min_low":69,"last_close":70.10}],'
                '"next_cursor":null}', path)

    def test_rows_are_those_of_the_contract(self):
        rows = {
            "summary?period=week": '{"security_id":5,"period_start":'
            '"2020-12-28","period_end":"2021-01-04","year":2020,"week":53,'
            '"days":3,"average_open":65.5,"average_high":66,"average_low":65,'
            '"average_close":65.33333333,"average_volume":1000.5,'
            '"first_open":65.10,"max_high":67,"min_low":64,"last_close":66.20}',
            "moving-averages?windows=20,200&from=2024-01-05":
            '{"security_id":6,"date":"2024-01-05","close":110.00,'
            '"ma_20":108.125,"ma_200":null}'}
        for (path, row), security in zip(rows.items(), (5, 6)):
            answer = self.client.get("/v1/securities/%d/prices/%s&format=ndjson"
                                     % (security, path))
            self.assertEqual(answer.body.decode(), row + "\n", path)

    def test_periods_keep_to_the_calendar(self):
        """(period, from, to): start, end, year, number, days."""
        cases = [
            ("month", "2020-12-31", "2021-01-04",
             [["2020-12-01", "2021-01-01", "2020", "12", "1"],
              ["2021-01-01", "2021-02-01", "2021", "1", "1"]]),
            ("quarter", "2020-01-01", "2021-12-31",
             [["2020-10-01", "2021-01-01", "2020", "4", "2"],
              ["2021-01-01", "2021-04-01", "2021", "1", "2"]]),
            ("year", "2020-12-28", "2021-01-03",
             [["2020-01-01", "2021-01-01", "2020", "2"]]),
            ("week", "2021-01-01", "2021-01-04",
             [["2020-12-28", "2021-01-04", "2020", "53", "1"]]),
            ("week", "2020-12-29", "2020-12-31", []),
        ]
        for period, start, end, want in cases:
            path = "/v1/securities/2/prices/summary?period=%s&from=%s&to=%s" \
                % (period, start, end)
            width = 4 if period == "year" else 5
            self.assertEqual([row[1:width + 1] for row in self.rows(path)],
                             [row[:2] + [Num(n) for n in row[2:]]
                              for row in want], path)

    def test_averages_go_over_gaps_and_years(self):
        """The closes of 20 bars, then of the last 3 of all."""
        path = "/v1/securities/3/prices/moving-averages?windows=20,3,22"
        columns, rows = self.table(path)
        self.assertEqual(columns, ["security_id", "date", "close", "ma_20",
                                   "ma_3", "ma_22"])
        self.assertEqual(len(rows), 21)
        total = sum(range(11, 18)) + sum(range(20, 32)) + 2 + 20 * 0.5
        self.assertEqual(rows[0][3:], [None] * 3)
        self.assertEqual(rows[1][3:], [None] * 3)
        self.assertEqual(rows[2][3:], [None, Num("12.5"), None])
        self.assertEqual(rows[19][2:], [Num("2.50"), Num("%g" % (total / 20)),
                                        Num("21.5"), None])
        self.assertEqual(rows[20][3:], [
            Num("%g" % ((total + 14 - 11) / 20)), Num("16.16666667"), None])
        self.assertEqual(self.rows(path + "&from=2024-01-02"), rows[19:])

    def test_one_bar_is_all_there_is(self):
        path = "/v1/securities/4/prices"
        self.assertEqual(self.rows(path + "/moving-averages?windows=1,2"), [
            [Num(4), "2024-02-29", Num("5.00"), Num(5), None]])
        for period in PERIODS:
            row = self.rows(path + "/summary?period=" + period)[0]
            self.assertEqual(row[-10:], [Num(1)] + [Num(5)] * 4 + [None]
                             + [Num(5)] * 3 + [Num("5.00")], period)

    def test_a_security_is_known_by_bars_or_facts(self):
        for path in ("prices", "prices/summary?period=year",
                     "prices/moving-averages?windows=1"):
            self.assertEqual(self.rows("/v1/securities/70/" + path), [], path)
            self.refused(404, self.client.get("/v1/securities/71/" + path),
                         path)

    def test_a_known_answer_is_asked_for_again_for_nothing(self):
        for path in ("/v1/securities/2/prices", "/v1/prices?date=2021-01-04",
                     "/v1/prices/summary?period=year",
                     "/v1/prices/moving-averages?windows=2"):
            answer = self.client.get(path)
            tag = answer.header("ETag")
            again = self.client.get(path, If_None_Match=tag)
            self.assertEqual((again.status, again.body), (304, b""), path)
            head = self.client.request("HEAD", path)
            self.assertEqual((head.status, head.header("ETag"), head.body),
                             (200, tag, b""), path)
            self.assertEqual(answer.header("Cache-Control"),
                             "private, no-cache", path)
            final = self.client.get("%s%sknown_tx=%d" % (
                path, "&" if "?" in path else "?", answer.tx))
            self.assertEqual(final.header("Cache-Control"),
                             "private, max-age=31536000, immutable", path)
            self.assertEqual(final.body, answer.body, path)

    def test_what_comes_out_goes_in_again(self):
        tx = self.client.newest()
        for how, kind in (("csv", CSV), ("ndjson", NDJSON)):
            out = self.client.get("/v1/securities/3/prices?format=" + how)
            answer = self.client.post("/v1/prices", out.body, kind)
            self.assertEqual(answer.status, 200, answer)
            self.assertEqual(answer.json()["unchanged"], Num(21))
        self.assertEqual(self.client.newest(), tx)


class Known(Case):
    def test_a_restated_bar_supersedes_the_whole_older_one(self):
        old = [bar(1, "2024-03-0%d" % d, "1 2 1 %d  10" % (d % 2 + 1))
               for d in range(4, 9)]
        before = self.stored_bars(old)
        new = bar(1, "2024-03-06", "9 9 9 9.0", source="late")
        after = self.stored_bars([new])
        book = PriceBook()
        book.post(before, old)
        book.post(after, [new])
        for tx in (before, after):
            held = book.at(tx)
            for path, want in (
                    ("prices?", price_book.listed(held)),
                    ("prices/summary?period=week&",
                     price_book.summed(held, "week")),
                    ("prices/moving-averages?windows=2&",
                     price_book.averaged(held, [2]))):
                got = self.table("/v1/securities/1/%sknown_tx=%d" % (path, tx))
                self.assertEqual(dump(got), dump(want), (path, tx))


class Bytes(Case):
    def test_averages_of_the_longest_id_and_field(self):
        """Each row whole, over the end of a month and one that is null."""
        last = 2**63 - 1
        self.stored_bars([
            bar(last, "2024-01-31", "1 2 1 1.50", after_hours=Num("1.50")),
            bar(last, "2024-02-01", "1 2 1 1.50"),
            bar(last, "2024-02-29", "1 2 1 1.50", after_hours=Num("0.001"))])
        path = "/v1/securities/%d/prices/moving-averages" % last + \
            "?windows=1000,2,1&field=after_hours&format="
        days = [("2024-01-31", "1.50", "null", "1.5"),
                ("2024-02-01", "null", "1.5", "null"),
                ("2024-02-29", "0.001", "0.001", "0.001")]
        rows = ['{"security_id":%d,"date":"%s","after_hours":%s,'
                '"ma_1000":null,"ma_2":%s,"ma_1":%s}' % (last, *day)
                for day in days]
        columns = ["security_id", "date", "after_hours", "ma_1000", "ma_2",
                   "ma_1"]
        csv = [",".join(columns)] + [
            ("%d,%s,%s,,%s,%s" % (last, *day)).replace("null", "")
            for day in days]
        for how, want in (
                ("json", '{"columns":["%s"],"rows":[%s],"next_cursor":null}'
                 % ('","'.join(columns), ",".join(rows))),
                ("ndjson", "".join(row + "\n" for row in rows)),
                ("csv", "".join(row + "\r\n" for row in csv))):
            self.assertEqual(self.client.get(path + how).body.decode(), want)


class Refused(Case):
    def test_every_parameter_is_named(self):
        over = ("/v1/prices", "/v1/securities/1/prices")
        cases = [("/v1/prices", "date")]
        cases += [(p + "/summary", "period") for p in over]
        cases += [(p + "/summary?period=day", "period") for p in over]
        cases += [(p + "/moving-averages", "windows") for p in over]
        cases += [(p + "/moving-averages?windows=" + w, "windows")
                  for p in over for w in ("0", "1001", "x", "2,2", "-1", "1,",
                                          "1,2,3,4,5,6,7,8,9,10,11")]
        cases += [("/v1/prices/moving-averages?windows=2&field=" + f, "field")
                  for f in ("source", "date", "Close")]
        cases += [("/v1/prices?date=2024-02-30", "date"),
                  ("/v1/prices?date=2024-02-01&to=2024-02-02", "to"),
                  ("/v1/securities/1/prices?from=2024-01-02&to=2024-01-02",
                   "from"),
                  ("/v1/securities/1/prices?as_of=2024-01-02", "as_of"),
                  ("/v1/prices/summary?period=week&limit=0", "limit")]
        for path, name in cases:
            problem = self.refused(400, self.client.get(path), path)
            self.assertIn(name, problem["detail"], path)

    def test_a_cursor_is_of_its_own_table(self):
        self.stored_bars(flat(1, ["2024-01-%02d" % d for d in range(1, 10)]))
        path = "/v1/securities/1/prices/moving-averages?limit=2&windows="
        cursor = self.client.get(path + "3").json()["next_cursor"]
        self.assertEqual(self.client.get(
            path + "3&cursor=" + cursor).status, 200)
        for other in (path + "4", "/v1/securities/1/prices?limit=2"):
            self.refused(400, self.client.get(other + "&cursor=" + cursor),
                         other)

    def test_no_other_format(self):
        for path, status in (("/v1/prices?date=2024-01-01&format=parquet", 406),
                             ("/v1/prices?date=2024-01-01&format=xml", 400)):
            self.refused(status, self.client.get(path), path)


class Property(Case):
    """Bars at random: many digits, few days, several of a day."""

    SECURITIES = (0, 1, 5, 2 ** 63 - 1)
    DAYS = ["0001-01-01", "0001-12-31", "1969-12-31", "9999-12-27",
            "9999-12-31"] + [
        (datetime.date(2019, 12, 20) + datetime.timedelta(days=n)).isoformat()
        for n in list(range(0, 40)) + list(range(370, 400, 3))]

    def number(self, rng, most=10 ** 9, scales=(0, 0, 1, 2, 2, 2, 4, 9)):
        scale = rng.choice(scales)
        text = "%0*d" % (scale + 1, rng.randrange(most))
        return Num(text[:len(text) - scale] + ("." + text[-scale:]
                                               if scale else ""))

    def prices(self, rng):
        value = price_book.Fraction
        ordered = sorted((self.number(rng) for _ in range(4)), key=value)
        middle = [ordered[1], ordered[2]]
        rng.shuffle(middle)
        out = {"open": middle[0], "high": ordered[3], "low": ordered[0],
               "close": middle[1]}
        for name in FIELDS[4:]:
            if rng.random() < 0.6:
                out[name] = self.number(rng, 10 ** rng.choice((3, 15)))
        return out

    def cents(self, rng):
        """Whose months are alike, but for a field that is missing at times."""
        value = price_book.Fraction
        low, open_, high = sorted((self.number(rng, 10 ** 5, (2,))
                                   for _ in range(3)), key=value)
        out = {"open": open_, "high": high, "low": low, "close": high}
        if rng.random() < 0.98:
            out["volume"] = self.number(rng, 10 ** 9, (0,))
        return out

    def bars(self, rng):
        prices = rng.choice((self.prices, self.cents))
        keys = {(rng.choice(self.SECURITIES), rng.choice(self.DAYS))
                for _ in range(rng.choice((1, 3, 60)))}
        out = []
        for security, date in sorted(keys):
            out.append({"security_id": Num(security), "date": date,
                        "source": rng.choice(("a", "b")), **prices(rng)})
        return out

    def question(self, rng, held):
        """(path, query, the table that it should be)."""
        start, end = sorted(rng.sample(self.DAYS, 2))
        start, end = rng.choice(((None, None), (start, None), (None, end),
                                 (start, end)))
        query = ["%s=%s" % (name, day)
                 for name, day in (("from", start), ("to", end)) if day]
        path = "/v1/prices"
        if held and rng.random() < 0.5:
            security = rng.choice(list(held))
            path = "/v1/securities/%d/prices" % security
            held = {security: held[security]}
        what = rng.choice(("list", "sum", "average"))
        if what == "sum":
            period = rng.choice(PERIODS)
            return (path + "/summary", query + ["period=" + period],
                    price_book.summed(held, period, start, end))
        if what == "average":
            windows = rng.sample((1, 2, 3, 10, 40, 1000), rng.choice((1, 3)))
            field = rng.choice(FIELDS)
            query += ["windows=" + ",".join(map(str, windows)),
                      "field=" + field]
            return (path + "/moving-averages", query, price_book.averaged(
                held, windows, field, start, end))
        if path == "/v1/prices":
            day = rng.choice(self.DAYS)
            return path, ["date=" + day], price_book.listed(
                held, day, day + "x")
        return path, query, price_book.listed(held, start, end)

    def ask(self, rng, book, tx):
        path, query, want = self.question(rng, book.at(tx))
        how = rng.choice(FORMATS)
        query = "&".join(query + ["known_tx=%d" % tx, "format=" + how])
        path = path + "?" + query
        got = pages(self.client, path, rng.choice((1, 3, 1000))) \
            if rng.random() < 0.5 else read_table(self.client.get(path))
        columns = None if how == "ndjson" and not want[1] else want[0]
        self.assertEqual(got[0], columns, path)
        self.assertEqual(dump(got[1]), dump(want[1]), path)

    def test_tables_are_the_definitions(self):
        rng, book, newest = random.Random(SEED), PriceBook(), 0
        for _ in range(CASES):
            bars = self.bars(rng)
            newest = self.stored_bars(bars)
            book.post(newest, bars)
            for _ in range(6):
                self.ask(rng, book, rng.randint(0, newest))
                self.ask(rng, book, newest)


if __name__ == "__main__":
    print("SEED=%d CASES=%d %s" % (SEED, CASES, " ".join(SERVE_FLAGS)),
          file=sys.stderr)
    unittest.main()
