"""OPTIONS, pages of other origins, and a connection too many."""

import os
import re
import socket
import stat
import subprocess
import tempfile
import unittest

import harness
from harness import Answer, Num, Server, ServerCase, dump, fact

D1 = "2024-01-01"
APP, LOCAL = "https://app.example.com", "http://localhost:3000"
ASKS = {"Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "content-type"}
TAKEN = {"Content-Type", "Authorization", "Idempotency-Key", "If-None-Match",
         "X-Request-Id", "Accept", "Content-Encoding"}
SHOWN = {"Secmaster-Tx", "Link", "ETag", "Location", "X-Request-Id",
         "Secmaster-Matched", "Secmaster-Unmatched", "Idempotency-Replayed",
         "Secmaster-Last-Tx", "Retry-After", "Allow", "Accept-Encoding"}


def words(text):
    return {word.strip() for word in text.split(",")}


def cors(answer):
    return {name: value for name, value in answer.headers
            if name.startswith("Access-Control-")}


class Off(ServerCase):
    def test_nobody_is_let_in(self):
        for method, path in (("GET", "/v1/master"), ("OPTIONS", "/v1/master"),
                             ("OPTIONS", "/v1/facts"), ("GET", "/livez"),
                             ("GET", "/v1/nope")):
            for origin in (APP, "null", "http://127.0.0.1:%d"
                           % self.server.port):
                answer = self.client.request(method, path, headers={
                    "Origin": origin, **ASKS})
                self.assertEqual(cors(answer), {}, (method, path, origin))
                self.assertNotIn("Origin", answer.header("Vary") or "")

    def test_options_of_every_path(self):
        doc = self.client.get("/openapi.json").json()
        for pattern, item in doc["paths"].items():
            path = re.sub(r"\{\w+\}", "1", pattern)
            answer = self.client.request("OPTIONS", path)
            self.assertEqual((answer.status, answer.body), (204, b""), path)
            allowed = {method.upper() for method in item} | {"OPTIONS"}
            allowed |= {"HEAD"} if "GET" in allowed else set()
            self.assertEqual(words(answer.header("Allow")), allowed, path)
            self.assertIsNone(answer.header("Content-Length"), path)
            self.assertIsNone(answer.header("Content-Type"), path)
        self.refused(404, self.client.request("OPTIONS", "/v1/nope"), "nope")

    def ask(self, request):
        with self.server.raw() as sock:
            sock.sendall(request)
            got = b""
            while piece := sock.recv(65536):
                got += piece
        return got

    def test_options_of_all(self):
        got = self.ask(b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"
                       b"GET /livez HTTP/1.1\r\nHost: x\r\n"
                       b"Connection: close\r\n\r\n")
        self.assertTrue(got.startswith(b"HTTP/1.1 204 "), got)
        self.assertIn(b"\r\nAllow: GET, HEAD, POST, PUT, DELETE, OPTIONS\r\n", got)
        self.assertIn(b"HTTP/1.1 200 OK", got)
        for method in (b"GET", b"POST", b"HEAD"):
            got = self.ask(method + b" * HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertTrue(got.startswith(b"HTTP/1.1 400 "), got)
        got = self.ask(b"OPTIONS *x HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertTrue(got.startswith(b"HTTP/1.1 400 "), got)


class On(ServerCase):
    ARGS = ("--cors-origin", APP, "--cors-origin", LOCAL)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        answer = cls.server.client.post_facts([fact(1, "k", Num(1), D1)])
        assert answer.status == 201, answer

    def test_listed_origins_are_let_in(self):
        body = dump([fact(1, "k", Num(2), D1)]).encode()
        rows = [("GET", "/v1/master", None, 200),
                ("HEAD", "/v1/master", None, 200),
                ("GET", "/v1/master?format=csv", None, 200),
                ("POST", "/v1/facts", body, 201),
                ("POST", "/v1/facts", b"{", 400),
                ("GET", "/v1/nope", None, 404),
                ("PUT", "/v1/master", None, 405),
                ("GET", "/livez", None, 200), ("GET", "/", None, 200)]
        for method, path, body, status in rows:
            for origin in (APP, LOCAL):
                headers = {"Origin": origin}
                if body:
                    headers["Content-Type"] = "application/json"
                answer = self.client.request(method, path, body, headers)
                self.assertEqual(answer.status, status, (path, answer))
                got = cors(answer)
                self.assertEqual(got.pop("Access-Control-Allow-Origin"),
                                 origin, path)
                self.assertEqual(
                    words(got.pop("Access-Control-Expose-Headers")), SHOWN)
                self.assertEqual(got, {}, path)
                self.assertEqual(answer.header("Vary"),
                                 "Accept, Accept-Encoding, Origin", path)

    def test_a_304_too(self):
        tag = self.client.get("/v1/securities/1").header("ETag")
        answer = self.client.get("/v1/securities/1", If_None_Match=tag,
                                 Origin=APP)
        self.assertEqual(answer.status, 304)
        self.assertEqual(answer.header("Access-Control-Allow-Origin"), APP)

    def test_preflights(self):
        for path, methods in (("/v1/master", {"GET", "HEAD"}),
                              ("/v1/facts", {"POST"}),
                              ("/v1/securities/1", {"GET", "HEAD"}),
                              ("/v1/positions/join", {"POST"})):
            answer = self.client.request("OPTIONS", path, headers={
                "Origin": APP, **ASKS})
            self.assertEqual((answer.status, answer.body), (204, b""), path)
            got = cors(answer)
            self.assertEqual(got.pop("Access-Control-Allow-Origin"), APP)
            self.assertEqual(words(got.pop("Access-Control-Allow-Methods")),
                             methods | {"OPTIONS"}, path)
            self.assertEqual(words(got.pop("Access-Control-Allow-Headers")),
                             TAKEN)
            self.assertGreater(int(got.pop("Access-Control-Max-Age")), 0)
            self.assertEqual(got, {}, path)

    def test_nobody_else_is(self):
        for origin in ("null", "*", "https://example.com", APP + "/",
                       APP + ":443", APP + ".evil.example", APP.upper(),
                       "http://app.example.com", "https://evil.example#" + APP,
                       APP + ", " + LOCAL, "http://localhost",
                       "http://localhost:30000"):
            for method, more in (("GET", {}), ("OPTIONS", ASKS)):
                answer = self.client.request(method, "/v1/master", headers={
                    "Origin": origin, **more})
                self.assertEqual(cors(answer), {}, (origin, method))
                self.assertEqual(answer.header("Vary"),
                                 "Accept, Accept-Encoding, Origin")
        answer = self.client.get("/v1/master")
        self.assertEqual(cors(answer), {})
        self.assertIn("Origin", answer.header("Vary"))


class Pages(ServerCase):
    def page(self, path, **headers):
        answer = self.client.get(path, **headers)
        self.assertEqual(answer.status, 200, (path, answer))
        self.assertEqual(answer.header("Content-Type"),
                         "text/html; charset=utf-8", path)
        self.assertIn("default-src 'none'",
                      answer.header("Content-Security-Policy"), path)
        text = answer.body.decode()
        self.assertNotRegex(text, r"(?i)<script|<style|<img|<link|src=|\son\w+=")
        for link in re.findall(r'href="([^"]*)"', text):
            self.assertRegex(link, "^/", path)
            self.assertEqual(self.client.get(link).status, 200, link)
        return text

    def test_what_is_here(self):
        self.assertIn("Nothing is stored yet", self.page("/"))
        self.stored([fact(1, "k", Num(1), D1)])
        text = self.page("/", Accept="text/html,*/*;q=0.8")
        self.assertIn('href="/v1/transactions/1"', text)
        doc = self.client.get("/openapi.json").json()
        for path, item in doc["paths"].items():
            self.assertIn(path, text)
            for call in item.values():
                self.assertIn(call["summary"], text)
        self.assertIn("127.0.0.1:%d/v1/" % self.server.port, text)

    def test_every_kind_of_problem_has_one(self):
        doc = self.client.get("/openapi.json").json()
        kinds = doc["components"]["schemas"]["Problem"]["properties"]["type"]
        for kind in kinds["enum"]:
            self.page(kind)
            answer = self.client.get(kind, Accept="application/json")
            got = answer.json()
            self.assertEqual(got["type"], kind)
            self.assertEqual(list(got), ["type", "status", "title", "meaning",
                                         "remedy"])
        for path in ("/problems/nope", "/problems/", "/problem"):
            self.assertEqual(self.client.get(path).status, 404, path)

    def test_the_index_lists_each_of_them(self):
        doc = self.client.get("/openapi.json").json()
        kinds = doc["components"]["schemas"]["Problem"]["properties"]["type"]
        text = self.page("/problems")
        listed = re.findall(r'<a href="(/problems/[a-z-]+)">', text)
        self.assertEqual(sorted(listed), sorted(kinds["enum"]))
        answer = self.client.get("/problems", Accept="application/json")
        rows = answer.json()["problems"]
        self.assertEqual([row["type"] for row in rows], listed)
        for row in rows:
            self.same(row, self.client.get(
                row["type"], Accept="application/json").json())
        self.assertEqual(self.client.get("/problems?x=1").status, 400)
        self.assertEqual(self.client.get("/problems", Accept=harness.CSV)
                         .status, 406)

    def test_the_type_of_an_error_leads_to_its_page(self):
        for path in ("/v1/nope", "/v1/master?x=1", "/v1/master?cursor=A",
                     "/v1/securities/1?format=arrow"):
            error = self.client.get(path).json()
            kind = self.client.get(error["type"], Accept="application/json")
            self.assertEqual(kind.json()["title"], error["title"], path)
            self.assertEqual(kind.json()["status"], error["status"], path)


class TooMany(unittest.TestCase):
    """Where descriptors are few, connections are."""

    def test_a_refused_connection_is_told_by_name(self):
        script = tempfile.NamedTemporaryFile("w", suffix=".sh", delete=False)
        self.addCleanup(os.unlink, script.name)
        with script:
            script.write('#!/bin/sh\nulimit -n 160\nexec "%s" "$@"\n'
                         % os.path.abspath(harness.BINARY))
        os.chmod(script.name, stat.S_IRWXU)
        binary, harness.BINARY = harness.BINARY, script.name
        server = Server()
        self.addCleanup(server.drop)
        try:
            server.start()
        finally:
            harness.BINARY = binary
        held = [server.raw() for _ in range(120)]
        refused = []
        for sock in reversed(held):
            sock.settimeout(0.2)
            try:
                refused.append(sock.recv(65536))
            except socket.timeout:
                pass
            sock.close()
            if len(refused) == 2:
                break
        for sock in held:
            sock.close()
        ids = set()
        for text in refused:
            head, _, body = text.partition(b"\r\n\r\n")
            lines = head.decode().split("\r\n")
            self.assertEqual(lines[0], "HTTP/1.1 503 Service Unavailable")
            answer = Answer(503, [tuple(line.split(": ", 1))
                                  for line in lines[1:]], body)
            self.assertEqual(answer.header("Retry-After"), "1")
            self.assertEqual(int(answer.header("Content-Length")), len(body))
            doc = answer.json()
            self.assertEqual(doc["detail"], "too many connections are open")
            ids.add(answer.header("X-Request-Id"))
            self.assertEqual(doc["request_id"], answer.header("X-Request-Id"))
            self.assertEqual(doc["type"], "/problems/unavailable")
        self.assertEqual(len(ids), 2)


class CommandLine(unittest.TestCase):
    def test_only_origins_are_taken(self):
        for text in ("null", "*", "localhost", "https://x/", "http://X"):
            got = subprocess.run(
                [harness.BINARY, "serve", "--data", "/nonexistent",
                 "--cors-origin", text], capture_output=True, text=True)
            self.assertEqual(got.returncode, 2, text)
            self.assertIn("--cors-origin %s: " % text, got.stderr)


if __name__ == "__main__":
    unittest.main()
