"""Precedence and the list of transactions, by the contract's words."""

import unittest

from harness import JSON, Num, ServerCase, dump, fact, retract

D1, D2, D3 = "2024-01-01", "2024-02-01", "2024-03-01"
NOTHING = {"default": [], "attributes": {}}


class PrecedenceCase(ServerCase):
    def put(self, rule):
        return self.client.request("PUT", "/v1/precedence", dump(rule).encode(),
                                   {"Content-Type": JSON})

    def ruled(self, rule):
        answer = self.put(rule)
        self.assertEqual(answer.status, 200, (rule, answer))
        self.assertEqual(int(answer.json()["tx"]), answer.tx)
        return answer

    def rule(self, query=""):
        answer = self.client.get("/v1/precedence" + query)
        self.assertEqual(answer.status, 200, (query, answer))
        return answer.json()

    def cell(self, attribute, as_of, known_tx=None, security=1):
        path = "/v1/securities/%d?as_of=%s" % (security, as_of)
        if known_tx is not None:
            path += "&known_tx=%d" % known_tx
        answer = self.client.get(path)
        self.assertEqual(answer.status, 200, (path, answer))
        return answer.json()[attribute]


class Rules(PrecedenceCase):
    """In order: what a rule is when nothing is, and from then on."""

    def test_1_nothing_is_configured(self):
        self.same(self.rule(), NOTHING)
        self.same(self.rule("?known_tx=0"), NOTHING)

    def test_2_a_rule_is_a_transaction(self):
        before = self.client.newest()
        rule = {"default": ["manual", "bloomberg", "é\""],
                "attributes": {"ticker": ["polygon"], "é": [],
                               "name": ["manual", "polygon"]}}
        answer = self.ruled(rule)
        self.assertEqual(answer.tx, before + 1)
        self.same(answer.json(), {"tx": Num(before + 1), **rule})
        self.same(self.rule(), rule)
        self.same(self.rule("?known_tx=%d" % before), NOTHING)
        info = self.client.get("/v1/transactions/%d" % answer.tx).json()
        at = info.pop("recorded_at")
        self.same(info, {"tx": Num(answer.tx), "kind": "precedence",
                         "sources": [], "facts": Num(0),
                         "securities": Num(0), "idempotency_key": None})
        self.same(self.rule("?known_at=" + at), rule)

        self.ruled({"attributes": {"ticker": ["a"]}})
        self.same(self.rule(), {"default": [], "attributes": {"ticker": ["a"]}})
        self.same(self.rule("?known_tx=%d" % (before + 1)), rule)
        self.ruled(NOTHING)
        self.same(self.rule(), NOTHING)
        self.ruled({})
        self.same(self.rule(), NOTHING)

    def test_3_names_in_a_rule_are_not_asserted(self):
        self.ruled({"attributes": {"only_ruled": ["nobody"]}})
        self.stored([fact(77, "ticker", "X", D1)])
        for path in ("/v1/securities?where=only_ruled:1",
                     "/v1/securities?where=only_ruled",
                     "/v1/master?attributes=only_ruled",
                     "/v1/resolve?attribute=only_ruled&value=1",
                     "/v1/securities/77/facts?attribute=only_ruled",
                     "/v1/securities/77/explain?attribute=only_ruled"):
            self.refused(400, self.client.get(path), path)
        self.assertNotIn("only_ruled", self.client.get(
            "/v1/master").json()["columns"])
        self.assertNotIn("only_ruled", self.client.get(
            "/v1/attributes").body.decode())
        before = self.client.newest()
        self.stored([fact(77, "only_ruled", "1", D1)])
        for path in ("/v1/securities?where=only_ruled:1",
                     "/v1/master?attributes=only_ruled"):
            answer = self.client.get(path)
            self.assertEqual(len(answer.json()["rows"]), 1, path)
            self.refused(400, self.client.get(
                path + "&known_tx=%d" % before), path)
        self.assertIn("only_ruled", self.client.get(
            "/v1/master").json()["columns"])

    def test_4_restart_and_kill_keep_every_rule(self):
        rules = {self.ruled(rule).tx: rule for rule in (
            {"default": ["x", "y"], "attributes": {}},
            {"default": [], "attributes": {"k": ["z"]}},
            {"default": ["y"], "attributes": {"k": []}})}
        for how in ("restart", "kill"):
            if how == "kill":
                self.server.kill()
                self.server.start()
            else:
                self.server.restart()
            for tx, rule in rules.items():
                self.same(self.rule("?known_tx=%d" % tx), rule, how)

    def test_5_conditional(self):
        answer = self.client.get("/v1/precedence")
        tag = answer.header("ETag")
        again = self.client.get("/v1/precedence", If_None_Match=tag)
        self.assertEqual(again.status, 304)
        self.ruled(NOTHING)
        again = self.client.get("/v1/precedence", If_None_Match=tag)
        self.assertEqual(again.status, 200)


class Refusals(PrecedenceCase):
    def test_bodies(self):
        rows = [
            (400, b"", None), (400, b"{", None), (400, b"{}}", None),
            (400, b'{"default":[],"default":[]}', None),
            (400, b'{"attributes":{"a":[],"a":[]}}', None),
            (400, b'{"default":["\\ud800"]}', None),
            (400, b'{"default":["\xff"]}', None),
            (422, b"[]", ""), (422, b"null", ""), (422, b'"a"', ""),
            (422, b'{"default":["\\u0000"]}', ""),
            (422, b'{"defaults":[]}', "/defaults"),
            (422, b'{"tx":1}', "/tx"),
            (422, b'{"default":{}}', "/default"),
            (422, b'{"default":null}', "/default"),
            (422, b'{"default":["a",1]}', "/default/1"),
            (422, b'{"default":["a","b","a"]}', "/default/2"),
            (422, b'{"default":[""]}', "/default/0"),
            (422, b'{"default":["%s"]}' % (b"s" * 65), "/default/0"),
            (422, b'{"attributes":[]}', "/attributes"),
            (422, b'{"attributes":{"a/~":"x"}}', "/attributes/a~1~0"),
            (422, b'{"attributes":{"ticker":["a","a"]}}',
             "/attributes/ticker/1"),
            (422, b'{"attributes":{"security_id":["a"]}}',
             "/attributes/security_id"),
            (422, b'{"attributes":{"%s":[]}}' % (b"a" * 129), "/attributes"),
            (422, dump({"default": ["s%d" % i for i in range(4097)]}).encode(),
             "/default")]
        before = self.client.newest()
        for status, body, pointer in rows:
            answer = self.client.request("PUT", "/v1/precedence", body,
                                         {"Content-Type": JSON})
            doc = self.refused(status, answer, body[:60])
            if pointer is not None:
                self.assertEqual(doc["errors"][0]["pointer"], pointer, body)
        self.assertEqual(self.client.newest(), before)

    def test_what_may_just_be(self):
        names = ["s%d" % i for i in range(4095)]
        rule = {"default": names, "attributes": {"a": []}}
        self.ruled(rule)
        self.same(self.rule(), rule)
        self.ruled({"default": ["s" * 64], "attributes": {"a" * 128: ["é"]}})

    def test_more(self):
        big = b'{"default":["%s"]}' % (b"s" * (1 << 20))
        rows = [
            (413, "PUT", "/v1/precedence", big, JSON),
            (415, "PUT", "/v1/precedence", b"{}", "text/csv"),
            (400, "PUT", "/v1/precedence?known_tx=1", b"{}", JSON),
            (405, "POST", "/v1/precedence", b"{}", JSON),
            (405, "DELETE", "/v1/precedence", None, JSON),
            (400, "GET", "/v1/precedence?as_of=2024-01-01", None, JSON),
            (400, "GET", "/v1/precedence?known_tx=999999", None, JSON),
            (406, "GET", "/v1/precedence?format=csv", None, JSON),
            (400, "GET", "/v1/precedence?format=x", None, JSON)]
        for status, method, path, body, kind in rows:
            answer = self.client.request(method, path, body,
                                         {"Content-Type": kind})
            self.refused(status, answer, (method, path))


class Folds(PrecedenceCase):
    """Two sources and a third; each read by the rule of its time."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        case = cls()
        case.stored([
            fact(1, "ticker", "A1", D1, source="a"),
            fact(1, "ticker", "B2", D2, source="b"),
            fact(1, "ticker", "C3", D3, source="c"),
            fact(1, "name", "an", D1, source="a"),
            fact(1, "name", "bn", D1, source="b")])           # 1
        case.ruled({"default": ["b"]})                        # 2
        case.ruled({"default": ["a", "b"],
                    "attributes": {"name": ["c"]}})           # 3
        case.stored([retract(1, "ticker", D1, source="a")])   # 4
        case.stored([fact(1, "ticker", "late", "2023-01-01",
                          source="a")])                       # 5
        case.ruled({})                                        # 6

    def test_values_at_every_transaction(self):
        # Of (ticker on D1, D2, D3, name on D3)
        rows = {1: ("A1", "B2", "C3", "bn"),
                2: ("A1", "B2", "B2", "bn"),
                3: ("A1", "A1", "A1", "bn"),
                4: (None, "B2", "B2", "bn"),
                5: ("late", "late", "late", "bn"),
                6: ("late", "B2", "C3", "bn")}
        for tx, (first, second, third, name) in rows.items():
            if first is not None:
                self.assertEqual(self.cell("ticker", D1, tx), first, tx)
            self.assertEqual(self.cell("ticker", D2, tx), second, tx)
            self.assertEqual(self.cell("ticker", D3, tx), third, tx)
            self.assertEqual(self.cell("name", D3, tx), name, tx)

    def test_every_read_goes_by_the_same_rule(self):
        path = "/v1/securities?as_of=%s&where=ticker:%%s&known_tx=%%d" % D3
        for tx, ticker in ((1, "C3"), (2, "B2"), (3, "A1"), (5, "late")):
            rows = self.client.get(path % (ticker, tx)).json()["rows"]
            self.assertEqual(len(rows), 1, tx)
            self.assertEqual(rows[0]["ticker"], ticker, tx)
            answer = self.client.get(
                "/v1/resolve?attribute=ticker&value=%s&as_of=%s&known_tx=%d"
                % (ticker, D3, tx))
            self.assertEqual(answer.status, 200, tx)
            answer = self.client.post(
                "/v1/positions/join?known_tx=%d" % tx,
                '{"positions":[{"security_id":1,"quantity":1,"date":"%s"}]}'
                % D3)
            self.assertEqual(answer.json()["rows"][0]["ticker"], ticker, tx)
            answer = self.client.post(
                "/v1/securities/lookup?known_tx=%d" % tx,
                '{"security_ids":[1],"as_of":"%s"}' % D3)
            self.assertEqual(answer.json()["rows"][0]["ticker"], ticker, tx)
            answer = self.client.get(
                "/v1/securities/1/explain?as_of=%s&known_tx=%d" % (D3, tx))
            told = answer.json()["attributes"]["ticker"]
            self.assertEqual(told["value"], ticker, tx)
            for beaten in told["beat"]:
                self.assertEqual(beaten["reason"], "later_date" if tx == 1
                                 or (tx == 5 and beaten["source"] == "a")
                                 else "precedence", (tx, beaten))


class Transactions(PrecedenceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        case = cls()
        case.stored([fact(1, "k", Num(1), D1, source="z"),
                     fact(2, "k", Num(1), D1),
                     fact(2, "k", Num(2), D1, source="é")])
        case.ruled({"default": ["z"]})
        case.stored([retract(2, "k", D1)])
        case.ruled({})
        case.stored([fact(3, "k", None, D1)])

    WANT = [("facts", ["default", "z", "é"], 3, 2),
            ("precedence", [], 0, 0), ("facts", ["default"], 1, 1),
            ("precedence", [], 0, 0), ("facts", ["default"], 1, 1)]

    def listed(self, path):
        answer = self.client.get(path)
        self.assertEqual(answer.status, 200, (path, answer))
        doc = answer.json()
        self.assertEqual(list(doc), ["transactions", "next_cursor"])
        return doc, answer.next_link()

    def test_all_kinds_in_order_as_each_by_itself(self):
        doc, link = self.listed("/v1/transactions")
        self.assertIsNone(doc["next_cursor"])
        self.assertIsNone(link)
        self.assertEqual(len(doc["transactions"]), 5)
        for tx, (told, want) in enumerate(zip(doc["transactions"],
                                              self.WANT), 1):
            self.same(told, self.client.get(
                "/v1/transactions/%d" % tx).json(), tx)
            self.same([told["kind"], told["sources"], told["facts"],
                       told["securities"], told["idempotency_key"]],
                      [want[0], want[1], Num(want[2]), Num(want[3]), None], tx)

    def test_pages_of_one_snapshot(self):
        for limit in (1, 2, 4, 5, 9):
            for after in range(7):
                got, path = [], "/v1/transactions?limit=%d&after_tx=%d" % (
                    limit, after)
                while path:
                    doc, link = self.listed(path)
                    self.assertEqual(doc["next_cursor"] is None, link is None)
                    self.assertLessEqual(len(doc["transactions"]), limit)
                    got += [int(t["tx"]) for t in doc["transactions"]]
                    path = link
                self.assertEqual(got, list(range(after + 1, 6)),
                                 (limit, after))

    def test_what_comes_later_is_on_no_page(self):
        _, link = self.listed("/v1/transactions?limit=3")
        before = self.client.newest()
        self.stored([fact(9, "k", Num(1), D1)])
        doc, link = self.listed(link)
        self.assertEqual([int(t["tx"]) for t in doc["transactions"]],
                         list(range(4, before + 1)))
        self.assertIsNone(link)
        doc, _ = self.listed("/v1/transactions?after_tx=%d" % before)
        self.assertEqual(len(doc["transactions"]), 1)

    def test_refusals(self):
        doc, _ = self.listed("/v1/transactions?limit=1")
        cursor = doc["next_cursor"]
        for status, query in (
                (400, "after_tx=-1"), (400, "after_tx=x"), (400, "after_tx="),
                (400, "after_tx=01"), (400, "limit=0"), (400, "limit=x"),
                (400, "cursor=x"), (400, "known_tx=1"), (400, "kind=facts"),
                (400, "after_tx=1&cursor=" + cursor),
                (406, "format=ndjson"), (400, "format=xml")):
            self.refused(status, self.client.get("/v1/transactions?" + query),
                         query)
        self.listed("/v1/transactions?after_tx=18446744073709551615")
        self.listed("/v1/transactions?after_tx=99999999999999999999999")
        for path in ("/v1/transactions/0", "/v1/transactions/99"):
            self.refused(404, self.client.get(path), path)


if __name__ == "__main__":
    unittest.main()
