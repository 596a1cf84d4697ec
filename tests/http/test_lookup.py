"""Many rows at once, and who bore an identifier, by the contract's words."""

import datetime
import unittest
import urllib.parse

from harness import (CSV, JSON, NDJSON, Num, ServerCase, dump, fact, parse,
                     retract)

D1, D2, D3 = "2024-01-01", "2024-02-01", "2024-03-01"
FIXED = ["security_id", "effective_start_date", "effective_end_date"]
LOOKUP = "/v1/securities/lookup"
N = [Num(i) for i in range(20)]


class Lookup(ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.at = [None]
        for batch in (
                [fact(1, "ticker", "A", D1), fact(1, "k", Num("1.0"), D2),
                 fact(2, "ticker", "B", D2), fact(2, "j", None, D3),
                 fact(3, "é,\"", "x\r\ny", D1),
                 fact("9223372036854775807", "k", True, D1)],
                [fact(1, "ticker", "C", D2), fact(4, "gone", "x", D1)],
                [retract(4, "gone", D1), fact(5, "later", "x", "9999-12-31")]):
            answer = cls.server.client.post_facts(batch)
            assert answer.status == 201, answer
            cls.at.append(answer.json()["recorded_at"])

    def post(self, body, query=""):
        return self.client.post(LOOKUP + query, dump(body))

    def table(self, body, query=""):
        answer = self.post(body, query)
        self.assertEqual(answer.status, 200, (body, query, answer))
        doc = answer.json()
        self.assertEqual(list(doc), ["columns", "rows"])
        for row in doc["rows"]:
            if row is not None:
                self.assertEqual(list(row), doc["columns"])
        return doc["columns"], [row and list(row.values())
                                for row in doc["rows"]]

    def keys(self, *keys, **more):
        return {"keys": [{"security_id": Num(i), "as_of": d}
                         for i, d in keys], **more}

    def ids(self, *ids, **more):
        return {"security_ids": [Num(i) for i in ids], **more}

    def test_rows_in_the_order_asked(self):
        self.same(self.table(self.ids(2, 9, 1, 2, as_of=D2)), (
            FIXED + ["ticker", "k"],
            [[N[2], D2, D3, "B", None], None,
             [N[1], D2, None, "C", Num("1.0")], [N[2], D2, D3, "B", None]]))

    def test_each_key_on_its_own_day(self):
        self.same(self.table(self.keys(
            (1, D2), (2, D1), (1, D1), (1, "2023-12-31"), (1, "9999-12-31"),
            (2, "2024-02-29"), (2, D3), (1, "2024-01-31"))), (
                FIXED + ["ticker", "j", "k"],
                [[N[1], D2, None, "C", None, Num("1.0")], None,
                 [N[1], D1, D2, "A", None, None], None,
                 [N[1], D2, None, "C", None, Num("1.0")],
                 [N[2], D2, D3, "B", None, None],
                 [N[2], D3, None, "B", None, None],
                 [N[1], D1, D2, "A", None, None]]))

    def test_nothing_asked_nothing_found(self):
        self.same(self.table({"security_ids": []}), (FIXED, []))
        self.same(self.table({"keys": []}), (FIXED, []))
        self.same(self.table(self.ids(8, 9)), (FIXED, [None, None]))
        self.same(self.table(self.ids(1, as_of="0001-01-01")), (FIXED, [None]))
        # Withdrawn, and not yet begun.
        self.same(self.table(self.ids(4, 5)), (FIXED, [None, None]))

    def test_columns_are_those_that_found_rows_carry(self):
        self.same(self.table(self.ids(1, as_of=D1))[0], FIXED + ["ticker"])
        self.same(self.table(self.ids(3, as_of=D1))[0], FIXED + ["é,\""])
        self.same(self.table(self.ids(2, as_of=D3))[0],
                  FIXED + ["ticker", "j"])

    def test_attributes_are_the_columns(self):
        rows = [(["k", "ticker"], [[N[1], D2, None, Num("1.0"), "C"], None]),
                (["é,\"", "gone"], [[N[1], D2, None, None, None], None]),
                (["later"], [[N[1], D2, None, None], None]),
                ([], [[N[1], D2, None], None])]
        for names, want in rows:
            self.same(self.table(self.ids(1, 9, as_of=D2, attributes=names)),
                      (FIXED + names, want), names)
        self.same(self.table({"security_ids": [], "attributes": ["k"]}),
                  (FIXED + ["k"], []))

    def test_large_ids(self):
        columns, rows = self.table(self.ids("9223372036854775807",
                                            "9223372036854775806"))
        self.same((columns, rows), (FIXED + ["k"], [
            [Num("9223372036854775807"), D1, None, True], None]))

    def test_both_clocks(self):
        want = [[N[1], D2, None, "A"]]
        body = self.ids(1, attributes=["ticker"])
        for query in ("?as_of=2024-02-01&known_tx=1",
                      "?as_of=2024-02-01&known_at=" + self.at[1]):
            self.same(self.table(body, query)[1], want, query)
        self.same(self.table({**body, "as_of": D2}, "?known_tx=1")[1], want)
        self.same(self.table({**body, "as_of": D2})[1],
                  [[N[1], D2, None, "C"]])
        answer = self.post(body, "?known_tx=1")
        self.assertEqual(answer.tx, 1)
        self.same(self.table(self.ids(1), "?known_tx=0"), (FIXED, [None]))

    def test_a_day_that_a_key_lacks(self):
        keys = {"keys": [{"security_id": N[1]},
                         {"security_id": N[1], "as_of": D1}],
                "attributes": ["ticker"]}
        a, c = [N[1], D1, D2, "A"], [N[1], D2, None, "C"]
        self.same(self.table(keys, "?as_of=" + D1)[1], [a, a])
        self.same(self.table({**keys, "as_of": D3})[1], [c, a])
        self.same(self.table(keys)[1], [c, a])

    def test_today_is_the_default(self):
        def today():
            return datetime.datetime.now(datetime.timezone.utc).date()
        days = [today() + datetime.timedelta(d) for d in (-1, 0, 1, 2)]
        self.stored([fact(6, "day", str(d), str(d)) for d in days])
        got = self.table(self.ids(6))[1][0][3]
        self.assertIn(got, (str(days[1]), str(today())))

    def test_other_formats(self):
        body = self.keys((3, D1), (9, D1), (1, D2))
        answer = self.post(body, "?format=ndjson")
        self.assertEqual(answer.header("Content-Type"), NDJSON)
        columns, rows = self.table(body)
        lines = answer.body.split(b"\n")
        self.assertEqual(lines.pop(), b"")
        self.same([parse(line) for line in lines],
                  [row and dict(zip(columns, row)) for row in rows])
        self.assertEqual(lines[1], b"null")
        answer = self.client.post(LOOKUP, dump(body), JSON, {"Accept": CSV})
        self.assertEqual(answer.header("Content-Type"),
                         "text/csv; charset=utf-8")
        self.assertEqual(
            answer.body.decode(),
            "security_id,effective_start_date,effective_end_date,ticker,k,"
            "\"é,\"\"\"\r\n3,2024-01-01,,,,\"x\r\ny\"\r\n,,,,,\r\n"
            "1,2024-02-01,,C,1.0,\r\n")

    def test_places_of_faults(self):
        rows = [
            ({}, ["/security_ids"]),
            ({"security_ids": [], "keys": []}, ["/keys"]),
            ({"security_ids": [N[1], "1", Num("-1")]},
             ["/security_ids/1", "/security_ids/2"]),
            ({"keys": [{"security_id": N[1], "as_of": "2023-02-29"},
                       {"as_of": D1, "date": D1}]},
             ["/keys/0/as_of", "/keys/1/date", "/keys/1/security_id"]),
            (self.ids(1, as_of="today"), ["/as_of"]),
            (self.ids(1, known_tx=N[1], where=[]), ["/known_tx", "/where"]),
            (self.ids(1, attributes="k"), ["/attributes"]),
            (self.ids(1, attributes=["k", "never", N[1]]), ["/attributes/2"]),
            (self.ids(1, attributes=["k", "never", "k", "security_id"]),
             ["/attributes/1", "/attributes/2", "/attributes/3"]),
            ([], [""]), ("x", [""]),
            ({"security_ids": [N[1]] * 10001}, ["/security_ids"]),
            ({"keys": [{"security_id": N[1], "as_of": D1}] * 10001},
             ["/keys"])]
        for body, places in rows:
            text = dump(body)[:200]
            doc = self.refused(422, self.post(body), text)
            self.assertEqual(doc["type"], "/problems/invalid-body", text)
            self.assertEqual([e["pointer"] for e in doc["errors"]], places,
                             text)
        doc = self.refused(422, self.post(
            self.ids(1, attributes=["gone"]), "?known_tx=1"), "gone")
        self.same(doc["errors"], [{
            "pointer": "/attributes/0", "detail":
            'by transaction 1 nobody has asserted the attribute "gone"'}])
        long = "é" * 64
        for name, shown in ((long, long), (long + "x", long),
                            ("x" + long * 9, "x" + long[:-1] + "?")):
            doc = self.refused(422, self.post(
                self.ids(1, attributes=[name])), name)
            self.assertIn(' "%s"' % shown, doc["detail"])
        self.table(self.ids(1, attributes=["gone"]), "?known_tx=2")

    def test_malformed(self):
        for body in ("", "{", "{\"security_ids\":[1]} 2", "\ufeff{}",
                     "{\"security_ids\":[1],\"security_ids\":[1]}",
                     "{\"keys\":[{\"as_of\":\"\\ud800\"}]}",
                     "{\"security_ids\":[01]}", "{'keys':[]}"):
            doc = self.refused(400, self.client.post(LOOKUP, body), body)
            self.assertEqual(doc["type"], "/problems/malformed-body", body)
            self.assertNotIn("errors", doc)
        for query in ("?as_of=2023-02-29", "?known_tx=99", "?limit=1",
                      "?known_tx=1&known_at=2024-01-01T00:00:00Z",
                      "?attributes=k", "?cursor=x", "?format=xml"):
            self.refused(400, self.post(self.ids(1), query), query)
        doc = self.refused(400, self.post(self.ids(1, as_of=D1),
                                          "?as_of=2024-01-01"), "twice")
        self.assertIn("as_of", doc["detail"])
        for kind in (CSV, NDJSON, "text/plain"):
            answer = self.client.post(LOOKUP, "{}", kind)
            self.refused(415, answer, kind)

    def test_its_path_is_no_security(self):
        self.refused(405, self.client.get(LOOKUP), "GET")
        answer = self.client.post("/v1/securities/1", "{}")
        self.refused(405, answer, "POST")
        answer = self.client.request("PUT", LOOKUP)
        self.refused(405, answer, "PUT")
        self.assertEqual(answer.header("Allow"), "POST, OPTIONS")

    def test_ten_thousand_at_once(self):
        first = 100000
        self.stored([fact(first + i, "n", Num(str(i)), D1)
                     for i in range(0, 10000, 2)], "ndjson")
        order = [i * 7919 % 10000 for i in range(10000)]
        columns, rows = self.table(self.ids(
            *(first + i for i in order), attributes=["n"]))
        self.same(rows, [None if i % 2 else
                         [Num(str(first + i)), D1, None, Num(str(i))]
                         for i in order])
        self.same(columns, FIXED + ["n"])


class Resolve(ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.at = [None]
        for batch in (
                # FB until 2022, then META; FB moves on to another.
                [fact(1, "ticker", "FB", "2012-05-18"),
                 fact(1, "ticker", "META", "2022-06-09"),
                 fact(2, "ticker", "FB", "2022-07-01")],
                [fact(3, "k", Num("1"), D1), fact(4, "k", "1", D1),
                 fact(5, "k", Num("1.0"), D1), fact(6, "k", True, D1),
                 fact(7, "k", None, D1), fact(8, "k", "null", D1),
                 fact(9, "k", "a:b, c\\d é+%", D1)],
                # Late, and withdrawn.
                [fact(10, "ticker", "FB", "2022-06-20"),
                 fact(11, "gone", "x", D1)],
                [retract(10, "ticker", "2022-06-20"),
                 retract(11, "gone", D1)]):
            answer = cls.server.client.post_facts(batch)
            assert answer.status == 201, answer
            cls.at.append(answer.json()["recorded_at"])

    def get(self, attribute, value, **query):
        return self.client.get("/v1/resolve?" + urllib.parse.urlencode(
            {"attribute": attribute, "value": value, **query}))

    def bearer(self, attribute, value, day=D1, **query):
        """An id; a list of them; None."""
        answer = self.get(attribute, value, as_of=day, **query)
        row = (attribute, value, day, query)
        if answer.status == 200:
            doc = answer.json()
            self.same({**doc, "security_id": 0}, {
                "attribute": attribute, "value": value, "as_of": day,
                "security_id": 0}, row)
            return int(doc["security_id"])
        if answer.status == 409:
            doc = self.refused(409, answer, row)
            self.assertEqual(doc["type"], "/problems/ambiguous")
            ids = [int(i) for i in doc["candidates"]]
            self.assertEqual(len(ids), min(int(doc["candidate_count"]), 100))
            return ids
        doc = self.refused(404, answer, row)
        self.assertIn(value, doc["detail"])
        return None

    def test_a_ticker_that_moved(self):
        for day, fb, meta in (("2012-05-17", None, None),
                              ("2012-05-18", 1, None), ("2022-06-08", 1, None),
                              ("2022-06-09", None, 1), ("2022-06-30", None, 1),
                              ("2022-07-01", 2, 1), ("9999-12-31", 2, 1)):
            self.assertEqual(self.bearer("ticker", "FB", day), fb, day)
            self.assertEqual(self.bearer("ticker", "META", day), meta, day)
        self.assertEqual(self.get("ticker", "FB").json()["security_id"], N[2])

    def test_late_facts_and_retractions(self):
        for tx, want in ((1, None), (2, None), (3, 10), (4, None)):
            self.assertEqual(self.bearer("ticker", "FB", "2022-06-25",
                                         known_tx=tx), want, tx)
            self.assertEqual(self.bearer("ticker", "FB", "2022-06-25",
                                         known_at=self.at[tx]), want, tx)
        self.assertEqual(self.bearer("ticker", "FB", "2022-07-01",
                                     known_tx=3), [2, 10])
        self.assertIsNone(self.bearer("gone", "x"))

    def test_the_value_matches_as_in_where(self):
        for text, want in (("1", [3, 4]), ("1.0", 5), ("1.00", None),
                           ("true", 6), ("True", None), ("null", 8),
                           ("a:b, c\\d é+%", 9), (" 1", None)):
            self.assertEqual(self.bearer("k", text), want, text)

    def test_a_hundred_are_listed_and_all_are_counted(self):
        self.stored([fact(1000 + i, "m", "x" if i < 100 else "y", D1)
                     for i in range(201)], "ndjson")
        self.assertEqual(self.bearer("m", "x"), list(range(1000, 1100)))
        self.assertEqual(self.bearer("m", "y"), list(range(1100, 1200)))
        for value, count in (("x", 100), ("y", 101)):
            doc = self.get("m", value, as_of=D1).json()
            self.assertEqual(doc["candidate_count"], Num(count))
            self.assertIn(" %d securities" % count, doc["detail"])

    def test_one_of_thousands_that_once_bore_it(self):
        first, count = 10**6, 12000
        self.stored([fact(first + i, "o", "old", D1)
                     for i in range(count)], "ndjson")
        self.assertEqual(self.bearer("o", "old", D2)[0], first)
        self.assertEqual(self.get("o", "old", as_of=D2)
                         .json()["candidate_count"], Num(count))
        self.stored([fact(first + i, "o", "new", D2)
                     for i in range(count) if i not in (7, count - 2)],
                    "ndjson")
        self.assertEqual(self.bearer("o", "old", D2),
                         [first + 7, first + count - 2])
        self.stored([fact(first + 7, "o", "new", D2)])
        self.assertEqual(self.bearer("o", "old", D2), first + count - 2)

    def test_refused(self):
        for query in ("", "attribute=ticker", "value=FB", "attribute=&value=FB",
                      "attribute=ticker&value=", "attribute=never&value=x",
                      "attribute=Ticker&value=FB",
                      "attribute=ticker&attribute=k&value=FB",
                      "attribute=ticker&value=FB&value=FB",
                      "attribute=gone&value=x&known_tx=2",
                      "attribute=ticker&value=FB&as_of=2023-02-29",
                      "attribute=ticker&value=FB&known_tx=99",
                      "attribute=ticker&value=FB&limit=1",
                      "attribute=ticker&value=%ff",
                      "attribute=tick%5Cer&value=FB",
                      "attribute=ticker&value=FB&where=k:1"):
            target = "/v1/resolve?" + query
            doc = self.refused(400, self.client.get(target), target)
            for name in ("never", "gone"):
                if "attribute=" + name in query:
                    self.assertIn(name, doc["detail"])
        for kind in ("csv", "ndjson"):
            target = "/v1/resolve?attribute=ticker&value=FB&format=" + kind
            self.refused(406, self.client.get(target), target)


if __name__ == "__main__":
    unittest.main()
