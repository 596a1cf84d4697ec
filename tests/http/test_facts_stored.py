"""POST /v1/facts: what a stored batch answers, what retractions and sources
do, and that values come out character for character."""

import datetime
import re
import unittest

from harness import (CSV, NDJSON, Num, ServerCase, csv_fields, csv_quote, dump,
                     fact, parse, read_table, retract)

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
HEAD = "security_id,attribute,value,effective_date\r\n"
D1, D2, D3 = "2024-01-01", "2024-02-01", "2024-03-01"

# CSV's reading of a field: (field as written, value).
CSV_VALUES = [
    ("1", Num("1")), ("-0", Num("-0")), ("1e5", Num("1e5")),
    ("1E+05", Num("1E+05")), ("549000.10", Num("549000.10")),
    ("true", True), ("false", False), ("", None), ('""', ""),
    ('"1"', "1"), ('"true"', "true"), ("007", "007"), ("+1", "+1"),
    (".5", ".5"), ("1.", "1."), ("-", "-"), ("NaN", "NaN"), ("TRUE", "TRUE"),
    ("null", "null"), (" 1", " 1"), ("1 ", "1 "), (" ", " "),
    ('"a,b"', "a,b"), ('"a""b"', 'a"b'), ('"a\r\nb"', "a\r\nb"),
    ('"a\nb"', "a\nb"), ("'a'", "'a'"), ("0x10", "0x10"), ("1_000", "1_000"),
    ("=1+1", "=1+1"), ("1e", "1e"), ("--1", "--1"), ("a\\nb", "a\\nb"),
]

# Values that must come out as they went in: JSON literals.
SACRED = [
    "9007199254740993", "549000.10", "12345678901234567890.123456789", "1e-7",
    "1E-07", "-0", "0.0", "-0.0", "0e0", "1e999", "-1e-999",
    "0.30000000000000004", "1.0", "1", '"1"', "true", "false", '"true"',
    "null", '"null"', '""', '" "', "9223372036854775808",
    "-9223372036854775809", "3.1415926535897932384626433832795028841971",
    "1" + "0" * 400, r'"ab\u0001\"é中😀"', r'"\u0001\u001f\u007f\u0080"',
    r'"tab\tnew\nline\rreturn\fform\bback\/slash\\"', r'"\u00e9\u4e2d"',
    r'"\ud83d\ude00"', '"a,b"', r'"\"quoted\""', '"line\u2028sep"',
    '"=cmd()"', '"+1"', '"1e5"', '"007"', '"-"', '" 1"', '"1 "',
    '"\u0065\u0301 is not é"', '"\ufeffmark"', '"\ufffe\uffff"',
    '"\U0010ffff"', '"%00 %41 + &amp; <b>"', r'"\\u0041"',
]


class Stored(ServerCase):
    def test_the_answer(self):
        before = self.client.newest()
        answer = self.stored([
            fact(5, "k", Num(1), D1), fact(5, "k", Num(2), D1),
            fact(6, "k", Num(1), D1), fact(6, "j", Num(1), D1, source="zz"),
            retract(6, "k", D1)])
        doc = answer.json()
        self.assertEqual(list(doc), ["tx", "recorded_at", "facts",
                                     "securities"])
        self.assertEqual(doc["tx"], Num(before + 1))
        self.assertEqual(doc["facts"], Num(5))
        self.assertEqual(doc["securities"], Num(2))
        self.assertEqual(answer.tx, before + 1)
        self.assertEqual(answer.header("Location"),
                         "/v1/transactions/%d" % (before + 1))
        self.assertRegex(doc["recorded_at"], INSTANT)
        said = datetime.datetime.fromisoformat(doc["recorded_at"])
        now = datetime.datetime.now(datetime.timezone.utc)
        self.assertLess(abs((now - said).total_seconds()), 60)
        self.check_transaction(doc)

    def check_transaction(self, doc):
        got = self.client.get("/v1/transactions/" + doc["tx"])
        self.assertEqual(got.status, 200)
        self.assertEqual(got.json(), {
            "tx": doc["tx"], "kind": "facts",
            "recorded_at": doc["recorded_at"],
            "sources": ["default", "zz"], "facts": Num(5),
            "securities": Num(2), "idempotency_key": None})

    def test_transactions_count_from_1_and_never_go_back(self):
        for _ in range(20):
            self.stored([fact(1, "k", Num(1), D1)])
        newest, last = self.client.newest(), ""
        for tx in range(1, newest + 1):
            doc = self.client.get("/v1/transactions/%d" % tx).json()
            self.assertEqual(doc["tx"], Num(tx))
            self.assertGreaterEqual(doc["recorded_at"], last)
            last = doc["recorded_at"]
        for tx, status in (("%d" % (newest + 1), 404), ("-1", 400),
                           ("1.5", 400), ("1e3", 400), ("abc", 400),
                           ("9223372036854775807", 404)):
            answer = self.client.get("/v1/transactions/" + tx)
            self.refused(status, answer, "transaction " + tx)

    def test_source_may_stand_behind_facts_and_a_facts_own_wins(self):
        one, two = fact(20, "k", Num(1), D1), fact(20, "j", Num(1), D1,
                                                   source="own")
        answer = self.client.post("/v1/facts", dump(
            {"facts": [one, two], "source": "behind"}))
        self.assertEqual(answer.status, 201, repr(answer))
        doc = self.client.get("/v1/transactions/%d" % answer.tx).json()
        self.assertEqual(doc["sources"], ["behind", "own"])
        for source, status in (("default", 422), ("own", 422),
                               ("behind", 201)):
            answer = self.client.post_facts(
                [retract(20, "k", D1, source=source)])
            self.assertEqual(answer.status, status, source)

    def test_members_and_columns_in_any_order(self):
        bodies = [
            ('{"facts":[{"value":"v","effective_date":"2024-01-01",'
             '"attribute":"k","security_id":30}]}', "application/json"),
            ('{"effective_date":"2024-01-01","value":"v","op":"assert",'
             '"attribute":"k","security_id":31}', NDJSON),
            ("effective_date,op,value,source,security_id,attribute\n"
             "2024-01-01,assert,v,s,32,k", CSV),
            ('\ufeff"value","attribute","effective_date","security_id"\r\n'
             '"v","k","2024-01-01","33"\r\n', CSV)]
        for i, (body, kind) in enumerate(bodies):
            answer = self.client.post("/v1/facts", body, kind)
            self.assertEqual(answer.status, 201, (body, answer))
            row = self.client.get("/v1/securities/%d" % (30 + i)).json()
            self.assertEqual(row["k"], "v", body)

    def test_media_types_are_read_as_rfc_9110_says(self):
        body = dump([fact(34, "k", Num(1), D1)])
        for kind in ("application/json; charset=utf-8", "Application/JSON",
                     "application/json;charset=UTF-8"):
            answer = self.client.post("/v1/facts", body, kind)
            self.assertEqual(answer.status, 201, (kind, answer))

    def test_ndjson_lines_may_be_blank_or_end_in_crlf_or_in_nothing(self):
        line = dump(fact(35, "k", Num(1), D1))
        for body, count in ((line, 1), (line + "\r\n" + line + "\r\n", 2),
                            ("\n" + line + "\n\n\n" + line + "\n", 2)):
            answer = self.client.post("/v1/facts", body, NDJSON)
            self.assertEqual(answer.status, 201, (body, answer))
            self.assertEqual(answer.json()["facts"], Num(count), body)


class Retractions(ServerCase):
    """Each row: steps on a security of its own, then the rows left."""

    A = staticmethod(lambda value, date=D1, **m: ("k", value, date, m))
    R = staticmethod(lambda date=D1, **m: ("k", None, date,
                                           {"op": "retract", **m}))

    def play(self, security, batches):
        for status, steps in batches:
            facts = [fact(security, a, v, d, **m) for a, v, d, m in steps]
            before = self.client.newest()
            answer = self.client.post_facts(facts)
            self.assertEqual(answer.status, status, (steps, answer))
            self.assertEqual(answer.tx, before + (status == 201), steps)

    def rows(self, security, query=""):
        answer = self.client.get("/v1/securities/%d/history%s"
                                 % (security, query))
        if answer.status == 404:
            return []
        columns, rows = read_table(answer)
        return [[r[1], r[2], r[3] if len(r) > 3 else None] for r in rows]

    def test_stories(self):
        a, r, one, two, three = self.A, self.R, Num(1), Num(2), Num(3)
        stories = [
            ("nothing to retract", [(422, [r()])], []),
            ("assert, retract in one batch", [(201, [a(one), r()])], []),
            ("retract twice in one batch",
             [(201, [a(one)]), (422, [r(), r()])], [[D1, None, one]]),
            ("retract, then assert in one batch is judged in order",
             [(422, [r(), a(one)])], []),
            ("retract twice in two", [(201, [a(one)]), (201, [r()]),
                                      (422, [r()])], []),
            ("assert again", [(201, [a(one)]), (201, [r()]),
                              (201, [a(two)])], [[D1, None, two]]),
            ("assert, retract, assert, retract, assert in one",
             [(201, [a(one), r(), a(two), r(), a(three)])],
             [[D1, None, three]]),
            ("what it had superseded stays gone",
             [(201, [a(one)]), (201, [a(two)]), (201, [r()])], []),
            ("what it had superseded in the batch stays gone",
             [(201, [a(one), a(two), r()])], []),
            ("another date", [(201, [a(one)]), (422, [r(D2)])],
             [[D1, None, one]]),
            ("another source", [(201, [a(one)]), (422, [r(source="s")])],
             [[D1, None, one]]),
            ("the default source by its name",
             [(201, [a(one)]), (201, [r(source="default")])], []),
            ("the row of that date goes",
             [(201, [a(one), a(two, D2), a(three, D3)]), (201, [r(D2)])],
             [[D1, D3, one], [D3, None, three]]),
            ("a source's own assertion under it shows again",
             [(201, [a(one, source="p")]), (201, [a(two, source="q")]),
              (201, [r(source="q")])], [[D1, None, one]]),
            ("the other source's stays on top",
             [(201, [a(one, source="p")]), (201, [a(two, source="q")]),
              (201, [r(source="p")])], [[D1, None, two]]),
            ("a null is an assertion", [(201, [a(None)]), (201, [r()])], []),
            ("a null hides the earlier value",
             [(201, [a(one), a(None, D2)])],
             [[D1, D2, one], [D2, None, None]]),
        ]
        for security, (row, batches, left) in enumerate(stories):
            with self.subTest(row):
                self.play(security, batches)
                self.same(self.rows(security), left, row)

    def test_sources_rank_equal(self):
        a, one, two, three = self.A, Num(1), Num(2), Num(3)
        stories = [
            ("later arrival wins a date", [
                (201, [a(one, source="p"), a(two, source="q")])],
             [[D1, None, two]]),
            ("across batches", [(201, [a(one, source="q")]),
                                (201, [a(two, source="p")])],
             [[D1, None, two]]),
            ("restating wins it back", [
                (201, [a(one, source="p"), a(two, source="q")]),
                (201, [a(three, source="p")])], [[D1, None, three]]),
            ("a later date beats a later arrival", [
                (201, [a(two, D2, source="p")]),
                (201, [a(one, D1, source="q")])],
             [[D1, D2, one], [D2, None, two]]),
        ]
        for i, (row, batches, left) in enumerate(stories):
            with self.subTest(row):
                self.play(100 + i, batches)
                self.same(self.rows(100 + i), left, row)

    def test_a_retraction_counts_from_its_transaction_on(self):
        first = self.stored([fact(200, "k", Num(1), D1)]).tx
        self.stored([retract(200, "k", D1)])
        self.assertEqual(self.rows(200), [])
        self.same(self.rows(200, "?known_tx=%d" % first), [[D1, None, Num(1)]])
        answer = self.client.get("/v1/securities/200")
        self.refused(404, answer, "all of it withdrawn")

    def test_retracting_in_every_format(self):
        head = HEAD.strip() + ",op\r\n"
        bodies = [
            ('[{"security_id":%d,"attribute":"k","op":"retract",'
             '"effective_date":"2024-01-01"}]', "application/json"),
            ('[{"security_id":%d,"attribute":"k","op":"retract",'
             '"effective_date":"2024-01-01","value":null}]',
             "application/json"),
            ('{"op":"retract","security_id":%d,"attribute":"k",'
             '"effective_date":"2024-01-01"}\n', NDJSON),
            (head + "%d,k,,2024-01-01,retract\r\n", CSV)]
        for i, (body, kind) in enumerate(bodies):
            self.stored([fact(300 + i, "k", Num(1), D1)])
            for status in (201, 422):
                answer = self.client.post("/v1/facts", body % (300 + i), kind)
                self.assertEqual(answer.status, status, (body, answer))


class Sacred(ServerCase):
    def values_of(self, security):
        """The one value, out in three formats, and the CSV field's text."""
        path = "/v1/securities/%d/history" % security
        out = []
        for how in ("json", "ndjson", "csv"):
            answer = self.client.get(path + "?format=" + how)
            out.append(read_table(answer)[1][0][3])
        return out, answer.body.decode().split("\r\n", 1)[1].split(",", 3)[3]

    def check(self, security, want, what):
        out, field = self.values_of(security)
        for value in out:
            self.same(value, want, what)
        return field[:-len("\r\n")]

    def test_csv_fields_are_read_as_json_or_else_as_text(self):
        for i, (field, want) in enumerate(CSV_VALUES):
            with self.subTest(field):
                answer = self.client.post(
                    "/v1/facts", HEAD + "%d,k,%s,%s\r\n" % (i, field, D1),
                    CSV)
                self.assertEqual(answer.status, 201, (field, answer))
                self.check(i, want, field)

    def test_out_as_it_went_in_and_in_again(self):
        for i, literal in enumerate(SACRED):
            with self.subTest(literal[:60]):
                self.round_trip(1000 + 10 * i, literal)

    def round_trip(self, security, literal):
        want = parse(literal)
        line = '{"security_id":%d,"attribute":"k","value":%s,' \
               '"effective_date":"2024-01-01"}'
        kinds = [("[%s]" % line, "application/json"), (line + "\n", NDJSON)]
        for i, (body, kind) in enumerate(kinds):
            answer = self.client.post(
                "/v1/facts", body % (security + i, literal), kind)
            self.assertEqual(answer.status, 201, repr(answer))
            field = self.check(security + i, want, kind)
        body = HEAD + "%d,k,%s,2024-01-01\r\n" % (security + 2, field)
        answer = self.client.post("/v1/facts", body, CSV)
        self.assertEqual(answer.status, 201, (body, answer))
        self.assertEqual(self.check(security + 2, want, "csv"), field)
        row = self.client.get("/v1/securities/%d?format=ndjson" % security)
        again = row.body.decode().split('"k":', 1)[1].rstrip("\n")[:-1]
        answer = self.client.post(
            "/v1/facts", line % (security + 3, again), NDJSON)
        self.assertEqual(answer.status, 201, (again, answer))
        self.check(security + 3, want, "ndjson")

    def test_csv_out_byte_for_byte(self):
        values = [Num("549000.10"), "1", "true", "", None, True, "a,b", 'a"b',
                  "a\r\nb", "é", "plain text", "1e5", "007", "null"]
        written = ["549000.10", '"1"', '"true"', '""', "", "true", '"a,b"',
                   '"a""b"', '"a\r\nb"', "é", "plain text", '"1e5"', "007",
                   "null"]
        names = ["c%02d" % i for i in range(len(values) - 1)] + ['q,"n']
        self.stored([fact(700, name, value, D1)
                     for name, value in zip(names, values)])
        want = ",".join(["security_id,effective_start_date,"
                         "effective_end_date"] + names[:-1]
                        + [csv_quote(names[-1])]) + "\r\n"
        want += ",".join(["700", D1, ""] + written) + "\r\n"
        for path in ("/v1/securities/700", "/v1/securities/700/history"):
            answer = self.client.get(path + "?format=csv")
            self.assertEqual(answer.body.decode(), want, path)
            self.assertEqual(answer.header("Content-Type"),
                             "text/csv; charset=utf-8")
            self.assertEqual(len(csv_fields(answer.body)), 2)

    def test_names_come_out_as_they_went_in(self):
        names = ['"', "\\", "a b", "é", "e\u0301", "\u0080", "😀", "{}", "9",
                 "10", "a,b", "a/b", "A", "_"]
        self.stored([fact(800, n, n, D1) for n in names])
        for how in ("json", "ndjson", "csv"):
            columns, rows = read_table(self.client.get(
                "/v1/securities/800/history?format=" + how))
            self.assertEqual(columns[3:], sorted(
                names, key=lambda n: n.encode()), how)
            self.assertEqual(rows[0][3:], columns[3:], how)


class LargeBatches(ServerCase):
    """Batches of several megabytes are one transaction each."""

    def test_they_are_whole_before_and_after_a_restart(self):
        count, wide, long = 60000, 200, "é" * 32768
        many = [fact(i % 20000, "k%d" % (i // 20000), Num(i), D1)
                for i in range(count)]
        values = [fact(50000, "v%03d" % i, long[i + 3:] + str(i), D1)
                  for i in range(wide)]
        for tx, (facts, how) in enumerate((
                (many, "json"), (many[::-1], "ndjson"), (many, "csv"),
                (values, "json"), (values, "csv")), 1):
            answer = self.stored(facts, how)
            self.assertEqual(answer.json()["tx"], Num(tx), how)
            self.assertEqual(answer.json()["facts"], Num(len(facts)), how)
        for when in ("as posted", "restarted"):
            self.check_rows(values, when)
            self.server.restart()

    def check_rows(self, values, when):
        for tx in (1, 2, 3):
            columns, rows = read_table(self.client.get(
                "/v1/master?format=csv&known_tx=%d" % tx))
            self.assertEqual(columns[3:], ["k0", "k1", "k2"], when)
            want = [[Num(i), D1, None, Num(i), Num(20000 + i),
                     Num(40000 + i)] for i in range(20000)]
            self.assertEqual(rows, want, (when, tx))
        row = self.client.get("/v1/securities/50000").json()
        for one in values:
            self.assertEqual(row[one["attribute"]], one["value"], when)


if __name__ == "__main__":
    unittest.main()
