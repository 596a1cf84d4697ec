"""Each text of the table as a fact's value, as a line's, as a whole body: what
is no JSON is refused with its place, what a fact may hold comes back exact."""

import random
import re
import unittest

import rfc8259_table as table
from harness import JSON, NDJSON, Num, ServerCase, parse, read_table

DAY = "2024-01-01"
FACT = b'{"security_id":%d,"attribute":"k","value":%s,"effective_date":"' \
    + DAY.encode() + b'"}'
PLACE = re.compile(r"^line (\d+), byte (\d+): .")
SECURITIES = 1000  # where those begin that this test stores
SAMPLE = 7  # each so many goes byte by byte, where it is short
SHORT = 300

FACTS, POSITIONS = "/v1/facts", "/v1/positions/join"
# (name, path, type, levels around the text, body around it)
PLACES = [
    ("value", FACTS, JSON, 3,
     lambda text, i: b'{"facts":[%s]}' % (FACT % (i, text))),
    ("last member", FACTS, JSON, 2,
     lambda text, i: b'[{"attribute":"k","effective_date":"%s","security_id":'
     b'%d,"value":%s}]' % (DAY.encode(), i, text)),
    ("line", FACTS, NDJSON, 1,
     lambda text, i: b"%s\n%s\n%s\n" % (FACT % (1, b'"before"'),
                                        FACT % (i, text),
                                        FACT % (2, b'"behind"'))),
    ("facts", FACTS, JSON, 0, lambda text, i: text),
    ("positions", POSITIONS, JSON, 0, lambda text, i: text),
]
VALUES = PLACES[:3]


def encoded(text):
    return text if isinstance(text, bytes) else text.encode()


def refused_rows():
    for group, texts in table.REFUSED.items():
        for text in texts:
            yield group, encoded(text)


def shown(place, text):
    return "%s: %r" % (place, text if len(text) < 80
                       else text[:40] + b"..." + text[-20:])


def said(answer):
    """What an answer says, without what differs from one to the next."""
    doc = answer.json()
    return answer.status, doc["detail"], doc.get("errors")


class TextCase(ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.next_id = SECURITIES

    def setUp(self):
        body = b"[%s]" % (FACT % (1, b'"before"'))
        self.newest = self.client.post(FACTS, body).tx

    def tearDown(self):
        """One transaction for each that was taken, and no other."""
        self.assertEqual(self.client.newest(), self.newest)

    def send(self, place, text):
        _, path, kind, _, around = place
        return self.client.post(path, around(text, self.next_id), kind)

    def not_stored(self, answer, row):
        """One that was stored is told once, not in each row behind it."""
        before, self.newest = self.newest, answer.tx
        self.assertEqual(answer.tx, before, "%s: %r" % (row, answer))

    def no_json(self, place, text, answer):
        """400, line and byte, no pointer."""
        row = shown(place[0], text)
        self.not_stored(answer, row)
        doc = self.refused(400, answer, row)
        found = PLACE.match(doc["detail"])
        self.assertTrue(found, "%s: %r" % (row, doc))
        body = place[4](text, self.next_id)
        line, byte = map(int, found.groups())
        first = 2 if place[2] == NDJSON else 1
        last = first + text.count(b"\n")
        self.assertTrue(first <= line <= last, "%s: %r" % (row, doc))
        start = body.find(text) if place in VALUES else 0
        self.assertTrue(start <= byte <= len(body) + 1, "%s: %r" % (row, doc))
        self.assertNotIn("errors", doc, row)

    def invalid(self, place, text, answer):
        """422, and which one."""
        row = shown(place[0], text)
        self.not_stored(answer, row)
        doc = self.refused(422, answer, row)
        errors = doc["errors"]
        self.assertGreaterEqual(len(errors), 1, row)
        if place not in VALUES:
            return
        want = {"value": {"pointer": "/facts/0/value"},
                "last member": {"pointer": "/0/value"},
                "line": {"line": Num(2)}}[place[0]]
        self.assertEqual(len(errors), 1, "%s: %r" % (row, doc))
        for name, where in want.items():
            self.assertEqual(errors[0].get(name), where, "%s: %r" % (row, doc))

    def taken(self, place, text, answer):
        row = shown(place[0], text)
        self.assertEqual(answer.status, 201, "%s: %r" % (row, answer))
        self.newest += 1
        self.assertEqual(answer.tx, self.newest, row)
        path = "/v1/securities/%d?as_of=%s&format=" % (self.next_id, DAY)
        want = parse(text)
        answer = self.client.get(path + "json")
        self.same(answer.json()["k"], want, row)
        self.check_number(answer.body, want, row)
        for how in ("ndjson", "csv"):
            answer = self.client.get(path + how)
            columns, rows = read_table(answer)
            self.same(rows[0][columns.index("k")], want, row + how)
            self.check_number(answer.body, want, row + how)
        type(self).next_id += 1

    def check_number(self, body, want, row):
        """Digit for digit, whatever a reader makes of it."""
        if isinstance(want, Num):
            self.assertRegex(body, rb"[:,]%s[}\r]" % re.escape(want.encode()),
                             row)


class Texts(TextCase):
    def test_what_is_no_json_is_refused_everywhere(self):
        for place in PLACES:
            for group, text in refused_rows():
                with self.subTest(shown("%s, %s" % (place[0], group), text)):
                    self.no_json(place, text, self.send(place, text))

    def test_what_no_fact_may_hold_is_invalid_everywhere(self):
        for place in PLACES:
            for text in map(encoded, table.INVALID + table.NESTED):
                with self.subTest(shown(place[0], text)):
                    answer = self.send(place, text)
                    if place[0] == "positions" and parse(text) == []:
                        self.assertEqual(answer.status, 200, repr(answer))
                        continue
                    self.invalid(place, text, answer)

    def test_depth_is_bounded_wherever_a_text_stands(self):
        for place in PLACES:
            for depth in (2, 8, table.DEPTH_MAX - place[3],
                          table.DEPTH_MAX - place[3] + 1, 100, 100000):
                for text in map(encoded, table.deep(depth)):
                    with self.subTest(shown(place[0], text), depth=depth):
                        check = self.invalid
                        if depth + place[3] > table.DEPTH_MAX:
                            check = self.no_json
                        check(place, text, self.send(place, text))

    def test_a_scalar_is_no_body(self):
        for place in PLACES[3:]:
            for text in map(encoded, table.SCALARS):
                with self.subTest(shown(place[0], text)):
                    self.invalid(place, text, self.send(place, text))

    def test_bodies_of_the_wrong_type(self):
        for body, *statuses in table.BODIES:
            for place, status in zip(PLACES[3:], statuses):
                text = encoded(body)
                with self.subTest(shown(place[0], text)):
                    answer = self.send(place, text)
                    if status == 422:
                        self.invalid(place, text, answer)
                    self.assertEqual(answer.status, status, repr(answer))


class Scalars(TextCase):
    def test_what_a_fact_may_hold_comes_back_exact(self):
        for place in VALUES:
            for text in map(encoded, table.SCALARS):
                with self.subTest(shown(place[0], text)):
                    answer = self.send(place, text)
                    if place[2] == NDJSON and b"\n" in text:
                        self.no_json(place, text, answer)
                    else:
                        self.taken(place, text, answer)
        self.check_all_formats_and_a_restart()

    def check_all_formats_and_a_restart(self):
        """The whole table, and again off the disk."""
        paths = ["/v1/master?format=" + how for how in ("csv", "ndjson")]
        before = [self.client.get(path) for path in paths]
        self.server.restart()
        for path, old in zip(paths, before):
            again = self.client.get(path)
            self.assertEqual(again.body, old.body, path)
            self.same(read_table(again)[1], read_table(before[0])[1], path)


class Pieces(TextCase):
    """A body may come in chunks cut anywhere: the answer is the same."""

    def setUp(self):
        super().setUp()
        self.random = random.Random(8259)

    def cut(self, body, by_byte):
        if by_byte:
            return [body[i:i + 1] for i in range(len(body))]
        at = sorted({0, len(body), *(self.random.randrange(len(body) + 1)
                                     for _ in range(3))})
        return [body[i:j] for i, j in zip(at, at[1:])]

    def send_cut(self, place, text, by_byte):
        _, path, kind, _, around = place
        pieces = self.cut(around(text, self.next_id), by_byte)
        return self.client.request("POST", path, iter(pieces),
                                   {"Content-Type": kind})

    def both(self, place, text, i):
        """The answers to it in one piece and in many."""
        by_byte = i % SAMPLE == 0 and len(text) < SHORT
        whole = self.send(place, text)
        return whole, self.send_cut(place, text, by_byte)

    def test_refusals_are_the_same_however_a_text_is_cut(self):
        texts = [text for _, text in refused_rows()]
        texts += map(encoded, table.INVALID + table.NESTED)
        for place in (PLACES[0], PLACES[2], PLACES[3]):
            for i, text in enumerate(texts):
                with self.subTest(shown(place[0], text)):
                    whole, pieces = self.both(place, text, i)
                    self.not_stored(pieces, shown(place[0], text))
                    self.assertEqual(said(pieces), said(whole))

    def test_scalars_are_the_same_however_they_are_cut(self):
        for i, text in enumerate(map(encoded, table.SCALARS)):
            place = PLACES[i % 2]
            with self.subTest(shown(place[0], text)):
                by_byte = i % SAMPLE == 0 and len(text) < SHORT
                self.taken(place, text, self.send_cut(place, text, by_byte))


if __name__ == "__main__":
    unittest.main()
