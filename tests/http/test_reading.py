"""Reading with two clocks: rows, histories, tables, classes, and every
parameter that is refused."""

import datetime
import unittest
import urllib.parse

from harness import Num, ServerCase, dump, fact, read_table, retract

FIXED = ["security_id", "effective_start_date", "effective_end_date"]
D1, D2, D3, D4 = "2024-01-01", "2024-02-01", "2024-03-01", "2024-04-01"
N = [Num(i) for i in range(10)]


def today():
    return datetime.datetime.now(datetime.timezone.utc).date()


class TwoClocks(ServerCase):
    """tx 1 to 3 tell of security 1; tx 4 of security 2."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.batches = [
            [fact(1, "k", N[1], D1), fact(1, "j", None, D2)],
            [fact(1, "k", N[2], D1), fact(1, "k", N[3], D3)],
            [retract(1, "k", D3)],
            [fact(2, "k", N[4], D1)]]
        cls.at = []
        for batch in cls.batches:
            answer = cls.server.client.post_facts(batch)
            assert answer.status == 201, answer
            cls.at.append(answer.json()["recorded_at"])

    # By known_tx: the rows of security 1 as [start, end, k, j].
    KNOWN = {
        1: [[D1, D2, N[1], None], [D2, None, N[1], None]],
        2: [[D1, D2, N[2], None], [D2, D3, N[2], None],
            [D3, None, N[3], None]],
        3: [[D1, D2, N[2], None], [D2, None, N[2], None]],
        4: [[D1, D2, N[2], None], [D2, None, N[2], None]],
    }

    def history(self, query):
        answer = self.client.get("/v1/securities/1/history?" + query)
        self.assertEqual(answer.status, 200, (query, answer))
        columns, rows = read_table(answer)
        self.assertEqual(columns, FIXED + ["j", "k"], query)
        return answer.tx, [[r[1], r[2], r[4], r[3]] for r in rows]

    def test_known_tx_is_what_was_recorded_by_then(self):
        for tx, want in self.KNOWN.items():
            got, rows = self.history("known_tx=%d" % tx)
            self.assertEqual(got, tx)
            self.same(rows, want, "known_tx=%d" % tx)

    def test_known_at_includes_its_own_instant_and_not_what_is_later(self):
        for tx in range(1, 5):
            instant = self.at[tx - 1]
            last = max(i + 1 for i, at in enumerate(self.at) if at == instant)
            got, rows = self.history("known_at=" + instant)
            self.assertEqual(got, last, instant)
            self.same(rows, self.KNOWN[last], instant)
            before = datetime.datetime.fromisoformat(instant) \
                - datetime.timedelta(microseconds=1)
            text = before.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            want = sum(at <= text for at in self.at)
            answer = self.client.get("/v1/master?known_at=" + text)
            self.assertEqual(answer.tx, want, text)

    def test_known_at_takes_0_to_6_digits(self):
        whole = self.at[0][:19]
        for text, tx in (("2000-01-01T00:00:00Z", 0),
                         ("2000-01-01T00:00:00.1Z", 0),
                         ("2000-01-01T00:00:00.123456Z", 0),
                         ("9999-12-31T23:59:59Z", 4),
                         ("9999-12-31T23:59:59.999999Z", 4),
                         ("0001-01-01T00:00:00Z", 0),
                         (self.at[3], 4)):
            answer = self.client.get("/v1/master?known_at=" + text)
            self.assertEqual((answer.status, answer.tx), (200, tx), text)
        for digits in range(1, 7):
            text = whole + "." + self.at[0][20:20 + digits] + "Z"
            padded = text[:-1].ljust(26, "0") + "Z"
            want = sum(at <= padded for at in self.at)
            answer = self.client.get("/v1/master?known_at=" + text)
            self.assertEqual((answer.status, answer.tx), (200, want), text)

    def test_clocks_that_are_refused(self):
        rows = [
            "known_tx=5", "known_tx=-1", "known_tx=abc", "known_tx=1.0",
            "known_tx=1e0", "known_tx=", "known_tx", "known_tx=%2B1",
            "known_tx=18446744073709551617", "known_tx=1&known_tx=1",
            "known_tx=1&known_at=2024-01-01T00:00:00Z",
            "Known_tx=1", "known_at=2024-01-01", "known_at=now",
            "known_at=2024-01-01T00:00:00", "known_at=",
            "known_at=2024-01-01T00:00:00%2B00:00",
            "known_at=2024-01-01T00:00:00+00:00",
            "known_at=2024-01-01T00:00:00.1234567Z",
            "known_at=2024-01-01T00:00:00.Z",
            "known_at=2024-01-01+00:00:00Z",
            "known_at=2024-02-30T00:00:00Z",
            "known_at=2024-01-01T24:00:00Z",
            "known_at=2024-01-01T00:60:00Z",
            "known_at=2024-01-01T00:00:00Zx",
            "known_at=2024-01-01T00:00:00Z%00",
            "known_at=2024-01-01T00:00:00Z&known_at=2024-01-01T00:00:00Z"]
        for path in ("/v1/master", "/v1/securities", "/v1/securities/1",
                     "/v1/securities/1/history", "/v1/asset-classes",
                     "/v1/asset-classes/none"):
            for row in rows:
                self.refused(400, self.client.get(path + "?" + row),
                             path + "?" + row)
        for row in rows:
            answer = self.client.post("/v1/positions/join?" + row,
                                      '{"positions":[]}')
            self.refused(400, answer, "join?" + row)

    def test_known_tx_0_is_the_empty_store(self):
        for path in ("/v1/master", "/v1/securities", "/v1/asset-classes/none"):
            answer = self.client.get(path + "?known_tx=0")
            self.assertEqual(answer.tx, 0, path)
            self.assertEqual(answer.json(), {
                "columns": FIXED, "rows": [], "next_cursor": None}, path)
        answer = self.client.get("/v1/asset-classes?known_tx=0")
        self.assertEqual(answer.json(), {"asset_classes": []})
        for path in ("/v1/securities/1", "/v1/securities/1/history"):
            answer = self.client.get(path + "?known_tx=0")
            self.refused(404, answer, path)
            self.assertEqual(answer.tx, 0, path)

    def test_a_security_is_unknown_until_it_is_recorded(self):
        for tx, status in ((3, 404), (4, 200)):
            for path in ("/v1/securities/2", "/v1/securities/2/history"):
                answer = self.client.get("%s?known_tx=%d" % (path, tx))
                self.assertEqual(answer.status, status, (path, tx))
                self.assertEqual(answer.tx, tx)

    def test_as_of_picks_the_row_in_force(self):
        rows = [("as_of=2024-01-01", 4, [D1, D2, N[2]]),
                ("as_of=2024-01-31", 4, [D1, D2, N[2]]),
                ("as_of=2024-02-01", 4, [D2, None, N[2]]),
                ("as_of=9999-12-31", 4, [D2, None, N[2]]),
                ("as_of=2024-01-01&known_tx=1", 1, [D1, D2, N[1]]),
                ("known_tx=2&as_of=2024-03-01", 2, [D3, None, N[3]]),
                ("known_tx=2&as_of=2024-02-29", 2, [D2, D3, N[2]])]
        for query, tx, want in rows:
            answer = self.client.get("/v1/securities/1?" + query)
            self.assertEqual((answer.status, answer.tx), (200, tx), query)
            doc = answer.json()
            self.same([doc["effective_start_date"],
                       doc["effective_end_date"], doc["k"]], want, query)
            has_j = want[0] != D1
            self.assertEqual(list(doc), FIXED + ["j"] * has_j + ["k"], query)
            self.assertEqual(read_table(self.client.get(
                "/v1/securities/1?format=csv&" + query))[1][0],
                list(doc.values()), query)

    def test_404_says_which(self):
        unknown = self.refused(
            404, self.client.get("/v1/securities/77"), "unknown")
        early = self.refused(404, self.client.get(
            "/v1/securities/1?as_of=2023-12-31"), "early")
        self.assertNotEqual(unknown["detail"].replace("77", "1"),
                            early["detail"])
        self.refused(404, self.client.get("/v1/securities/77/history"), "77")

    def test_history_takes_the_rows_that_overlap(self):
        rows = [("", 3), ("from=2024-01-01", 3), ("from=2024-02-01", 2),
                ("from=2024-01-31", 3), ("from=2024-03-01", 1),
                ("to=2024-01-01", 0), ("to=2024-01-02", 1),
                ("to=2024-02-01", 1), ("to=2024-02-02", 2),
                ("from=2024-01-31&to=2024-02-01", 1),
                ("from=2024-01-15&to=2024-02-15", 2),
                ("from=2025-01-01&to=2025-01-02", 1),
                ("from=0001-01-01&to=2023-01-01", 0)]
        for query, count in rows:
            for path in ("/v1/securities/1/history", "/v1/master",
                         "/v1/asset-classes/none"):
                answer = self.client.get(path + "?known_tx=2&" + query
                                         if query else path + "?known_tx=2")
                columns, got = read_table(answer)
                self.assertEqual(len(got), count, (path, query, got))
                if not count:
                    self.assertEqual(columns, FIXED, (path, query))

    def test_columns_are_those_of_the_selected_rows(self):
        rows = [("/v1/securities/1/history?to=2024-02-01", ["k"]),
                ("/v1/securities/1/history?from=2024-02-01", ["j", "k"]),
                ("/v1/master?to=2024-02-01", ["k"]),
                ("/v1/master?to=2024-02-02", ["j", "k"]),
                ("/v1/securities?as_of=2024-01-15", ["k"]),
                ("/v1/securities?as_of=2024-02-15", ["j", "k"]),
                ("/v1/asset-classes/none", ["k"])]
        for path, names in rows:
            for how in ("json", "csv"):
                columns, _ = read_table(self.client.get(
                    path + ("&" if "?" in path else "?") + "format=" + how))
                self.assertEqual(columns, FIXED + names, path)

    def test_parameters_that_are_refused(self):
        dates = ["2023-02-29", "24-01-01", "2024-1-1", "2024-13-01", "",
                 "2024-01-01+", "+2024-01-01", "2024-01-01%00", "0000-01-01",
                 "10000-01-01", "today", "2024-01-01T00:00:00Z", "%ff",
                 "2024-01-0%zz", "2024-01-01&%s=2024-01-01"]
        where = [("/v1/securities/1", ["as_of"]),
                 ("/v1/securities", ["as_of"]),
                 ("/v1/asset-classes", ["as_of"]),
                 ("/v1/securities/1/history", ["from", "to"]),
                 ("/v1/master", ["from", "to"]),
                 ("/v1/asset-classes/none", ["from", "to"])]
        for path, names in where:
            for name in names:
                for date in dates:
                    date = date.replace("%s", name)
                    query = "%s?%s=%s" % (path, name, date)
                    self.refused(400, self.client.get(query), query)
        others = [
            "/v1/master?from=2024-01-02&to=2024-01-01",
            "/v1/master?from=2024-01-01&to=2024-01-01",
            "/v1/securities/1/history?from=2024-01-01&to=2024-01-01",
            "/v1/asset-classes/none?from=2024-01-01&to=2024-01-01",
            "/v1/master?as_of=2024-01-01", "/v1/master?nonsense=1",
            "/v1/master?nonsense", "/v1/master?=1", "/v1/master?LIMIT=1",
            "/v1/securities/1/history?as_of=2024-01-01",
            "/v1/securities/1?from=2024-01-01", "/v1/securities/1?limit=1",
            "/v1/securities/1?As_of=2024-01-01", "/v1/securities?as_of",
            "/v1/securities?to=2024-01-01", "/v1/transactions/1?limit=1",
            "/v1/asset-classes?nonsense=1", "/v1/master?format=",
            "/v1/master?format=csv&format=csv", "/v1/master?format=xml"]
        for query in others:
            self.refused(400, self.client.get(query), query)


class Ids(ServerCase):
    def test_path_segments(self):
        self.stored([fact("9223372036854775807", "k", N[1], D1),
                     fact(0, "k", N[1], D1)])
        rows = [("0", 200), ("9223372036854775807", 200), ("%30", 200),
                ("1", 404), ("9223372036854775806", 404),
                ("-1", 400), ("1.5", 400), ("1e3", 400), ("abc", 400),
                ("9223372036854775808", 400), ("99999999999999999999", 400),
                ("+1", 400), ("%2B1", 400), ("0%20", 400), ("%200", 400),
                ("0%2Fhistory", 400), ("0%00", 400), ("%ff", 400),
                ("null", 400), ("0,1", 400)]
        for segment, status in rows:
            for tail in ("", "/history"):
                path = "/v1/securities/%s%s" % (segment, tail)
                answer = self.client.get(path)
                self.assertEqual(answer.status, status, (path, answer))

    def test_unknown_paths(self):
        for path in ("/v1", "/v1/", "/v1/nope", "/v1/master/", "/v1/Master",
                     "/v1//master", "/v1/securities/0/histories",
                     "/v1/securities/0/history/x", "/v2/master", "/nope",
                     "/v1/master/x", "/v1/facts/1", "/v1/../livez",
                     "/v1/%2e%2e/livez", "/v1%2Fmaster"):
            answer = self.client.get(path)
            self.assertIn(answer.status, (400, 404), (path, answer))


class Writes(ServerCase):
    def test_parameters_that_are_refused(self):
        before = self.stored([fact(1, "k", N[1], D1)]).tx
        for query in ("?nonsense=1", "?dryrun=true", "?a", "?limit=1",
                      "?known_tx=1"):
            answer = self.client.post(
                "/v1/facts" + query, dump([fact(1, "k", N[2], D1)]))
            self.refused(400, answer, query)
            self.assertEqual(answer.tx, before, query)


class Tables(ServerCase):
    def setUp(self):
        self.day = today()

    def test_as_of_defaults_to_today_in_utc(self):
        days = [self.day + datetime.timedelta(d) for d in (-1, 0, 1, 2)]
        self.stored([fact(1, "k", str(d), str(d)) for d in days])
        row = self.client.get("/v1/securities/1").json()
        table = self.client.get("/v1/securities").json()["rows"]
        want = (str(self.day), str(today()))
        self.assertIn(row["k"], want)
        self.assertIn(table[0]["k"], want)
        self.assertEqual(row["effective_start_date"], row["k"])
        self.stored([fact(2, "k", N[1], str(days[3])),
                     fact(2, "asset_class", "later", str(days[3]))])
        self.refused(404, self.client.get("/v1/securities/2"), "begins later")
        classes = self.client.get("/v1/asset-classes").json()
        self.assertNotIn("later", [c["asset_class"]
                                   for c in classes["asset_classes"]])

    def test_column_order(self):
        names = ["zeta", "name", "é", "ticker", "Alpha", "asset_class", "a",
                 "😀", "\uffee", "10", "9", "asset_classes", "_"]
        self.stored([fact(10, n, N[1], D1) for n in names])
        want = ["asset_class", "ticker", "name", "10", "9", "Alpha", "_", "a",
                "asset_classes", "zeta", "é", "\uffee", "😀"]
        columns, _ = read_table(self.client.get(
            "/v1/securities/10/history"))
        self.assertEqual(columns, FIXED + want)
        self.assertEqual(list(self.client.get("/v1/securities/10").json()),
                         FIXED + want)

    def test_asset_classes_match_by_text(self):
        values = ["equity", "a/b", "a b", "a+b", "é", "a?b#c%d", "none",
                  Num("1"), Num("1.0"), "1", True, "true", None, "", "%41"]
        first = 100
        self.stored([fact(first + i, "asset_class", v, D1)
                     for i, v in enumerate(values)])
        self.stored([fact(99, "k", N[1], D1)])
        rows = [("equity", ["equity"]), ("Equity", []), ("a/b", ["a/b"]),
                ("a b", ["a b"]), ("a+b", ["a+b"]), ("é", ["é"]),
                ("a?b#c%d", ["a?b#c%d"]), ("1", [Num("1"), "1"]),
                ("1.0", [Num("1.0")]), ("true", [True, "true"]),
                ("null", []), ("%41", ["%41"]), ("A", [])]
        for text, want in rows:
            path = "/v1/asset-classes/" + urllib.parse.quote(text, safe="+")
            columns, table = read_table(self.client.get(path))
            self.same([row[3] for row in table], want, text)
        columns, table = read_table(self.client.get("/v1/asset-classes/none"))
        ids = [int(row[0]) for row in table]
        self.assertIn(99, ids)
        self.assertIn(first + values.index(None), ids)
        self.assertNotIn(first + values.index("none"), ids)
        self.assertNotIn("asset_class", columns)
        for path in ("%ff", "a%00b", "%zz", "%4"):
            answer = self.client.get("/v1/asset-classes/" + path)
            self.refused(400, answer, path)


class Counts(ServerCase):
    def test_asset_class_counts(self):
        answer = self.client.post_facts(
            [fact(500 + i, "asset_class", v, "1990-01-01")
             for i, v in enumerate(["x", "x", "y", None, Num("1"), "1"])]
            + [fact(506, "k", N[1], "1990-01-01"),
               fact(500, "asset_class", "y", "1990-02-01")])
        self.assertEqual(answer.status, 201)
        rows = [("1989-12-31", []),
                ("1990-01-31", [("x", 2), ("y", 1), (None, 2), (Num("1"), 1),
                                ("1", 1)]),
                ("1990-02-01", [("x", 1), ("y", 2), (None, 2), (Num("1"), 1),
                                ("1", 1)])]
        for day, want in rows:
            answer = self.client.get("/v1/asset-classes?as_of=" + day)
            doc = answer.json()
            self.assertEqual(list(doc), ["asset_classes"])
            got = doc["asset_classes"]
            for row in got:
                self.assertEqual(list(row), ["asset_class", "securities"])
            self.assertEqual(
                sorted(repr((r["asset_class"], int(r["securities"])))
                       for r in got), sorted(map(repr, want)), day)


if __name__ == "__main__":
    unittest.main()
