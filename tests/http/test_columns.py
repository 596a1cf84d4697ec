"""Columns of tables of which one security has what no other has."""

import unittest

from harness import CSV, NDJSON, ServerCase, dump, fact, read_table, retract

D1, D2, LATER = "2024-01-01", "2024-02-01", "9000-01-01"
SECURITIES = 6000  # more records than are read again for every answer
LAST = SECURITIES - 1
FIXED = ["security_id", "effective_start_date", "effective_end_date"]
TABLES = (
    ("/v1/securities?as_of=%s" % D2, ["ticker", "empty", "rare"]),
    ("/v1/securities?as_of=%s&where=ticker:T" % D2,
     ["ticker", "empty", "rare"]),
    ("/v1/securities?as_of=%s&asset_class=none" % D2, ["ticker", "rare"]),
    ("/v1/securities?as_of=%s" % D1, ["ticker"]),
    ("/v1/master", ["ticker", "empty", "late", "rare"]),
    ("/v1/master?to=%s" % D2, ["ticker"]),
    ("/v1/asset-classes/none", ["ticker", "rare"]),
)


class Columns(ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        client = cls.server.client
        facts = [fact(i, "ticker", "T", D1) for i in range(SECURITIES)]
        assert client.post_facts(facts, "csv").status == 201
        facts = [fact(LAST, "rare", "1", D2), fact(LAST, "empty", None, D2),
                 fact(LAST, "late", None, LATER), fact(0, "rare", "1", D2)]
        assert client.post_facts(facts).status == 201
        assert client.post_facts([retract(0, "rare", D2)]).status == 201

    def figures(self):
        """(passes, recalls) so far."""
        text = self.client.get("/metrics").body.decode()
        found = dict(line.split() for line in text.splitlines()
                     if line.startswith("secmaster_column_"))
        self.assertLessEqual(int(found["secmaster_column_tables"]), 64)
        self.assertLessEqual(int(found["secmaster_column_bytes"]), 8 << 20)
        return (int(found["secmaster_column_passes_total"]),
                int(found["secmaster_column_recalls_total"]))

    def columns(self, path, accept, want):
        answer = self.client.get(path, Accept=accept)
        self.assertEqual(answer.status, 200, path)
        columns, _ = read_table(answer)
        self.assertEqual(columns, FIXED + want, (path, accept))
        return answer

    def test_one_pass_a_table_and_transaction(self):
        self.client.post_facts([fact(0, "ticker", "T", D1)])
        for path, want in TABLES:
            passes, recalls = self.figures()
            page = self.columns(path, "application/json", want)
            self.assertEqual(self.figures(), (passes + 1, recalls), path)
            for times in range(2):
                page = self.columns(page.next_link(), "application/json", want)
            self.columns(path, NDJSON, want)
            self.columns(path, CSV, want)
            self.assertEqual(self.figures(), (passes + 1, recalls + 4), path)

    def test_another_transaction_has_columns_of_its_own(self):
        path = "/v1/securities?as_of=%s" % D2
        client = self.client
        before = self.columns(path, CSV, ["ticker", "empty", "rare"]).tx
        client.post_facts([retract(LAST, "empty", D2)])
        self.columns(path, CSV, ["ticker", "rare"])
        client.post_facts([fact(LAST, "empty", None, D2)])
        self.columns(path, CSV, ["ticker", "empty", "rare"])
        for tx, want in ((1, ["ticker"]), (before, ["ticker", "empty", "rare"]),
                         (before + 1, ["ticker", "rare"]),
                         (before + 2, ["ticker", "empty", "rare"])):
            for times in range(2):
                self.columns("%s&known_tx=%d" % (path, tx), CSV, want)

    def test_a_join_asks_for_the_columns_of_the_master(self):
        body = dump({"positions": [
            {"security_id": 1, "quantity": 1, "date": D1}]}).encode()
        passes, _ = self.figures()
        for times in range(3):
            answer = self.client.post("/v1/positions/join", body)
            self.assertEqual(answer.status, 200)
            self.assertEqual(answer.json()["columns"],
                             ["security_id", "quantity", "date", "ticker",
                              "empty", "late", "rare"])
        self.assertLessEqual(self.figures()[0], passes + 1)


if __name__ == "__main__":
    unittest.main()
