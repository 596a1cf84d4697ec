"""Portfolios: a day's positions put, replaced, cleared, and read joined."""

import unittest

from harness import (CSV, JSON, NDJSON, Num, ServerCase, fact, read_table,
                     retract)
from holding import held, put_body, put_day
from test_golden import pages, positions_body

D1, D2, D3 = "2024-01-03", "2024-01-06", "2024-02-01"
FORMATS = ("json", "ndjson", "csv")
FIXED = ["security_id", "quantity", "date"]


def path_of(portfolio):
    return "/v1/portfolios/%s/positions" % portfolio


class Portfolios(ServerCase):
    def put(self, portfolio, date, positions, how="json"):
        answer = put_day(self.client, portfolio, date, positions, how)
        self.assertEqual(answer.status, 200, repr(answer))
        return answer

    def held(self, portfolio, query=""):
        answer = self.client.get(path_of(portfolio) + query)
        self.assertEqual(answer.status, 200, (portfolio, query, answer))
        return answer

    def rows(self, portfolio, query=""):
        """The fixed columns: what is held, when."""
        return [row[:3] for row in read_table(self.held(portfolio, query))[1]]

    def test_every_format_in_comes_out_of_every_format(self):
        positions = [held(2, "1.50"), held(1, "9007199254740993"),
                     held(9223372036854775807, "-0.10"), held(1, "1e400"),
                     held(0, "0.30000000000000004"), held(1, "9" * 65536)]
        want = [[p["security_id"], p["quantity"], D1] for p in positions]
        for how in FORMATS + ("array",):
            name = "in." + how
            before = self.client.newest()
            answer = self.put(name, D1, positions, how)
            self.assertEqual(answer.tx, before + 1, how)
            self.assertEqual(answer.body.decode(),
                             '{"tx":%d,"positions":6}' % answer.tx)
            for out in FORMATS:
                self.same(self.rows(name, "?format=" + out), want, (how, out))

    def test_a_day_is_replaced_and_what_was_known_before_stays(self):
        steps = [(D2, [held(1, "1")]), (D1, [held(2, "2"), held(1, "3")]),
                 (D2, [held(3, "4"), held(1, "5")]), (D1, []),
                 (D2, [held(3, "4")]), (D2, []), (D2, [held(7, "6.0")])]
        days, known = {}, []
        for date, positions in steps:
            days[date] = positions
            answer = self.put("replaced", date, positions)
            self.same(answer.json()["positions"], Num(len(positions)))
            known.append((answer.tx, [
                [p["security_id"], p["quantity"], day]
                for day in sorted(days) for p in days[day]]))
        for tx, want in known:
            for how in FORMATS:
                self.same(self.rows("replaced", "?known_tx=%d&format=%s"
                                    % (tx, how)), want, (tx, how))
        at = self.client.get("/v1/transactions/%d" % known[1][0]).json()
        self.same(self.rows("replaced", "?known_at=%s" % at["recorded_at"]),
                  known[1][1])
        self.same(self.rows("replaced"), known[-1][1])

    def test_late_facts_change_the_rows_but_not_what_was_known(self):
        self.stored([fact(21, "ticker", "A", "2024-01-05")])
        self.put("late", D1, [held(21, "1")])
        tx = self.put("late", D2, [held(21, "1"), held(22, "2")]).tx
        before = [self.held("late", "?known_tx=%d&format=%s" % (tx, how)).body
                  for how in FORMATS]
        self.stored([fact(21, "ticker", "B", "2024-01-02"),
                     fact(22, "k", Num("1.0"), D2),
                     fact(99, "late_only", True, "2030-01-01")])
        doc = self.held("late").json()
        self.assertIn("late_only", doc["columns"])
        self.same([[r["ticker"], r["k"], r["late_only"]]
                   for r in doc["rows"]],
                  [["B", None, None], ["A", None, None],
                   [None, Num("1.0"), None]])
        self.stored([retract(22, "k", D2)])
        self.same([r.get("k") for r in self.held("late").json()["rows"]],
                  [None, None, None])
        for how, want in zip(FORMATS, before):
            self.assertEqual(self.held("late", "?known_tx=%d&format=%s"
                                       % (tx, how)).body, want, how)

    def test_a_span_is_half_open(self):
        for date in (D3, D1, "0001-01-01", D2, "9999-12-31"):
            self.put("span", date, [held(1, "1")])
        rows = [("", ["0001-01-01", D1, D2, D3, "9999-12-31"]),
                ("?from=" + D1, [D1, D2, D3, "9999-12-31"]),
                ("?to=" + D1, ["0001-01-01"]),
                ("?from=%s&to=%s" % (D1, D3), [D1, D2]),
                ("?from=2024-01-04&to=2024-01-05", []),
                ("?from=9999-12-31", ["9999-12-31"]),
                ("?to=0001-01-02", ["0001-01-01"]),
                ("?to=0001-01-01", [])]
        for query, want in rows:
            for how in FORMATS:
                full = query + ("&" if query else "?") + "format=" + how
                got = [r[2] for r in self.rows("span", full)]
                self.assertEqual(got, want, full)
        for query in ("?from=%s&to=%s" % (D1, D1), "?from=2024-02-30",
                      "?to=x", "?as_of=" + D1, "?unmatched=keep",
                      "?max_age=1", "?known_tx=99999", "?limit=0"):
            self.refused(400, self.client.get(path_of("span") + query), query)

    def test_pages_are_the_whole_of_one_snapshot(self):
        for day in range(1, 8):
            self.put("paged", "2024-03-%02d" % day,
                     [held(i, "%d.%d" % (day, i)) for i in range(day % 5)])
        columns, whole = read_table(self.held("paged", "?format=csv"))
        self.assertEqual(len(whole), 1 + 2 + 3 + 4 + 0 + 1 + 2)
        for limit in list(range(1, 15)) + [1000]:
            for how in FORMATS:
                got = pages(self.client, path_of("paged") + "?format=" + how,
                            limit)
                self.same(got[1], whole, (limit, how))
                self.assertEqual(got[0], columns)
        first = self.held("paged", "?limit=3")
        cursor = first.json()["next_cursor"]
        self.put("paged", "2024-03-02", [])
        self.stored([fact(3, "after", Num(1), "2024-03-01")])
        rest = self.held("paged", "?limit=1000&cursor=" + cursor)
        self.same(read_table(rest)[1], whole[3:])
        self.assertEqual(rest.tx, first.tx)
        for path in (path_of("paged") + "?from=2024-03-01&cursor=" + cursor,
                     path_of("other") + "?cursor=" + cursor,
                     path_of("paged") + "?cursor=" + cursor[:-1],
                     "/v1/portfolios?cursor=" + cursor):
            self.refused(400, self.client.get(path), path)

    def test_who_is_not_known(self):
        self.put("known", D1, [])
        tx = self.client.newest()
        self.same(self.held("known").json(),
                  {"columns": read_table(self.held("known"))[0], "rows": [],
                   "next_cursor": None})
        for name, query, status in (
                ("known", "", 200), ("Known", "", 404), ("know", "", 404),
                ("known", "?known_tx=%d" % tx, 200),
                ("known", "?known_tx=%d" % (tx - 1), 404),
                ("known", "?known_tx=0", 404)):
            answer = self.client.get(path_of(name) + query)
            self.assertEqual(answer.status, status, (name, query, answer))
        for name in ("a" * 64, "A-Z_0.9", "..", "."):
            self.put(name, D1, [])
            self.held(name)
        for name in ("a" * 65, "a%20b", "a%2Fb", "%C3%A9", "a%2Cb", "a+b"):
            self.refused(400, self.client.get(path_of(name)), name)
            self.refused(400, put_day(self.client, name, D1, []), name)
        for date in ("2024-02-30", "0000-01-01", "10000-01-01", "x", "2024-1-1",
                     "20240101"):
            self.refused(400, put_day(self.client, "known", date, []), date)

    def test_the_list(self):
        for name in ("list.b", "list.a", "List", "list.b"):
            self.put(name, D1, [])
        tx = self.client.newest()
        doc = self.client.get("/v1/portfolios").json()
        names = [p["portfolio"] for p in doc["portfolios"]]
        self.assertEqual(names, sorted(names))
        self.assertEqual([n for n in names if n.lower().startswith("list")],
                         ["List", "list.a", "list.b"])
        self.assertEqual(doc["next_cursor"], None)
        of = {p["portfolio"]: p["first_tx"] for p in doc["portfolios"]}
        self.same([of["list.b"], of["list.a"], of["List"]],
                  [Num(tx - 3), Num(tx - 2), Num(tx - 1)])
        for limit in (1, 2, len(names) - 1, len(names)):
            path, got = "/v1/portfolios?limit=%d" % limit, []
            while path:
                page = self.client.get(path)
                got += [p["portfolio"] for p in page.json()["portfolios"]]
                path = page.next_link()
            self.assertEqual(got, names, limit)
        past = self.client.get("/v1/portfolios?known_tx=%d" % (tx - 3)).json()
        self.assertEqual([p["portfolio"] for p in past["portfolios"]],
                         [n for n in names if n not in ("list.a", "List")])
        none = self.client.get("/v1/portfolios?known_tx=0")
        self.assertEqual(none.body, b'{"portfolios":[],"next_cursor":null}')
        self.refused(400, self.client.get("/v1/portfolios?from=" + D1), "from")
        self.refused(406, self.client.get("/v1/portfolios?format=csv"), "csv")

    def test_what_is_refused_stores_nothing(self):
        self.put("refused", D1, [held(1, "1")])
        newest = self.client.newest()
        rows = [
            (400, JSON, "["), (400, JSON, ""), (400, JSON, "[] []"),
            (400, JSON, '[{"quantity":1,"quantity":1,"security_id":1}]'),
            (400, JSON, '[{"security_id":1,"quantity":01}]'),
            (422, JSON, "{}"), (422, JSON, "1"),
            (422, JSON, '{"positions":[],"date":"2024-01-01"}'),
            (422, JSON, '[{"security_id":1}]'),
            (422, JSON, '[{"quantity":1}]'),
            (422, JSON, '[{"security_id":-1,"quantity":1}]'),
            (422, JSON, '[{"security_id":1,"quantity":"1"}]'),
            (422, JSON, '[{"security_id":1,"quantity":null}]'),
            (422, JSON, '[{"security_id":1,"quantity":1,"date":"%s"}]' % D1),
            (422, JSON, '[{"security_id":1,"quantity":%s}]' % ("9" * 65537)),
            (422, NDJSON, '{"security_id":1,"quantity":1}\n{}\n'),
            (422, NDJSON, ""), (422, CSV, ""),
            (422, CSV, "security_id\n1\n"),
            (422, CSV, "security_id,quantity,date\n1,1,%s\n" % D1),
            (422, CSV, "security_id,quantity\n1,\n"),
            (415, "text/plain", "[]")]
        for status, kind, body in rows:
            answer = put_body(self.client, "refused", D1, body, kind)
            self.refused(status, answer, (kind, body[:60]))
            self.assertEqual(answer.tx, newest, body[:60])
        doc = self.refused(422, put_day(
            self.client, "refused", D1, [held(1, "1"), {"security_id": 1}]),
            "the place")
        self.same(doc["errors"], [{"pointer": "/positions/1/quantity",
                                   "detail": "is missing"}])
        self.same(self.rows("refused"), [[Num(1), Num(1), D1]])

    def test_no_positions_in_any_format_clear_a_day(self):
        for body, kind in (("[]", JSON), ('{"positions":[]}', JSON),
                           ("\n", NDJSON), ("\n\n", NDJSON),
                           ("quantity,security_id\n", CSV)):
            self.put("cleared", D1, [held(1, "1")])
            answer = put_body(self.client, "cleared", D1, body, kind)
            self.same(answer.json()["positions"], Num(0), (body, kind))
            self.assertEqual(self.rows("cleared"), [], (body, kind))

    def test_methods_and_parameters(self):
        day = path_of("known") + "/" + D1
        for method, path, allowed in (
                ("DELETE", day, "PUT"), ("GET", day, "PUT"),
                ("POST", day, "PUT"), ("DELETE", path_of("known"), "GET, HEAD"),
                ("PUT", path_of("known"), "GET, HEAD"),
                ("POST", "/v1/portfolios", "GET, HEAD")):
            answer = self.client.request(method, path)
            self.refused(405, answer, (method, path))
            self.assertEqual(answer.header("Allow"), allowed + ", OPTIONS",
                             (method, path))
        for query in ("?dry=1", "?limit=1", "?known_tx=0"):
            answer = self.client.request("PUT", day + query, b"[]",
                                         {"Content-Type": JSON})
            self.refused(400, answer, query)

    def test_a_transaction_without_facts(self):
        tx = self.put("kind", D1, [held(1, "1"), held(2, "2")]).tx
        doc = self.client.get("/v1/transactions/%d" % tx).json()
        del doc["recorded_at"]
        self.same(doc, {"tx": Num(tx), "kind": "positions", "sources": [],
                        "facts": Num(0), "securities": Num(0),
                        "idempotency_key": None})
        feed = self.client.get("/v1/changes?after_tx=%d" % (tx - 1)).json()
        self.same(feed, {"changes": [], "last_tx": Num(tx)})

    def test_names_of_answers(self):
        tx = self.put("named", D1, [held(1, "1")]).tx
        for path in (path_of("named"), path_of("named") + "?format=csv",
                     "/v1/portfolios"):
            tag = self.client.get(path).header("ETag")
            again = self.client.get(path, If_None_Match=tag)
            self.assertEqual((again.status, again.body), (304, b""), path)
            past = path + ("&" if "?" in path else "?") + "known_tx=%d" % tx
            self.assertIn("immutable",
                          self.client.get(past).header("Cache-Control"), past)
        tag = self.client.get(path_of("named")).header("ETag")
        self.put("named", D1, [held(1, "2")])
        again = self.client.get(path_of("named"), If_None_Match=tag)
        self.assertEqual(again.status, 200)
        head = self.client.request("HEAD", path_of("named"))
        self.assertEqual((head.status, head.body), (200, b""))


class LongSpans(ServerCase):
    ARGS = ("--memtable-bytes", "300000")

    def check(self, name):
        """As the join says of the same positions."""
        answer = self.client.get(path_of(name) + "?format=csv")
        _, rows = read_table(answer)
        positions = [dict(zip(FIXED, row)) for row in rows]
        kind, body = positions_body(positions, "csv")
        joined = self.client.post(
            "/v1/positions/join?unmatched=keep&format=csv", body, kind)
        self.assertEqual(joined.status, 200, repr(joined))
        self.assertEqual(answer.body, joined.body)
        return rows

    def test_windows_do_not_show(self):
        days = ["%d-%02d-01" % (y, m) for y in range(2000, 2025)
                for m in range(1, 13)]
        self.stored([fact(i, "k", "%d at %s" % (i, d), d)
                     for i in range(0, 40, 2) for d in days[::7]])
        for i, day in enumerate(days):
            put_day(self.client, "few", day,
                    [held(j, "%d.%d" % (i, j)) for j in range(40)], "csv")
        rows = self.check("few")
        self.same([r[:2] for r in rows],
                  [[Num(j), Num("%d.%d" % (i, j))]
                   for i in range(len(days)) for j in range(40)])

        many = [held(i, "1") for i in range(5000, 0, -1)]
        put_day(self.client, "many", D1, many, "ndjson")
        put_day(self.client, "many", D1, many, "ndjson")
        put_day(self.client, "many", D2, many[:2000], "csv")
        rows = self.check("many")
        self.same([r[0] for r in rows],
                  [p["security_id"] for p in many + many[:2000]])

        long = [held(i, "%d" % i + "7" * 60000) for i in range(1, 50)]
        put_day(self.client, "long", D1, long)
        rows = self.check("long")
        self.same([r[1] for r in rows], [p["quantity"] for p in long])
        self.same(pages(self.client, path_of("long"), 20)[1], rows)
        self.server.restart()
        self.assertEqual(len(self.check("few")), 40 * len(days))
        self.assertGreater(self.client.merged(), 0)


if __name__ == "__main__":
    unittest.main()
