"""Posting trades and what they hang on, and asking for them."""

from harness import JSON, NDJSON, Num, ServerCase, dump, parse
from test_golden import pages


def trade(name, date, **more):
    return {"transaction_id": name, "transaction_date": date, **more}


def bar(security_id, date, close):
    return {"security_id": Num(security_id), "date": date,
            **{n: Num(close) for n in ("open", "high", "low", "close")}}


class Case(ServerCase):
    def post(self, rows):
        answer = self.client.post("/v1/trades", dump({"trades": rows}), JSON)
        self.assertEqual(answer.status, 201, repr(answer))
        return answer.tx

    def post_bars(self, bars):
        answer = self.client.post("/v1/prices", dump({"prices": bars}), JSON)
        self.assertEqual(answer.status, 201, repr(answer))
        return answer.tx

    def list(self, path, name="trades"):
        """All rows of a list: as a page, as pages of two, as a stream."""
        and_ = "&" if "?" in path else "?"
        answer = self.client.get(path + and_ + "limit=10000")
        self.assertEqual(answer.status, 200, (path, answer))
        doc = answer.json()
        self.assertEqual(list(doc), [name, "next_cursor"], path)
        self.assertIsNone(doc["next_cursor"], path)
        lines = self.client.get(path + and_ + "format=ndjson")
        self.assertEqual(lines.header("Content-Type"), NDJSON, path)
        self.same([parse(line) for line in lines.body.splitlines()],
                  doc[name], path)
        return doc[name]

    def paged(self, path, name="trades", limit=2, how="json"):
        rows = []
        path = "%s%slimit=%d&format=%s" % (path, "&" if "?" in path else "?",
                                           limit, how)
        while path:
            answer = self.client.get(path)
            self.assertEqual(answer.status, 200, (path, answer))
            page = [parse(line) for line in answer.body.splitlines()] \
                if how == "ndjson" else answer.json()[name]
            path = answer.next_link()
            self.assertTrue(len(page) == limit or path is None, path)
            rows += page
        return rows

    def ids(self, path):
        return [row["transaction_id"] for row in self.list(path)]
