"""Many clients at once: every request answered, none late, none lost."""

import json
import os
import re
import resource
import stat
import subprocess
import tempfile
import time
import unittest

import harness
from harness import Num, Server, ServerCase, fact

LOAD = os.environ.get("LOAD_CLIENT", "build/dev/tests/support/load_client")
IS_SMALL = os.environ.get("STRESS") == "small"
SECONDS = 1 if IS_SMALL else 2
# A lost wake-up shows as seconds, a commit takes milliseconds.
LATE_US = 15000000 if IS_SMALL else 2000000
# 128 and 256 are what libmicrohttpd reads at a time, and where it may stall.
POSTERS = (1, 32, 128, 256) if IS_SMALL else (1, 32, 128, 256, 1000)
IDLE = 500 if IS_SMALL else 10000
READERS = 8
BODY = ('[{"security_id":{n},"attribute":"k","value":"a",'
        '"effective_date":"2024-01-01"}]')


class Load:
    """The load client at work; report() waits for its end."""

    def __init__(self, port, mode, clients, seconds=SECONDS, path="/livez"):
        self.process = subprocess.Popen(
            [LOAD, "--port", str(port), "--mode", mode, "--clients",
             str(clients), "--seconds", str(seconds), "--path", path,
             "--body", BODY], stdout=subprocess.PIPE, text=True)

    def wait_until_ready(self):
        assert self.process.stdout.readline() == "ready\n"

    def report(self):
        out, _ = self.process.communicate(timeout=SECONDS + 120)
        assert self.process.returncode == 0, self.process.returncode
        return json.loads(out)


class Stress(ServerCase):
    def check(self, report, status):
        self.assertEqual(list(report["statuses"]), [status], report)
        self.assertEqual(report["answered"], report["sent"], report)
        self.assertEqual(report["cut"] + report["reconnects"], 0, report)
        self.assertLess(report["max_us"], LATE_US, report)

    def post(self, clients, **more):
        return Load(self.server.port, "post", clients, path="/v1/facts",
                    **more)

    def test_posting_clients_beside_readers(self):
        self.stored([fact(1, "k", Num(1), "2024-01-01")])
        before = self.client.newest()
        for clients in POSTERS:
            with self.subTest(clients):
                posts = self.post(clients)
                gets = Load(self.server.port, "get", READERS,
                            path="/v1/securities/1")
                posted = posts.report()
                self.check(posted, "201")
                self.check(gets.report(), "200")
                before += posted["answered"]
                self.assertEqual(self.client.newest(), before)
                self.assertEqual(posted["newest_tx"], before)

    def test_idle_connections_beside_busy_ones(self):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        count = IDLE if hard == resource.RLIM_INFINITY \
            else min(IDLE, hard - 500)
        idle = Load(self.server.port, "idle", count, SECONDS + 4)
        idle.wait_until_ready()
        before = self.client.newest()
        posted = self.post(32).report()
        self.check(posted, "201")
        self.assertEqual(self.client.newest(), before + posted["answered"])
        open_now = re.search(r"^secmaster_connections(?:_open)? (\d+)$",
                             self.client.get("/metrics").body.decode(), re.M)
        self.assertGreaterEqual(int(open_now.group(1)), count)
        self.check(idle.report(), "200")

    def test_a_stop_in_full_swing_answers_what_it_commits(self):
        server = Server()
        self.addCleanup(server.drop)
        port = server.start().port
        load = Load(port, "post", 256, 30, "/v1/facts")
        time.sleep(0.5)
        server.stop()
        report = load.report()
        self.assertLessEqual(set(report["statuses"]), {"201", "503"}, report)
        newest = server.start().client.newest()
        self.assertGreater(newest, 100)
        self.assertEqual(newest, report["statuses"]["201"], report)


class Descriptors(unittest.TestCase):
    """A process that may have 128 descriptors takes 64 connections."""

    LIMIT = 64

    def setUp(self):
        with tempfile.NamedTemporaryFile("w", suffix=".sh",
                                         delete=False) as script:
            script.write('#!/bin/sh\nulimit -n 128\nexec "%s" "$@"\n'
                         % os.path.abspath(harness.BINARY))
        os.chmod(script.name, stat.S_IRWXU)
        self.addCleanup(os.unlink, script.name)
        self.addCleanup(setattr, harness, "BINARY", harness.BINARY)
        harness.BINARY = script.name
        self.server = Server()
        self.addCleanup(self.server.drop)
        self.server.start()

    def ask(self, sock):
        sock.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        return sock.recv(65536)

    def cpu_seconds(self):
        with open("/proc/%d/stat" % self.server.process.pid) as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def test_above_the_limit_503_and_below_it_again_200(self):
        held = [self.server.raw() for _ in range(self.LIMIT)]
        for number, sock in enumerate(held):
            self.assertIn(b" 200 ", self.ask(sock), number)
        with self.server.raw() as refused:
            got = b""
            while piece := refused.recv(65536):
                got += piece
        head, _, body = got.partition(b"\r\n\r\n")
        self.assertTrue(head.startswith(b"HTTP/1.1 503 "), got)
        self.assertIn(b"\r\nRetry-After: ", head)
        self.assertIn(b"\r\nContent-Length: %d\r\n" % len(body),
                      head + b"\r\n")
        self.assertEqual(json.loads(body)["status"], 503)

        began = self.cpu_seconds()
        time.sleep(0.5)
        self.assertLess(self.cpu_seconds() - began, 0.1)
        self.assertIn(b" 200 ", self.ask(held[0]))
        for sock in held[1:]:
            sock.close()
        until = time.monotonic() + 5
        while True:
            with self.server.raw() as sock:
                if b" 200 " in self.ask(sock):
                    break
            self.assertLess(time.monotonic(), until, "never again")
        held[0].close()


if __name__ == "__main__":
    unittest.main()
