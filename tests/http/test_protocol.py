"""HTTP around the answers: formats, methods, headers, probes, openapi."""

import unittest

from harness import (JSON, NDJSON, Num, ServerCase, check_problem, dump,
                     fact, read_table)

D1 = "2024-01-01"
TABLES = ("/v1/master", "/v1/securities", "/v1/securities/1",
          "/v1/securities/1/history", "/v1/asset-classes/equity")
KINDS = {"json": JSON, "ndjson": NDJSON, "csv": "text/csv; charset=utf-8"}


class Protocol(ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        answer = cls.server.client.post_facts(
            [fact(1, "asset_class", "equity", D1), fact(1, "k", Num(1), D1)])
        assert answer.status == 201, answer

    def kind(self, answer):
        return answer.header("Content-Type")

    def test_accept_chooses_the_format(self):
        rows = [
            (None, "json"), ("*/*", "json"), ("application/*", "json"),
            ("application/json", "json"), ("application/x-ndjson", "ndjson"),
            ("text/csv", "csv"), ("text/*", "csv"), ("TEXT/CSV", "csv"),
            ("text/html, text/csv", "csv"),
            ("text/csv;q=0.5, application/json;q=0.4", "csv"),
            ("text/csv;q=0.4, application/json;q=0.5", "json"),
            ("application/x-ndjson, */*;q=0.1", "ndjson"),
            ("application/json;q=0, text/csv", "csv"),
            ("text/html, */*;q=0.1", "json"),
            ("text/html", None), ("application/json;q=0", None),
            ("image/*", None), ("application/xml", None)]
        for path in TABLES:
            for accept, how in rows:
                row = "%s %s" % (path, accept)
                with self.subTest(row):
                    headers = {"Accept": accept} if accept else {}
                    answer = self.client.request("GET", path,
                                                 headers=headers)
                    if how is None:
                        self.refused(406, answer, row)
                        continue
                    self.assertEqual(answer.status, 200, (row, answer))
                    self.assertEqual(self.kind(answer), KINDS[how], row)
                    if path != "/v1/securities/1" or how != "json":
                        self.assertEqual(len(read_table(answer)[1]), 1, row)

    def test_format_wins_over_accept(self):
        for path in TABLES:
            for how, kind in KINDS.items():
                for accept in ("text/html", "application/json", "text/csv"):
                    answer = self.client.get(path + "?format=" + how,
                                             Accept=accept)
                    self.assertEqual(answer.status, 200, (path, how, accept))
                    self.assertEqual(self.kind(answer), kind)
            for how in ("xml", "html", "text/csv", "parquette"):
                query = path + "?format=" + how
                self.refused(400, self.client.get(query), query)

    def test_what_an_endpoint_cannot_give_is_a_406(self):
        for path in ("/v1/transactions/1", "/v1/asset-classes"):
            self.assertEqual(self.client.get(path).status, 200)
            self.assertEqual(self.client.get(path, Accept="*/*").status, 200)
            for accept in ("text/csv", "application/x-ndjson"):
                self.refused(406, self.client.get(path, Accept=accept), path)
            self.refused(406, self.client.get(path + "?format=csv"), path)
        answer = self.client.post("/v1/facts", dump([fact(
            1, "refused", Num(1), D1)]), headers={"Accept": "text/csv"})
        self.refused(406, answer, "POST /v1/facts")
        self.assertNotIn("refused", self.client.get("/v1/securities/1").json())

    def test_errors_are_problems_whatever_is_accepted(self):
        for accept in ("text/csv", "application/json", "text/html", "*/*"):
            answer = self.client.get("/v1/securities/abc?format=csv",
                                     Accept=accept)
            self.refused(400, answer, accept)
            answer = self.client.get("/v1/nope", Accept=accept)
            self.refused(404, answer, accept)

    def test_methods(self):
        rows = [("/v1/facts", ("GET", "HEAD", "PUT", "DELETE", "PATCH"),
                 "POST"),
                ("/v1/positions/join", ("GET", "PUT", "DELETE"), "POST"),
                ("/v1/transactions/1", ("POST", "PUT", "DELETE"), "GET")]
        rows += [(path, ("POST", "PUT", "DELETE", "PATCH"), "GET")
                 for path in TABLES + ("/v1/asset-classes",)]
        rows += [(path, ("POST", "DELETE"), "GET")
                 for path in ("/livez", "/readyz", "/metrics",
                              "/openapi.yaml", "/openapi.json")]
        for path, methods, allowed in rows:
            for method in methods:
                row = "%s %s" % (method, path)
                answer = self.client.request(method, path)
                self.assertEqual(answer.status, 405, (row, answer))
                if method != "HEAD":
                    check_problem(answer)
                self.check_allow(answer, allowed, row)

    def check_allow(self, answer, allowed, row):
        allow = {m.strip() for m in answer.header("Allow").split(",")}
        self.assertIn(allowed, allow, row)
        self.assertIn("OPTIONS", allow, row)
        if allowed == "GET":
            self.assertIn("HEAD", allow, row)
        self.assertEqual(allow - {"GET", "HEAD", "POST", "OPTIONS"}, set(),
                         row)
        self.assertEqual("POST" in allow, allowed == "POST", row)

    def test_options_names_the_methods(self):
        for path, allowed in (("/v1/facts", "POST"), ("/v1/master", "GET"),
                              ("/v1/securities/1", "GET")):
            answer = self.client.request("OPTIONS", path)
            self.assertEqual((answer.status, answer.body), (204, b""), path)
            self.check_allow(answer, allowed, path)
            self.assertIsNone(answer.header("Access-Control-Allow-Origin"))

    def test_head_is_get_without_the_body(self):
        for path in TABLES + ("/v1/transactions/1", "/v1/asset-classes",
                              "/livez", "/readyz", "/openapi.json"):
            get = self.client.get(path)
            head = self.client.request("HEAD", path)
            self.assertEqual((head.status, head.body), (200, b""), path)
            for name in ("Content-Type", "Secmaster-Tx"):
                self.assertEqual(head.header(name), get.header(name), path)
        head = self.client.request("HEAD", "/v1/securities/77")
        self.assertEqual(head.status, 404)
        head = self.client.request("HEAD", "/v1/master?limit=0")
        self.assertEqual(head.status, 400)

    def test_a_sane_request_id_comes_back_and_any_other_is_replaced(self):
        sane = ["a", "0", "A.b_c-9", "x" * 128]
        for name in sane:
            for path in ("/v1/master", "/v1/nope", "/livez",
                         "/v1/securities/abc"):
                answer = self.client.get(path, X_Request_Id=name)
                self.assertEqual(answer.header("X-Request-Id"), name, path)
        for name in ("x" * 129, "a b", "a/b", "a\tb", "<b>", "é", "a,b", "",
                     '"a"', "{}"):
            answer = self.client.get("/v1/master", X_Request_Id=name)
            self.assertNotEqual(answer.header("X-Request-Id"), name)
        made = [self.client.get("/livez").header("X-Request-Id")
                for _ in range(50)]
        self.assertEqual(len(set(made)), 50)

    def test_every_error_names_the_newest_transaction(self):
        newest = self.client.newest()
        for path in ("/v1/nope", "/v1/securities/77", "/v1/master?limit=0",
                     "/v1/transactions/9999", "/v1/securities/abc"):
            self.assertEqual(self.client.get(path).tx, newest, path)
        for body, kind in (("", JSON), ("[]", JSON), ("x", "text/plain")):
            answer = self.client.post("/v1/facts", body, kind)
            self.assertEqual(answer.tx, newest, kind)
        self.assertEqual(self.client.request("PUT", "/v1/facts").tx, newest)

    def test_probes(self):
        for path in ("/livez", "/readyz", "/readyz?verbose"):
            answer = self.client.get(path)
            self.assertEqual(answer.status, 200, (path, answer))
            self.assertTrue(self.kind(answer).startswith("text/plain"), path)
            self.assertTrue(answer.body, path)

    def test_metrics_are_prometheus_text(self):
        answer = self.client.get("/metrics")
        self.assertEqual(answer.status, 200)
        self.assertTrue(self.kind(answer).startswith("text/plain"))
        names = set()
        for line in answer.body.decode().splitlines():
            if line.startswith("#") or not line:
                continue
            self.assertRegex(line, r'^secmaster_[a-z0-9_]+'
                             r'(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? '
                             r'([-+0-9.e]+|[+-]Inf|NaN)$')
            names.add(line.split("{")[0].split(" ")[0])
        self.assertGreater(len(names), 3)

    def test_openapi(self):
        answer = self.client.get("/openapi.json")
        self.assertEqual(answer.status, 200)
        self.assertTrue(self.kind(answer).startswith(JSON))
        doc = answer.json()
        self.assertTrue(doc["openapi"].startswith("3.1"), doc["openapi"])
        for path, method in (
                ("/v1/facts", "post"), ("/v1/positions/join", "post"),
                ("/v1/securities/{security_id}", "get"),
                ("/v1/securities/{security_id}/history", "get"),
                ("/v1/securities", "get"), ("/v1/master", "get"),
                ("/v1/asset-classes", "get"),
                ("/v1/asset-classes/{asset_class}", "get"),
                ("/v1/transactions/{tx}", "get"), ("/livez", "get"),
                ("/readyz", "get"), ("/metrics", "get")):
            self.assertIn(method, doc["paths"][path], path)
        text = self.client.get("/openapi.yaml")
        self.assertEqual(text.status, 200)
        self.assertRegex(text.body.decode(), r"(?m)^openapi: .?3\.1")

    def test_unknown_parameters(self):
        for path in ("/v1/master?a=1&b=2", "/v1/asset-classes?a=1",
                     "/v1/transactions/1?a=1"):
            self.refused(400, self.client.get(path), path)


if __name__ == "__main__":
    unittest.main()
