"""Trades in: our shape and a vendor's, once each, refused at their place."""

import gzip
import pathlib
import re
import unittest

from harness import CSV, JSON, NDJSON, Num, ServerCase, dump, parse

GOLDEN = pathlib.Path(__file__).parent.parent / "golden/vendor/benzinga"
BENZINGA = "/v1/trades?adapter=benzinga"
DATE = ("must be a date of the calendar as YYYY-MM-DD, 0001-01-01 to "
        "9999-12-31")


def trade(name, **more):
    return {"transaction_id": name, "transaction_date": "2024-11-14", **more}


def answered(name):
    """A row as it is answered, derived members and all; of its own filer."""
    return trade(
        name, id="675", report_id="20026376", amendment_number=Num(0),
        updated=Num(1734012113), member_id="filer." + name,
        member_name="Virginia Foxx", chamber="House", party="R", state="NC",
        district="5", committees=["Committee on Rules"],
        notification_date="2024-12-11", report_date="2024-12-11",
        days_to_disclose=Num(27), late=False, transaction_type="purchase",
        transaction_type_text="P", ownership="JT", amount="$1,001 - $15,000",
        amount_low=Num(1001), amount_high=Num(15000), amount_kind="range",
        ticker="ARLP", security_name="Alliance Res Partners",
        security_type="STOCK", security_id=Num(9),
        security={"security_id": Num(9), "ticker": "ARLP"},
        close=Num("25.430"), description="", disclosure_url="https://..",
        filer_info={})


def body_of(trades, how):
    if how == "json":
        return JSON, dump({"trades": trades})
    if how == "array":
        return JSON, dump(trades)
    return NDJSON, "".join(dump(row) + "\n" for row in trades)


class TradesIn(ServerCase):
    def post(self, kind, body, query="", **headers):
        return self.client.post("/v1/trades" + query, body, kind,
                                {k.replace("_", "-"): v
                                 for k, v in headers.items()})

    def counts(self, answer, row, trades, unchanged, members):
        """A batch's figures; one of nothing new has no transaction."""
        doc = answer.json()
        counts = {"trades": Num(trades), "unchanged": Num(unchanged),
                  "members": Num(members)}
        if trades == 0:
            self.assertEqual(answer.status, 200, (row, answer))
            self.same(doc, counts, row)
            self.assertIsNone(answer.header("Location"), row)
            return
        self.assertEqual(answer.status, 201, (row, answer))
        self.same(doc, {"tx": Num(answer.tx), "recorded_at":
                        doc["recorded_at"], **counts}, row)
        self.assertEqual(answer.header("Location"),
                         "/v1/transactions/%d" % answer.tx, row)

    def unknown(self):
        """Of each field, how many texts said nothing."""
        text = self.client.get("/metrics").body.decode()
        return {field: int(count) for field, count in re.findall(
            r'^secmaster_trade_texts_unknown_total\{field="(\w+)"\} (\d+)$',
            text, re.M)}

    def test_a_published_body_is_taken_as_it_stands(self):
        body = (GOLDEN / "published.json").read_bytes()
        before = self.client.newest()
        self.counts(self.client.post(BENZINGA, body), "new", 1, 0, 1)
        self.counts(self.client.post(BENZINGA, body), "again", 0, 1, 0)
        self.assertEqual(self.client.newest(), before + 1)
        doc = self.client.get("/v1/transactions/%d" % (before + 1)).json()
        self.same({k: doc[k] for k in ("kind", "sources", "facts",
                                       "securities")},
                  {"kind": "trades", "sources": [], "facts": Num(0),
                   "securities": Num(0)})
        self.server.restart()
        self.counts(self.client.post(BENZINGA, body), "restarted", 0, 1, 0)

    def test_every_value_that_was_seen_is_taken(self):
        body = (GOLDEN / "all_seen.json").read_bytes()
        rows, before = len(parse(body)["data"]), self.unknown()
        packed = self.client.post(BENZINGA, gzip.compress(body), JSON,
                                  {"Content-Encoding": "gzip"})
        self.counts(packed, "new", rows - 1, 1, 3)
        after = self.unknown()
        self.assertEqual({k: after[k] - before[k] for k in after},
                         {"amount": 2, "transaction_type": 1, "ownership": 0})
        self.counts(self.client.post(BENZINGA, body), "again", 0, rows, 0)
        self.assertEqual(self.unknown(), after)

    def test_a_page_without_rows_changes_nothing(self):
        for body in ("[]", '{"data":[]}', '[{"data":[]}]'):
            self.counts(self.client.post(BENZINGA, body), body, 0, 0, 0)

    def test_a_vendors_body_may_have_as_many_values_as_ours(self):
        """64 MiB of its rows are some two million."""
        body = '{"data":[],"more":[%s0]}' % (2500000 * "0,")
        self.counts(self.client.post(BENZINGA, body), "many", 0, 0, 0)

    def test_our_shape_is_one_whatever_it_comes_in(self):
        rows = [answered("shape.1"), trade("shape.2"), trade(Num("7.0"))]
        self.counts(self.post(*body_of(rows, "json")), "json", 3, 0, 1)
        for how in ("array", "ndjson"):
            self.counts(self.post(*body_of(rows, how)), how, 0, 3, 0)
        rows[1]["amendment_number"] = Num(1)
        rows[0]["amount_low"] = Num(5)
        rows[2]["transaction_id"] = "7.0"
        self.counts(self.post(*body_of(rows, "ndjson")), "amended", 1, 2, 0)

    def test_a_dry_run_says_what_would_be_stored(self):
        kind, body = body_of([answered("dry"), answered("dry")], "json")
        before = self.client.newest()
        answer = self.post(kind, body, "?dry_run=true")
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(answer.body, b'{"trades":1,"unchanged":1,'
                                      b'"members":1}')
        self.assertEqual(self.client.newest(), before)
        self.counts(self.post(kind, body), "stored", 1, 1, 1)

    def test_a_key_stores_once_and_only_what_is_stored_keeps_it(self):
        kind, body = body_of([trade("key")], "json")
        first = self.post(kind, body, Idempotency_Key="trades.1")
        self.counts(first, "first", 1, 0, 0)
        again = self.post(kind, body, Idempotency_Key="trades.1")
        self.assertEqual((again.status, again.body), (201, first.body))
        self.assertEqual(again.header("Idempotency-Replayed"), "true")
        other = self.post(kind, body.replace("key", "cat"),
                          Idempotency_Key="trades.1")
        self.assertEqual(self.refused(422, other, "other")["type"],
                         "/problems/idempotency-key-reused")
        self.counts(self.post(kind, body, Idempotency_Key="trades.2"),
                    "known", 0, 1, 0)
        self.counts(self.post(*body_of([trade("key.2")], "json"),
                              Idempotency_Key="trades.2"), "free", 1, 0, 0)

    def test_a_file_without_ids_is_known_again(self):
        """Of its five rows two say the same."""
        path = GOLDEN.parent / "senate-stock-watcher/all_transactions.json"
        query = "?adapter=senate-stock-watcher"
        body = path.read_bytes()
        self.counts(self.post(JSON, body, query), "new", 4, 1, 0)
        self.counts(self.post(JSON, body, query), "again", 0, 5, 0)

    def test_what_breaks_a_rule_is_refused_at_its_place(self):
        before = self.client.newest()
        rows = [
            ("an impossible day", "", JSON,
             dump([trade("a"), trade("b", report_date="2023-02-29")]),
             [("/1/report_date", DATE)]),
            ("nothing that it must have", "", JSON, '{"trades":[{}]}',
             [("/trades/0/transaction_id", "is missing"),
              ("/trades/0/transaction_date", "is missing")]),
            ("an unknown member", "", NDJSON, dump(trade("a")) + "\n\n"
             + dump(trade("b", Ticker="X")),
             [(3, "Ticker: unknown member")]),
            ("a vendor's impossible day", "?adapter=benzinga", JSON,
             dump({"data": [trade("a", transaction_date="--")]}),
             [("/data/0/transaction_date", DATE)]),
            ("a vendor's body in our shape", "?adapter=benzinga", JSON,
             dump({"trades": [trade("a")]}), [("/data", "is missing")]),
            ("a day of another order", "?adapter=senate-stock-watcher", JSON,
             dump([trade("a", transaction_date="13/02/2024")]),
             [("/0/transaction_date", DATE)]),
            ("no trades", "", JSON, "[]", [("", "there are no trades")]),
        ]
        for row, query, kind, body, wanted in rows:
            doc = self.refused(422, self.post(kind, body, query), row)
            self.assertEqual(doc["type"], "/problems/invalid-trade", row)
            got = [(int(e["line"]) if "line" in e else e["pointer"],
                    e["detail"]) for e in doc["errors"]]
            self.assertEqual(got, wanted, row)
        self.assertEqual(self.client.newest(), before)

    def test_what_cannot_be_read_is_refused(self):
        good = dump([trade("a")])
        rows = [
            ("no JSON", 400, "", JSON, good[:-1]),
            ("a member twice", 400, "", JSON,
             '[{"transaction_id":1,"transaction_id":1}]'),
            ("nothing", 400, "", JSON, ""),
            ("lines as a document", 400, "", JSON, good + "\n" + good),
            ("CSV", 415, "", CSV, "transaction_id\n1\n"),
            ("a vendor's lines", 415, "?adapter=benzinga", NDJSON, good),
            ("no such adapter", 400, "?adapter=quiver", JSON, good),
            ("an adapter without trades", 400, "?adapter=massive", JSON,
             good),
            ("an unknown parameter", 400, "?source=a", JSON, good),
            ("a dry run of another kind", 400, "?dry_run=yes", JSON, good),
            ("more values than are read at once", 413, "", JSON,
             "[%s0]" % (4500000 * "0,")),
        ]
        for row, status, query, kind, body in rows:
            self.refused(status, self.post(kind, body, query), row)

    def test_a_type_that_is_not_taken_is_told_which_are(self):
        own = ("one of the headers Content-Type: application/json, "
               "Content-Type: application/x-ndjson")
        vendors = "the header Content-Type: application/json"
        for query, kind, told in (
                ("", CSV, own), ("", "text/plain", own),
                ("?adapter=benzinga", NDJSON, vendors),
                ("?adapter=senate-stock-watcher", CSV, vendors)):
            doc = self.refused(415, self.post(kind, "[]", query), query)
            self.assertEqual(doc["detail"], "this Content-Type is not taken "
                             "here; say what the body is with " + told)

    def test_a_large_batch_is_stored_and_known_again(self):
        rows = [trade("large.%d" % (i // 2), amendment_number=Num(i % 2),
                      member_id="M%d" % (i % 50), updated=Num(86400 * (i % 7)),
                      filer_info={"status": "Member", "n": Num(i)})
                for i in range(10000)]
        self.counts(self.post(*body_of(rows, "ndjson")), "new", 10000, 0, 350)
        self.counts(self.post(*body_of(rows, "array")), "again", 0, 10000, 0)


if __name__ == "__main__":
    unittest.main()
