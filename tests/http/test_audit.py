"""Where answers come from: the audit trail, what each value beat, and the
catalogue of attributes, by the contract's words."""

import unittest
import urllib.parse

from harness import NDJSON, Num, ServerCase, dump, fact, parse, retract

D1, D2, D3 = "2024-01-01", "2024-02-01", "2024-03-01"
MEMBERS = ["tx", "recorded_at", "security_id", "attribute", "value",
           "effective_date", "source", "op", "state", "ended_by"]


def url(path, **query):
    query = {k: v for k, v in query.items() if v is not None}
    return path + ("?" + urllib.parse.urlencode(query) if query else "")


class Story(ServerCase):
    """Six transactions about security 1, one about others."""

    BATCHES = [
        [fact(1, "sector", "Energy", D1), fact(1, "k", Num("1.0"), D2),
         fact(1, "sector", "Health", D1, source="b")],
        # Twice in a batch, and another date.
        [fact(1, "sector", "Gas", D1), fact(1, "sector", "Oil", D1),
         fact(1, "sector", None, D3)],
        [retract(1, "sector", D1)],
        [fact(1, "sector", "Coal", D1), retract(1, "k", D2)],
        # Late, and of a second source on the same day.
        [fact(1, "sector", "Wind", D3, source="b"),
         fact(1, "é,:\\\"", True, "0001-01-01", source="ü\"")],
        [fact(1, "k", "", D2), retract(1, "k", D2)],
        [fact(2, "k", False, D1), fact(3, "gone", "x", D1),
         retract(3, "gone", D1), fact(2, "k", Num("2"), D2, source="b")]]

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.at = [None]
        for batch in cls.BATCHES:
            answer = cls.server.client.post_facts(batch)
            assert answer.status == 201, answer
            cls.at.append(answer.json()["recorded_at"])

    def ok(self, target, **headers):
        answer = self.client.get(target, **headers)
        self.assertEqual(answer.status, 200, (target, answer))
        return answer


class Facts(Story):
    # (tx, attribute, value, date, source, op, state, ended_by)
    ODD = (5, "é,:\\\"", True, "0001-01-01", "ü\"", "assert", "live", None)
    ALL = [
        ODD,
        (1, "sector", "Energy", D1, "default", "assert", "superseded", 2),
        (1, "sector", "Health", D1, "b", "assert", "live", None),
        (2, "sector", "Gas", D1, "default", "assert", "superseded", 2),
        (2, "sector", "Oil", D1, "default", "assert", "retracted", 3),
        (3, "sector", None, D1, "default", "retract", "superseded", 4),
        (4, "sector", "Coal", D1, "default", "assert", "live", None),
        (1, "k", Num("1.0"), D2, "default", "assert", "retracted", 4),
        (4, "k", None, D2, "default", "retract", "superseded", 6),
        (6, "k", "", D2, "default", "assert", "retracted", 6),
        (6, "k", None, D2, "default", "retract", "live", None),
        (2, "sector", None, D3, "default", "assert", "live", None),
        (5, "sector", "Wind", D3, "b", "assert", "live", None)]

    def rows(self, facts):
        facts = list(facts)
        for row in facts:
            self.assertEqual(list(row), MEMBERS, row)
            self.assertEqual(row["security_id"], Num("1"), row)
            self.assertEqual(row["recorded_at"], self.at[int(row["tx"])], row)
        return [(int(r["tx"]), r["attribute"], r["value"],
                 r["effective_date"], r["source"], r["op"], r["state"],
                 None if r["ended_by"] is None else int(r["ended_by"]))
                for r in facts]

    def facts(self, **query):
        doc = self.ok(url("/v1/securities/1/facts", **query)).json()
        self.assertEqual(list(doc), ["facts", "next_cursor"])
        self.assertIsNone(doc["next_cursor"])
        return self.rows(doc["facts"])

    def test_everything_that_was_recorded(self):
        self.same(self.facts(superseded="true"), self.ALL)

    def test_the_live_assertions_unless_asked_for_more(self):
        live = [f for f in self.ALL if f[6] == "live" and f[5] == "assert"]
        self.same(self.facts(), live)
        self.same(self.facts(superseded="false"), live)

    def test_one_attribute_by_its_raw_name(self):
        for name in ("sector", "k", "é,:\\\""):
            for superseded in ("true", "false"):
                want = [f for f in self.ALL if f[1] == name and
                        (superseded == "true" or
                         f[6] == "live" and f[5] == "assert")]
                self.same(self.facts(attribute=name, superseded=superseded),
                          want, name)

    def test_states_are_those_of_the_time(self):
        rows = [
            (0, None),
            (1, ["1 Energy L", "1 Health L"]),
            (2, ["1 Energy S2", "1 Health L", "2 Gas S2", "2 Oil L",
                 "2 None L"]),
            (3, ["1 Energy S2", "1 Health L", "2 Gas S2", "2 Oil R3",
                 "3 None L", "2 None L"])]
        for tx, want in rows:
            target = url("/v1/securities/1/facts", known_tx=tx,
                         superseded="true")
            if want is None:
                self.refused(404, self.client.get(target), target)
                continue
            answer = self.ok(target + "&attribute=sector")
            self.assertEqual(answer.tx, tx)
            got = ["%d %s %s%s" % (r[0], r[2], r[6][0].upper(), r[7] or "")
                   for r in self.rows(answer.json()["facts"])]
            self.assertEqual(got, want, tx)
        self.same(self.ok(url("/v1/securities/1/facts", superseded="true",
                              known_at=self.at[3])).json(),
                  self.ok("/v1/securities/1/facts?superseded=true&known_tx=3")
                  .json())

    def test_lines_are_the_same_facts(self):
        for target in ("/v1/securities/1/facts?superseded=true&format=ndjson",
                       "/v1/securities/1/facts?superseded=true"):
            answer = self.ok(target, Accept=NDJSON)
            self.assertEqual(answer.header("Content-Type"), NDJSON)
            self.assertIsNone(answer.next_link())
            lines = answer.body.split(b"\n")
            self.assertEqual(lines.pop(), b"")
            self.same(self.rows(map(parse, lines)), self.ALL)

    def test_pages_are_one_snapshot(self):
        for how in ("json", "ndjson"):
            for limit in (1, 2, 3, 5, 12, 13, 99):
                self.same(self.walk(how, limit, superseded="true"), self.ALL,
                          (how, limit))
            self.same(self.walk(how, 2), self.facts())
            self.same(self.walk(how, 1, attribute="k", superseded="true"),
                      [f for f in self.ALL if f[1] == "k"])

    def walk(self, how, limit, **query):
        path = url("/v1/securities/1/facts", limit=limit, format=how, **query)
        rows, first = [], True
        while path:
            answer = self.ok(path)
            if how == "json":
                doc = answer.json()
                page = self.rows(doc["facts"])
                self.assertEqual(doc["next_cursor"] is None,
                                 answer.next_link() is None)
            else:
                page = self.rows(map(parse, answer.body.split(b"\n")[:-1]))
            path = answer.next_link()
            self.assertTrue(len(page) == limit or path is None, (how, limit))
            self.assertTrue(page or first)
            rows, first = rows + page, False
        return rows

    def test_a_cursor_keeps_to_its_query_and_its_snapshot(self):
        first = self.ok("/v1/securities/2/facts?limit=1&known_tx=7")
        cursor = first.json()["next_cursor"]
        late = self.stored([fact(2, "k", Num("3"), D2)]).tx
        target = "/v1/securities/2/facts?known_tx=7&cursor=" + cursor
        answer = self.ok(target)
        self.assertEqual(answer.tx, 7)
        self.same([f["value"] for f in answer.json()["facts"]], [Num("2")])
        newest = self.ok("/v1/securities/2/facts?known_tx=%d" % late).json()
        self.same([f["value"] for f in newest["facts"]],
                  [False, Num("2"), Num("3")])
        for other in ("/v1/securities/1/facts?known_tx=7&cursor=",
                      "/v1/securities/2/facts?cursor=",
                      "/v1/securities/2/facts?known_tx=7&attribute=k&cursor=",
                      "/v1/securities/2/facts?known_tx=7&superseded=true"
                      "&cursor=",
                      "/v1/securities/2/history?known_tx=7&cursor="):
            self.refused(400, self.client.get(other + cursor), other)

    def test_who_is_known(self):
        # Withdrawn, yet something was recorded.
        doc = self.ok("/v1/securities/3/facts?known_tx=7").json()
        self.same(doc, {"facts": [], "next_cursor": None})
        doc = self.ok("/v1/securities/3/facts?superseded=true").json()
        self.same([(f["op"], f["state"]) for f in doc["facts"]],
                  [("assert", "retracted"), ("retract", "live")])
        # Known, without that attribute.
        self.same(self.ok("/v1/securities/2/facts?attribute=sector").json(),
                  {"facts": [], "next_cursor": None})
        for target in ("/v1/securities/4/facts", "/v1/securities/0/facts",
                       "/v1/securities/9223372036854775807/facts",
                       "/v1/securities/2/facts?known_tx=6",
                       "/v1/securities/4/facts?format=ndjson",
                       "/v1/securities/4/facts?attribute=k"):
            doc = self.refused(404, self.client.get(target), target)
            self.assertIn("is unknown", doc["detail"])

    def test_refused(self):
        for query in ("superseded=yes", "superseded=", "superseded=TRUE",
                      "superseded=true&superseded=true", "attribute=",
                      "attribute=k&attribute=k", "attribute=never",
                      "attribute=K", "attribute=sector%2Ck",
                      "attribute=%C3%A9%5C%2C%5C%3A%5C%5C%22",
                      "attribute=gone&known_tx=6", "as_of=2024-01-01",
                      "from=2024-01-01", "limit=0", "limit=-1", "cursor=x",
                      "known_tx=99", "known_tx=1&known_at=2024-01-01T00:00:00Z",
                      "where=k:1", "nonsense=1", "format=xml"):
            target = "/v1/securities/1/facts?" + query
            doc = self.refused(400, self.client.get(target), target)
            if "attribute=never" in query or "gone" in query:
                self.assertIn("never" if "never" in query else "gone",
                              doc["detail"])
        target = "/v1/securities/1/facts?format=csv"
        self.refused(406, self.client.get(target), target)
        for segment in ("x", "-1", "1.0", "9223372036854775808"):
            target = "/v1/securities/%s/facts" % segment
            self.refused(400, self.client.get(target), target)


class LongDays(ServerCase):
    """Days, pages and chunks that do not end together."""

    def test_thousands_of_facts_of_one_day(self):
        sizes = [(D1, 1500), (D2, 1), (D3, 700)]
        facts = [fact(5, "a%04d" % i, "v" * 90, day)
                 for day, count in sizes for i in range(count)]
        self.stored(facts, "ndjson")
        for day, _ in sizes:  # each fact a transaction of its own
            for i in range(40):
                self.stored([fact(5, "a%04d" % i, Num(str(i)), day)])
        want = [f for day, _ in sizes for f in facts
                if f["effective_date"] == day]
        for how, limit in (("json", 999), ("json", 1000), ("ndjson", 1500),
                           ("ndjson", 10000)):
            got, path = [], "/v1/securities/5/facts?superseded=true" \
                "&format=%s&limit=%d" % (how, limit)
            while path:
                answer = self.client.get(path)
                self.assertEqual(answer.status, 200, answer)
                got += answer.json()["facts"] if how == "json" else \
                    [parse(x) for x in answer.body.split(b"\n")[:-1]]
                path = answer.next_link()
            self.check(got, want)
        stream = self.client.get(
            "/v1/securities/5/facts?superseded=true&format=ndjson")
        self.check([parse(x) for x in stream.body.split(b"\n")[:-1]], want)
        live = self.client.get("/v1/securities/5/facts?format=ndjson")
        # Of the second day's, all but one key were new.
        self.assertEqual(live.body.count(b"\n"), len(want) + 39)

    def check(self, got, first):
        self.assertEqual(len(got), len(first) + 3 * 40)
        self.assertEqual([(f["attribute"], f["effective_date"])
                          for f in got if f["tx"] == Num("1")],
                         [(f["attribute"], f["effective_date"])
                          for f in first])
        keys = [(f["effective_date"], int(f["tx"])) for f in got]
        self.assertEqual(keys, sorted(keys))
        ended = {(f["attribute"], f["effective_date"]): f["ended_by"]
                 for f in got if f["state"] == "superseded"}
        self.assertEqual(len(ended), 40 + 1 + 40)


class Explain(Story):
    def explain(self, **query):
        target = url("/v1/securities/1/explain", **query)
        answer = self.ok(target)
        doc = answer.json()
        self.assertEqual(list(doc), ["security_id", "as_of", "attributes"])
        self.assertEqual(doc["security_id"], Num("1"))
        if "as_of" in query:
            self.assertEqual(doc["as_of"], query["as_of"])
        return {name: self.texts(entry)
                for name, entry in doc["attributes"].items()}

    def texts(self, entry):
        """["VALUE DATE SOURCE TX", "the same of who lost: REASON" ..]"""
        known_by = ["value", "effective_date", "source", "tx", "recorded_at"]
        self.assertEqual(list(entry), known_by + ["beat"])
        texts = [self.text(entry)]
        for loser in entry["beat"]:
            self.assertEqual(list(loser), known_by + ["reason"])
            texts.append("%s: %s" % (self.text(loser), loser["reason"]))
        return texts

    def text(self, entry):
        self.assertEqual(entry["recorded_at"], self.at[int(entry["tx"])])
        return "%s %s %s %s" % (dump(entry["value"]), entry["effective_date"],
                                entry["source"], entry["tx"])

    ODD = {"é,:\\\"": ["true 0001-01-01 ü\" 5"]}

    def test_each_value_and_what_it_beat(self):
        self.same(self.explain(as_of=D3), {
            "sector": ['"Wind" 2024-03-01 b 5',
                       'null 2024-03-01 default 2: later_tx',
                       '"Coal" 2024-01-01 default 4: later_date',
                       '"Health" 2024-01-01 b 1: later_date'],
            **self.ODD})
        self.same(self.explain(as_of=D2), {
            "sector": ['"Coal" 2024-01-01 default 4',
                       '"Health" 2024-01-01 b 1: later_tx'], **self.ODD})
        self.same(self.explain(as_of="2023-12-31"), self.ODD)
        self.same(self.explain(), self.explain(as_of="9999-12-31"))

    def test_as_known_at_each_transaction(self):
        rows = [(1, ['"Health" 2024-01-01 b 1',
                     '"Energy" 2024-01-01 default 1: later_tx']),
                (2, ['"Oil" 2024-01-01 default 2',
                     '"Health" 2024-01-01 b 1: later_tx']),
                (3, ['"Health" 2024-01-01 b 1']),
                (4, ['"Coal" 2024-01-01 default 4',
                     '"Health" 2024-01-01 b 1: later_tx'])]
        for tx, want in rows:
            self.same(self.explain(as_of=D2, known_tx=tx,
                                   attribute="sector"), {"sector": want}, tx)
        self.same(self.explain(as_of=D2, known_at=self.at[3])["sector"],
                  rows[2][1])

    def test_columns_are_in_order_and_values_those_of_the_row(self):
        names = ["zeta", "name", "ticker", "Alpha", "asset_class"]
        self.stored([fact(7, n, n, D1) for n in names])
        doc = self.ok("/v1/securities/7/explain").json()
        row = self.ok("/v1/securities/7").json()
        self.assertEqual(list(doc["attributes"]), list(row)[3:])
        self.assertEqual(list(doc["attributes"]),
                         ["asset_class", "ticker", "name", "Alpha", "zeta"])
        self.same({n: e["value"] for n, e in doc["attributes"].items()},
                  {n: row[n] for n in list(row)[3:]})

    def test_one_attribute(self):
        self.same(self.explain(as_of=D3, attribute="é,:\\\""), self.ODD)
        # The row is there, and lacks it.
        for attribute in ("k", "gone"):
            self.same(self.explain(as_of=D3, attribute=attribute), {})

    def test_without_a_row_that_day(self):
        for security, query, word in (
                (2, "?as_of=2023-12-31", "has not yet begun"),
                (2, "?as_of=2023-12-31&attribute=k", "has not yet begun"),
                (3, "", "was withdrawn")):
            row = "/v1/securities/%d" % security
            doc = self.ok(row + "/explain" + query).json()
            self.same(doc["attributes"], {}, query)
            row += query.split("&attribute")[0]
            self.assertIn(word, self.refused(404, self.client.get(row),
                                             row)["detail"])

    def test_history_facts_and_explain_agree_who_is_unknown(self):
        for security, tx, is_known in ((1, 0, False), (1, 1, True),
                                       (2, 6, False), (2, 7, True),
                                       (3, 6, False), (3, 7, True),
                                       (4, 7, False)):
            row = "/v1/securities/%d?known_tx=%d" % (security, tx)
            for path in ("/history", "/facts", "/explain"):
                target = row.replace("?", path + "?")
                answer = self.client.get(target)
                if is_known:
                    self.assertEqual(answer.status, 200, target)
                    continue
                doc = self.refused(404, answer, target)
                self.assertIn("is unknown", doc["detail"], target)
                self.assertEqual(self.refused(404, self.client.get(row), row)
                                 ["detail"], doc["detail"])
        self.same(self.ok("/v1/securities/3/history").json(),
                  {"columns": ["security_id", "effective_start_date",
                               "effective_end_date"],
                   "rows": [], "next_cursor": None})

    def test_refused(self):
        for query in ("as_of=2023-02-29", "as_of=", "attribute=never",
                      "attribute=", "attribute=a&attribute=b",
                      "attribute=gone&known_tx=6", "limit=1", "cursor=x",
                      "superseded=true", "known_tx=99", "format=xml"):
            target = "/v1/securities/1/explain?" + query
            self.refused(400, self.client.get(target), target)
        for query in ("format=csv", "format=ndjson"):
            target = "/v1/securities/1/explain?" + query
            self.refused(406, self.client.get(target), target)


class Attributes(Story):
    ROWS = [["k", ["boolean", "number"], 2, 1, D1, D2, 7],
            ["sector", ["null", "string"], 4, 1, D1, D3, 1],
            ["é,:\\\"", ["boolean"], 1, 1, "0001-01-01", "0001-01-01", 5]]

    def rows(self, answer):
        doc = answer.json()
        self.assertEqual(list(doc), ["attributes", "next_cursor"])
        for row in doc["attributes"]:
            self.assertEqual(list(row), [
                "name", "types", "assertions", "securities",
                "first_effective_date", "last_effective_date", "first_tx"])
        return [[int(v) if isinstance(v, Num) else v for v in row.values()]
                for row in doc["attributes"]]

    def test_over_live_assertions(self):
        self.same(self.rows(self.ok("/v1/attributes?known_tx=7")), self.ROWS)

    def test_as_known_at_each_transaction(self):
        rows = [(0, []),
                (1, [["k", ["number"], 1, 1, D2, D2, 1],
                     ["sector", ["string"], 2, 1, D1, D1, 1]]),
                (2, [["k", ["number"], 1, 1, D2, D2, 1],
                     ["sector", ["null", "string"], 3, 1, D1, D3, 1]]),
                (3, [["k", ["number"], 1, 1, D2, D2, 1],
                     ["sector", ["null", "string"], 2, 1, D1, D3, 1]]),
                (4, [["sector", ["null", "string"], 3, 1, D1, D3, 1]]),
                (7, self.ROWS)]
        for _ in range(2):  # counted, then some of them remembered
            for tx, want in rows + rows[::-1]:
                answer = self.ok("/v1/attributes?known_tx=%d" % tx)
                self.assertEqual(answer.tx, tx)
                self.same(self.rows(answer), want, tx)
                if tx:
                    self.same(self.rows(self.ok(url(
                        "/v1/attributes", known_at=self.at[tx]))), want, tx)

    def test_pages_are_pinned(self):
        for limit in (1, 2, 3, 9):
            rows, path = [], "/v1/attributes?known_tx=7&limit=%d" % limit
            while path:
                answer = self.ok(path)
                page = self.rows(answer)
                path = answer.next_link()
                self.assertTrue(len(page) == limit or path is None)
                rows += page
            self.same(rows, self.ROWS, limit)
        first = self.ok("/v1/attributes?limit=1")
        self.stored([fact(8, "a first one", "x", D1)])
        self.assertEqual(self.rows(self.ok("/v1/attributes?limit=1"))[0][0],
                         "a first one")
        second = self.ok(first.next_link())
        self.assertEqual(second.tx, first.tx)
        self.assertNotIn("a first one", [r[0] for r in self.rows(second)])
        cursor = first.json()["next_cursor"]
        for other in ("/v1/attributes?known_tx=7&cursor=", "/v1/master?cursor="):
            self.refused(400, self.client.get(other + cursor), other)

    def test_refused(self):
        for query in ("as_of=2024-01-01", "attribute=k", "limit=0",
                      "limit=x", "cursor=x", "known_tx=99", "nonsense=1",
                      "known_tx=1&known_at=2024-01-01T00:00:00Z"):
            target = "/v1/attributes?" + query
            self.refused(400, self.client.get(target), target)
        for query in ("format=csv", "format=ndjson"):
            target = "/v1/attributes?" + query
            self.refused(406, self.client.get(target), target)


if __name__ == "__main__":
    unittest.main()
