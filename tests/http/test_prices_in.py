"""POST /v1/prices: bars in, by id and by ticker, ours and a vendor's."""

import gzip
import select
import time
import unittest

from harness import CSV, JSON, NDJSON, Num, Server, ServerCase, dump, fact

FIRST_ID = 1000000000000
HEADER = "security_id,date,open,high,low,close\n"
VENDOR = "Date,Open,High,Low,Close,Adj Close,Volume\n"
MSFT = VENDOR + "".join(line + "\n" for line in (
    "2017-01-03,62.790001,62.840000,62.130001,62.580002,58.673244,20694100",
    "2017-01-04,62.480000,62.750000,62.119999,62.299999,58.410725,21340000",
    "2017-01-05,62.189999,62.660000,62.029999,62.299999,58.410725,24876000",
    "2017-02-01,64.360001,64.620003,63.470001,63.580002,59.610813,36671700"))
OPEN_CLOSE = {"status": "OK", "from": "2023-01-09", "symbol": "AAPL",
              "open": Num("130.465"), "high": Num("133.41"),
              "low": Num("129.89"), "close": Num("130.15"),
              "volume": Num("7.0790813e+07"), "afterHours": Num("129.85"),
              "preMarket": Num("129.6")}


def bar(security_id, date, close="10", **more):
    """A bar by id, or by ticker where that is a string."""
    name = "ticker" if isinstance(security_id, str) \
        and not isinstance(security_id, Num) else "security_id"
    row = {name: security_id, "date": date, "open": Num("10"),
           "high": Num("20"), "low": Num("1.50"), "close": Num(close)}
    row.update(more)
    return row


class PricesCase(ServerCase):
    def send(self, bars, query="", kind=JSON, headers=None):
        body = bars if isinstance(bars, (str, bytes)) else dump(bars)
        return self.client.post("/v1/prices" + query, body, kind, headers)

    def stored(self, answer, rows, unchanged, row=None, minted=None):
        """A 201 with a transaction of prices."""
        self.assertEqual(answer.status, 201, (row, answer))
        doc = answer.json()
        want = {"tx": Num(answer.tx), "recorded_at": doc["recorded_at"],
                "rows": Num(rows), "unchanged": Num(unchanged)}
        if minted is not None:
            want["minted"] = {k: Num(v) for k, v in minted.items()}
        self.same(doc, want, row)
        where = "/v1/transactions/%d" % answer.tx
        self.assertEqual(answer.header("Location"), where, row)
        told = self.client.get(where).json()
        self.assertEqual((told["kind"], told["facts"], told["securities"]),
                         ("prices", Num(0), Num(0)), row)
        self.assertEqual(told["recorded_at"], doc["recorded_at"], row)
        return told

    def known(self, answer, unchanged, row=None):
        """A 200 of nothing new, at the newest transaction."""
        self.assertEqual(answer.status, 200, (row, answer))
        self.same(answer.json(), {"rows": Num(0), "unchanged": Num(unchanged)},
                  row)
        self.assertIsNone(answer.header("Location"), row)
        self.assertEqual(answer.tx, self.client.newest(), row)

    def bars(self, security_id, query=""):
        """(date, close, source) of a security's bars."""
        doc = self.client.get("/v1/securities/%s/prices%s"
                              % (security_id, query)).json()
        return [(r["date"], str(r["close"]), r["source"])
                for r in doc["rows"]]

    def no(self, status, answer, row=None):
        return self.refused(status, answer, row)

    def refused_rows(self, answer, places, row=None):
        doc = self.no(422, answer, row)
        self.assertEqual(doc["type"], "/problems/invalid-price", row)
        self.assertEqual([e.get("pointer") or int(e["line"])
                          for e in doc["errors"]], places, (row, doc))
        return doc

    def facts(self, *facts):
        answer = self.client.post_facts(list(facts))
        self.assertEqual(answer.status, 201, answer)
        return answer


class Shapes(PricesCase):
    def test_all_shapes_say_the_same(self):
        shapes = [  # id, media, body, query
            (1, JSON, dump({"source": "s", "prices": [
                bar(Num(1), "2024-01-02", "9.50")]}), ""),
            (2, JSON, dump([bar(Num(2), "2024-01-02", "9.50",
                                source="s")]), ""),
            (3, NDJSON, "\n" + dump(bar(Num(3), "2024-01-02", "9.50",
                                        source="s")) + "\n", ""),
            (4, CSV, "source,close,low,high,open,date,security_id\n"
             "s,9.50,1.50,20,10,2024-01-02,4\n", ""),
            (5, JSON, dump([{k: v for k, v in bar(
                Num(5), "2024-01-02", "9.50", source="s").items()
                if k != "security_id"}]), "?security_id=5")]
        for id_, kind, body, query in shapes:
            told = self.stored(self.send(body, query, kind), 1, 0, id_)
            self.assertEqual(told["sources"], ["s"], id_)
            self.assertEqual(self.bars(id_), [("2024-01-02", "9.50", "s")])

    def test_digits_are_kept_and_exponents_expanded(self):
        cases = [("13.465", "13.465"), ("1.50", "1.50"), ("15e0", "15"),
                 ("1.50e1", "15.0"), ("10.1234567890", None),
                 ("2e1", "20"), ("1500e-3", "1.500")]
        for i, (sent, want) in enumerate(cases):
            row = bar(Num(50 + i), "2024-01-02", sent)
            answer = self.send([row])
            if want is None:
                self.refused_rows(answer, ["/0/close"], sent)
                continue
            self.stored(answer, 1, 0, sent)
            self.assertEqual(self.bars(50 + i)[0][1], want, sent)

    def test_a_vendors_csv_as_it_is(self):
        self.facts(fact(70, "ticker", "MSFT", "1986-03-13"))
        self.stored(self.send(MSFT, "?ticker=MSFT", CSV), 4, 0)
        self.assertEqual([d for d, _, _ in self.bars(70)],
                         ["2017-01-03", "2017-01-04", "2017-01-05",
                          "2017-02-01"])
        self.known(self.send(MSFT, "?ticker=MSFT", CSV), 4)
        self.known(self.send(MSFT, "?security_id=70", CSV), 4)
        self.stored(self.send(MSFT.replace("\n", "\r\n"), "?security_id=71",
                              CSV), 4, 0)
        doc = self.client.get("/v1/securities/70/prices").json()
        self.same(doc["rows"][0], {
            "security_id": Num(70), "date": "2017-01-03",
            "open": Num("62.790001"), "high": Num("62.840000"),
            "low": Num("62.130001"), "close": Num("62.580002"),
            "adj_close": Num("58.673244"), "volume": Num("20694100"),
            "pre_market": None, "after_hours": None, "source": "default"})

    def test_a_vendors_own_body(self):
        self.facts(fact(80, "ticker", "AAPL", "2000-01-01"),
                   fact(81, "ticker", "AAA", "2000-01-01"))
        self.stored(self.send(OPEN_CLOSE, "?adapter=massive"), 1, 0)
        doc = self.client.get("/v1/securities/80/prices").json()
        self.same(doc["rows"], [{
            "security_id": Num(80), "date": "2023-01-09",
            "open": Num("130.465"), "high": Num("133.41"),
            "low": Num("129.89"), "close": Num("130.15"), "adj_close": None,
            "volume": Num("70790813"), "pre_market": Num("129.6"),
            "after_hours": Num("129.85"), "source": "massive"}])
        self.known(self.send(OPEN_CLOSE, "?adapter=massive"), 1)
        grouped = {"status": "OK", "resultsCount": Num(2), "results": [
            {"T": name, "o": Num("1"), "h": Num("2"), "l": Num("1"),
             "c": Num("1.50"), "v": Num("5"), "t": Num("1673298000000")}
            for name in ("AAA", "ZZZ")]}
        doc = self.no(422, self.send(grouped, "?adapter=massive"))
        self.assertEqual(len(doc["errors"]), 1, doc)
        self.assertIn("/results/1", doc["errors"][0]["pointer"])
        answer = self.send(grouped, "?adapter=massive&create=true")
        self.assertEqual(list(answer.json()["minted"]), ["ZZZ"])

    def test_packed(self):
        body = gzip.compress(dump([bar(Num(90), "2024-01-02")]).encode())
        self.stored(self.send(body, "", JSON, {"Content-Encoding": "gzip"}),
                    1, 0)

    def test_parameters(self):
        good = dump([bar(Num(91), "2024-01-02")])
        cases = [("?ticker=A&security_id=1", JSON, 400),
                 ("?security_id=x", JSON, 400), ("?security_id=01", JSON, 400),
                 ("?security_id=9223372036854775808", JSON, 400),
                 ("?ticker=%01", JSON, 400), ("?ticker=" + "A" * 129, JSON, 400),
                 ("?create=yes", JSON, 400), ("?dry_run=1", JSON, 400),
                 ("?ticker=", JSON, 400), ("?source=x", JSON, 400),
                 ("?adapter=bloomberg", JSON, 400),
                 ("?adapter=massive&ticker=A", JSON, 400),
                 ("?adapter=massive&security_id=1", JSON, 400),
                 ("?adapter=massive", CSV, 415),
                 ("?adapter=massive", NDJSON, 415),
                 ("", "application/x-www-form-urlencoded", 415)]
        for query, kind, status in cases:
            self.no(status, self.send(good, query, kind), query)
        for body in ("{", '{"symbol":"A"} x', ""):
            self.no(400, self.send(body, "?adapter=massive"), body)
        self.no(400, self.send("{", ""), "{")
        self.no(406, self.client.post("/v1/prices", good, JSON,
                                           {"Accept": "text/csv"}))
        self.stored(self.send(good), 1, 0)

    def test_a_type_that_is_not_taken_is_told_which_are(self):
        own = ("one of the headers Content-Type: application/json, "
               "Content-Type: application/x-ndjson, Content-Type: text/csv")
        for query, kind, told in (
                ("", "text/plain", own),
                ("?adapter=massive", CSV,
                 "the header Content-Type: application/json")):
            doc = self.no(415, self.send("[]", query, kind), query)
            self.assertEqual(doc["detail"], "this Content-Type is not taken "
                             "here; say what the body is with " + told)

    def test_a_body_over_the_limit(self):
        server = Server("--max-body", "300")
        self.addCleanup(server.drop)
        server.start()
        for query in ("", "?adapter=massive"):
            answer = server.client.post("/v1/prices" + query, dump(
                [bar(Num(i), "2024-01-02") for i in range(9)]))
            self.assertEqual(answer.status, 413, query)


    def test_a_page_of_too_many_values(self):
        page = b'{"results":[%s]}' % b",".join([b"0"] * 2500000)
        doc = self.no(413, self.send(page, "?adapter=massive"))
        self.assertIn("send it in parts", doc["detail"])

    def test_others_are_answered_while_a_page_is_read(self):
        server = Server("--loops", "1")
        self.addCleanup(server.drop)
        server.start()
        page = b'{"results":[%s]}' % b",".join([b"0"] * 1800000)
        with server.raw(60) as sock:
            sock.sendall(b"POST /v1/prices?adapter=massive HTTP/1.1\r\n"
                         b"Host: x\r\nContent-Type: application/json\r\n"
                         b"Content-Length: %d\r\n\r\n" % len(page) + page)
            time.sleep(0.05)  # what the sockets hold is in
            self.assertEqual(server.client.get("/livez").status, 200)
            ready = select.select([sock], [], [], 0)[0]
            self.assertEqual(ready, [], "the loop waited for the page")
            self.assertIn(b" 422 ", sock.recv(64))


class Refusals(PricesCase):
    def test_what_cannot_be_a_bar(self):
        day = "2024-01-02"
        cases = [  # members that differ, place
            ({"high": Num("1")}, "high"), ({"open": Num("21")}, "open"),
            ({"open": Num("1.49")}, "open"), ({"close": Num("20.01")}, "close"),
            ({"close": Num("1.4")}, "close"), ({"low": Num("-1")}, "low"),
            ({"volume": Num("-1")}, "volume"), ({"volume": Num("-0")}, "volume"),
            ({"open": Num("0"), "high": Num("0"), "low": Num("0"),
              "close": Num("0")}, None),
            ({"date": "2023-02-29"}, "date"), ({"date": None}, "date"),
            ({"close": None}, "close"), ({"close": "10"}, "close"),
            ({"volume": Num("1234567890123456789")}, "volume"),
            ({"volume": Num("1e18")}, "volume"),
            ({"volume": Num("0.1234567890")}, "volume"),
            ({"colour": "red"}, "colour"), ({"source": ""}, "source"),
            ({"security_id": Num("-1")}, "security_id"),
            ({"security_id": "new:A"}, "security_id")]
        before = self.client.newest()
        for members, place in cases:
            row = bar(Num(1), day)
            row.update(members)
            answer = self.send([bar(Num(1), day), row])
            doc = self.no(422, answer, members)
            self.assertEqual(doc["type"], "/problems/invalid-price", members)
            pointer = doc["errors"][0]["pointer"]
            self.assertTrue(pointer.startswith("/1"), (members, doc))
            if place is not None:
                self.assertEqual(pointer, "/1/" + place, members)
        for row in ({k: v for k, v in bar(Num(1), day).items() if k != gone}
                    for gone in ("open", "high", "low", "close", "date",
                                 "security_id")):
            self.no(422, self.send([row]), row)
        for body, kind in (("[]", JSON), ('{"prices":[]}', JSON), ("", NDJSON),
                           (HEADER, CSV), ('"x"', JSON),
                           ('{"prices":[],"x":1}', JSON)):
            self.no(422, self.send(body, "", kind), body)
        for body, kind in (('{"prices":[', JSON), ("[]]", JSON),
                           ('{"a":1,"a":2}', JSON), ('a"b\n', CSV)):
            self.no(400, self.send(body, "", kind), body)
        self.assertEqual(self.client.newest(), before)
        self.same(self.client.get("/v1/securities/1/prices").status, 404)

    def test_rows_are_named_by_pointer_or_line(self):
        bad = bar("NOBODY", "2024-01-02")
        good = bar(Num(1), "2024-01-02")
        self.refused_rows(self.send({"prices": [good, bad, bad]}),
                          ["/prices/1/ticker", "/prices/2/ticker"])
        self.refused_rows(self.send([good, bad]), ["/1/ticker"])
        doc = self.refused_rows(self.send(
            dump(good) + "\n\n" + dump(bad) + "\n", "", NDJSON), [3])
        self.assertEqual(doc["errors"][0]["detail"],
                         'ticker: on 2024-01-02 no security bears the ticker '
                         '"NOBODY"; create=true makes one')
        self.refused_rows(self.send(MSFT, "?ticker=NOBODY", CSV), [2, 3, 4, 5])
        doc = self.no(422, self.send([bad] * 150))
        self.assertEqual(doc["error_count"], Num(150))
        self.assertEqual(doc["errors"][99]["pointer"], "/99/ticker")


class Tickers(PricesCase):
    def test_as_of_the_date_of_the_bar(self):
        self.facts(fact(1, "ticker", "META", "2012-01-01"),
                   fact(2, "ticker", "FB", "2012-01-01"))
        self.facts(fact(1, "ticker", "METV", "2022-01-31"),
                   fact(2, "ticker", "META", "2022-06-09"))
        self.stored(self.send([bar("META", "2021-12-31", "2"),
                               bar("META", "2022-06-09", "3"),
                               bar("FB", "2022-06-08", "4")]), 3, 0)
        self.assertEqual(self.bars(1), [("2021-12-31", "2", "default")])
        self.assertEqual(self.bars(2), [("2022-06-08", "4", "default"),
                                        ("2022-06-09", "3", "default")])
        self.refused_rows(self.send([bar("META", "2022-03-01"),
                                     bar("META", "2022-06-10"),
                                     bar("meta", "2022-06-10"),
                                     bar("FB", "2022-06-09")]),
                          ["/0/ticker", "/2/ticker", "/3/ticker"])
        self.facts(fact(3, "ticker", "META", "2022-06-10"))
        doc = self.refused_rows(self.send([bar("META", "2022-06-09"),
                                           bar("META", "2022-06-10")]),
                                ["/1/ticker"])
        self.assertEqual(doc["errors"][0]["detail"],
                         'on 2022-06-10 more than one security bears the '
                         'ticker "META"')
        self.refused_rows(self.send([bar("META", "2022-06-10")],
                                    "?create=true"), ["/0/ticker"])

    def test_bearers_come_and_go(self):
        # 11 and 12 overlap, 13 takes over from 12 on the day it ends, and 11
        # is another's for a while, though other things of it change.
        spans = [(11, 1, 9), (12, 5, 13), (13, 13, 17), (11, 20, 25)]
        self.facts(*[f for security, start, end in spans for f in (
            fact(security, "ticker", "GO", "2020-03-%02d" % start),
            fact(security, "name", "N", "2020-03-%02d" % (start + 2)),
            fact(security, "ticker", None, "2020-03-%02d" % end))])
        bearers = {"2020-03-%02d" % day: [
            security for security, start, end in spans if start <= day < end]
            for day in range(1, 28)}
        doc = self.refused_rows(
            self.send([bar("GO", date) for date in bearers]),
            ["/%d/ticker" % i for i, found in enumerate(bearers.values())
             if len(found) != 1])
        nobody = [d for d, found in bearers.items() if not found]
        self.assertEqual([e["detail"].split()[1] for e in doc["errors"]
                          if " no security " in e["detail"]], nobody)
        found = {d: one[0] for d, one in bearers.items() if len(one) == 1}
        self.stored(self.send([bar("GO", date) for date in found]),
                    len(found), 0)
        got = [(date, security) for security in (11, 12, 13)
               for date, _, _ in self.bars(security)]
        self.assertEqual(sorted(got), sorted(found.items()))

    def test_created(self):
        before = self.client.newest()
        trial = self.send([bar("NEWA", "2024-01-03")],
                          "?create=true&dry_run=true")
        self.assertEqual(trial.status, 200)
        self.same(trial.json(), {"rows": Num(1), "unchanged": Num(0),
                                 "minted": {"NEWA": None}})
        self.assertEqual(self.client.newest(), before)
        self.refused_rows(self.send([bar("NEWA", "2024-01-03")]),
                          ["/0/ticker"])
        answer = self.send({"source": "s", "prices": [
            bar("NEWA", "2024-01-03"), bar("NEWB", "2024-01-05"),
            bar("NEWA", "2024-01-02", source="t")]}, "?create=true")
        self.stored(answer, 3, 0, None,
                    {"NEWA": FIRST_ID, "NEWB": FIRST_ID + 1})
        self.assertEqual(answer.tx, before + 2)
        told = self.client.get("/v1/transactions/%d" % (before + 1)).json()
        self.assertEqual((told["kind"], told["facts"], told["securities"],
                          told["sources"]),
                         ("facts", Num(2), Num(2), ["s", "t"]))
        feed = self.client.get("/v1/changes?after_tx=%d" % before).json()
        self.assertEqual([(c["security_id"], c["attribute"], c["value"],
                           c["effective_date"], c["source"], c["op"])
                          for c in feed["changes"]], [
            (Num(FIRST_ID), "ticker", "NEWA", "2024-01-02", "t", "assert"),
            (Num(FIRST_ID + 1), "ticker", "NEWB", "2024-01-05", "s",
             "assert")])
        self.assertEqual(feed["last_tx"], Num(before + 2))
        self.known(self.send([bar("NEWB", "2024-01-05", source="s")],
                             "?create=true"), 1)
        self.assertEqual(self.bars(FIRST_ID),
                         [("2024-01-02", "10", "t"), ("2024-01-03", "10", "s")])
        found = self.client.get("/v1/resolve?attribute=ticker&value=NEWB"
                                "&as_of=2024-02-01").json()
        self.assertEqual(found["security_id"], Num(FIRST_ID + 1))
        self.server.restart()
        self.assertEqual([b[0] for b in self.bars(FIRST_ID)],
                         ["2024-01-02", "2024-01-03"])
        minted = self.send([bar("NEWC", "2024-01-03")], "?create=true").json()
        self.same(minted["minted"], {"NEWC": Num(FIRST_ID + 2)})
        answer = self.send([bar("NEWB", "2024-01-04")], "?create=true")
        self.same(answer.json()["minted"], {"NEWB": Num(FIRST_ID + 3)})


class Knowledge(PricesCase):
    def test_restated_bars_and_what_was_known(self):
        first = self.send([bar(Num(1), "2024-01-02", "5", source="a"),
                           bar(Num(1), "2024-02-01", "6", source="a")])
        self.stored(first, 2, 0)
        second = self.send([bar(Num(1), "2024-01-02", "7", source="b"),
                            bar(Num(1), "2024-02-01", "6", source="a")])
        self.assertEqual(self.stored(second, 1, 1)["sources"], ["b"])
        self.assertEqual(self.bars(1), [("2024-01-02", "7", "b"),
                                        ("2024-02-01", "6", "a")])
        self.assertEqual(self.bars(1, "?known_tx=%d" % first.tx),
                         [("2024-01-02", "5", "a"), ("2024-02-01", "6", "a")])
        self.stored(self.send([bar(Num(1), "2024-01-02", "7.0", source="b")]),
                    1, 0, "other digits are another bar")
        self.stored(self.send([bar(Num(1), "2024-01-02", "7.0", source="c")]),
                    1, 0, "another source is another bar")
        self.stored(self.send([bar(Num(1), "2024-01-02", "7.0", source="c",
                                   volume=Num("0"))]), 1, 0, "0 is not null")
        self.known(self.send([bar(Num(1), "2024-01-02", "7.0", source="c",
                                  volume=Num("0"), adj_close=None)]), 1)
        self.stored(self.send([bar(Num(1), "2024-01-03", "8"),
                               bar(Num(1), "2024-01-03", "9"),
                               bar(Num(1), "2024-01-03", "9")]), 2, 1)
        self.assertEqual(self.bars(1)[1], ("2024-01-03", "9", "default"))

    def test_bars_are_not_facts(self):
        self.stored(self.send([bar(Num(500), "2024-01-02")]), 1, 0)
        for path in ("", "/history", "/facts", "/explain"):
            self.assertEqual(self.client.get(
                "/v1/securities/500" + path).status, 404, path)
        before = self.client.newest() - 1
        feed = self.client.get("/v1/changes?after_tx=%d" % before).json()
        self.same(feed, {"changes": [], "last_tx": Num(before + 1)})
        text = self.client.get("/metrics").body.decode()
        self.assertRegex(text, r"(?m)^secmaster_bars_total [1-9]")

    def test_keys(self):
        def keyed(bars, key, query=""):
            return self.send(bars, query, JSON, {"Idempotency-Key": key})
        rows = [bar(Num(600), "2024-01-02"), bar("KEYED", "2024-01-02")]
        first = keyed(rows, "k1", "?create=true")
        self.assertEqual(first.status, 201)
        before = self.client.newest()
        for step in range(2):
            again = keyed(rows, "k1", "?create=true")
            self.assertEqual(again.header("Idempotency-Replayed"), "true")
            self.assertEqual((again.status, again.body, again.tx,
                              again.header("Location")),
                             (201, first.body, first.tx,
                              first.header("Location")), step)
            self.server.restart()
        doc = self.no(422, keyed(rows, "k1"))
        self.assertEqual(doc["type"], "/problems/idempotency-key-reused")
        told = self.client.get("/v1/transactions/%d" % first.tx).json()
        self.assertEqual(told["idempotency_key"], "k1")
        told = self.client.get("/v1/transactions/%d" % (first.tx - 1)).json()
        self.assertEqual((told["kind"], told["idempotency_key"]),
                         ("facts", None))
        for step in range(2):  # nothing new: no key is kept
            answer = keyed(rows, "k2")
            self.known(answer, 2, step)
            self.assertIsNone(answer.header("Idempotency-Replayed"))
        self.no(422, keyed([bar("NOBODY", "2024-01-02")], "k2"))
        self.assertEqual(self.client.newest(), before)
        self.stored(keyed([bar(Num(601), "2024-01-02")], "k2"), 1, 0)

    def test_a_dry_run_stores_nothing(self):
        before = self.client.newest()
        rows = [bar(Num(700), "2024-01-02"), bar(Num(700), "2024-01-02")]
        for step in range(2):
            answer = self.send(rows, "?dry_run=true", JSON,
                               {"Idempotency-Key": "dry"})
            self.assertEqual(answer.status, 200, step)
            self.same(answer.json(), {"rows": Num(1), "unchanged": Num(1)})
        self.no(422, self.send([bar("NOBODY", "2024-01-02")],
                                    "?dry_run=true"))
        self.assertEqual(self.client.newest(), before)
        self.stored(self.send(rows, "?dry_run=false", JSON,
                              {"Idempotency-Key": "dry"}), 1, 1)


if __name__ == "__main__":
    unittest.main()
