"""Trades, members and summaries over real HTTP, worked by hand."""

import unittest
from urllib.parse import quote

from harness import JSON, Num, dump, fact, read_table, retract
from test_golden import pages
from trade_model import KEYS
from trading import Case, bar, trade


class Worked(Case):
    """By hand: security 1 was AAA until 2022, when it became BBB and 2 took
    AAA; 3 and 4 both bear DUP; 5 is a number's ticker."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        client = cls.server.client
        facts = [
            fact(1, "ticker", "AAA", "2020-01-01"),
            fact(1, "gics_sector", "Energy", "2020-01-01"),
            fact(1, "sector", "Oil", "2020-01-01"),
            fact(1, "ticker", "BBB", "2022-01-01"),
            fact(2, "ticker", "AAA", "2022-01-01"),
            fact(2, "sector", "Tech", "2022-01-01"),
            fact(2, "gics_sector", None, "2022-01-01"),
            fact(3, "ticker", "DUP", "2020-01-01"),
            fact(4, "ticker", "DUP", "2020-01-01"),
            fact(5, "ticker", Num("700"), "2020-01-01"),
            fact(6, "name", "no ticker", "2020-01-01")]
        assert client.post_facts(facts).tx == 1
        bars = [bar(1, "2021-06-01", "25.430"), bar(2, "2022-06-01", "7.0"),
                bar(2, "2022-06-02", "8")]
        assert client.post("/v1/prices", dump(bars), JSON).tx == 2
        rows = [
            trade("a1", "2021-06-01", id="675", report_id="20026376",
                  amendment_number=Num(0), updated=Num(1734012113),
                  member_id="F000450", member_name="Virginia Foxx",
                  chamber="House", party="R", state="NC", district="5",
                  committees=["Committee on Rules", "Education"],
                  notification_date="2021-07-01", report_date="2021-07-01",
                  transaction_type_text="P", ownership="JT",
                  amount="$1,001 - $15,000", ticker="AAA",
                  security_name="A \"quoted\" name", security_type="STOCK",
                  description="", disclosure_url="https://..",
                  filer_info={"status": "Member"}),
            trade("a2", "2022-06-01", ticker="AAA", party="D", state="CA",
                  chamber="Senate", member_id="S1", amount="$50,000,001 +",
                  transaction_type_text="S", report_date="2022-07-17",
                  committees=["Education"]),
            trade("a3", "2022-06-01", ticker="BBB", party="D",
                  amount="$721.63", report_date="2022-07-16",
                  transaction_type_text="S (partial)"),
            trade("b1", "2022-06-02", ticker="DUP", amount="undisclosed"),
            trade("b2", "2022-06-02", ticker=None, committees=[]),
            trade("b0", "2022-06-02", ticker="aaa",
                  transaction_type_text="E"),
            trade("c1", "2023-01-02", ticker="700", state="NC"),
            trade("c2", "2019-12-31", ticker="AAA", state="NC")]
        assert client.post("/v1/trades", dump(rows), JSON).tx == 3

    def test_a_row_is_as_it_was_sent_and_what_is_derived(self):
        answer = self.client.get("/v1/trades?ticker=AAA&to=2022-01-01"
                                 "&from=2021-01-01&known_tx=3")
        self.assertEqual(answer.body.decode(), (
            '{"trades":[{"transaction_id":"a1","id":"675",'
            '"report_id":"20026376","amendment_number":0,'
            '"updated":1734012113,"member_id":"F000450",'
            '"member_name":"Virginia Foxx","chamber":"House","party":"R",'
            '"state":"NC","district":"5",'
            '"committees":["Committee on Rules","Education"],'
            '"transaction_date":"2021-06-01",'
            '"notification_date":"2021-07-01","report_date":"2021-07-01",'
            '"days_to_disclose":30,"late":false,'
            '"transaction_type":"purchase","transaction_type_text":"P",'
            '"ownership":"JT","amount":"$1,001 - $15,000",'
            '"amount_low":1001,"amount_high":15000,"amount_kind":"range",'
            '"ticker":"AAA","security_name":"A \\"quoted\\" name",'
            '"security_type":"STOCK","security_id":1,"security":'
            '{"security_id":1,"effective_start_date":"2020-01-01",'
            '"effective_end_date":"2022-01-01","ticker":"AAA",'
            '"gics_sector":"Energy","sector":"Oil"},"close":25.430,'
            '"description":"","disclosure_url":"https://..",'
            '"filer_info":{"status":"Member"}}],"next_cursor":null}'))
        self.assertEqual(answer.header("Secmaster-Tx"), "3")
        self.same(answer.json()["trades"][0]["security"], self.client.get(
            "/v1/securities/1?as_of=2021-06-01&known_tx=3").json())

    def test_what_was_not_sent_is_null(self):
        row = self.list("/v1/trades?from=2022-06-02&ticker=aaa"
                        "&known_tx=3")[0]
        given = {"transaction_id": "b0", "amendment_number": Num(0),
                 "transaction_date": "2022-06-02", "ticker": "aaa",
                 "transaction_type": "exchange",
                 "transaction_type_text": "E", "amount_kind": "unknown"}
        self.assertEqual({k: v for k, v in row.items() if v is not None},
                         given)
        self.assertEqual(len(row), 33)

    def test_an_answer_can_be_sent_again(self):
        body = dump(self.list("/v1/trades?amendments=all"))
        answer = self.client.post("/v1/trades", body, JSON)
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(answer.json()["trades"], Num(0))

    def test_tickers_are_those_of_the_day(self):
        rows = {row["transaction_id"]: row
                for row in self.list("/v1/trades?known_tx=3")}
        for name, security, close in (
                ("a1", Num(1), Num("25.430")), ("a2", Num(2), Num("7.0")),
                ("a3", Num(1), None), ("b1", None, None), ("b2", None, None),
                ("b0", None, None), ("c1", Num(5), None),
                ("c2", None, None)):
            self.same([rows[name][n] for n in ("security_id", "close")],
                      [security, close], name)
            self.assertEqual(rows[name]["security"] is None,
                             security is None, name)
        self.assertEqual([rows[n]["late"] for n in ("a2", "a3", "b1")],
                         [True, False, None])

    def test_a_number_is_the_ticker_of_its_digits(self):
        self.stored([fact(20, "ticker", "800", "2018-01-01"),
                     fact(21, "ticker", Num("9.0"), "2018-01-01")])
        self.post([trade("n%d" % i, "2018-01-0%d" % (i + 1), ticker=ticker)
                   for i, ticker in enumerate(
                       ["800", Num("800"), "9.0", Num("9.0"), Num("9")])])
        for security, wanted in ((20, ["n0", "n1"]), (21, ["n2", "n3"])):
            self.assertEqual(self.ids("/v1/securities/%d/trades" % security),
                             wanted)
        self.assertEqual(self.ids("/v1/trades?ticker=9.0"), ["n2", "n3"])
        self.assertEqual(self.ids("/v1/trades?ticker=9"), ["n4"])

    def test_filters_are_exact(self):
        everything = ["c2", "a1", "a2", "a3", "b0", "b1", "b2", "c1"]
        for query, wanted in (
                ("", everything),
                ("ticker=AAA", ["c2", "a1", "a2"]), ("ticker=AA", []),
                ("ticker=700", ["c1"]), ("ticker=7", []),
                ("security_id=1", ["a1", "a3"]), ("security_id=2", ["a2"]),
                ("security_id=3", []), ("security_id=5", ["c1"]),
                ("security_id=6", []), ("security_id=99", []),
                ("member_id=F000450", ["a1"]), ("member_id=f000450", []),
                ("chamber=House", ["a1"]), ("chamber=Senate", ["a2"]),
                ("chamber=Hous", []),
                ("party=D", ["a2", "a3"]), ("party=I", []),
                ("state=NC", ["c2", "a1", "c1"]), ("state=NY", []),
                ("committee=Education", ["a1", "a2"]),
                ("committee=Committee%20on%20Rules", ["a1"]),
                ("committee=Rules", []), ("committee=%5B%5D", []),
                ("transaction_type=purchase", ["a1"]),
                ("transaction_type=sale", ["a2"]),
                ("transaction_type=partial_sale", ["a3"]),
                ("transaction_type=exchange", ["b0"]),
                ("transaction_type=unknown", ["c2", "b1", "b2", "c1"]),
                ("from=2022-06-02", everything[4:]),
                ("to=2022-06-01", ["c2", "a1"]),
                ("from=2022-06-01&to=2022-06-02", ["a2", "a3"]),
                ("from=2024-01-01", []), ("to=0001-01-01", []),
                ("disclosed_by=2022-07-17", ["a1", "a2", "a3"]),
                ("disclosed_by=2022-07-16", ["a1", "a3"]),
                ("disclosed_by=2021-06-30", []),
                ("ticker=AAA&state=NC", ["c2", "a1"]),
                ("ticker=AAA&state=NC&party=R", ["a1"])):
            path = "/v1/trades?known_tx=3" + ("&" + query if query else "")
            self.assertEqual(self.ids(path), wanted, query)
            self.same(self.paged(path), self.list(path), query)

    def test_trades_of_a_security(self):
        for path, wanted in (("1", ["a1", "a3"]), ("2", ["a2"]), ("6", []),
                             ("1/trades?party=D", ["a3"])):
            path = path if "/" in path else path + "/trades"
            self.assertEqual(self.ids("/v1/securities/%s%sknown_tx=3" % (
                path, "&" if "?" in path else "?")), wanted, path)
        for path, status in (("99/trades", 404), ("1/trades?known_tx=0", 404),
                             ("x/trades", 400),
                             ("1/trades?security_id=1", 400)):
            self.refused(status, self.client.get("/v1/securities/" + path),
                         path)

    def test_what_cannot_be_asked_is_refused(self):
        for status, path in (
                (400, "/v1/trades?transaction_type=buy"),
                (400, "/v1/trades?amendments=first"),
                (400, "/v1/trades?disclosed_by=2023-02-29"),
                (400, "/v1/trades?from=2022-01-01&to=2022-01-01"),
                (400, "/v1/trades?security_id=01"),
                (400, "/v1/trades?ticker="), (400, "/v1/trades?limit=0"),
                (400, "/v1/trades?as_of=2022-01-01"),
                (400, "/v1/trades?known_tx=99"),
                (400, "/v1/trades?cursor=abc"),
                (406, "/v1/trades?format=csv"),
                (400, "/v1/trades/summary"),
                (400, "/v1/trades/summary?by=day"),
                (400, "/v1/trades/summary?by=party&ticker=AAA"),
                (406, "/v1/members?format=csv"),
                (406, "/v1/members/F000450?format=ndjson"),
                (400, "/v1/members?from=2022-01-01"),
                (404, "/v1/members/f000450"),
                (404, "/v1/members/" + 255 * "m"),
                (400, "/v1/members/" + 256 * "m"),
                (404, "/v1/members/F000450?known_tx=2"),
                (404, "/v1/members/F000450?as_of=2021-06-30")):
            self.refused(status, self.client.get(path), path)

    def test_a_cursor_is_of_its_query(self):
        page = self.client.get("/v1/trades?limit=2&party=D&known_tx=3")
        self.assertIsNone(page.next_link())
        page = self.client.get("/v1/trades?limit=2&known_tx=3")
        link = page.next_link()
        self.assertEqual(self.client.get(link).status, 200)
        doc = self.refused(400, self.client.get(link + "&party=D"), link)
        self.assertEqual(doc["type"], "/problems/invalid-cursor")
        self.same(self.paged("/v1/trades?known_tx=3", how="ndjson", limit=3),
                  self.list("/v1/trades?known_tx=3"))

    def summary(self, query, column, wanted):
        rows = [[key] + [Num(n) for n in rest.split(" ")]
                for key, rest in wanted]
        columns = [column, "trades", "amount_low", "amount_high",
                   "open_ended"]
        path = "/v1/trades/summary?known_tx=3&" + query
        for how in ("json", "ndjson", "csv"):
            got = read_table(self.client.get(path + "&format=" + how))
            self.same(got, (columns, rows), (query, how))
        self.same(pages(self.client, path, 2), (columns, rows), query)

    def test_summaries_are_counted(self):
        self.summary("by=member", "member_id", [
            ("F000450", "1 1001 15000 0"), ("S1", "1 50000001 0 1"),
            (None, "6 721.63 721.63 0")])
        self.summary("by=security", "security_id", [
            (Num(1), "2 1722.63 15721.63 0"), (Num(2), "1 50000001 0 1"),
            (Num(5), "1 0 0 0"), (None, "4 0 0 0")])
        self.summary("by=sector", "sector", [
            ("Energy", "2 1722.63 15721.63 0"), ("Tech", "1 50000001 0 1"),
            (None, "5 0 0 0")])
        self.summary("by=committee", "committee", [
            ("Committee on Rules", "1 1001 15000 0"),
            ("Education", "2 50001002 15000 1"),
            (None, "6 721.63 721.63 0")])
        self.summary("by=party", "party", [
            ("D", "2 50000722.63 721.63 1"), ("R", "1 1001 15000 0"),
            (None, "5 0 0 0")])
        self.summary("by=state", "state", [
            ("CA", "1 50000001 0 1"), ("NC", "3 1001 15000 0"),
            (None, "4 721.63 721.63 0")])
        self.summary("by=month", "month", [
            ("2019-12", "1 0 0 0"), ("2021-06", "1 1001 15000 0"),
            ("2022-06", "5 50000722.63 721.63 1"), ("2023-01", "1 0 0 0")])
        self.summary("by=party&from=2022-06-01&to=2022-06-02", "party", [
            ("D", "2 50000722.63 721.63 1")])
        self.summary("by=month&disclosed_by=2022-07-16", "month", [
            ("2021-06", "1 1001 15000 0"),
            ("2022-06", "1 721.63 721.63 0")])
        got = read_table(self.client.get(
            "/v1/trades/summary?by=party&to=2000-01-01"))
        self.same(got, (["party", "trades", "amount_low", "amount_high",
                         "open_ended"], []))

    def test_members_are_dated(self):
        self.post([trade("m1", "2030-01-01", member_id="M1", party="D",
                         filer_info={"updated": Num(1700000000),
                                     "member_name": "First", "status": "Member",
                                     "committees": {"X": ["Y"]}})])
        first = self.client.newest()
        self.post([trade("m2", "2030-01-01", member_id="M1", party="R",
                         filer_info={"updated": Num(1700100000),
                                     "member_name": "Second",
                                     "website": "w"}),
                   trade("m3", "2030-01-01", member_id="M 2/\u00e4",
                         updated=Num(1700000000))])
        member = {
            "member_id": "M1", "effective_start_date": "2023-11-14",
            "name": "First", "chamber": None, "party": "D", "state": None,
            "district": None, "status": "Member",
            "committees": {"X": ["Y"]}, "leadership_positions": [],
            "website": None}
        later = dict(member, effective_start_date="2023-11-16",
                     name="Second", party="R", status=None, committees={},
                     website="w")
        for query, wanted in (
                ("", later), ("?as_of=2023-11-16", later),
                ("?as_of=2023-11-15", member),
                ("?as_of=2023-11-14", member),
                ("?known_tx=%d" % first, member)):
            answer = self.client.get("/v1/members/M1" + query)
            self.assertEqual(answer.status, 200, (query, answer))
            self.same(answer.json(), wanted, query)
        for query in ("as_of=2023-11-13", "known_tx=%d" % (first - 1)):
            self.refused(404, self.client.get("/v1/members/M1?" + query),
                         query)
        slashed = self.client.get("/v1/members/" + quote("M 2/\u00e4", ""))
        self.assertEqual(slashed.json()["member_id"], "M 2/\u00e4")
        rows = self.list("/v1/members", "members")
        self.assertEqual([row["member_id"] for row in rows],
                         ["F000450", "M 2/\u00e4", "M1", "S1"])
        self.same(rows[2], later)
        self.same(self.paged("/v1/members", "members"), rows)
        self.same(self.paged("/v1/members", "members", 3, "ndjson"), rows)
        rows = self.list("/v1/members?as_of=2023-11-13", "members")
        self.assertEqual([row["member_id"] for row in rows],
                         ["S1"])


class Amended(Case):
    def test_an_amendment_supersedes_from_when_it_is_known(self):
        old = self.post([
            trade("x", "2024-01-10", amount="$15,001 - $50,000",
                  report_date="2024-02-01", party="D")])
        new = self.post([
            trade("x", "2024-01-10", amount="$1,001 - $15,000", party="D",
                  amendment_number=Num(1), report_date="2024-03-01"),
            trade("y", "2024-01-10", party="D")])
        moved = self.post([
            trade("x", "2024-01-20", amount="$1,001 - $15,000", party="R",
                  amendment_number=Num(2), report_date=None),
            trade("x", "2024-01-05", amendment_number=Num(2),
                  updated=Num(-1))])

        def seen(query):
            return [(r["transaction_date"], r["amendment_number"],
                     r["amount_low"]) for r in
                    self.list("/v1/trades?" + query)
                    if r["transaction_id"] == "x"]

        first = ("2024-01-10", Num(0), Num(15001))
        second = ("2024-01-10", Num(1), Num(1001))
        third = ("2024-01-20", Num(2), Num(1001))
        other = ("2024-01-05", Num(2), None)
        for query, wanted in (
                ("known_tx=%d" % old, [first]),
                ("known_tx=%d" % new, [second]),
                ("known_tx=%d&amendments=all" % new, [first, second]),
                ("known_tx=%d" % moved, [third]),
                ("amendments=latest", [third]),
                ("amendments=all", [other, first, second, third]),
                ("disclosed_by=2024-01-31", []),
                ("disclosed_by=2024-02-01", [first]),
                ("disclosed_by=2024-02-29", [first]),
                ("disclosed_by=2024-03-01", [second]),
                ("disclosed_by=2024-03-01&known_tx=%d" % old, [first]),
                ("disclosed_by=2024-03-01&amendments=all", [first, second]),
                ("party=D", []), ("party=R", [third]),
                ("party=D&amendments=all", [first, second]),
                ("to=2024-01-20", []), ("from=2024-01-20", [third])):
            self.same(seen(query), wanted, query)
        self.same(self.paged("/v1/trades?amendments=all"),
                  self.list("/v1/trades?amendments=all"))
        self.same(read_table(self.client.get(
            "/v1/trades/summary?by=party&known_tx=%d" % new))[1],
                  [["D", Num(2), Num(1001), Num(15000), Num(0)]])
        self.same(read_table(self.client.get("/v1/trades/summary?by=party"))
                  [1], [["R", Num(1), Num(1001), Num(15000), Num(0)],
                        ["D", Num(1), Num(0), Num(0), Num(0)]][::-1])

    def test_of_a_day_a_member_is_as_updated_last(self):
        def update(name, second):
            return trade("u." + name, "2020-01-01", member_id="U",
                         filer_info={"updated": Num(1700000000 + second),
                                     "status": name})

        for name, second, wanted in (("first", 5, "first"),
                                     ("earlier", 4, "first"),
                                     ("as late", 5, "as late"),
                                     ("later", 6, "later")):
            self.post([update(name, second)])
            self.assertEqual(self.client.get("/v1/members/U").json()[
                "status"], wanted, name)

    def test_equal_versions_go_by_arrival(self):
        self.post([trade("z", "2024-05-01", party="D"),
                   trade("z", "2024-05-01", party="R")])
        self.assertEqual([r["party"] for r in self.list(
            "/v1/trades?from=2024-05-01&to=2024-05-02")], ["R"])
        self.post([trade("z", "2024-05-01", party="I")])
        self.assertEqual([r["party"] for r in self.list(
            "/v1/trades?from=2024-05-01&to=2024-05-02&amendments=all")],
            ["D", "R", "I"])

    def test_the_past_stays_as_it_was(self):
        """Later facts, bars and trades, and a restart, change nothing."""
        self.stored([fact(8, "ticker", "PAST", "2020-01-01"),
                     fact(8, "sector", "A", "2020-01-01")])
        self.post_bars([bar(8, "2024-06-03", "1.10")])
        tx = self.post([trade("p", "2024-06-03", ticker="PAST")])
        paths = ["/v1/trades?known_tx=%d&from=2024-06-01" % tx,
                 "/v1/securities/8/trades?known_tx=%d" % tx] + [
            "/v1/trades/summary?by=%s&known_tx=%d" % (by, tx)
            for by in sorted(KEYS)]
        before = [self.client.get(path).body for path in paths]
        self.assertIn(b'"close":1.10', before[0])
        self.assertIn("immutable",
                      self.client.get(paths[0]).header("Cache-Control"))
        self.stored([fact(9, "ticker", "PAST", "2024-06-01"),
                     fact(8, "sector", "B", "2024-01-01")])
        ambiguous = self.list("/v1/trades?from=2024-06-01")[0]
        self.assertIsNone(ambiguous["security_id"])
        self.stored([retract(9, "ticker", "2024-06-01")])
        self.post_bars([bar(8, "2024-06-03", "1.2")])
        now = self.list("/v1/trades?from=2024-06-01")[0]
        self.same([now["close"], now["security"]["sector"]],
                  [Num("1.2"), "B"])
        self.post([trade("p", "2024-06-04", ticker="PAST",
                         amendment_number=Num(1))])
        self.server.restart()
        for path, body in zip(paths, before):
            self.assertEqual(self.client.get(path).body, body, path)

    def test_pages_are_of_one_snapshot(self):
        rows = [trade("s%02d" % i, "2025-01-%02d" % (i % 3 + 1))
                for i in range(9)]
        self.post(rows)
        path = "/v1/trades?from=2025-01-01&limit=4"
        page = self.client.get(path)
        want = self.ids("/v1/trades?from=2025-01-01")
        self.post([trade("s00", "2026-01-01", amendment_number=Num(1)),
                   trade("s0", "2025-01-01"), trade("s99", "2025-01-03")])
        self.server.restart()
        got = [r["transaction_id"] for r in page.json()["trades"]]
        while page.next_link():
            page = self.client.get(page.next_link())
            got += [r["transaction_id"] for r in page.json()["trades"]]
        self.assertEqual(got, want)

    def test_an_answer_has_a_name(self):
        self.post([trade("t", "2024-01-01")])
        for path in ("/v1/trades", "/v1/members", "/v1/trades/summary?by=month"):
            tag = self.client.get(path).header("ETag")
            self.assertTrue(tag, path)
            again = self.client.get(path, If_None_Match=tag)
            self.assertEqual(again.status, 304, path)


if __name__ == "__main__":
    unittest.main()
