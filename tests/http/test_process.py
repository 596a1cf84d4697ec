"""The process: where it listens, whose directory it takes, how it stops."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from harness import BINARY, Client, Num, Server, dump, fact, parse

D1 = "2024-01-01"


def run(*args, timeout=20):
    return subprocess.run([BINARY, *args], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=timeout)


class Starting(unittest.TestCase):
    def test_beyond_loopback_it_refuses_without_no_auth(self):
        for address in ("0.0.0.0:0", "[::]:0", "192.0.2.1:0"):
            with tempfile.TemporaryDirectory() as data:
                done = run("serve", "--data", data, "--listen", address)
                self.assertNotEqual(done.returncode, 0, address)
                self.assertGreater(done.returncode, 0, "a signal: " + address)
                self.assertIn("--no-auth", done.stderr, address)
                self.assertNotIn("listening", done.stdout, address)

    def test_on_loopback_no_auth_changes_nothing(self):
        server = Server("--no-auth")
        self.addCleanup(server.drop)
        self.assertEqual(server.start().client.get("/livez").status, 200)

    def test_bad_command_lines(self):
        rows = [(), ("nonsense",), ("serve",), ("serve", "--nonsense"),
                ("serve", "--data"), ("serve", "--data", "/nonexistent/a/b"),
                ("serve", "--data", "D", "--listen", "nonsense"),
                ("serve", "--data", "D", "--max-body", "0x"),
                ("serve", "--data", "D", "--max-body", "-1"),
                ("serve", "--data", "D", "more"), ("probe", "more"),
                ("version", "more"), ("--version", "more"),
                ("serve", "--data", "D", "--memtable-bytes", "65535"),
                ("serve", "--data", "D", "--memtable-bytes", "many"),
                ("reindex",), ("reindex", "D"), ("reindex", "D", "D"),
                ("reindex", "--nonsense"), ("reindex", "/nonexistent/a/b")]
        for row in rows:
            with tempfile.TemporaryDirectory() as data:
                done = run(*[data if a == "D" else a for a in row])
                self.assertGreater(done.returncode, 0, row)
                self.assertTrue(done.stderr.strip(), row)

    def test_faults_are_told_in_words(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            rows = [
                (("--data", ""), 2, "--data is empty"),
                (("--data", "/nonexistent/a"), 1,
                 "cannot make /nonexistent/a: No such file or directory"),
                (("--data", "D", "--listen", "127.0.0.1:99999"), 2,
                 "the port of '127.0.0.1:99999' is out of range"),
                (("--data", "D", "--listen", "127.0.0.1:%d" % port), 1,
                 "bind 127.0.0.1:%d: Address already in use" % port),
            ]
            for row, status, words in rows:
                with tempfile.TemporaryDirectory() as data:
                    done = run("serve",
                               *[data if a == "D" else a for a in row])
                    self.assertEqual(done.returncode, status, row)
                    self.assertIn(words, done.stderr, row)

    def test_memtable_bytes_is_bounded_wherever_it_is_taken(self):
        refused = "--memtable-bytes takes 65536 to "
        rows = [
            (("serve", "--data", "D"), "65535", refused),
            (("reindex", "D"), "65535", refused),
            (("load", "x.csv", "--data", "D"), "65535", refused),
            (("load", "x.csv", "--url", "http://127.0.0.1:1"), "65536",
             "--memtable-bytes is the server's own"),
        ]
        for row, size, words in rows:
            with tempfile.TemporaryDirectory() as data:
                done = run(*[data if a == "D" else a for a in row],
                           "--memtable-bytes", size)
                self.assertEqual(done.returncode, 2, row)
                self.assertIn(words, done.stderr, row)

    def test_help_and_version(self):
        for row in (("--help",), ("-h",), ("help",), ("serve", "--help"),
                    ("serve", "-h"), ("load", "--help"), ("load", "-h"),
                    ("reindex", "--help"), ("reindex", "-h"),
                    ("probe", "--help"), ("version", "--help")):
            done = run(*row)
            self.assertEqual(done.returncode, 0, row)
            self.assertIn("secmaster", done.stdout, row)
        for row in ("version", "--version"):
            done = run(row)
            self.assertEqual(done.returncode, 0)
            self.assertRegex(done.stdout, r"^secmaster \d+\.\d+\.\d+\n$")

    def test_a_signal_ends_a_wait_for_the_configuration(self):
        """A pipe that nobody writes to has no end."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        pipe = os.path.join(folder.name, "pipe")
        os.mkfifo(pipe)
        for number in (signal.SIGTERM, signal.SIGINT):
            server = subprocess.Popen(
                [BINARY, "serve", "--data", os.path.join(folder.name, "data"),
                 "--listen", "127.0.0.1:0", "--config", pipe],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.addCleanup(server.wait)
            self.addCleanup(server.kill)
            writer = os.open(pipe, os.O_WRONLY)  # once it reads
            self.addCleanup(os.close, writer)
            server.send_signal(number)
            self.assertEqual(server.wait(20), -number)

    def test_a_second_server_on_the_directory_is_refused(self):
        server = Server()
        self.addCleanup(server.drop)
        client = server.start().client
        done = run("serve", "--data", server.data, "--listen", "127.0.0.1:0")
        self.assertGreater(done.returncode, 0)
        self.assertTrue(done.stderr.strip())
        answer = client.post_facts([fact(1, "k", Num(1), D1)])
        self.assertEqual(answer.status, 201)
        server.restart()
        self.assertEqual(server.client.newest(), 1)

    def test_a_foreign_file_in_the_directory_is_refused(self):
        server = Server()
        self.addCleanup(server.drop)
        server.start().client.post_facts([fact(1, "k", Num(1), D1)])
        server.stop()
        journal = os.path.join(server.data, "journal", "data.mdb")
        whole = open(journal, "rb").read()
        for row, content in (("foreign", b"not ours\n" * 1000),
                             ("cut", whole[:4096]),
                             ("cut to half a page", whole[:2048]),
                             ("a page short", whole[:-4096])):
            with open(journal, "wb") as out:
                out.write(content)
            done = run("serve", "--data", server.data, "--listen",
                       "127.0.0.1:0")
            self.assertGreater(done.returncode, 0, row)
            self.assertTrue(done.stderr.strip(), row)
        with open(journal, "wb") as out:
            out.write(whole)
        self.assertEqual(server.start().client.newest(), 1)


class Reindex(unittest.TestCase):
    def test_everything_is_in_the_index_and_answers_are_the_same(self):
        server = Server()
        self.addCleanup(server.drop)
        client = server.start().client
        for i in range(5):
            client.post_facts([fact(i, "k", Num(i), D1)])
        before = client.get("/v1/master?format=csv").body
        done = run("reindex", server.data)
        self.assertEqual(done.returncode, 1, done)
        self.assertIn("another process holds", done.stderr)
        self.assertEqual(client.merged(), 0)
        server.stop()
        for options in [], ["--memtable-bytes", "65536"]:
            done = run("reindex", server.data, *options)
            self.assertEqual(done.returncode, 0, done)
            self.assertEqual(done.stdout,
                             "5 transactions are in the index\n")
            self.assertEqual(done.stderr, "", "progress is for terminals")
        client = server.start().client
        self.assertEqual(client.merged(), 5)
        self.assertEqual(client.get("/v1/master?format=csv").body, before)

    def test_a_lost_index_is_built_anew_and_said_so(self):
        server = Server()
        self.addCleanup(server.drop)
        server.start().client.post_facts([fact(1, "k", Num(1), D1)])
        server.stop()
        with open(os.path.join(server.data, "index", "data.mdb"), "wb") as out:
            out.write(b"not ours")
        client = server.start().client
        answer = client.get("/v1/securities/1?as_of=" + D1)
        self.assertEqual(answer.json()["k"], Num(1))
        self.assertIn("the index is built anew", server.stderr())


class Probe(unittest.TestCase):
    def test_probe_tells_a_ready_server_from_none(self):
        server = Server()
        self.addCleanup(server.drop)
        port = server.start().port
        done = run("probe", "--help")
        self.assertRegex(done.stdout, r"--url|URL|HOST")
        url = "http://127.0.0.1:%d" % port
        args = ("--url", url) if "--url" in done.stdout else (url,)
        self.assertEqual(run("probe", *args).returncode, 0)
        server.stop()
        self.assertNotEqual(run("probe", *args).returncode, 0)


class Stopping(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.drop)
        self.server.start()

    def test_sigterm_is_prompt_and_clean(self):
        self.server.client.post_facts([fact(1, "k", Num(1), D1)])
        start = time.monotonic()
        self.server.stop()
        self.assertLess(time.monotonic() - start, 10)

    def test_idle_connections_do_not_hold_it(self):
        idle = [self.server.raw() for _ in range(50)]
        for sock in idle[::2]:
            sock.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.2)
        self.server.stop()
        for sock in idle:
            sock.close()

    def post_until_it_ends(self, number, acked, errors):
        client = Client(self.server.port)
        for i in range(100000):
            try:
                answer = client.post_facts(
                    [fact(number * 100000 + i, "k", Num(i), D1)])
            except Exception as end:
                errors.append(end)
                return
            if answer.status == 201:
                acked.append((answer.tx, number * 100000 + i))
            elif answer.status == 503:
                if answer.header("Retry-After") is None:
                    errors.append(AssertionError("503 without Retry-After"))
                return
            else:
                errors.append(AssertionError(repr(answer)))
                return

    def test_what_was_acknowledged_while_it_drained_is_there(self):
        acked, errors = [], []
        threads = [threading.Thread(target=self.post_until_it_ends,
                                    args=(n, acked, errors))
                   for n in range(8)]
        for thread in threads:
            thread.start()
        time.sleep(0.5)
        self.server.stop()
        for thread in threads:
            thread.join()
        wrong = [e for e in errors if isinstance(e, AssertionError)]
        self.assertEqual(wrong, [])
        self.assertGreater(len(acked), 20)
        client = self.server.start().client
        newest = client.newest()
        self.assertEqual(sorted(tx for tx, _ in acked),
                         list(range(1, newest + 1)),
                         "each batch committed was answered, and no other")
        ids = {int(r["security_id"]) for r in self.all_rows(client)}
        self.assertEqual(ids, {security for _, security in acked})

    def all_rows(self, client):
        rows, path = [], "/v1/master?limit=10000"
        while path:
            answer = client.get(path)
            rows += answer.json()["rows"]
            path = answer.next_link()
        return rows

    def test_a_request_in_flight_is_finished(self):
        body = dump([fact(1, "k", Num(1), D1)]).encode()
        sock = self.server.raw(8)
        with sock:
            sock.sendall(b"POST /v1/facts HTTP/1.1\r\nHost: x\r\n"
                         b"Content-Type: application/json\r\n"
                         b"Content-Length: %d\r\n\r\n" % len(body)
                         + body[:10])
            time.sleep(0.2)
            self.server.process.send_signal(signal.SIGTERM)
            time.sleep(0.05)
            sock.sendall(body[10:])
            got = b""
            try:
                while True:
                    piece = sock.recv(65536)
                    if not piece:
                        break
                    got += piece
            except ConnectionResetError:
                pass
        self.assertEqual(self.server.process.wait(10), 0)
        status = re.match(rb"HTTP/1.1 (\d+) ", got)
        self.assertTrue(status, "no answer: %r" % got)
        self.assertIn(int(status.group(1)), (201, 503))
        newest = self.server.start().client.newest()
        self.assertEqual(newest, int(status.group(1) == b"201"))

    def test_readiness_fails_first(self):
        """While a request is in flight, an open connection sees 503."""
        held = self.server.raw(8)
        held.sendall(b"POST /v1/facts HTTP/1.1\r\nHost: x\r\nContent-Type: "
                     b"application/json\r\nContent-Length: 50\r\n\r\n[")
        probe = self.server.raw(8)
        ask = b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n"
        probe.sendall(ask)
        self.assertIn(b" 200 ", probe.recv(65536))
        self.server.process.send_signal(signal.SIGTERM)
        time.sleep(0.02)
        try:
            probe.sendall(ask)
            got = probe.recv(65536)
        except (ConnectionResetError, BrokenPipeError):
            got = b""
        self.assertTrue(got == b"" or b" 503 " in got.split(b"\r\n")[0], got)
        probe.close()
        held.close()
        self.assertEqual(self.server.process.wait(10), 0)
        with self.assertRaises(OSError):
            socket.create_connection(("127.0.0.1", self.server.port), 1)


class Logs(unittest.TestCase):
    def test_one_json_line_a_request_and_no_content(self):
        server = Server()
        self.addCleanup(server.drop)
        client = server.start().client
        ids = ["log-%d" % i for i in range(5)]
        client.post("/v1/facts", dump([fact(1, "secret-k", "secret-v", D1)]),
                    headers={"X-Request-Id": ids[0]})
        paths = ["/v1/master?known_tx=1", "/v1/nope", "/v1/securities/1",
                 "/v1/asset-classes/%22%0a%1b?x=secret-q"]
        for name, path in zip(ids[1:], paths):
            client.get(path, X_Request_Id=name)
        server.stop()
        out = []
        while True:
            line = server.lines.get(timeout=5)
            if line is None:
                break
            out.append(line.decode())

        text = server.stderr().splitlines() + out
        lines = [parse(line) for line in text if line.startswith("{")]
        for name in ids:
            mine = [doc for doc in lines if name in doc.values()]
            self.assertEqual(len(mine), 1, name)
        self.assertNotIn("secret", "\n".join(text))


class CutOff(unittest.TestCase):
    """Of a test that nobody cleaned up behind, nothing is left."""

    WITHOUT_CLEANUP = """
import sys
sys.path.insert(0, %r)
from harness import Server
from polling import Polling
other = Server().start()
polling = Polling({"vendors": []})
polling.server.start()
print(other.process.pid, polling.server.process.pid, flush=True)
raise %s
"""

    def test_neither_a_process_nor_a_directory(self):
        here = os.path.dirname(os.path.abspath(__file__))
        for end in ("KeyboardInterrupt", "AssertionError", "SystemExit(0)"):
            with tempfile.TemporaryDirectory() as place:
                done = subprocess.run(
                    [sys.executable, "-c", self.WITHOUT_CLEANUP % (here, end)],
                    capture_output=True, text=True, timeout=60,
                    env={**os.environ, "TMPDIR": place})
                pids = done.stdout.split()
                self.assertEqual(len(pids), 2, done.stderr)
                self.assertEqual(os.listdir(place), [], end)
            for pid in pids:
                self.assertFalse(os.path.exists("/proc/" + pid), end)


if __name__ == "__main__":
    unittest.main()
