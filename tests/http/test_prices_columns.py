"""columns= on bars and summaries: the columns that every row has, then exactly
those asked for, in their order."""

import random
import unittest

from harness import CSV, JSON, NDJSON, Num, ServerCase, dump, read_table
from price_book import BAR_COLUMNS, PERIODS, SUMMARY_COLUMNS
from test_golden import pages
from test_prices_out import bar, flat, post

SECURITY = "/v1/securities/1/prices"
BARS = (SECURITY + "?to=2022-01-01", "/v1/prices?date=2021-01-04")
SUMMARIES = ("/v1/prices/summary?period=", SECURITY + "/summary?period=")


def columns_of(path):
    """What a table of this path has beyond its first two columns."""
    period = path.partition("period=")[2].partition("&")[0]
    if not period:
        return BAR_COLUMNS[2:]
    number = [] if period == "year" else [period]
    return ["period_end", "year"] + number + SUMMARY_COLUMNS


def tables():
    return BARS + tuple(path + period for path in SUMMARIES
                        for period in PERIODS)


class Columns(ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        bars = [
            bar(1, "2020-12-28", "65.10 66.00 64 65.00  1000", source="old"),
            bar(1, "2020-12-31", "65.9 66 65 65.5"),
            bar(1, "2021-01-04", "70 71 69 70.10"),
            bar(2, "2021-01-04", "0.5 0.5 0.50 0.5 0.4 7 0.1 0.2"),
            bar(2, "9999-12-31", "1 1 1 1.0")]
        bars += flat(3, ["2021-%02d-04" % month for month in range(1, 13)])
        assert post(cls.server.client, bars).status == 201

    def table(self, path):
        answer = self.client.get(path)
        self.assertEqual(answer.status, 200, (path, answer))
        return read_table(answer)

    def test_they_come_in_the_order_asked(self):
        """path: what is sent as CSV, and as NDJSON."""
        cases = {
            SECURITY + "?columns=volume,source,open&to=2021-01-04": (
                "security_id,date,volume,source,open\r\n"
                "1,2020-12-28,1000,old,65.10\r\n"
                "1,2020-12-31,,default,65.9\r\n",
                '{"security_id":1,"date":"2020-12-28","volume":1000,'
                '"source":"old","open":65.10}\n'
                '{"security_id":1,"date":"2020-12-31","volume":null,'
                '"source":"default","open":65.9}\n'),
            "/v1/prices?date=9999-12-31&columns=close": (
                "security_id,date,close\r\n2,9999-12-31,1.0\r\n",
                '{"security_id":2,"date":"9999-12-31","close":1.0}\n'),
            SECURITY + "/summary?period=week"
            "&columns=last_close,average_volume,week,year,period_end,days": (
                "security_id,period_start,last_close,average_volume,week,year,"
                "period_end,days\r\n"
                "1,2020-12-28,65.5,1000,53,2020,2021-01-04,2\r\n"
                "1,2021-01-04,70.10,,1,2021,2021-01-11,1\r\n",
                '{"security_id":1,"period_start":"2020-12-28",'
                '"last_close":65.5,"average_volume":1000,"week":53,'
                '"year":2020,"period_end":"2021-01-04","days":2}\n'
                '{"security_id":1,"period_start":"2021-01-04",'
                '"last_close":70.10,"average_volume":null,"week":1,'
                '"year":2021,"period_end":"2021-01-11","days":1}\n'),
            "/v1/prices/summary?period=month&columns=month&from=2021-12-01": (
                "security_id,period_start,month\r\n2,9999-12-01,12\r\n"
                "3,2021-12-01,12\r\n",
                '{"security_id":2,"period_start":"9999-12-01","month":12}\n'
                '{"security_id":3,"period_start":"2021-12-01","month":12}\n'),
            SECURITY + "/summary?period=quarter&columns=quarter,average_low": (
                "security_id,period_start,quarter,average_low\r\n"
                "1,2020-10-01,4,64.5\r\n1,2021-01-01,1,69\r\n",
                '{"security_id":1,"period_start":"2020-10-01","quarter":4,'
                '"average_low":64.5}\n'
                '{"security_id":1,"period_start":"2021-01-01","quarter":1,'
                '"average_low":69}\n'),
            "/v1/prices/summary?period=year&columns=year,period_end"
            "&from=2022-01-01": (
                "security_id,period_start,year,period_end\r\n"
                "2,9999-01-01,9999,\r\n",
                '{"security_id":2,"period_start":"9999-01-01","year":9999,'
                '"period_end":null}\n'),
        }
        for path, (csv, ndjson) in cases.items():
            rows = ndjson.strip().replace("\n", ",")
            columns = csv.partition("\r\n")[0].split(",")
            whole = '{"columns":%s,"rows":[%s],"next_cursor":null}' % (
                dump(columns), rows)
            for kind, want in ((CSV, csv), (NDJSON, ndjson), (JSON, whole)):
                answer = self.client.get(path, Accept=kind)
                self.assertEqual(answer.body.decode(), want, (path, kind))

    def test_any_of_them_are_those_of_the_whole_row(self):
        rng = random.Random(20210104)
        for path in tables():
            names = columns_of(path)
            columns, rows = self.table(path)
            self.assertEqual(columns[2:], names, path)
            self.assertGreater(len(rows), 0, path)
            asked = [[name] for name in names] + [names, names[::-1]]
            asked += [rng.sample(names, 3) for _ in range(4)]
            for some in asked:
                at = [0, 1] + [columns.index(name) for name in some]
                want = (columns[:2] + some, [[row[i] for i in at]
                                             for row in rows])
                for how in ("json", "ndjson", "csv"):
                    url = "%s&columns=%s&format=%s" % (path, ",".join(some),
                                                       how)
                    self.assertEqual(dump(self.table(url)), dump(want), url)

    def test_a_table_without_rows_has_them(self):
        for path in (SECURITY + "?to=2000-01-01", "/v1/prices?date=2000-01-01",
                     SECURITY + "/summary?period=week&to=2000-01-01",
                     "/v1/prices/summary?period=week&to=2000-01-01"):
            some = columns_of(path)[2:0:-1]
            columns, rows = self.table(path + "&columns=" + ",".join(some))
            self.assertEqual((columns[2:], rows), (some, []), path)

    def test_what_they_are_not_is_named(self):
        """Beside each what would be taken; what the detail says."""
        cases = [
            ("{0},none", "{0}", 'there is no "none"'),
            ("{0},{1} ", "{0},{1}", 'there is no "{1} "'),
            ("{0};{1}", "{1}", 'there is no "{0};{1}"'),
            (",", "{1},{0}", 'there is no ""'),
            ("{0},", "{0}", 'there is no ""'),
            (",{0}", "{0}", 'there is no ""'),
            ("{0},,{1}", "{0},{1}", 'there is no ""'),
            ("{0},{1},{0}", "{1},{0}", 'columns names "{0}" twice'),
            ("security_id", "{0}", "security_id is in every row"),
            ("{1},{2}", "{1}", "{2} is in every row"),
            ("{1},{2},none", "{1}", "{2} is in every row"),
            ("x" * 1000, "{0}", "columns are some of {3}, "),
            ("", "{0}", "columns"),
        ]
        for path in tables():
            names = columns_of(path)
            second = "period_start" if "period" in path else "date"
            words = (names[-1], names[0], second, ", ".join(names))
            for text, good, said in cases:
                url = path + "&columns=" + text.format(*words).replace(" ", "+")
                problem = self.refused(400, self.client.get(url), url)
                self.assertEqual(problem["type"],
                                 "/problems/malformed-parameter", url)
                self.assertIn(said.format(*words), problem["detail"], url)
                self.table(path + "&columns=" + good.format(*words))
            url = "%s&columns=%s&columns=%s" % (path, names[0], names[1])
            self.refused(400, self.client.get(url), url)

    def test_a_period_has_its_own_number(self):
        for path in SUMMARIES:
            for period in PERIODS:
                for name in PERIODS:
                    url = "%s%s&columns=%s" % (path, period, name)
                    if name in (period, "year"):
                        self.assertEqual(self.table(url)[0][2:], [name], url)
                        continue
                    problem = self.refused(400, self.client.get(url), url)
                    self.assertIn('there is no "%s"' % name, problem["detail"],
                                  url)

    def test_moving_averages_are_chosen_by_windows(self):
        for path in (SECURITY, "/v1/prices"):
            path += "/moving-averages?windows=2"
            self.table(path)
            problem = self.refused(400, self.client.get(path + "&columns=ma_2"),
                                   path)
            self.assertIn('unknown parameter "columns"', problem["detail"])

    def test_pages_are_the_whole_and_a_cursor_is_of_its_columns(self):
        for path in tables():
            names = columns_of(path)
            some = "&columns=%s,%s" % (names[-1], names[1])
            whole = self.table(path + some + "&limit=1000")
            for limit in (1, 2, 5):
                for how in ("json", "ndjson", "csv"):
                    url = "%s%s&format=%s" % (path, some, how)
                    self.assertEqual(dump(pages(self.client, url, limit)),
                                     dump(whole), (url, limit))
            answer = self.client.get(path + some + "&limit=1").json()
            cursor = "&limit=1&cursor=" + answer["next_cursor"]
            self.table(path + some + cursor)
            for other in ("", "&columns=" + names[1],
                          "&columns=%s,%s" % (names[1], names[-1]),
                          some + "," + names[0]):
                problem = self.refused(
                    400, self.client.get(path + other + cursor), (path, other))
                self.assertEqual(problem["type"], "/problems/invalid-cursor")

    def test_an_answer_is_known_by_its_columns(self):
        for path in tables():
            names = columns_of(path)
            some, other = "&columns=" + names[0], "&columns=" + names[1]
            answer = self.client.get(path + some)
            tag = answer.header("ETag")
            for query, status in ((some, 304), (other, 200), ("", 200)):
                again = self.client.get(path + query, If_None_Match=tag)
                self.assertEqual(again.status, status, (path, query))
            head = self.client.request("HEAD", path + some)
            self.assertEqual((head.status, head.header("ETag"), head.body),
                             (200, tag, b""), path)
            self.refused(400, self.client.get(path + "&columns=x",
                                              If_None_Match=tag), path)

    def test_a_stream_of_all_is_what_each_has(self):
        for period in PERIODS:
            query = "/prices/summary?period=%s&columns=min_low,%s&format=csv" \
                % (period, period)
            own = [self.client.get("/v1/securities/%d%s" % (i, query)).body
                   for i in (1, 2, 3)]
            want = own[0] + b"".join(text.split(b"\r\n", 1)[1]
                                     for text in own[1:])
            self.assertEqual(self.client.get("/v1" + query).body, want, period)
        day = "/v1/prices?date=2021-01-04&columns=low&format=ndjson"
        self.assertEqual(self.table(day)[1], [
            [Num(1), "2021-01-04", Num(69)], [Num(2), "2021-01-04",
                                              Num("0.50")],
            [Num(3), "2021-01-04", Num(1)]])


if __name__ == "__main__":
    unittest.main()
