"""POST /v1/facts: what is refused, with which status, where it points, and
that nothing of it is stored."""

import unittest

from harness import CSV, JSON, NDJSON, ServerCase, Num, dump, fact, parse

GOOD = '{"security_id":7,"attribute":"k","value":1,' \
       '"effective_date":"2024-01-01"}'
HEAD = "security_id,attribute,value,effective_date\n"
REST = '"attribute":"k","value":1,"effective_date":"2024-01-01"}'


def one(member, literal):
    """A good fact with one member replaced by the literal."""
    members = parse(GOOD)
    pairs = ["%s:%s" % (dump(k), literal if k == member else dump(v))
             for k, v in members.items()]
    if member not in members:
        pairs.append("%s:%s" % (dump(member), literal))
    return "{%s}" % ",".join(pairs)


def without(member):
    members = parse(GOOD)
    del members[member]
    return dump(members)


def text(char, count):
    return dump(char * count)


NUL_VALUE = r'"a\u0000b"'
RETRACT = '{"security_id":7,"attribute":"nobody","op":"retract",' \
          '"effective_date":"2024-01-01"%s}'

# What a single fact may hold: (member, literal, status). 201 beside 422.
MEMBERS = [
    ("security_id", "0", 201), ("security_id", "9223372036854775807", 201),
    ("security_id", "-1", 422), ("security_id", "1.5", 422),
    ("security_id", "1e3", 422), ("security_id", "9223372036854775808", 422),
    ("security_id", "1.0", 422), ("security_id", "-0", 422),
    ("security_id", "18446744073709551617", 422),
    ("security_id", '"1"', 422), ("security_id", "null", 422),
    ("security_id", "true", 422), ("security_id", "[1]", 422),
    ("security_id", "01", 400),
    ("attribute", text("a", 128), 201), ("attribute", text("a", 129), 422),
    ("attribute", text("é", 64), 201), ("attribute", text("é", 65), 422),
    ("attribute", '""', 422), ("attribute", "1", 422),
    ("attribute", "null", 422),
    ("attribute", r'"a\u001fb"', 422), ("attribute", r'"a\u007fb"', 422),
    ("attribute", r'"a\u0080b"', 201), ("attribute", r'"a\u0000"', 422),
    ("attribute", r'"a\nb"', 422), ("attribute", '"a b"', 201),
    ("attribute", '"security_id"', 422),
    ("attribute", '"effective_start_date"', 422),
    ("attribute", '"effective_end_date"', 422),
    ("attribute", '"quantity"', 422), ("attribute", '"date"', 422),
    ("attribute", '"portfolio"', 422), ("attribute", '"source"', 422),
    ("attribute", r'"\u0073ource"', 422),
    ("attribute", '"Source"', 201), ("attribute", '"effective_date"', 201),
    ("value", text("v", 65536), 201), ("value", text("v", 65537), 422),
    ("value", text("é", 32768), 201), ("value", text("é", 32769), 422),
    ("value", '"' + r"\u00e9" * 32768 + '"', 201),
    ("value", "1" * 65536, 201), ("value", "1" * 65537, 422),
    ("value", NUL_VALUE, 422), ("value", r'"\u0001"', 201),
    ("value", "{}", 422), ("value", "[]", 422), ("value", '{"a":1}', 422),
    ("value", "1e999", 201), ("value", "-0", 201), ("value", "-0.0e-0", 201),
    ("value", "+1", 400), ("value", ".5", 400), ("value", "1.", 400),
    ("value", "007", 400), ("value", "0x1", 400), ("value", "NaN", 400),
    ("value", "Infinity", 400), ("value", "nul", 400), ("value", "True", 400),
    ("value", "'a'", 400), ("value", '"\t"', 400), ("value", r'"\x"', 400),
    ("value", r'"\ud800"', 400), ("value", r'"\udc00\ud800"', 400),
    ("value", r'"\ud83d\u0041"', 400), ("value", r'"\ud83d\ude00"', 201),
    ("value", r'"\u12g4"', 400), ("value", "", 400),
    ("effective_date", '"0001-01-01"', 201),
    ("effective_date", '"9999-12-31"', 201),
    ("effective_date", '"2024-02-29"', 201),
    ("effective_date", '"2000-02-29"', 201),
    ("effective_date", '"2023-02-29"', 422),
    ("effective_date", '"1900-02-29"', 422),
    ("effective_date", '"24-01-01"', 422),
    ("effective_date", '"2024-1-1"', 422),
    ("effective_date", '"2024-01-1"', 422),
    ("effective_date", '"2024-13-01"', 422),
    ("effective_date", '"2024-00-01"', 422),
    ("effective_date", '"2024-04-31"', 422),
    ("effective_date", '"2024-01-00"', 422),
    ("effective_date", '"0000-01-01"', 422),
    ("effective_date", '"10000-01-01"', 422),
    ("effective_date", '"-001-01-01"', 422),
    ("effective_date", '" 2024-01-01"', 422),
    ("effective_date", '"2024-01-01 "', 422),
    ("effective_date", '"2024/01/01"', 422),
    ("effective_date", '"20240101"', 422),
    ("effective_date", '"2024-01-01T00:00:00Z"', 422),
    ("effective_date", r'"2024-01-01\u0000"', 422),
    ("effective_date", '""', 422), ("effective_date", "20240101", 422),
    ("effective_date", "null", 422),
    ("source", '"s"', 201), ("source", text("s", 64), 201),
    ("source", text("s", 65), 422), ("source", '""', 422),
    ("source", text("é", 33), 422), ("source", r'"a\tb"', 422),
    ("source", "1", 422), ("source", "null", 422),
    ("op", '"assert"', 201), ("op", '"Retract"', 422), ("op", '""', 422),
    ("op", '"delete"', 422), ("op", "null", 422), ("op", "1", 422),
    ("colour", '"red"', 422), ("Value", "1", 422), ("tx", "1", 422),
]

# Whole JSON bodies: (label, body, status, pointer).
BODIES = [
    ("nothing", "", 400, None),
    ("spaces", "  \n", 400, None),
    ("an empty batch", '{"facts":[]}', 422, None),
    ("an empty array", "[]", 422, None),
    ("no facts", "{}", 422, "/facts"),
    ("no facts but a source", '{"source":"s"}', 422, "/facts"),
    ("facts is null", '{"facts":null}', 422, "/facts"),
    ("facts is an object", '{"facts":{}}', 422, "/facts"),
    ("a string on top", '"facts"', 422, None),
    ("a number on top", "1", 422, None),
    ("null on top", "null", 422, None),
    ("an unknown member on top", '{"facts":[%s],"foo":1}' % GOOD, 422,
     "/foo"),
    ("its name escaped", '{"facts":[%s],"a/b~c":1}' % GOOD, 422, "/a~1b~0c"),
    ("a source of the wrong type", '{"source":1,"facts":[%s]}' % GOOD, 422,
     "/source"),
    ("an empty source behind", '{"facts":[%s],"source":""}' % GOOD, 422,
     "/source"),
    ("a fact that is a number", '{"facts":[%s,1]}' % GOOD, 422, "/facts/1"),
    ("a fact that is null", "[null]", 422, "/0"),
    ("a fact that is an array", '{"facts":[[%s]]}' % GOOD, 422, "/facts/0"),
    ("the fourth date", '{"facts":[%s,%s,%s,%s]}' % (
        GOOD, GOOD, GOOD, one("effective_date", '"2023-02-29"')), 422,
     "/facts/3/effective_date"),
    ("the second of an array", "[%s,%s]" % (GOOD, one("op", "1")), 422,
     "/1/op"),
    ("no security", '{"facts":[%s]}' % without("security_id"), 422,
     "/facts/0/security_id"),
    ("no attribute", "[%s]" % without("attribute"), 422, "/0/attribute"),
    ("no value", "[%s]" % without("value"), 422, "/0/value"),
    ("no date", "[%s]" % without("effective_date"), 422,
     "/0/effective_date"),
    ("an empty fact", "[{}]", 422, None),
    ("an unknown member", "[%s]" % one("a/b~c", "{}"), 422, "/0/a~1b~0c"),
    ("a reserved name", "[%s]" % one("attribute", '"date"'), 422,
     "/0/attribute"),
    ("trailing bytes", "[%s] x" % GOOD, 400, None),
    ("two documents", "[%s][%s]" % (GOOD, GOOD), 400, None),
    ("a trailing comma", "[%s,]" % GOOD, 400, None),
    ("a comma too few", "[%s %s]" % (GOOD, GOOD), 400, None),
    ("a body cut", "[%s" % GOOD[:30], 400, None),
    ("a comment", "[/* */%s]" % GOOD, 400, None),
    ("a byte order mark", "\ufeff[%s]" % GOOD, 400, None),
    ("a member twice", "[%s]" % one("extra", "1").replace(
        '"extra"', '"value"'), 400, None),
    ("a member twice, escaped", "[%s]" % one("extra", "1").replace(
        '"extra"', r'"\u0076alue"'), 400, None),
    ("facts twice", '{"facts":[%s],"facts":[%s]}' % (GOOD, GOOD), 400, None),
    ("source twice", '{"source":"a","facts":[%s],"source":"a"}' % GOOD, 400,
     None),
    ("an unknown member twice", '{"facts":[%s],"z":1,"z":1}' % GOOD, 400,
     None),
    ("an id that is a string", "[%s]" % one("security_id", '"x:a"'),
     422, "/0/security_id"),
    ("deep nesting", '{"facts":%s1%s}' % ("[" * 5000, "]" * 5000), None,
     None),
    ("a retraction of nothing", "[%s]" % RETRACT % "", 422, "/0"),
    ("a retraction with a value", "[%s]" % RETRACT % ',"value":1', 422,
     "/0/value"),
]

BYTES = [
    (b"\xff", 400), (b"\xc0\x80", 400), (b"\xed\xa0\x80", 400),
    (b"\xf4\x90\x80\x80", 400), (b"\xe2\x82", 400), (b"\x80", 400),
    (b"\xf0\x9f\x98\x80", 201), (b"\xc3\xa9", 201),
]

# NDJSON: (label, body, status, line).
LINES = [
    ("nothing", "", 422, None), ("blank lines alone", "\n\n \n", 422, None),
    ("a bad date on line 2", "%s\n%s\n" % (
        GOOD, one("effective_date", '"2024-1-1"')), 422, 2),
    ("blank lines count", "\n\n%s\n\n%s\n" % (GOOD, one("op", '"x"')), 422,
     5),
    ("a line that is no object", "%s\n1\n" % GOOD, 422, 2),
    ("an array as a line", "[%s]\n" % GOOD, 422, 1),
    ("a whole batch as a line", '{"facts":[%s]}\n' % GOOD, 422, 1),
    ("two on a line", "%s\n%s%s\n" % (GOOD, GOOD, GOOD), 400, 2),
    ("a fact over two lines", GOOD.replace(",", ",\n", 1) + "\n", 400, 1),
    ("a cut line", GOOD + "\n" + GOOD[:20], 400, 2),
    ("a byte order mark", "\ufeff" + GOOD + "\n", 400, 1),
    ("a member twice", one("extra", "1").replace('"extra"', '"value"'), 400,
     1),
    ("a member unknown", "%s\n%s" % (GOOD, one("extra", "1")), 422, 2),
    ("a value missing", "%s\n\n%s" % (GOOD, without("value")), 422, 3),
    ("a retraction of nothing", "%s\n%s\n" % (GOOD, RETRACT % ""), 422, 2),
]

# CSV: (label, body, status, line).
CSV_BODIES = [
    ("a header alone", HEAD, 422, None),
    ("a column unknown", "security_id,attribute,value,effective_date,x\n"
     "1,k,1,2024-01-01,1\n", 422, 1),
    ("a column missing", "security_id,attribute,value\n1,k,1\n", 422, 1),
    ("its name in capitals", HEAD.upper() + "1,k,1,2024-01-01\n", 422, 1),
    ("a space in the header", HEAD.replace(",value", ", value")
     + "1,k,1,2024-01-01\n", 422, 1),
    ("ragged, short", HEAD + "1,k,1,2024-01-01\n1,k,1\n", 422, 3),
    ("ragged, long", HEAD + "1,k,1,2024-01-01,\n", 422, 2),
    ("a bad date", HEAD + "1,k,1,2024-01-01\n1,k,1,2023-02-29\n", 422, 3),
    ("a date behind a field of three lines",
     HEAD + '1,k,"a\nb\nc",2024-01-01\n1,k,1,24-01-01\n', 422, 5),
    ("in that record itself",
     HEAD + '1,k,1,2024-01-01\n1,k,"a\nb\nc",24-01-01\n', 422, 3),
    ("an id of -1", HEAD + "-1,k,1,2024-01-01\n", 422, 2),
    ("an id of 1.5", HEAD + "1.5,k,1,2024-01-01\n", 422, 2),
    ("an id of 1e3", HEAD + "1e3,k,1,2024-01-01\n", 422, 2),
    ("an id of 2^63", HEAD + "9223372036854775808,k,1,2024-01-01\n", 422, 2),
    ("an id with a space", HEAD + " 1,k,1,2024-01-01\n", 422, 2),
    ("an empty id", HEAD + ",k,1,2024-01-01\n", 422, 2),
    ("a date with a space", HEAD + "1,k,1, 2024-01-01\n", 422, 2),
    ("a reserved name", HEAD + "1,quantity,1,2024-01-01\n", 422, 2),
    ("an empty attribute", HEAD + "1,,1,2024-01-01\n", 422, 2),
    ("an unknown op", HEAD.strip() + ",op\n1,k,1,2024-01-01,drop\n", 422, 2),
    ("a retraction of nothing", HEAD.strip()
     + ",op\n1,nobody,,2024-01-01,retract\n", 422, 2),
    ("a retraction with a value", HEAD.strip()
     + ",op\n1,k,1,2024-01-01,retract\n", 422, 2),
    ("a quote in the middle", HEAD + '1,k,a"b,2024-01-01\n', 400, 2),
    ("text behind a quote", HEAD + '1,k,"a"b,2024-01-01\n', 400, 2),
    ("a quote left open", HEAD + '1,k,"a,2024-01-01\n', 400, 2),
    ("CR alone", HEAD + "1,k,1,2024-01-01\r1,k,2,2024-01-02\n", 400, 2),
    ("U+0000", HEAD + '1,k,a\0b,2024-01-01\n', 422, 2),
    ("a value too long", HEAD + "1,k,%s,2024-01-01\n" % ("v" * 65537), 422,
     2),
]


class Refusals(ServerCase):
    def setUp(self):
        self.before = self.stored([fact(1, "keep", Num(1), "2024-01-01")]).tx
        self.master = self.client.get("/v1/master?format=csv").body

    def tearDown(self):
        """Nothing refused leaves a trace."""
        answer = self.client.get("/v1/master?format=csv")
        self.assertEqual(answer.tx, self.before)
        self.assertEqual(answer.body, self.master)

    def pointer(self, doc, want, row):
        got = [e.get("pointer") for e in doc.get("errors", [])]
        if row.startswith("a retraction of"):
            got = [g[:len(want)] for g in got if g]
        self.assertIn(want, got, "%s: %r" % (row, doc))

    def line(self, doc, want, row):
        """422 lists the line; a syntax error's detail names it."""
        lines = [e.get("line") for e in doc.get("errors", [])]
        details = [doc["detail"]] + [e["detail"]
                                     for e in doc.get("errors", [])]
        if doc["status"] == Num(422):
            self.assertIn(Num(want), lines, "%s: %r" % (row, doc))
            return
        self.assertTrue(any(
            ("line %d" % want) in detail for detail in details)
            or Num(want) in lines, "%s: line %d? %r" % (row, want, doc))

    def test_json_bodies(self):
        for row, body, status, pointer in BODIES:
            with self.subTest(row):
                answer = self.client.post("/v1/facts", body)
                doc = self.refused(status or answer.status, answer, row)
                self.assertIn(answer.status, (400, 422), row)
                self.assertEqual(answer.tx, self.before, row)
                if pointer:
                    self.pointer(doc, pointer, row)

    def test_a_syntax_error_names_line_and_byte_and_has_no_pointer(self):
        bodies = [('{"facts":[\n%s,\n%s x]}' % (GOOD, GOOD), 3),
                  ("[%s,]" % GOOD, 1), ("[%s] x" % GOOD, 1),
                  ("\n\n[%s}" % GOOD, 3)]
        for body, line in bodies:
            answer = self.client.post("/v1/facts", body)
            doc = self.refused(400, answer, body)
            details = "; ".join([doc["detail"]] + [
                e["detail"] for e in doc.get("errors", [])])
            self.assertRegex(details, r"line %d\b" % line)
            self.assertRegex(details, r"byte \d+")
            for error in doc.get("errors", []):
                self.assertNotIn("pointer", error)

    def test_ndjson_bodies(self):
        for row, body, status, line in LINES:
            with self.subTest(row):
                answer = self.client.post("/v1/facts", body, NDJSON)
                doc = self.refused(status, answer, row)
                if line:
                    self.line(doc, line, row)

    def test_csv_bodies(self):
        for row, body, status, line in CSV_BODIES:
            with self.subTest(row):
                answer = self.client.post("/v1/facts", body, CSV)
                doc = self.refused(status, answer, row)
                if line:
                    self.line(doc, line, row)

    def test_one_bad_fact_refuses_the_batch_wherever_it_stands(self):
        bad = one("effective_date", '"2023-02-29"')
        for count, at in ((2, 0), (2, 1), (3000, 0), (3000, 1500),
                          (3000, 2999)):
            row = "fact %d of %d" % (at, count)
            facts = [GOOD] * count
            facts[at] = bad
            answer = self.client.post("/v1/facts", "[%s]" % ",".join(facts))
            doc = self.refused(422, answer, row)
            self.pointer(doc, "/%d/effective_date" % at, row)
            self.assertEqual(doc["error_count"], Num(1), row)
            answer = self.client.post("/v1/facts", "\n".join(facts), NDJSON)
            self.line(self.refused(422, answer, row), at + 1, row)

    def test_at_most_100_errors_are_listed_and_all_are_counted(self):
        bad = one("effective_date", '"2023-02-29"')
        for count in (1, 99, 100, 101, 250):
            for kind, body in ((JSON, "[%s]" % ",".join([bad] * count)),
                               (NDJSON, "\n".join([bad] * count))):
                row = "%d in %s" % (count, kind)
                doc = self.refused(
                    422, self.client.post("/v1/facts", body, kind), row)
                self.assertEqual(doc["error_count"], Num(count), row)
                self.assertEqual(len(doc["errors"]), min(count, 100), row)

    def test_a_good_batch_with_a_syntax_error_behind_it_is_not_stored(self):
        body = "[%s" % ",".join([GOOD] * 5000)
        self.refused(400, self.client.post("/v1/facts", body), "no end")
        body = "\n".join([GOOD] * 5000) + "\n{"
        self.refused(400, self.client.post("/v1/facts", body, NDJSON), "cut")

    def test_media_types(self):
        good = '{"facts":[%s]}' % GOOD
        for kind in ("application/x-www-form-urlencoded", "text/plain",
                     "application/xml", "application/jsonp", "nonsense",
                     "text/html; a=application/json"):
            with self.subTest(kind):
                answer = self.client.post("/v1/facts", good, kind)
                doc = self.refused(415, answer, kind)
                if "form" in kind:
                    self.assertIn("Content-Type", doc["detail"])
                    self.assertIn("application/json", doc["detail"])
        for coding in ("br", "deflate", "nonsense"):
            answer = self.client.post("/v1/facts", good, JSON,
                                      {"Content-Encoding": coding})
            self.refused(415, answer, coding)


class Members(ServerCase):
    def test_each_member_by_its_literal(self):
        newest = self.client.newest()
        for member, literal, status in MEMBERS:
            row = "%s: %s" % (member, literal[:40])
            with self.subTest(row):
                body = '{"facts":[%s]}' % one(member, literal)
                answer = self.client.post("/v1/facts", body)
                newest += answer.status == 201
                self.assertEqual(answer.status, status, (row, answer))
                if status == 422:
                    got = [e.get("pointer") for e in answer.json()["errors"]]
                    self.assertEqual(got, ["/facts/0/" + member], row)
                self.assertEqual(answer.tx, newest, row)

    def test_bytes_that_are_not_utf8(self):
        for raw, status in BYTES:
            for kind, body in (
                    (JSON, b"[" + one("value", '"@"').encode() + b"]"),
                    (NDJSON, one("value", '"@"').encode()),
                    (CSV, (HEAD + "1,k,@,2024-01-01\n").encode())):
                with self.subTest(raw=raw, kind=kind):
                    before = self.client.newest()
                    answer = self.client.post(
                        "/v1/facts", body.replace(b"@", raw), kind)
                    self.assertEqual(answer.status, status, repr(answer))
                    self.assertEqual(answer.tx, before + (status == 201))

    def test_control_characters_in_sources_are_refused_in_csv_too(self):
        head = HEAD.strip() + ",source\n"
        for source, status in (("a\x7fb", 422), ('"a\nb"', 422), ("ab", 201)):
            answer = self.client.post(
                "/v1/facts", head + "1,k,1,2024-01-01,%s\n" % source, CSV)
            self.assertEqual(answer.status, status, (source, answer))


class BodyLimit(ServerCase):
    """--max-body 65536."""
    ARGS = ("--max-body", "65536")

    def padded(self, size):
        body = "[%s]" % GOOD
        return (body + " " * (size - len(body))).encode()

    def test_exactly_the_limit_is_taken_and_one_more_is_413(self):
        for size, status in ((65536, 201), (65537, 413), (1 << 20, 413)):
            answer = self.client.post("/v1/facts", self.padded(size))
            self.assertEqual(answer.status, status, (size, answer))
            self.client.close()

    def chunked(self, size):
        body, step = self.padded(size), 8192
        chunks = [body[i:i + step] for i in range(0, size, step)]
        return b"".join(b"%x\r\n%s\r\n" % (len(c), c) for c in chunks) \
            + b"0\r\n\r\n"

    def ask_raw(self, request):
        with self.server.raw(10) as sock:
            try:
                sock.sendall(request)
            except OSError:
                pass  # the refusal may come before all is sent
            got = b""
            while b"\r\n\r\n" not in got:
                piece = sock.recv(65536)
                if not piece:
                    break
                got += piece
            return got

    def test_the_limit_holds_while_streaming(self):
        head = b"POST /v1/facts HTTP/1.1\r\nHost: x\r\nContent-Type: " \
               b"application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        before = self.client.newest()
        for size, status in ((65536, b"201"), (65537, b"413")):
            got = self.ask_raw(head + self.chunked(size))
            self.assertEqual(got[:13], b"HTTP/1.1 " + status + b" ", size)
        self.assertEqual(self.client.newest(), before + 1)

    def test_refused_as_early_as_the_length_is_known(self):
        for expect in (b"", b"Expect: 100-continue\r\n"):
            got = self.ask_raw(
                b"POST /v1/facts HTTP/1.1\r\nHost: x\r\nContent-Type: "
                b"application/json\r\nContent-Length: 65537\r\n%s\r\n"
                % expect)
            self.assertEqual(got[:13], b"HTTP/1.1 413 ", got)
            self.assertIn(b"application/problem+json", got)


if __name__ == "__main__":
    unittest.main()
