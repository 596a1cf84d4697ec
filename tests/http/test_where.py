"""Filters and projections: where=, attributes=, asset_class=, by the
contract's words and at random against the reference."""

import random
import unittest
import urllib.parse

import test_property
from harness import Num, ServerCase, dump, fact, read_table, retract
from test_golden import pages
from test_property import ATTRIBUTES, CLASSES, DATES, SEED, VALUES, Round

FIXED = ["security_id", "effective_start_date", "effective_end_date"]
D1, D2, D3 = "2024-01-01", "2024-02-01", "2024-03-01"
N = [Num(i) for i in range(20)]
TABLES = ("/v1/master", "/v1/securities", "/v1/asset-classes/equity")


def escaped(name):
    """An attribute's name where a colon or a comma would end it."""
    for c in "\\:,":
        name = name.replace(c, "\\" + c)
    return name


def where(name, *value):
    return ("where", ":".join((escaped(name),) + value))


def url(path, *parameters):
    return path + "?" + urllib.parse.urlencode(parameters)


class Words(ServerCase):
    """What section 3 says, one sentence a test."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        batches = [
            [fact(1, "asset_class", "equity", D1),
             fact(1, "sector", "Energy", D1), fact(1, "sector", "Health", D2),
             fact(2, "asset_class", "equity", D1),
             fact(2, "sector", "Energy", D1), fact(2, "note", None, D1)],
            [fact(3, "k", Num("1"), D1), fact(4, "k", Num("1.0"), D1),
             fact(5, "k", "1", D1), fact(6, "k", True, D1),
             fact(7, "k", "true", D1), fact(8, "k", "", D1),
             fact(9, "k", None, D1), fact(10, "k", "null", D1),
             fact(11, "k", "a:b,c\\d", D1), fact(12, "k", 'é"\u0001中😀', D1)],
            [fact(13, "a:b", "1", D1), fact(13, "c,d", "1", D1),
             fact(13, "e\\f", "1", D1), fact(13, "é\\:,", "1", D1)],
            [fact(14, "asset_class", "none", D1), fact(14, "gone", "x", D1)],
            [retract(14, "gone", D1)],
            [fact(15, "unborn", "x", "9999-12-31")]]
        for batch in batches:
            assert cls.server.client.post_facts(batch).status == 201

    def table(self, path, *parameters):
        answer = self.client.get(url(path, *parameters))
        self.assertEqual(answer.status, 200, (path, parameters, answer))
        return read_table(answer)

    def ids(self, *parameters, path="/v1/securities"):
        return [int(row[0]) for row in self.table(path, *parameters)[1]]

    def refuses(self, path, *parameters):
        target = url(path, *parameters)
        return self.refused(400, self.client.get(target), target)["detail"]

    def test_a_condition_is_on_the_rows_own_cells(self):
        columns, rows = self.table("/v1/master", where("sector", "Energy"))
        self.same(columns, FIXED + ["asset_class", "note", "sector"])
        self.same(rows, [[N[1], D1, D2, "equity", None, "Energy"],
                         [N[2], D1, None, "equity", None, "Energy"]])
        self.assertEqual(self.ids(where("sector", "Energy")), [2])
        self.assertEqual(self.ids(where("sector", "Energy"), ("as_of", D1)),
                         [1, 2])
        self.assertEqual(self.ids(where("sector", "Health")), [1])

    def test_all_conditions_hold(self):
        self.assertEqual(self.ids(where("sector", "Energy"),
                                  where("asset_class", "equity"),
                                  where("note"), ("as_of", D1)), [1, 2])
        self.assertEqual(self.ids(where("sector", "Energy"),
                                  where("sector", "Health")), [])
        self.assertEqual(self.ids(where("sector", "Health"),
                                  where("sector", "Health")), [1])

    def test_a_value_is_matched_by_its_exact_text(self):
        for text, want in (("1", [3, 5]), ("1.0", [4]), ("1.00", []),
                           ("true", [6, 7]), ("True", []), ("", [8]),
                           (" ", []), ("null", [10]), ("a:b,c\\d", [11]),
                           ('é"\u0001中😀', [12]), ("e\u0301", []),
                           ("x" * 5000, [])):
            self.assertEqual(self.ids(where("k", text)), want, text)

    def test_without_a_colon_null_or_never_asserted(self):
        self.assertEqual(self.ids(where("k")), [1, 2, 9, 13, 14])
        self.assertEqual(self.ids(where("note")), list(range(1, 15)))
        self.assertEqual(self.ids(where("gone"), where("asset_class", "none")),
                         [14])

    def test_names_have_escapes(self):
        for name in ("a:b", "c,d", "e\\f", "é\\:,"):
            self.assertEqual(self.ids(where(name, "1")), [13], name)
            self.same(self.table("/v1/securities", where(name, "1"),
                                 ("attributes", escaped(name))),
                      (FIXED + [name], [[N[13], D1, None, "1"]]), name)
        self.assertEqual(self.ids(("where", "c,d:1")), [13])
        self.same(self.table("/v1/securities", ("attributes", "a:b"),
                             where("a:b", "1"))[0], FIXED + ["a:b"])
        for text in ("e\\f:1", "\\k:1", "k\\", "k\\ :1", "\\n"):
            self.assertIn("backslash", self.refuses("/v1/master",
                                                    ("where", text)))
            self.assertIn("backslash", self.refuses(
                "/v1/master", ("attributes", text.split(":")[0])))
        self.refuses("/v1/master", ("where", "a:b:1"))
        self.refuses("/v1/master", ("attributes", "c,d"))

    def test_an_attribute_nobody_asserted_by_then_is_refused(self):
        for path in TABLES:
            for name in ("never", "", "K", "quantity", "security_id"):
                for parameter in (where(name, "x"), where(name + " ")):
                    self.refuses(path, parameter)
                if name:
                    self.assertIn(name, self.refuses(path, where(name)))
                    self.assertIn(name, self.refuses(path,
                                                     ("attributes", name)))
            self.assertIn("gone", self.refuses(path, where("gone", "x"),
                                               ("known_tx", 3)))
            self.refuses(path, ("attributes", "gone"), ("known_tx", 3))
            self.table(path, where("gone", "x"), ("known_tx", 4))
            self.table(path, where("gone", "x"), ("attributes", "gone"))
            self.table(path, where("unborn", "x"), ("attributes", "unborn"))
        self.assertEqual(self.ids(where("gone", "x"), ("known_tx", 4)), [14])
        self.assertEqual(self.ids(where("unborn", "x"), path="/v1/master"),
                         [15])

    def test_columns_are_those_asked_in_that_order(self):
        self.same(self.table("/v1/securities", where("asset_class", "equity"),
                             ("attributes", "sector,k,asset_class")),
                  (FIXED + ["sector", "k", "asset_class"],
                   [[N[1], D2, None, "Health", None, "equity"],
                    [N[2], D1, None, "Energy", None, "equity"]]))
        for path in TABLES:
            for format_ in ("json", "csv"):
                columns, rows = self.table(
                    path, ("attributes", "sector,k"), where("k", "nobody"),
                    ("format", format_))
                self.same((columns, rows), (FIXED + ["sector", "k"], []),
                          path)
        self.same(self.table("/v1/asset-classes/equity",
                             ("attributes", "k,sector"), ("from", D2))[0],
                  FIXED + ["k", "sector"])

    def test_attributes_refused(self):
        for text in ("sector,sector", "k,sector,k", "security_id",
                     "sector,effective_start_date", "effective_end_date",
                     "sector,", ",sector", "sector,,k", ","):
            for path in TABLES:
                self.refuses(path, ("attributes", text))

    def test_asset_class_is_the_view(self):
        for text in ("equity", "none", "nobody"):
            view = self.table("/v1/asset-classes/" + text)
            self.same(self.table("/v1/master", ("asset_class", text)), view,
                      text)
        columns, rows = self.table("/v1/securities", ("asset_class", "equity"),
                                   where("sector", "Energy"))
        self.same((columns, rows), (FIXED + ["asset_class", "sector"],
                                    [[N[2], D1, None, "equity", "Energy"]]))
        self.assertNotIn(14, self.ids(("asset_class", "none")))
        self.assertIn(3, self.ids(("asset_class", "none")))
        self.assertEqual(self.ids(where("asset_class", "none")), [14])

    def test_columns_null_in_all_rows_go_from_the_view_alone(self):
        parameters = (where("asset_class", "equity"), where("note"),
                      ("as_of", D1))
        self.same(self.table("/v1/securities", *parameters)[0],
                  FIXED + ["asset_class", "note", "sector"])
        self.same(self.table("/v1/securities", ("asset_class", "equity"),
                             ("as_of", D1))[0],
                  FIXED + ["asset_class", "sector"])

    def test_spans_and_filters(self):
        self.assertEqual(self.ids(where("sector", "Energy"), ("from", D2),
                                  path="/v1/master"), [2])
        self.assertEqual(self.ids(("to", D2), where("sector"),
                                  ("asset_class", "equity"),
                                  path="/v1/master"), [])
        self.assertEqual(self.ids(("to", D2), ("where", "sector:Energy"),
                                  path="/v1/asset-classes/equity"), [1, 2])

    def test_where_does_not_belong_here(self):
        for path in ("/v1/securities/1", "/v1/securities/1/history",
                     "/v1/asset-classes"):
            self.refuses(path, where("sector", "Energy"))
            self.refuses(path, ("attributes", "sector"))
            self.refuses(path, ("asset_class", "equity"))
        self.refuses("/v1/asset-classes/equity", ("asset_class", "equity"))
        self.refuses("/v1/securities", ("from", D1))
        for path in TABLES:
            self.refuses(path, ("where", ""))
            self.refuses(path, ("attributes", ""))
            self.refuses(path, ("attributes", "k"), ("attributes", "k"))

    def test_pages_are_the_whole_and_a_cursor_is_of_its_filters(self):
        asked = (where("k"), ("attributes", "sector,asset_class"))
        for path in ("/v1/master", "/v1/securities"):
            whole = self.table(path, *asked)
            for limit in (1, 2, 5):
                self.same(pages(self.client, url(path, *asked), limit)[1],
                          whole[1])
            cursor = self.client.get(url(path, *asked, ("limit", 1))) \
                .json()["next_cursor"]
            self.table(path, *reversed(asked), ("cursor", cursor))
            for other in ((where("k"),), (asked[1],), asked + asked[:1],
                          (where("k", ""), asked[1]),
                          (asked[0], ("attributes", "asset_class,sector"))):
                self.refuses(path, *other, ("cursor", cursor))


def text_of(value):
    """What a filter calls a value."""
    if value is True or value is False:
        return "true" if value else "false"
    return None if value is None else str(value)


class Query:
    """A filtered read, as a target and as the reference answers it."""

    def __init__(self, rng, book, tx):
        snap, names = book.at(tx), sorted(book.ever_asserted(tx))
        date = rng.choice(DATES)
        conditions = [self.condition(rng, rng.choice(names))
                      for _ in range(rng.choice((0, 1, 1, 2)))]
        kind = rng.choice((None, None, "none", "equity", "1", "true"))
        wanted = rng.sample(names, rng.randint(1, min(3, len(names)))) \
            if rng.random() < 0.4 else None
        path, rows, parameters = rng.choice((
            ("/v1/master", snap.rows, []),
            ("/v1/master", snap.overlapping(snap.rows, date, None),
             [("from", date)]),
            ("/v1/securities", snap.in_force(date), [("as_of", date)])))
        parameters += [where(name) if text is None else where(name, text)
                       for name, text in conditions]
        if kind is not None:
            parameters.append(("asset_class", kind))
        if wanted is not None:
            parameters.append(("attributes", ",".join(map(escaped, wanted))))
        rng.shuffle(parameters)
        self.target = url(path, ("known_tx", tx), *parameters)
        self.answer = snap.filtered(rows, conditions, kind, wanted)

    @staticmethod
    def condition(rng, name):
        return name, text_of(rng.choice(
            CLASSES if name == "asset_class" else VALUES))


class Random(unittest.TestCase):
    """Filters at random, at every past transaction, over restarts."""

    maxDiff = 4000

    def check(self, turn, rng, tx):
        if not turn.book.ever_asserted(tx):
            return
        client, query = turn.server.client, Query(rng, turn.book, tx)
        turn.asked = "%s: %s" % (turn.label, query.target)
        turn.same(client.get("%s&format=%s" % (
            query.target, rng.choice(("ndjson", "csv")))), query.answer)
        got = pages(client, query.target, rng.choice((3, 50)))
        self.assertEqual(dump(got), dump(query.answer), turn.asked)

    def test_is_as_the_reference(self):
        rng = random.Random(SEED)
        turn = Round(self, rng, "SEED=%d" % SEED)
        facts = test_property.stories(rng)[:1500]
        for batch in test_property.cut(rng, facts, 60):
            turn.post(batch)
            self.check(turn, rng, turn.book.newest)
        for _ in range(2):
            turn.server.restart()
            for tx in range(turn.book.newest + 1):
                if rng.random() < 0.4:
                    self.check(turn, rng, tx)
        turn.drop()


if __name__ == "__main__":
    unittest.main()
