"""POST /v1/positions/join: boundaries, columns, counts, what is refused."""

import unittest

from harness import (CSV, JSON, NDJSON, Num, ServerCase, dump, fact,
                     read_table, retract)

D1, D2, D3 = "2024-01-10", "2024-01-20", "2024-02-01"
COLUMNS = ["security_id", "quantity", "date", "ticker", "j", "k"]
GOOD = '{"security_id":1,"quantity":1,"date":"2024-01-15"}'


def position(security_id, quantity, date):
    return {"security_id": Num(security_id), "quantity": Num(quantity),
            "date": date}


class Join(ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for batch in ([fact(1, "k", Num("1.50"), D1),
                       fact(1, "k", "two", D2), fact(2, "j", True, D1)],
                      [fact(3, "ticker", "LATE", D3)],
                      [retract(1, "k", D2)]):
            assert cls.server.client.post_facts(batch).status == 201

    def join(self, positions, query="", kind=JSON):
        if kind == JSON:
            body = dump({"positions": positions})
        else:
            body = "".join(dump(p) + "\n" for p in positions)
        return self.client.post("/v1/positions/join" + query, body, kind)

    def test_a_position_takes_the_row_of_its_date(self):
        rows = [("2024-01-09", 2, None), (D1, 2, Num("1.50")),
                ("2024-01-19", 2, Num("1.50")), (D2, 2, "two"),
                ("9999-12-31", 2, "two"), (D2, 3, Num("1.50")),
                (D1, 0, None)]
        for date, tx, want in rows:
            answer = self.join([position(1, 7, date)], "?known_tx=%d" % tx)
            self.assertEqual((answer.status, answer.tx), (200, tx), date)
            doc = answer.json()
            got = doc["rows"][0]["k"] if doc["rows"] else None
            self.same(got, want, "%s known_tx=%d" % (date, tx))
            self.assertEqual(doc["matched"], Num(int(want is not None)))
            self.assertEqual(doc["unmatched"], Num(int(want is None)))

    def test_columns_are_the_whole_masters(self):
        for positions, tx, want in (
                ([position(1, 1, D1)], 3, COLUMNS),
                ([position(99, 1, D1)], 3, COLUMNS),
                ([position(1, 1, D1)], 1, COLUMNS[:3] + ["j", "k"]),
                ([position(1, 1, D1)], 0, COLUMNS[:3])):
            for how in ("json", "csv"):
                columns, _ = read_table(self.join(
                    positions, "?known_tx=%d&format=%s" % (tx, how)))
                self.assertEqual(columns, want, (positions, tx, how))

    def test_unmatched_are_dropped_or_kept_and_always_counted(self):
        positions = [position(99, "-0.10", D1), position(1, "1e400", D1),
                     position(2, "9007199254740993", "2024-01-01")]
        for query, want in (
                ("", [1]), ("?unmatched=drop", [1]),
                ("?unmatched=keep", [0, 1, 2])):
            for how in ("json", "ndjson", "csv"):
                full = query + ("&" if query else "?") + "format=" + how
                answer = self.join(positions, full)
                self.assertEqual(answer.status, 200, (full, answer))
                _, rows = read_table(answer)
                self.same([r[:3] for r in rows],
                          [list(positions[i].values()) for i in want], full)
                for i, row in zip(want, rows):
                    cells = [None, None, Num("1.50")] if i == 1 else \
                        [None] * 3
                    self.same(row[3:], cells, full)
                if how != "json":
                    self.assertEqual(answer.header("Secmaster-Matched"), "1")
                    self.assertEqual(answer.header("Secmaster-Unmatched"),
                                     "2")
        for value in ("", "DROP", "yes", "keep&unmatched=keep"):
            self.refused(400, self.join(positions, "?unmatched=" + value),
                         value)

    def test_order_and_duplicates_are_the_callers(self):
        positions = [position(i % 3, q, D3) for i, q in
                     enumerate("5 4 4 4 1 0 -7 2.25".split())]
        doc = self.join(positions, "?unmatched=keep").json()
        self.same([r["quantity"] for r in doc["rows"]],
                  [p["quantity"] for p in positions])
        self.same([r["security_id"] for r in doc["rows"]],
                  [p["security_id"] for p in positions])

    def test_max_age(self):
        rows = [("2024-01-15", 5, 1), ("2024-01-15", 4, 0), (D1, 0, 1),
                ("2024-01-11", 0, 0), ("2025-01-10", 366, 1)]
        for date, days, matched in rows:
            answer = self.join([position(1, 1, date)], "?max_age=%d" % days)
            self.assertEqual(answer.status, 200, repr(answer))
            self.assertEqual(answer.json()["matched"], Num(matched),
                             (date, days))
        for value in ("-1", "abc", "", "1.5"):
            self.refused(400, self.join([position(1, 1, D1)],
                                        "?max_age=" + value), value)

    def test_it_stores_nothing(self):
        for _ in range(3):
            self.assertEqual(self.join([position(1, 1, D1)]).tx, 3)

    def test_csv_columns_in_any_order_and_members_too(self):
        bodies = [("date,quantity,security_id\n2024-01-15,0.50,1\n", CSV),
                  ('\ufeffquantity,"security_id",date\r\n0.50,1,2024-01-15',
                   CSV),
                  ('\n{"date":"2024-01-15","quantity":0.50,"security_id":1}',
                   NDJSON)]
        for body, kind in bodies:
            answer = self.client.post("/v1/positions/join", body, kind)
            self.assertEqual(answer.status, 200, (body, answer))
            self.same(answer.json()["rows"][0]["quantity"], Num("0.50"), body)

    def body(self, member, literal):
        parts = {"security_id": "1", "quantity": "1", "date": '"2024-01-15"'}
        parts[member] = literal
        return '{"positions":[%s,{%s}]}' % (GOOD, ",".join(
            '"%s":%s' % item for item in parts.items()))

    def test_members_that_are_refused(self):
        rows = [("security_id", "-1", 422), ("security_id", "1.5", 422),
                ("security_id", "1e3", 422), ("security_id", '"1"', 422),
                ("security_id", "9223372036854775808", 422),
                ("quantity", '"1"', 422), ("quantity", "null", 422),
                ("quantity", "true", 422), ("quantity", "[]", 422),
                ("date", '"2023-02-29"', 422), ("date", '"24-01-01"', 422),
                ("date", '"2024-1-1"', 422), ("date", "null", 422),
                ("date", '""', 422), ("colour", "1", 422),
                ("quantity", "01", 400), ("quantity", "NaN", 400)]
        for member, literal, status in rows:
            row = "%s: %s" % (member, literal)
            answer = self.client.post("/v1/positions/join",
                                      self.body(member, literal))
            doc = self.refused(status, answer, row)
            if status == 422:
                self.assertEqual([e.get("pointer") for e in doc["errors"]],
                                 ["/positions/1/" + member], row)

    def test_bodies_that_are_refused(self):
        head = "security_id,quantity,date\n"
        rows = [("", JSON, 400, None), ("{}", JSON, 422, None),
                ('{"positions":1}', JSON, 422, None),
                ('{"positions":[1]}', JSON, 422, None),
                ('{"positions":[{}]}', JSON, 422, None),
                ('{"positions":[%s],"x":1}' % GOOD, JSON, 422, None),
                ('{"positions":[%s]} x' % GOOD, JSON, 400, None),
                ('{"positions":[%s],"positions":[]}' % GOOD, JSON, 400, None),
                ('{"positions":[%s' % GOOD, JSON, 400, None),
                ('{"positions":[%s]}' % GOOD.replace(
                    '"date"', '"quantity":1,"date"'), JSON, 400, None),
                ("%s\n%s" % (GOOD, GOOD[:-1]), NDJSON, 400, 2),
                ("%s\n\n[]" % GOOD, NDJSON, 422, 3),
                (head + "1,1,2024-01-15\n1,1,2023-02-29\n", CSV, 422, 3),
                (head + "1,1\n", CSV, 422, 2),
                (head + "1,x,2024-01-15\n", CSV, 422, 2),
                (head + "1,,2024-01-15\n", CSV, 422, 2),
                (head + '1,1,"2024-01-15\n', CSV, 400, 2),
                ("security_id,quantity\n1,1\n", CSV, 422, 1),
                ("security_id,quantity,date,x\n1,1,2024-01-15,1\n", CSV, 422,
                 1)]
        for body, kind, status, line in rows:
            answer = self.client.post("/v1/positions/join", body, kind)
            doc = self.refused(status, answer, body)
            if line and status == 422:
                self.assertIn(Num(line), [e.get("line")
                                          for e in doc["errors"]], body)
        answer = self.client.post("/v1/positions/join", GOOD, "text/plain")
        self.refused(415, answer, "text/plain")

    def test_unknown_parameters(self):
        for query in ("?as_of=2024-01-01", "?x=1", "?limit=1", "?cursor=a"):
            self.refused(400, self.join([position(1, 1, D1)], query), query)


if __name__ == "__main__":
    unittest.main()
