"""tools/run.sh: the example's tour, whose every line works."""

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import unittest

from harness import BINARY
from test_load import counts

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")

# Serves until a signal, and then ends at once.
STUB = """#!/bin/sh
exec '%s' -S -E -c '
import os, signal
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
print("listening on http://127.0.0.1:1", flush=True)
signal.sigwait([signal.SIGTERM])
os._exit(%d)'
"""

README = os.path.join(ROOT, "README.md")
# A call as a shell shows it, and its answer, indented as in Markdown.
CALL = re.compile(r"^    \$ (.+\n(?:    > .+\n)*)((?:    (?!\$ ).*\n)+)", re.M)
MOMENT = re.compile(r'(?<="recorded_at":")[^"]+')

# Has a signal come while it loads.
CUTTING = """#!/bin/sh
[ "$1" != load ] || kill $PPID
exec '%s' "$@"
"""


class Example(unittest.TestCase):
    def run_example(self, folder, binary=BINARY):
        """Start tools/run.sh; the curl lines it prints and its process."""
        with socket.create_server(("127.0.0.1", 0)) as unused:
            listen = "127.0.0.1:%d" % unused.getsockname()[1]
        process = subprocess.Popen(
            ["sh", os.path.join(ROOT, "tools", "run.sh"), binary,
             os.path.join(folder, "data"), listen],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
            stderr=subprocess.DEVNULL)
        self.addCleanup(process.stdout.close)
        self.addCleanup(self.end, process)
        lines = []
        for text in process.stdout:
            lines.append(text.rstrip("\n"))
            if "listening on" in text:
                return lines, process
        raise AssertionError("not ready: %r" % lines)

    @staticmethod
    def end(process):
        """Of a test that failed before it came to its own stop()."""
        if process.poll() is None:
            process.terminate()
            process.wait(10)

    def stop(self, process):
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(10), 0)

    def test_the_printed_lines_work(self):
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(os.path.join(folder, "data"))  # empty: no store yet
            lines, process = self.run_example(folder)
            self.assertEqual(lines[:3], [counts(9920, 9920, 0, 0),
                                         counts(3024, 3024, 0, 0),
                                         counts(3, 3, 0, 0)])
            self.assertRegex(lines[3], r'^\{"tx":4,.*,"trades":13,'
                             r'"unchanged":0,"members":13\}$')
            commands = [text for text in lines if "curl -s " in text]
            answers = []
            for command in commands:
                done = subprocess.run(
                    ["sh", "-c", command.replace("curl -s ", "curl -sfS ")],
                    capture_output=True, text=True, timeout=60)
                self.assertEqual(done.returncode, 0, (command, done.stderr))
                answers.append(done.stdout)
            self.assertEqual(len(answers), 18)
            self.assertIn("3M Co,", answers[0])
            self.assertEqual(answers[1].split()[0], "security_id,"
                             "effective_start_date,effective_end_date,"
                             "ticker,name")
            self.assertIn(",APC,Anadarko Petroleum", answers[1])
            self.assertNotIn("3M Co", answers[1])
            self.assertIn("Google Inc.", answers[2])
            self.assertIn("Alphabet", answers[2])
            self.assertRegex(answers[2], "Communication Services")
            self.assertIn("1,2012-12-27,2014-12-07,equity,MMM", answers[3])
            self.assertRegex(answers[4], "213,100,2015-01-02,equity,GOOG,Goog")
            self.assertRegex(answers[4], "213,100,2024-01-02,equity,GOOG,Alph")
            self.assertRegex(answers[5], '"tx":5')
            self.assertIn("Google'C'", answers[6])
            self.assertIn("Google Inc. (Class C)", answers[7])
            self.prices(answers[8:13])
            self.trades(*answers[13:])
            self.stop(process)
            log = os.path.join(folder, "data.log")
            self.assertIn(log, "\n".join(lines))
            with open(log) as file:
                self.assertIn('"stop"', file.read())

            # A second run serves what is there.
            lines, process = self.run_example(folder)
            self.assertFalse(re.search("^read ", "\n".join(lines), re.M))
            self.stop(process)

    def prices(self, answers):
        bars, day, before, since, averages = (
            [line.split(",") for line in text.splitlines()]
            for text in answers)
        columns = bars[0]
        self.assertEqual([row[1] for row in bars[1:]], [
            "2024-08-0%d" % d for d in (1, 2, 5, 6, 7)])
        self.assertEqual(day[0], columns)
        self.assertEqual([row[0] for row in day[1:]],
                         "40 88 112 179 213 252 255 305 337 373 472 747"
                         .split())
        self.assertEqual(day[1], bars[3])
        self.assertEqual(dict(zip(columns, day[1]))["close"], "120.95")
        self.assertEqual(before[:4], since[:4])
        self.assertEqual([row[3:6] for row in since[1:]],
                         [["2024", "1", "61"], ["2024", "2", "63"],
                          ["2024", "3", "64"], ["2024", "4", "64"]])
        self.assertEqual((before[4][-1], since[4][-1]), ("151.17", "151.83"))
        self.assertEqual(averages[0][3:], ["ma_20", "ma_200"])
        self.assertEqual(len(averages), 8)
        for row in averages[1:]:
            for cell in row[3:]:
                self.assertRegex(cell, r"^1[12]\d\.\d+$", row)

    def trades(self, of_member, early, amended, by_sector, member):
        def rows(text, *names):
            return [tuple(row[name] for name in names)
                    for row in json.loads(text)["trades"]]

        self.assertEqual(
            rows(of_member, "transaction_id", "security_id", "close",
                 "transaction_type", "days_to_disclose", "late"),
            [("made-up-03", 179, 98.43, "purchase", 144, True),
             ("made-up-04", 179, 91.15, "partial_sale", 25, False),
             ("made-up-11", None, None, "purchase", 22, False)])
        names = ("transaction_id", "amendment_number", "amount")
        self.assertEqual(rows(early, *names),
                         [("made-up-05", 0, "$100,001 - $250,000")])
        self.assertEqual(rows(amended, *names),
                         [("made-up-05", 1, "$1,001 - $15,000")])
        self.assertEqual(by_sector.splitlines(), [
            "sector,trades,amount_low,amount_high,open_ended",
            "Consumer Staples,3,50015722.63,50721.63,1",
            "Energy,2,65002,150000,0", "Financials,1,0,0,0",
            "Information Technology,4,67004,180000,0", ",2,2002,30000,0"])
        self.assertEqual(list(json.loads(member)["committees"]),
                         ["Committee on Examples"])

    def test_what_the_readme_shows_is_so(self):
        with open(README) as file:
            calls = CALL.findall(file.read())
        with tempfile.TemporaryDirectory() as folder:
            lines, process = self.run_example(folder)
            here = lines[-1].split("http://")[1]
            for call, told in calls:
                done = subprocess.run(
                    ["sh", "-c", call.replace("\n    > ", "\n").replace(
                        "localhost:8080", here)], capture_output=True,
                    text=True, timeout=60, cwd=ROOT,
                    env={"PATH": os.environ["PATH"], "no_proxy": "*"})
                said = done.stdout.replace("\r\n", "\n").rstrip("\n") + "\n"
                self.assertEqual(MOMENT.sub("", said), MOMENT.sub(
                    "", told.replace("\n    ", "\n")[4:]), call)
            self.stop(process)
        self.assertGreater(len(calls), 12)

    def test_its_status_is_the_servers(self):
        """However soon behind the signal that one ends."""
        with tempfile.TemporaryDirectory() as folder:
            stub = os.path.join(folder, "stub")
            for status in (0, 3):
                with open(stub, "w") as file:
                    file.write(STUB % (sys.executable, status))
                os.chmod(stub, stat.S_IRWXU)
                os.makedirs(os.path.join(folder, "data", "journal"),
                            exist_ok=True)
                for _ in range(15):
                    _, process = self.run_example(folder, stub)
                    process.send_signal(signal.SIGTERM)
                    self.assertEqual(process.wait(10), status)

    def test_a_load_cut_short_is_begun_anew(self):
        with tempfile.TemporaryDirectory() as folder:
            stub = os.path.join(folder, "stub")
            with open(stub, "w") as file:
                file.write(CUTTING % BINARY)
            os.chmod(stub, stat.S_IRWXU)
            data = os.path.join(folder, "data")
            done = subprocess.run(
                ["sh", os.path.join(ROOT, "tools", "run.sh"), stub, data,
                 "127.0.0.1:0"], stdin=subprocess.DEVNULL,
                capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertFalse(os.path.exists(data))
            lines, process = self.run_example(folder)
            self.assertEqual(lines[0], counts(9920, 9920, 0, 0))
            self.stop(process)

    def test_what_hinders_it_is_told(self):
        with socket.create_server(("127.0.0.1", 0)) as taken, \
                tempfile.TemporaryDirectory() as folder:
            listen = "127.0.0.1:%d" % taken.getsockname()[1]
            os.mkdir(os.path.join(folder, "mine"))
            with open(os.path.join(folder, "mine", "thesis"), "w") as file:
                file.write("words")
            for name, words in (("data", "bind " + listen),
                                ("mine", "neither a store nor empty")):
                done = subprocess.run(
                    ["sh", os.path.join(ROOT, "tools", "run.sh"), BINARY,
                     os.path.join(folder, name), listen], text=True,
                    stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertIn(words, done.stderr)
            self.assertTrue(os.path.exists(file.name))


if __name__ == "__main__":
    unittest.main()
