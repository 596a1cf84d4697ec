"""Start the real server on a directory of its own and talk HTTP to it."""

import atexit
import http.client
import json
import os
import queue
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

BINARY = os.environ.get("SECMASTER", "build/dev/secmaster")
JSON, NDJSON, CSV = "application/json", "application/x-ndjson", "text/csv"
SERVE_FLAGS = os.environ.get("SERVE_FLAGS", "").split()
READY = re.compile(rb"listening on http://127\.0\.0\.1:(\d+)\s*$")
READY_S = 60
EXIT_S = 10
SANITIZER = re.compile(
    r"LeakSanitizer|AddressSanitizer|ThreadSanitizer|runtime error:")
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
PROBLEM = {"type": str, "title": str, "status": None, "detail": str,
           "instance": str, "request_id": str}


class Num(str):
    """A JSON number by its own text: 1, 1.0 and "1" are three values."""

    def __eq__(self, other):
        return isinstance(other, Num) and str.__eq__(self, other)

    def __ne__(self, other):
        return not self == other

    def __hash__(self):
        return hash(("number", str(self)))

    def __repr__(self):
        return "Num(%s)" % str(self)


def _no_duplicates(pairs):
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        raise ValueError("duplicate member in %r" % names)
    return dict(pairs)


def _refuse(text):
    raise ValueError("%s is not JSON" % text)


def parse(text):
    """Strict JSON: UTF-8, no duplicates, no NaN, numbers as Num."""
    if isinstance(text, bytes):
        text = text.decode("utf-8")
    return json.loads(text, parse_int=Num, parse_float=Num,
                      parse_constant=_refuse, object_pairs_hook=_no_duplicates)


def dump(value):
    """The JSON text of a value, a Num digit for digit."""
    if isinstance(value, Num):
        return str(value)
    if isinstance(value, dict):
        return "{%s}" % ",".join("%s:%s" % (dump(k), dump(v))
                                 for k, v in value.items())
    if isinstance(value, (list, tuple)):
        return "[%s]" % ",".join(map(dump, value))
    return json.dumps(value, ensure_ascii=False)


def is_same(a, b):
    """Equality in which true is not 1, and members keep their order."""
    return dump(a) == dump(b)


NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
FIELD = re.compile(r'(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\n|\Z)')


def csv_fields(text):
    """Records of (text, is_quoted) by RFC 4180, strictly."""
    if isinstance(text, bytes):
        text = text.decode("utf-8")
    records, record, at = [], [], 0
    while at < len(text) or record:
        found = FIELD.match(text, at)
        if not found:
            raise ValueError("not CSV at %r" % text[at:at + 40])
        quoted = found.group(1)
        if quoted is not None:
            record.append((quoted.replace('""', '"'), True))
        else:
            record.append((found.group(2), False))
        at = found.end()
        if found.group(3) != ",":
            records.append(record)
            record = []
    return records


def csv_value(field):
    text, is_quoted = field
    if is_quoted:
        return text
    if text == "":
        return None
    if text in ("true", "false"):
        return text == "true"
    return Num(text) if NUMBER.fullmatch(text) else text


def csv_quote(text):
    return '"%s"' % text.replace('"', '""')


def csv_field(value):
    """A value as the field that reads back as it."""
    if value is None:
        return ""
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, Num):
        return str(value)
    if value in ("", "true", "false") or NUMBER.fullmatch(value) \
            or re.search('[",\r\n]', value):
        return csv_quote(value)
    return value


def read_table(answer):
    """A table answer in any format: (columns, rows as lists of cells)."""
    kind = answer.header("Content-Type").split(";")[0]
    if kind == JSON:
        doc = answer.json()
        for row in doc["rows"]:
            assert list(row) == doc["columns"], (list(row), doc["columns"])
        return doc["columns"], [list(r.values()) for r in doc["rows"]]
    if kind == NDJSON:
        assert answer.body == b"" or answer.body.endswith(b"\n"), answer.body
        lines = answer.body.split(b"\n")[:-1]
        rows = [parse(line) for line in lines]
        columns = list(rows[0]) if rows else None
        for row in rows:
            assert list(row) == columns, (list(row), columns)
        return columns, [list(row.values()) for row in rows]
    assert answer.header("Content-Type") == "text/csv; charset=utf-8", kind
    records = csv_fields(answer.body)
    assert answer.body.endswith(b"\r\n"), answer.body[-40:]
    return ([name for name, _ in records[0]],
            [[csv_value(f) for f in record] for record in records[1:]])


def facts_body(facts, how):
    """(content type, bytes) of facts as json, array, ndjson or csv."""
    if how == "json":
        return JSON, dump({"facts": facts}).encode()
    if how == "array":
        return JSON, dump(facts).encode()
    if how == "ndjson":
        return NDJSON, "".join(dump(f) + "\n" for f in facts).encode()
    names = ["security_id", "attribute", "value", "effective_date"]
    names += [n for n in ("source", "op") if any(n in f for f in facts)]
    lines = [",".join(names)]
    for fact in facts:
        lines.append(",".join(_fact_field(fact, name) for name in names))
    return CSV, ("\r\n".join(lines) + "\r\n").encode()


def _fact_field(fact, name):
    if name == "value":
        return csv_field(fact.get("value"))
    missing = {"source": "default", "op": "assert"}.get(name)
    text = str(fact.get(name, missing))
    return csv_quote(text) if re.search('[",\r\n]', text) else text


def check_problem(answer):
    """An error is problem+json with every member the contract names."""
    kind = answer.header("Content-Type") or ""
    assert kind.split(";")[0] == "application/problem+json", kind
    doc = answer.json()
    for name, type_ in PROBLEM.items():
        assert name in doc, "no %s in %r" % (name, doc)
        assert type_ is None or doc[name], "empty %s in %r" % (name, doc)
        assert type_ is None or type(doc[name]) is type_, (name, doc)
    assert doc["status"] == Num(answer.status), doc
    assert re.fullmatch(r"/problems/[a-z0-9-]+", doc["type"]), doc["type"]
    assert doc["request_id"] == answer.header("X-Request-Id"), doc
    more = {"candidates", "candidate_count"} if doc["type"] == "/problems/ambiguous" \
        else {"errors", "error_count"}
    more |= {"run"} if doc["type"] == "/problems/conflict" else set()
    assert set(doc) <= set(PROBLEM) | more, list(doc)
    assert ("errors" in doc) == ("error_count" in doc), doc
    assert ("candidates" in doc) == ("candidate_count" in doc), doc
    assert not re.search(r"\.[ch]:\d|/tmp/|0x[0-9a-f]{6}", doc["detail"]), doc
    for words in [doc["detail"]] + [e["detail"] for e in doc.get("errors", [])]:
        assert not words.endswith("."), words
    errors = doc.get("errors", [None])
    assert 1 <= len(errors) <= 100, len(errors)
    for error in doc.get("errors", []):
        assert error.get("detail"), error
        assert set(error) <= {"pointer", "line", "detail"}, error
    if "errors" in doc:
        count = int(doc["error_count"])
        assert min(count, 100) == len(errors), (count, len(errors))
    return doc


class Answer:
    """One response, raw bytes kept."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def header(self, name):
        values = [v for k, v in self.headers if k.lower() == name.lower()]
        assert len(values) <= 1, "%s came %d times" % (name, len(values))
        return values[0] if values else None

    def json(self):
        return parse(self.body)

    @property
    def tx(self):
        return int(self.header("Secmaster-Tx"))

    def next_link(self):
        link = self.header("Link")
        if link is None:
            return None
        found = re.fullmatch(r'<([^>]+)>; rel="next"', link)
        assert found, link
        return found.group(1)

    def __repr__(self):
        return "%d %r" % (self.status, self.body[:600])


def check_every_answer(path, answer):
    """What holds for every answer of the service."""
    request_id = answer.header("X-Request-Id")
    assert request_id and REQUEST_ID.fullmatch(request_id), answer.headers
    assert answer.header("X-Content-Type-Options") == "nosniff", path
    if path.startswith("/v1/"):
        tx = answer.header("Secmaster-Tx")
        assert tx is not None, "no Secmaster-Tx: %s %r" % (path, answer)
        assert re.fullmatch(r"[0-9]+", tx), tx


class Client:
    """One keep-alive connection. Never repeats a request on its own."""

    def __init__(self, port, timeout=60):
        self.conn = http.client.HTTPConnection("127.0.0.1", port,
                                               timeout=timeout)

    def request(self, method, path, body=None, headers=None):
        headers = dict(headers or {})
        try:
            self.conn.request(method, path, body=body, headers=headers)
        except (BrokenPipeError, ConnectionResetError):
            pass  # an early refusal must be readable all the same
        response = self.conn.getresponse()
        answer = Answer(response.status, response.getheaders(),
                        response.read())
        check_every_answer(path, answer)
        if answer.status >= 400 and method != "HEAD" \
                and path.startswith("/v1/"):
            check_problem(answer)
        return answer

    def get(self, path, **headers):
        return self.request("GET", path, headers={
            k.replace("_", "-"): v for k, v in headers.items()})

    def post(self, path, body, kind=JSON, headers=None):
        if isinstance(body, str):
            body = body.encode()
        typed = {} if kind is None else {"Content-Type": kind}
        return self.request("POST", path, body, {**typed, **(headers or {})})

    def post_facts(self, facts, how="json"):
        kind, body = facts_body(facts, how)
        return self.post("/v1/facts", body, kind)

    def newest(self):
        return self.get("/v1/securities?limit=1").tx

    def merged(self):
        """The newest transaction that the index has whole."""
        text = self.get("/metrics").body.decode()
        return int(re.search(r"^secmaster_merged_tx (\d+)$", text,
                             re.M).group(1))

    def close(self):
        self.conn.close()


def scratch(prefix):
    """A directory of this process, gone with it at the latest."""
    path = tempfile.mkdtemp(prefix=prefix)
    atexit.register(shutil.rmtree, path, True)
    return path


class Server:
    """The binary under test, on a directory that outlives a restart."""

    def __init__(self, *args):
        self.args = args
        self.data = scratch("secmaster-test-")
        self.process = None
        atexit.register(self._end)
        self.client = None
        self.errors = None

    def start(self):
        if self.errors:
            self.errors.close()
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [BINARY, "serve", "--data", self.data,
             "--listen", "127.0.0.1:0", *SERVE_FLAGS, *self.args],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=self.errors)
        self.lines = queue.Queue()
        threading.Thread(target=self._drain, daemon=True,
                         args=(self.process.stdout, self.lines)).start()
        self.port = self._await_ready()
        self.client = Client(self.port)
        return self

    @staticmethod
    def _drain(out, lines):
        """Its queue is its own: a restart begins another."""
        for line in out:
            lines.put(line)
        lines.put(None)
        out.close()

    def _await_ready(self):
        until = time.monotonic() + READY_S
        while True:
            try:
                line = self.lines.get(timeout=until - time.monotonic())
            except (queue.Empty, ValueError):
                self.kill()
                raise AssertionError("not ready in %d s\n%s"
                                     % (READY_S, self.stderr()))
            if line is None:
                self.process.wait()
                raise AssertionError("exit %s before it listened\n%s" % (
                    self.process.returncode, self.stderr()))
            found = READY.search(line)
            if found:
                return int(found.group(1))

    def stderr(self):
        self.errors.seek(0)
        return self.errors.read().decode("utf-8", "replace")

    def _show_report(self):
        text = self.stderr()
        if SANITIZER.search(text):
            sys.stderr.write(text)
            raise AssertionError("a sanitizer reported")

    def stop(self):
        """SIGTERM; the exit status is part of the contract."""
        self.client.close()
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(EXIT_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError("SIGTERM: alive after %d s" % EXIT_S)
        self._show_report()
        assert code == 0, "SIGTERM: exit %d\n%s" % (code, self.stderr())

    def kill(self):
        if self.client:
            self.client.close()
        self.process.kill()
        self.process.wait()
        self._show_report()

    def restart(self):
        self.stop()
        return self.start()

    def drop(self):
        """Stop, whatever happened before, and remove the directory."""
        try:
            if self.process and self.process.poll() is None:
                self.stop()
            elif self.errors:
                self._show_report()
        finally:
            shutil.rmtree(self.data, ignore_errors=True)
            if self.errors:
                self.errors.close()
                self.errors = None

    def _end(self):
        """Of a run that was cut off: nobody else will stop it."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def raw(self, timeout=5):
        return socket.create_connection(("127.0.0.1", self.port), timeout)


class ServerCase(unittest.TestCase):
    """One server a class; ARGS are its further arguments."""

    ARGS = ()
    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        cls.server = Server(*cls.ARGS)
        cls.addClassCleanup(cls.server.drop)
        cls.server.start()

    @property
    def client(self):
        return self.server.client

    def same(self, got, want, message=None):
        if not is_same(got, want):
            self.assertEqual(dump(got), dump(want), message)

    def stored(self, facts, how="json"):
        answer = self.client.post_facts(facts, how)
        self.assertEqual(answer.status, 201, repr(answer))
        return answer

    def refused(self, status, answer, row):
        """The status and the problem; returns its document."""
        self.assertEqual(answer.status, status, "%s: %r" % (row, answer))
        return check_problem(answer)


def fact(security_id, attribute, value, date, **more):
    return {"security_id": Num(security_id), "attribute": attribute,
            "value": value, "effective_date": date, **more}


def retract(security_id, attribute, date, **more):
    return {"security_id": Num(security_id), "attribute": attribute,
            "effective_date": date, "op": "retract", **more}
