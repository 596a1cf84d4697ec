"""The worked cases over real HTTP, compared digit for digit."""

import pathlib
import unittest
import urllib.parse

import harness
from harness import CSV, JSON, NDJSON, Num, dump, facts_body, parse, read_table
from reference import Book

CASES = pathlib.Path(__file__).parents[1] / "golden" / "cases"
FORMATS = ("json", "ndjson", "csv")


def load_cases():
    return [parse(path.read_bytes()) for path in sorted(CASES.glob("*.json"))]


def pages(client, path, limit):
    """All rows of a table, walked page by page along the Link header."""
    columns, rows, tx = None, [], None
    path = "%s%slimit=%d" % (path, "&" if "?" in path else "?", limit)
    while path:
        answer = client.get(path)
        assert answer.status == 200, answer
        found, page = read_table(answer)
        assert columns in (None, found), "columns change from page to page"
        assert tx in (None, answer.tx), "the snapshot changes"
        columns, tx = found, answer.tx
        rows += page
        path = answer.next_link()
        assert len(page) == limit or path is None, "a short page goes on"
        if answer.header("Content-Type").startswith(JSON):
            assert (answer.json()["next_cursor"] is None) == (path is None)
    return columns, rows


def positions_body(positions, how):
    if how == "json":
        return JSON, dump({"positions": positions})
    if how == "ndjson":
        return NDJSON, "".join(dump(p) + "\n" for p in positions)
    lines = ["security_id,quantity,date"]
    lines += ["%s,%s,%s" % (p["security_id"], p["quantity"], p["date"])
              for p in positions]
    return CSV, "\r\n".join(lines) + "\r\n"


class Golden(unittest.TestCase):
    maxDiff = 4000

    def same_table(self, got, want, what):
        want_columns, want_rows = want["columns"], want["rows"]
        if got[0] is None and not want_rows:
            want_columns = None
        self.assertEqual(got[0], want_columns, what)
        self.assertEqual(dump(got[1]), dump(want_rows), what)

    def check_table(self, client, path, want, name):
        for how in FORMATS:
            self.same_table(read_table(client.get(path + "?format=" + how)),
                            want, "%s %s as %s" % (name, path, how))
            self.same_table(pages(client, path + "?format=" + how, 2),
                            want, "%s %s pages of %s" % (name, path, how))
        self.same_table(pages(client, path, 3), want, "%s pages of 3" % name)

    def check_join(self, client, case):
        want, total = case["joined"], len(case["positions"])
        for given in FORMATS:
            kind, body = positions_body(case["positions"], given)
            for how in FORMATS:
                answer = client.post("/v1/positions/join?format=" + how, body,
                                     kind)
                what = "%s join %s to %s" % (case["name"], given, how)
                self.assertEqual(answer.status, 200, (what, answer))
                self.same_table(read_table(answer), want, what)
                self.check_counts(answer, len(want["rows"]), total, what)

    def check_counts(self, answer, matched, total, what):
        if answer.header("Content-Type").startswith(JSON):
            doc = answer.json()
            self.assertEqual(list(doc), ["columns", "rows", "matched",
                                         "unmatched"], what)
            got = doc["matched"], doc["unmatched"]
        else:
            got = (Num(answer.header("Secmaster-Matched")),
                   Num(answer.header("Secmaster-Unmatched")))
        self.assertEqual(got, (Num(matched), Num(total - matched)), what)

    def post_batches(self, client, case, how):
        tx = 0
        for i, batch in enumerate(case["batches"]):
            what = "%s batch %d as %s" % (case["name"], i, how)
            kind, body = facts_body(batch, how)
            answer = client.post("/v1/facts", body, kind)
            if not batch:
                self.assertEqual(answer.status, 422, what)
                self.assertEqual(answer.tx, tx, what)
                continue
            tx += 1
            self.assertEqual(answer.status, 201, (what, answer))
            self.assertEqual(answer.json()["tx"], Num(tx), what)

    def check_case(self, case, how):
        server = harness.Server()
        try:
            client = server.start().client
            self.post_batches(client, case, how)
            for when in ("as posted", "restarted")[:2 if how == "json" else 1]:
                if when == "restarted":
                    client = server.restart().client
                name = "%s (%s, %s)" % (case["name"], how, when)
                self.check_table(client, "/v1/master", case["master"], name)
                if "asset_class" in case:
                    view = case["asset_class"]
                    path = "/v1/asset-classes/" + urllib.parse.quote(
                        view["asset_class"], safe="")
                    self.check_table(client, path, view, name)
                if "joined" in case:
                    self.check_join(client, case)
        finally:
            server.drop()

    def test_every_case_in_every_format(self):
        cases = load_cases()
        self.assertEqual(len(cases), 21)
        for case in cases:
            for how in ("json", "array", "ndjson", "csv"):
                with self.subTest(case=case["name"], posted_as=how):
                    self.check_case(case, how)


class Reference(unittest.TestCase):
    """The model of the property test, held to the same cases."""

    def test_it_agrees_with_the_cases(self):
        for case in load_cases():
            with self.subTest(case=case["name"]):
                book = Book()
                for batch in filter(None, case["batches"]):
                    book.post(batch)
                snap = book.at()
                self.equal(snap.table(), case["master"])
                if "asset_class" in case:
                    view = case["asset_class"]
                    self.equal(snap.asset_class(view["asset_class"]), view)
                if "joined" in case:
                    self.equal(snap.join(case["positions"])[:2],
                               case["joined"])

    def equal(self, got, want):
        self.assertEqual(got[0], want["columns"])
        self.assertEqual(dump(got[1]), dump(want["rows"]))


if __name__ == "__main__":
    unittest.main()
