"""tools/demo.sh: a vendor that is not there, and lines that all work."""

import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import unittest

from harness import BINARY
from polling import Polling

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


class Demo(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def begin(self, listen):
        # A group of its own, so that nothing of it outlives a test.
        process = subprocess.Popen(
            ["sh", os.path.join(ROOT, "tools", "demo.sh"), BINARY, listen],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
            stderr=subprocess.PIPE, start_new_session=True,
            env={**os.environ, "TMPDIR": self.folder})
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.communicate()

    def answers(self, lines):
        found = []
        for command in lines:
            if "curl -s " not in command:
                continue
            done = subprocess.run(
                ["sh", "-c", command.replace("curl -s ", "curl -sfS ")],
                capture_output=True, text=True, timeout=60, check=False)
            self.assertEqual(done.returncode, 0, (command, done.stderr))
            found.append(done.stdout)
        return found

    def test_the_printed_lines_work(self):
        with socket.create_server(("127.0.0.1", 0)) as unused:
            listen = "127.0.0.1:%d" % unused.getsockname()[1]
        process = self.begin(listen)
        lines = []
        for text in process.stdout:
            lines.append(text.rstrip("\n"))
            if "listening on" in text:
                break
        else:
            self.fail("not ready: %r %r" % (lines, process.stderr.read()))
        runs = [line for line in lines if re.match("  run [0-9]", line)]
        self.assertEqual([line.split()[2].rstrip(":") for line in runs],
                         ["succeeded"] * 5 + ["quarantined"], runs)
        (vendors, told, quarantine, released, inactive, before, after, history,
         prices, months, split, trade, versions, members,
         metrics) = self.answers(lines)
        self.assertEqual(vendors.count('"breaker":"closed"'), 2)
        self.assertEqual(told.count('"dataset":"tickers"'), 3)
        self.assertIn("the listing shrank from 12 to 11", quarantine)
        self.assertIn('"state":"released"', released)
        self.assertIn(",KESL,Kestrel Outdoors Inc.", inactive)
        self.assertEqual(len(inactive.splitlines()), 2)
        for answer in (before, after):
            self.assertIn('"security_id":1000000000007}', answer)
        self.assertIn("HLYX,", history)
        self.assertIn("HALX,", history)
        self.assertEqual(len(prices.splitlines()), 4)
        self.assertGreaterEqual(len(months.splitlines()), 3)
        self.assertIn('"value":4,', split)
        self.assertEqual(trade.count('"transaction_id":"demo-01"'), 1)
        self.assertIn("$50,001 - $100,000", trade)
        self.assertEqual(versions.count('"transaction_id":"demo-01"'), 2)
        self.assertEqual(members.count('"member_id":'), 3)
        self.assertIn('requests_total{vendor="polygon",outcome="ok"}', metrics)

        log = re.search("log is in (.*)/log;", "\n".join(lines)).group(1)
        self.assertTrue(os.path.isdir(log))
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
        self.assertEqual(process.wait(20), 0, said)
        self.assertEqual(said, "")
        self.assertEqual(os.listdir(self.folder), [])
        self.no_group(process.pid)

    def no_group(self, group):
        """Neither the fake vendor nor the server is left."""
        with self.assertRaises(ProcessLookupError):
            os.killpg(group, 0)

    def test_what_hinders_it_is_told(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            listen = "127.0.0.1:%d" % taken.getsockname()[1]
            process = self.begin(listen)
            _, said = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 1, said)
        self.assertIn("bind " + listen, said)
        self.assertEqual(os.listdir(self.folder), [])
        self.no_group(process.pid)


class Documented(unittest.TestCase):
    def test_configurations_of_the_manual_are_taken(self):
        """With nobody at the vendors' address, lest one be asked."""
        found = 0
        for name in ("vendors.md", "operations.md"):
            with open(os.path.join(ROOT, "docs", name),
                      encoding="utf-8") as file:
                blocks = re.findall("```json\n(.*?)```", file.read(), re.S)
            for block in blocks:
                config = json.loads(block)
                if "vendors" not in config:
                    continue
                found += 1
                self.taken(name, config)
        self.assertEqual(found, 2)

    def taken(self, name, config):
        with tempfile.NamedTemporaryFile("w", suffix=".key") as key:
            key.write("token\n")
            key.flush()
            for vendor in config["vendors"]:
                vendor["base_url"] = "http://127.0.0.1:1"
                if "key_file" in vendor:
                    vendor["key_file"] = key.name
                for member, value in vendor.items():
                    if member.endswith("_env"):
                        os.environ[value] = "stand-in"
            with Polling(config) as polling:
                told = polling.get("/v1/vendors")["vendors"]
                self.assertEqual([row["vendor"] for row in told],
                                 [row["name"] for row in config["vendors"]],
                                 name)
                self.assertEqual([row["state"] for row in told],
                                 ["idle"] * len(told), name)


if __name__ == "__main__":
    unittest.main()
